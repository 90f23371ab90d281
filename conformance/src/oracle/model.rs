//! The core's server with the queues that its shell would keep.

use std::collections::{BTreeMap, VecDeque};

use duologue_core::answer::{Implementation, PushRequest};
use duologue_core::event::{Event, Frame};
use duologue_core::feature::Feature;
use duologue_core::limits::Profile;
use duologue_core::server::{
    Body, Effect, IdSource, PushTarget, Reply, Request, Server, ServerConfig, StreamId,
    UploadPermit,
};
use duologue_core::time::Timestamp;
use serde_json::{Value, json};

/// Some time; only differences of the model's times mean anything.
const BEGINNING_MS: u64 = 1_700_000_000_000;

/// A server of its own for one scenario.
#[derive(Debug)]
pub(super) struct Model {
    server: Server,
    ids: Counter,
    /// Moves with each request, so that cursors of users created anew lie above the old ones.
    now: Timestamp,
    streams: BTreeMap<StreamId, Queue>,
    pushes: Vec<(PushTarget, PushRequest)>,
}

/// What the model has sent on a stream and nobody has read.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) frames: VecDeque<Frame>,
    pub(super) closed: bool,
}

#[derive(Debug)]
struct Counter(u128);

impl IdSource for Counter {
    fn next_id(&mut self) -> u128 {
        self.0 += 1;
        self.0
    }
}

impl Model {
    pub(super) fn new(operator_token: String) -> Self {
        let server = Server::new(ServerConfig {
            operator_token: Some(operator_token),
            admin_token: None,
            features: Feature::ALL.into(),
            profile: Profile::default(),
            implementation: Implementation {
                name: "model".into(),
                version: env!("CARGO_PKG_VERSION").into(),
            },
        });
        Self {
            server,
            ids: Counter(0xd0_u128 << 120),
            now: Timestamp(BEGINNING_MS),
            streams: BTreeMap::new(),
            pushes: Vec::new(),
        }
    }

    /// Lets time pass.
    pub(super) fn wait(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
    }

    /// Answers a request and keeps what it sends elsewhere.
    pub(super) fn ask(&mut self, request: Request<'_>) -> Reply {
        self.now = self.now.plus_ms(1);
        let (reply, effects) = self.server.handle(self.now, request, &mut self.ids);
        if let Body::Stream { stream, .. } = reply.body {
            self.streams.insert(stream, Queue::default());
        }
        for effect in effects {
            match effect {
                Effect::Deliver { stream, frame } => {
                    if let Some(queue) = self.streams.get_mut(&stream) {
                        queue.frames.push_back(frame);
                    }
                }
                Effect::Close { stream } => {
                    if let Some(queue) = self.streams.get_mut(&stream) {
                        queue.closed = true;
                    }
                }
                Effect::Push {
                    target, request, ..
                } => self.pushes.push((target, *request)),
                Effect::DropMedia(_) => {}
            }
        }
        reply
    }

    /// Takes a whole upload.
    pub(super) fn upload(
        &mut self,
        permit: &UploadPermit,
        bytes: u64,
        content_type: &str,
    ) -> Reply {
        if bytes > permit.bytes_max {
            return Server::upload_too_large(permit);
        }
        match self
            .server
            .finish_upload(permit, bytes, content_type, &mut self.ids)
        {
            Ok((_, reply)) | Err(reply) => reply,
        }
    }

    /// What waits on a stream.
    pub(super) fn queue(&mut self, stream: StreamId) -> &mut Queue {
        self.streams.entry(stream).or_default()
    }

    /// Notes that a stream is over.
    pub(super) fn stream_closed(&mut self, stream: StreamId) {
        self.server.stream_closed(stream);
    }

    /// The next push to a token. Those whose registration has ended and whose message is not
    /// `wanted` may have been dropped on the way.
    pub(super) fn next_push(
        &mut self,
        vendor: &str,
        token: &str,
        wanted: Option<&str>,
    ) -> Option<PushRequest> {
        loop {
            let at = self
                .pushes
                .iter()
                .position(|(_, push)| push.vendor.as_str() == vendor && push.token == token)?;
            let (target, push) = self.pushes.remove(at);
            if wanted == Some(push.message_id.as_str()) || self.server.push_is_due(&target) {
                return Some(push);
            }
        }
    }
}

/// The data of an event as JSON.
pub(super) fn data(event: &Event) -> Value {
    match event {
        Event::Message(data) => json!(data),
        Event::Recents(data) => json!(data),
        Event::SyncDone => json!({}),
        Event::Kicked(data) => json!(data),
    }
}
