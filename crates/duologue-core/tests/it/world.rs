//! A server with one app on a manual clock, driven without a socket.

use std::collections::{BTreeMap, BTreeSet};

use duologue_core::answer::{Implementation, PushRequest};
use duologue_core::event::{Event, Frame};
use duologue_core::feature::Feature;
use duologue_core::limits::Profile;
use duologue_core::message::Message;
use duologue_core::server::{Body, Effect, IdSource, Request, Server, ServerConfig, StreamId};
use duologue_core::time::Timestamp;
use serde_json::{Value, json};

/// Where every test begins: real time never moves, the app's clock is manual.
const START: Timestamp = Timestamp(1_700_000_000_000);

pub(crate) struct Counter(pub(crate) u128);

impl IdSource for Counter {
    fn next_id(&mut self) -> u128 {
        self.0 += 1;
        self.0
    }
}

pub(crate) struct World {
    server: Server,
    ids: Counter,
    admin: String,
    credentials: BTreeMap<String, String>,
    sessions: BTreeMap<String, String>,
    frames: BTreeMap<StreamId, Vec<Frame>>,
    closed: BTreeSet<StreamId>,
    pub(crate) pushes: Vec<PushRequest>,
}

impl World {
    /// An app with these limits and the users `a`, `b`, `c`, each logged in on one device.
    pub(crate) fn new(limits: &Value, policy: &Value) -> Self {
        let implementation = Implementation {
            name: "test".into(),
            version: "0".into(),
        };
        let config = ServerConfig {
            operator_token: Some("operator".into()),
            admin_token: None,
            features: Feature::ALL.into(),
            profile: Profile::Default,
            implementation,
        };
        let mut world = Self {
            server: Server::new(config),
            ids: Counter(0),
            admin: String::new(),
            credentials: BTreeMap::new(),
            sessions: BTreeMap::new(),
            frames: BTreeMap::new(),
            closed: BTreeSet::new(),
            pushes: Vec::new(),
        };
        let app = json!({
            "clock": "manual", "limits": limits, "policy": policy,
            "push": { "gateway_url": "http://gateway.example/" }
        });
        let (status, granted) = world.call("operator", "POST", "/v1/apps", &app);
        assert_eq!(status, 201, "{granted}");
        world.admin = granted["admin_token"].as_str().unwrap().into();
        for user in ["a", "b", "c"] {
            let (status, created) =
                world.admin("PUT", &format!("/v1/admin/users/{user}"), &json!({}));
            assert_eq!(status, 201, "{created}");
            let credential = created["credential"].as_str().unwrap().to_owned();
            world.credentials.insert(user.into(), credential);
            world.login(user, "phone");
        }
        world
    }

    /// Logs a device in; `user` then acts through the newest login.
    pub(crate) fn login(&mut self, user: &str, device: &str) {
        let credential = self.credentials[user].clone();
        let body = json!({ "user_id": user, "device_id": device, "platform": "ios" });
        let (status, login) = self.call(&credential, "POST", "/v1/sessions", &body);
        assert_eq!(status, 201, "{login}");
        self.sessions
            .insert(user.into(), login["session_token"].as_str().unwrap().into());
    }

    pub(crate) fn admin(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let token = self.admin.clone();
        self.call(&token, method, path, body)
    }

    pub(crate) fn user(
        &mut self,
        user: &str,
        method: &str,
        path: &str,
        body: &Value,
    ) -> (u16, Value) {
        let token = self.sessions[user].clone();
        self.call(&token, method, path, body)
    }

    pub(crate) fn get(&mut self, user: &str, path: &str) -> Value {
        let (status, answer) = self.user(user, "GET", path, &Value::Null);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    pub(crate) fn send(&mut self, from: &str, to: &str, text: &str) -> (u16, Value) {
        let body = json!({ "to": to, "content": { "type": "text", "text": text } });
        self.user(from, "POST", "/v1/messages", &body)
    }

    pub(crate) fn advance(&mut self, ms: u64) {
        let (status, _) = self.admin("POST", "/v1/admin/clock", &json!({ "advance_ms": ms }));
        assert_eq!(status, 200);
    }

    /// Opens a stream, which stays open; what it gets is read with [`World::take`].
    pub(crate) fn open(&mut self, user: &str) -> StreamId {
        let token = self.sessions[user].clone();
        match self.request(&token, "GET", "/v1/events", b"").1 {
            Body::Stream { stream, .. } => stream,
            Body::Empty | Body::Json(_) | Body::Upload(_) | Body::Download(_) => {
                panic!("no stream")
            }
        }
    }

    pub(crate) fn close(&mut self, stream: StreamId) {
        self.server.stream_closed(stream);
    }

    /// Whether the server has ended the stream.
    pub(crate) fn is_closed(&self, stream: StreamId) -> bool {
        self.closed.contains(&stream)
    }

    pub(crate) fn credential(&self, user: &str) -> String {
        self.credentials[user].clone()
    }

    /// The frames a stream has got since the last look.
    pub(crate) fn take(&mut self, stream: StreamId) -> Vec<Frame> {
        self.frames.remove(&stream).unwrap_or_default()
    }

    /// The first few of them.
    pub(crate) fn take_some(&mut self, stream: StreamId, most: usize) -> Vec<Frame> {
        let mut frames = self.take(stream);
        if frames.len() > most {
            self.frames.insert(stream, frames.split_off(most));
        }
        frames
    }

    /// The mailbox as a fresh stream shows it: cursor and message.
    pub(crate) fn mailbox(&mut self, user: &str) -> Vec<(u64, Message)> {
        let stream = self.open(user);
        self.close(stream);
        let frames = self.take(stream);
        frames
            .into_iter()
            .filter_map(|frame| match frame.event {
                Event::Message(event) => Some((frame.id.unwrap().0, event.message)),
                Event::Recents(_) | Event::SyncDone | Event::Kicked(_) => None,
            })
            .collect()
    }

    fn call(&mut self, token: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let bytes = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        match self.request(token, method, path, &bytes) {
            (status, Body::Json(text)) => (status, serde_json::from_str(&text).unwrap()),
            (status, _) => (status, Value::Null),
        }
    }

    /// A request as it comes over the wire; its effects are obeyed.
    pub(crate) fn request(
        &mut self,
        token: &str,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> (u16, Body) {
        let authorization = format!("Bearer {token}");
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = Request {
            method,
            path,
            query,
            authorization: Some(&authorization),
            last_event_id: None,
            content_length: None,
            body,
        };
        let (reply, effects) = self.server.handle(START, request, &mut self.ids);
        for effect in effects {
            match effect {
                Effect::Deliver { stream, frame } => {
                    self.frames.entry(stream).or_default().push(frame);
                }
                Effect::Push { request, .. } => self.pushes.push(*request),
                Effect::Close { stream } => {
                    self.closed.insert(stream);
                }
                Effect::DropMedia(_) => {}
            }
        }
        (reply.status, reply.body)
    }
}
