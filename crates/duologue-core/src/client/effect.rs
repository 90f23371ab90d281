//! What comes out of the client's machine, and how its calls can fail.

use thiserror::Error;

use crate::client::acks::HandOver;
use crate::client::answer::Refusal;
use crate::client::call::{Call, RequestId, StreamNumber, Token};
use crate::client::chat_message::ChatMessage;
use crate::client::input::CallId;
use crate::client::moment::Moment;

/// What the shell must do, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Make a request; report its end as [`crate::client::Input::Answered`].
    Request {
        /// Its number.
        request: RequestId,
        /// The bearer token.
        token: Token,
        /// What it asks for.
        call: Call,
    },
    /// Open `GET /v1/events`.
    OpenStream {
        /// Its number.
        stream: StreamNumber,
        /// The bearer token.
        token: Token,
    },
    /// Close the stream, or stop opening it; nothing more is expected of it.
    CloseStream(StreamNumber),
    /// Wake the machine once at this time and at no other; none: let it sleep.
    SetTimer(Option<Moment>),
    /// `login` is over.
    LoginFinished(Result<(), LoginError>),
    /// `on_new_message`: confirm with [`crate::client::Input::HandedOver`] (CLI-002).
    NewMessage {
        /// Its place among all new messages.
        hand_over: HandOver,
        /// The message.
        message: Box<ChatMessage>,
    },
    /// `on_refresh` (CLI-004).
    Refresh,
    /// `on_kicked`.
    Kicked {
        /// The reason of the `kicked` event, or the error code of the refusal.
        reason: String,
    },
    /// `send_message` is over.
    SendFinished {
        /// The number of the call.
        call: CallId,
        /// The message as the server accepted it.
        result: Result<Box<ChatMessage>, SendError>,
    },
    /// `get_message` is over.
    ReadFinished {
        /// The number of the call.
        call: CallId,
        /// Ascending by seq, each once (CLI-017).
        result: Result<Vec<ChatMessage>, ReadError>,
    },
}

/// Why `login` failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LoginError {
    /// The application is logged in, or logging in, already.
    #[error("already logged in: log out first")]
    AlreadyLoggedIn,
    /// The server refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The application logged out before there was an answer.
    #[error("logged out before the login was answered")]
    LoggedOut,
}

/// Why `send_message` failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SendError {
    /// The application has no session.
    #[error("not logged in")]
    NoSession,
    /// The server refused; nothing was sent.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No answer came within the deduplication window, and the message is not in the history
    /// (CLI-013).
    #[error("the message was not accepted: no answer came, and it is not in the history")]
    NotInHistory,
    /// No answer came within the deduplication window, and the server's history is unusable.
    #[error("nobody knows whether the message was accepted: a page of history settles nothing")]
    BrokenHistory,
    /// The session ended first; the message may have been accepted.
    #[error("the session ended before the send was answered")]
    SessionOver,
}

/// Why `get_message` failed; what had come until then is kept for the next call.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadError {
    /// The application has no session.
    #[error("not logged in")]
    NoSession,
    /// The server refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No usable answer came.
    #[error("the history could not be fetched: no usable answer came")]
    NoAnswer,
    /// The server's page settles nothing of what it was asked for.
    #[error("the server's history is unusable: a page settles nothing")]
    BrokenHistory,
    /// The session ended first.
    #[error("the session ended before the history was answered")]
    SessionOver,
}
