//! What one look shows.

use serde::Serialize;

/// What one look shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub name: &'static str,
    /// How it is.
    pub state: State,
    /// A sentence.
    pub finding: String,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
    /// Whose it is to mend.
    pub blame: Blame,
}

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// A run is possible, but something will be missing.
    Warn,
    /// A run would be pointless or misleading.
    Fail,
}

impl State {
    /// The word at the beginning of a line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// Whose a finding is to mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Blame {
    /// The server's.
    Server,
    /// The caller's: a token, a flag.
    Configuration,
    /// Nobody answers.
    Environment,
}

impl Finding {
    pub(super) fn ok(name: &'static str, finding: impl Into<String>) -> Self {
        Self {
            name,
            state: State::Ok,
            finding: finding.into(),
            mend: None,
            blame: Blame::Server,
        }
    }

    pub(super) fn warn(
        name: &'static str,
        finding: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            state: State::Warn,
            mend: Some(mend.into()),
            ..Self::ok(name, finding)
        }
    }

    pub(super) fn fail(
        name: &'static str,
        finding: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            state: State::Fail,
            ..Self::warn(name, finding, mend)
        }
    }

    pub(super) fn blaming(mut self, blame: Blame) -> Self {
        self.blame = blame;
        self
    }
}
