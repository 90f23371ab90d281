//! What an answer, or its absence, means to a client.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::answer::Covered;
use crate::client::chat_message::ChatMessage;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A complete HTTP answer.
    Http {
        /// Its status.
        status: u16,
        /// Its body.
        body: Vec<u8>,
    },
    /// No complete answer came; the server may have done what was asked or not.
    Missing,
}

/// A refusal in the server's words; the code is an open list here.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the server refused with status {status}, {code}: {message}")]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The error code, `unknown` if the body has none.
    pub code: String,
    /// What is wrong, for people.
    pub message: String,
    /// The offending field, if the server names one.
    pub field: Option<String>,
}

/// An answer, judged.
#[derive(Debug)]
pub(super) enum Outcome<T> {
    /// 2xx.
    Done(T),
    /// 401: for a session's request the end of the session.
    Unauthorized(Refusal),
    /// 429, 5xx, or nothing at all: worth another attempt, not before this many milliseconds.
    Again { not_before_ms: u64 },
    /// Any other status.
    Refused(Refusal),
}

/// A page of history.
#[derive(Debug, Deserialize)]
pub(super) struct Page {
    pub(super) messages: Vec<ChatMessage>,
    pub(super) covered: Option<Covered>,
    pub(super) complete: bool,
    pub(super) last_seq: u64,
}

/// An error body, read leniently.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    code: Option<String>,
    message: String,
    field: Option<String>,
    retry_after_ms: Option<u64>,
}

impl Answer {
    /// Judges the answer; a success whose body cannot be read counts as no answer.
    pub(super) fn judge<T: DeserializeOwned>(&self) -> Outcome<T> {
        self.judge_with(|body| serde_json::from_slice(body).ok())
    }

    /// Judges an answer whose body does not matter.
    pub(super) fn judge_status(&self) -> Outcome<()> {
        self.judge_with(|_| Some(()))
    }

    /// Judges by the status alone; the code is for the caller to read (VER-004).
    fn judge_with<T>(&self, read: impl FnOnce(&[u8]) -> Option<T>) -> Outcome<T> {
        let Self::Http { status, body } = self else {
            return Outcome::Again { not_before_ms: 0 };
        };
        if (200..300).contains(status) {
            return read(body).map_or(Outcome::Again { not_before_ms: 0 }, Outcome::Done);
        }
        let error: ErrorBody = serde_json::from_slice(body).unwrap_or_default();
        if *status == 429 || *status >= 500 {
            return Outcome::Again {
                not_before_ms: error.retry_after_ms.unwrap_or(0),
            };
        }
        let refusal = Refusal {
            status: *status,
            code: error.code.unwrap_or_else(|| "unknown".into()),
            message: error.message,
            field: error.field,
        };
        if *status == 401 {
            Outcome::Unauthorized(refusal)
        } else {
            Outcome::Refused(refusal)
        }
    }
}
