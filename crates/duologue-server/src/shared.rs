//! The one lock: the machine and everything whose order must be the machine's order.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use duologue_core::server::{
    Body, Effect, PushTarget, Reply, Request, SessionId, StreamId, UploadPermit,
};
use duologue_core::time::Timestamp;
use duologue_core::{ApiError, ErrorCode};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::ids::RandomIds;
use crate::media::{MediaFile, MediaFiles};
use crate::outbox::{Inbox, Outboxes};
use crate::push::{self, Hears, Job, PushQueues};
use duologue_core::server::Machine;

/// What all connections of one server share.
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Every task of the server, so that stopping can wait for them.
    pub(crate) tasks: TaskTracker,
    /// Cancelled when the server begins to stop.
    pub(crate) stop: CancellationToken,
    /// Cancelled when the server has waited long enough.
    pub(crate) abort: CancellationToken,
    pub(crate) gateways: reqwest::Client,
    pub(crate) hears: Hears,
}

struct State {
    machine: Box<dyn Machine>,
    ids: RandomIds,
    outboxes: Outboxes,
    media: MediaFiles,
    pushes: PushQueues,
}

impl Shared {
    pub(crate) fn new(machine: Box<dyn Machine>, gateways: reqwest::Client, hears: Hears) -> Self {
        let state = State {
            machine,
            ids: RandomIds,
            outboxes: Outboxes::default(),
            media: MediaFiles::default(),
            pushes: PushQueues::default(),
        };
        Self {
            state: Mutex::new(state),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            abort: CancellationToken::new(),
            gateways,
            hears,
        }
    }

    /// Lets the machine handle a request and obeys its effects, all before the next request gets in
    /// and before this one is answered (MOD-009, MOD-010). A reply that opens a stream comes with
    /// the stream's inbox.
    pub(crate) fn handle(self: &Arc<Self>, request: Request<'_>) -> (Reply, Option<Inbox>) {
        let mut guard = self.lock();
        let state = &mut *guard;
        let handled = survive(|| state.machine.handle(now(), request, &mut state.ids));
        let (reply, effects) = handled.unwrap_or_else(|failed| (failed, vec![]));
        let stream = opened(&reply);
        let inbox = stream.map(|stream| state.outboxes.open(stream));
        for effect in effects {
            self.obey(state, effect);
        }
        if let Some(stream) = stream {
            state.outboxes.synced(stream);
        }
        (reply, inbox)
    }

    /// Records a finished upload and keeps its file if the machine accepts it.
    pub(crate) fn finish_upload(
        &self,
        permit: &UploadPermit,
        content_type: &str,
        bytes: u64,
        file: MediaFile,
    ) -> Reply {
        let mut guard = self.lock();
        let state = &mut *guard;
        match state
            .machine
            .finish_upload(permit, bytes, content_type, &mut state.ids)
        {
            Ok((media, reply)) => {
                state.media.insert(media, file);
                reply
            }
            Err(refusal) => refusal,
        }
    }

    /// The refusal of an upload that has grown over its limit.
    pub(crate) fn upload_too_large(&self, permit: &UploadPermit) -> Reply {
        self.lock().machine.upload_too_large(permit)
    }

    /// The bytes of a finished upload.
    pub(crate) fn media(&self, media: &duologue_core::id::MediaId) -> Option<MediaFile> {
        self.lock().media.get(media).cloned()
    }

    /// Notes that a stream has ended on the wire.
    pub(crate) fn stream_ended(&self, stream: StreamId) {
        let mut state = self.lock();
        state.outboxes.close(stream);
        state.machine.stream_closed(stream);
    }

    /// The next push of a session's worker; `None` ends the worker. What waited for a registration
    /// that has ended is dropped (PSH-006).
    pub(crate) fn next_push(&self, session: SessionId) -> Option<Job> {
        let mut state = self.lock();
        loop {
            let job = state.pushes.next(session)?;
            if state.machine.push_is_due(&job.target) {
                return Some(job);
            }
        }
    }

    /// Notes that a gateway called a push token gone.
    pub(crate) fn push_gone(&self, target: &PushTarget) {
        self.lock().machine.push_gone(target);
    }

    /// Ends all streams, now and to come, and tells every task to finish.
    pub(crate) fn begin_stop(&self) {
        self.lock().outboxes.close_all();
        self.stop.cancel();
        self.tasks.close();
    }

    fn obey(self: &Arc<Self>, state: &mut State, effect: Effect) {
        match effect {
            Effect::Deliver { stream, frame } => {
                if !state.outboxes.deliver(stream, frame.to_sse()) {
                    tracing::warn!(stream = stream.0, "ended a stream whose reader is too slow");
                    state.machine.stream_closed(stream);
                }
            }
            Effect::Close { stream } => state.outboxes.close(stream),
            Effect::Push {
                target,
                url,
                request,
            } => {
                let session = target.session;
                if state.pushes.add(
                    session,
                    Job {
                        target,
                        url,
                        request,
                    },
                ) {
                    let work = push::work(Arc::clone(self), session);
                    self.tasks
                        .spawn(self.stop.clone().run_until_cancelled_owned(work));
                }
            }
            Effect::DropMedia(gone) => state.media.remove(&gone),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer to a failure of the server itself.
pub(crate) fn internal(message: &str) -> Reply {
    Reply::error(&ApiError::new(ErrorCode::Internal, message))
}

/// A bug in the machine costs one answer, not the connection.
fn survive<T>(work: impl FnOnce() -> T) -> Result<T, Reply> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| internal("the server failed; see its log"))
}

fn opened(reply: &Reply) -> Option<StreamId> {
    match reply.body {
        Body::Stream { stream, .. } => Some(stream),
        Body::Empty | Body::Json(_) | Body::Upload(_) | Body::Download(_) => None,
    }
}

fn now() -> Timestamp {
    let elapsed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(elapsed.as_millis().try_into().unwrap_or(u64::MAX))
}
