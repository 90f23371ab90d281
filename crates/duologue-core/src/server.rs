//! The server as a pure state machine: requests and `now` in, replies and effects out.

use crate::answer::PushRequest;
use crate::content::MediaKind;
use crate::error::ApiError;
use crate::event::Frame;
use crate::id::{AppId, MediaId};
use crate::limits::Profile;
use crate::time::Timestamp;

/// Where unguessable identifiers come from: the shell's random numbers, a test's counter.
pub trait IdSource {
    /// 128 fresh bits.
    fn next_id(&mut self) -> u128;
}

/// What the operator decides.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// The token that may create apps.
    pub operator_token: String,
    /// The profile of apps that name none.
    pub profile: Profile,
    /// Name and version that `GET /v1/server` shows.
    pub implementation: crate::answer::Implementation,
}

/// A request as it came over the wire, nothing decided.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The HTTP method, upper case.
    pub method: &'a str,
    /// The path, still percent-encoded.
    pub path: &'a str,
    /// The query string without `?`; empty when there is none.
    pub query: &'a str,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The `Last-Event-ID` header.
    pub last_event_id: Option<&'a str>,
    /// The `Content-Length` header, for uploads.
    pub content_length: Option<u64>,
    /// The body; empty for uploads, which stream.
    pub body: &'a [u8],
}

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
    /// The event stream `stream`; its events come as [`Effect::Deliver`].
    Stream {
        /// The stream.
        stream: StreamId,
        /// A comment line at least this often.
        heartbeat_ms: u64,
    },
    /// The shell reads the body of the upload, at most `permit.bytes_max`, then calls
    /// [`Server::finish_upload`].
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

/// An event stream, numbered by the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u64);

/// A session, numbered by the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// What the shell must do, in order, before or after it answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Append an event to a stream.
    Deliver {
        /// The stream.
        stream: StreamId,
        /// The event.
        frame: Frame,
    },
    /// End a stream once what was delivered to it is written.
    Close {
        /// The stream.
        stream: StreamId,
    },
    /// Call the push gateway; one call at a time per session, in this order. On status 410 call
    /// [`Server::push_gone`].
    Push {
        /// The session that is pushed to.
        session: SessionId,
        /// The gateway.
        url: String,
        /// The body.
        request: Box<PushRequest>,
    },
    /// Forget the bytes of these uploads.
    DropMedia(Vec<MediaId>),
}

/// All apps of one server.
#[derive(Debug)]
pub struct Server {
    config: ServerConfig,
}

impl Server {
    /// A server without apps.
    #[must_use]
    pub fn new(config: ServerConfig) -> Self {
        Self { config }
    }

    /// Handles one request at real time `now`.
    pub fn handle(
        &mut self,
        now: Timestamp,
        request: Request<'_>,
        ids: &mut dyn IdSource,
    ) -> (Reply, Vec<Effect>) {
        let _ = (now, request, ids, &self.config);
        (Reply { status: 500, headers: vec![], body: Body::Empty }, vec![])
    }

    /// Records an upload of which all `bytes` have arrived, or refuses it.
    pub fn finish_upload(
        &mut self,
        permit: &UploadPermit,
        bytes: u64,
        content_type: &str,
        ids: &mut dyn IdSource,
    ) -> Result<(MediaId, Reply), Reply> {
        let _ = (permit, bytes, content_type, ids);
        Err(Reply { status: 500, headers: vec![], body: Body::Empty })
    }

    /// The refusal of an upload that is over its limit.
    #[must_use]
    pub fn upload_too_large(permit: &UploadPermit) -> Reply {
        let _ = permit;
        Reply { status: 413, headers: vec![], body: Body::Empty }
    }

    /// Notes that a stream has ended on the wire.
    pub fn stream_closed(&mut self, stream: StreamId) {
        let _ = stream;
    }

    /// Notes that a push gateway called the token of `request` gone.
    pub fn push_gone(&mut self, session: SessionId, request: &PushRequest) {
        let _ = (session, request);
    }
}

impl Reply {
    /// An error answer.
    #[must_use]
    pub fn error(error: &ApiError) -> Self {
        let _ = error;
        Self { status: 500, headers: vec![], body: Body::Empty }
    }
}
