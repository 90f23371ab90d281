//! Answers: JSON bodies, empty ones, errors and the head of streams and media.

use serde::Serialize;

use crate::content::MediaKind;
use crate::error::{ApiError, ErrorCode};
use crate::id::{AppId, MediaId};
use crate::server::StreamId;

/// The answer to a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Headers beyond what the body implies.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Body,
}

/// What follows the head of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Nothing.
    Empty,
    /// JSON text.
    Json(String),
    /// The event stream `stream`; its events come as [`Effect::Deliver`](super::Effect::Deliver).
    Stream {
        /// The stream.
        stream: StreamId,
        /// A comment line at least this often.
        heartbeat_ms: u64,
    },
    /// The shell reads the body of the upload, at most `permit.bytes_max`, then calls
    /// [`Server::finish_upload`](super::Server::finish_upload).
    Upload(UploadPermit),
    /// The shell sends the bytes of a finished upload (whole or one range).
    Download(StoredMedia),
}

/// Permission to upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadPermit {
    /// The app that will own the upload.
    pub app: AppId,
    /// Its kind.
    pub kind: MediaKind,
    /// Its largest size in bytes.
    pub bytes_max: u64,
}

/// A finished upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMedia {
    /// The upload.
    pub media: MediaId,
    /// Its size in bytes.
    pub bytes: u64,
    /// The content type it was sent with.
    pub content_type: String,
}

impl Reply {
    /// An error answer: the code with its status and a sentence (ERR-001, ERR-002); 401 names the
    /// scheme (HTT-010).
    #[must_use]
    pub fn error(error: &ApiError) -> Self {
        let status = error.code.status();
        let reply = Self::json(status, error);
        if status == 401 {
            reply.with_header("www-authenticate", "Bearer")
        } else {
            reply
        }
    }

    /// An answer with a JSON body: 201 for something created, otherwise 200 for a success
    /// (HTT-003).
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        match serde_json::to_string(body) {
            Ok(text) => Self::text(status, text),
            Err(error) => Self::error(&ApiError::new(ErrorCode::Internal, error.to_string())),
        }
    }

    /// An answer with a JSON body that is text already.
    pub(crate) fn text(status: u16, json: String) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Json(json),
        }
    }

    /// 204, for a success that has nothing to say (HTT-003).
    pub(crate) fn no_content() -> Self {
        Self {
            status: 204,
            headers: Vec::new(),
            body: Body::Empty,
        }
    }

    /// 200 with a body that is not JSON.
    pub(crate) fn special(body: Body) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body,
        }
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}
