//! The server as a pure state machine: requests and `now` in, replies and effects out.
//!
//! One way in ([`Server::handle`]), one way out (its [`Reply`] and [`Effect`]s). A request is
//! routed, its token is looked up, its body is read, and then it walks the checks in the order of
//! the specification, one file a rule. The shell that owns the sockets obeys the effects in order
//! and reports two things back: that a stream has ended, and that a push token is gone.

mod accept;
mod app;
mod auth;
mod dedup;
mod dispatch;
mod expiry;
mod history;
mod machine;
mod mailbox;
mod media;
mod permission;
mod provisioning;
mod push;
mod query;
mod recents;
mod relations;
mod reply;
mod route;
mod send;
mod session;
mod stored;
mod stream;
mod system;
mod target;
mod user;
mod users;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use machine::Machine;
pub use reply::{Body, Reply, StoredMedia, UploadPermit};

use crate::answer::{Implementation, PushRequest};
use crate::event::Frame;
use crate::feature::Feature;
use crate::id::{AppId, MediaId};
use crate::limits::Profile;
use crate::time::Timestamp;
use app::App;

/// Where unguessable identifiers come from: the shell's random numbers, a test's counter.
pub trait IdSource {
    /// 128 fresh bits.
    fn next_id(&mut self) -> u128;
}

/// What the operator decides.
#[derive(Clone)]
pub struct ServerConfig {
    /// The token that may create apps; none without [`Feature::Provisioning`].
    pub operator_token: Option<String>,
    /// The administrator's token of the app that is there from the start; none: there is no such app.
    pub admin_token: Option<String>,
    /// What the server declares; the endpoints of all other features are `unsupported` (ERR-010).
    pub features: BTreeSet<Feature>,
    /// The profile of apps that name none.
    pub profile: Profile,
    /// Name and version that `GET /v1/server` shows.
    pub implementation: Implementation,
}

/// Without the token, so that no log shows it.
impl fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerConfig")
            .field("features", &self.features)
            .field("profile", &self.profile)
            .field("implementation", &self.implementation)
            .finish_non_exhaustive()
    }
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

/// An event stream, numbered by the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u64);

/// A session, numbered by the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// What a push goes to: one registration of one session. Registering again makes another target,
/// even with the same token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushTarget {
    /// The app.
    pub app: AppId,
    /// The session.
    pub session: SessionId,
    /// Its registration, numbered by the server.
    pub registration: u64,
}

/// What the shell must do, in order.
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
    /// Call the push gateway; one call at a time per session, in this order, and only while
    /// [`Server::push_is_due`]. On status 410 call [`Server::push_gone`].
    Push {
        /// What is pushed to.
        target: PushTarget,
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
    apps: BTreeMap<AppId, App>,
    /// Which session an open stream belongs to.
    streams: BTreeMap<StreamId, (AppId, SessionId)>,
    /// Sessions and streams numbered so far.
    numbers: u64,
}

impl Server {
    /// A server without apps, but for the one whose administrator the configuration names.
    #[must_use]
    pub fn new(config: ServerConfig) -> Self {
        let mut server = Self {
            config,
            apps: BTreeMap::new(),
            streams: BTreeMap::new(),
            numbers: 0,
        };
        server.create_first_app();
        server
    }

    /// Handles one request at real time `now`.
    pub fn handle(
        &mut self,
        now: Timestamp,
        request: Request<'_>,
        ids: &mut dyn IdSource,
    ) -> (Reply, Vec<Effect>) {
        let mut effects = Vec::new();
        let reply = dispatch::answer(self, now, request, ids, &mut effects);
        (reply, effects)
    }

    /// Notes that a stream has ended on the wire.
    pub fn stream_closed(&mut self, stream: StreamId) {
        let Some((app, session)) = self.streams.remove(&stream) else {
            return;
        };
        let session = self
            .apps
            .get_mut(&app)
            .and_then(|app| app.sessions.get_mut(&session));
        if let Some(session) = session.filter(|session| session.stream == Some(stream)) {
            session.stream = None;
        }
    }

    /// Whether the registration still stands.
    #[must_use]
    pub fn push_is_due(&self, target: &PushTarget) -> bool {
        self.apps
            .get(&target.app)
            .is_some_and(|app| app.is_registered(target))
    }

    /// Notes that a push gateway called a token gone: the registration ends (PSH-017).
    pub fn push_gone(&mut self, target: &PushTarget) {
        if let Some(app) = self.apps.get_mut(&target.app)
            && app.is_registered(target)
        {
            app.unregister_push(target.session);
        }
    }
}
