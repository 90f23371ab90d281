//! The states of the client's machine.

use crate::client::call::{RequestId, StreamNumber};
use crate::client::moment::Moment;

/// Where a client is; the table stands in [`crate::client`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// No session, and none wanted.
    LoggedOut,
    /// An attempt is under way.
    Connecting(Attempt),
    /// An attempt or a stream has failed; the next attempt is due at `until` (CLI-008, CLI-009).
    Waiting {
        /// When the delay is over.
        until: Moment,
        /// Whether the login never had an answer and must be tried again.
        login: bool,
    },
    /// The stream is open and its sync has not come to its end.
    Syncing(StreamNumber),
    /// The stream is open and synced.
    Live(StreamNumber),
    /// The server has ended the session; only the application may log in again (CLI-010).
    Ended,
}

/// What a connecting client waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// The answer to the login.
    Login(RequestId),
    /// The answer to the opening of the stream.
    Stream(StreamNumber),
}

impl State {
    /// The name of the state in the specification.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::Connecting(_) => "connecting",
            Self::Waiting { .. } => "waiting",
            Self::Syncing(_) => "syncing",
            Self::Live(_) => "live",
            Self::Ended => "ended",
        }
    }

    /// The stream that is open or being opened.
    pub(super) fn stream(self) -> Option<StreamNumber> {
        match self {
            Self::Connecting(Attempt::Stream(stream))
            | Self::Syncing(stream)
            | Self::Live(stream) => Some(stream),
            Self::LoggedOut
            | Self::Connecting(Attempt::Login(_))
            | Self::Waiting { .. }
            | Self::Ended => None,
        }
    }
}
