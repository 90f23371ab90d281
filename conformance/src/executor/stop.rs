//! Why a scenario ends before its last step.

use duologue_client::TransportError;

use crate::event::Reason;
use crate::matcher::Mismatch;
use crate::scenario::Level;
use crate::template::TemplateError;
use crate::verdict::Verdict;

/// Why a scenario ends early.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stop {
    /// The server did not do what was expected.
    Fail(Finding),
    /// The environment was in the way.
    CouldNotRun(String),
    /// No answer in time.
    Timeout(String),
    /// The scenario or this program is at fault.
    Fault(String),
    /// The app granted is not the one needed.
    NotApplicable(String),
    /// A token was refused: the whole run is pointless.
    Configuration(String),
}

/// What is wrong with an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Finding {
    pub(super) message: String,
    pub(super) mismatches: Vec<Mismatch>,
    /// A break of the wire format or of HTTP, whatever the scenario's level.
    pub(super) always_binding: bool,
}

impl Stop {
    pub(super) fn fail(message: impl Into<String>) -> Self {
        Self::Fail(Finding {
            message: message.into(),
            ..Finding::default()
        })
    }

    pub(super) fn mismatch(message: impl Into<String>, mismatches: Vec<Mismatch>) -> Self {
        Self::Fail(Finding {
            message: message.into(),
            mismatches,
            always_binding: false,
        })
    }

    pub(super) fn broken_wire(message: impl Into<String>, mismatches: Vec<Mismatch>) -> Self {
        Self::Fail(Finding {
            message: message.into(),
            mismatches,
            always_binding: true,
        })
    }

    /// What goes wrong before the steps is no matter of the scenario's level.
    pub(super) fn binding(self) -> Self {
        match self {
            Self::Fail(finding) => Self::Fail(Finding {
                always_binding: true,
                ..finding
            }),
            other @ (Self::CouldNotRun(_)
            | Self::Timeout(_)
            | Self::Fault(_)
            | Self::NotApplicable(_)
            | Self::Configuration(_)) => other,
        }
    }

    pub(super) fn verdict(&self, level: Level) -> Verdict {
        match self {
            Self::Fail(finding) if finding.always_binding || level == Level::Must => Verdict::Fail,
            Self::Fail(_) => Verdict::Warn,
            Self::CouldNotRun(_) | Self::Configuration(_) => Verdict::CouldNotRun,
            Self::Timeout(_) => Verdict::Timeout,
            Self::Fault(_) => Verdict::HarnessFault,
            Self::NotApplicable(_) => Verdict::NotApplicable,
        }
    }

    /// The reason without its place.
    pub(super) fn reason(self) -> Reason {
        let (message, mismatches) = match self {
            Self::Fail(finding) => (finding.message, finding.mismatches),
            Self::CouldNotRun(message)
            | Self::Timeout(message)
            | Self::Fault(message)
            | Self::NotApplicable(message)
            | Self::Configuration(message) => (message, Vec::new()),
        };
        Reason {
            message,
            mismatches,
            ..Reason::default()
        }
    }

    /// Which of two reasons says more about the server.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Configuration(_) => 0,
            Self::Fault(_) => 1,
            Self::Fail(_) => 2,
            Self::Timeout(_) => 3,
            Self::CouldNotRun(_) => 4,
            Self::NotApplicable(_) => 5,
        }
    }
}

impl From<TemplateError> for Stop {
    fn from(error: TemplateError) -> Self {
        Self::Fault(error.to_string())
    }
}

impl From<TransportError> for Stop {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::TimedOut { .. } => Self::Timeout(error.to_string()),
            TransportError::InvalidRequest(_) => Self::Fault(error.to_string()),
            TransportError::Unreachable { .. }
            | TransportError::Certificate { .. }
            | TransportError::Tls { .. }
            | TransportError::ClosedEarly { .. }
            | TransportError::HeadTooLarge { .. }
            | TransportError::BodyTooLarge { .. }
            | TransportError::Protocol(_) => Self::CouldNotRun(error.to_string()),
        }
    }
}
