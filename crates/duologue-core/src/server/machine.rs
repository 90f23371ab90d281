//! What a shell runs: the server, or something that behaves like it.

use super::{Effect, IdSource, PushTarget, Reply, Request, Server, StreamId, UploadPermit};
use crate::id::MediaId;
use crate::time::Timestamp;

/// The server as a state machine. The reference is [`Server`]; decorators round it and scripted
/// machines of tests fit in as well.
pub trait Machine: Send + 'static {
    /// Handles one request at real time `now`.
    fn handle(
        &mut self,
        now: Timestamp,
        request: Request<'_>,
        ids: &mut dyn IdSource,
    ) -> (Reply, Vec<Effect>);

    /// Records an upload of which all `bytes` have arrived.
    ///
    /// # Errors
    /// The reply of a refusal; nothing is kept then.
    fn finish_upload(
        &mut self,
        permit: &UploadPermit,
        bytes: u64,
        content_type: &str,
        ids: &mut dyn IdSource,
    ) -> Result<(MediaId, Reply), Reply>;

    /// The refusal of an upload that is over its limit.
    fn upload_too_large(&self, permit: &UploadPermit) -> Reply;

    /// Notes that a stream has ended on the wire; may come twice for the same stream.
    fn stream_closed(&mut self, stream: StreamId);

    /// Whether a registration still stands, so that a waiting push may go.
    fn push_is_due(&self, target: &PushTarget) -> bool;

    /// Notes that a push gateway called a token gone.
    fn push_gone(&mut self, target: &PushTarget);
}

impl Machine for Server {
    fn handle(
        &mut self,
        now: Timestamp,
        request: Request<'_>,
        ids: &mut dyn IdSource,
    ) -> (Reply, Vec<Effect>) {
        Self::handle(self, now, request, ids)
    }

    fn finish_upload(
        &mut self,
        permit: &UploadPermit,
        bytes: u64,
        content_type: &str,
        ids: &mut dyn IdSource,
    ) -> Result<(MediaId, Reply), Reply> {
        Self::finish_upload(self, permit, bytes, content_type, ids)
    }

    fn upload_too_large(&self, permit: &UploadPermit) -> Reply {
        Self::upload_too_large(permit)
    }

    fn stream_closed(&mut self, stream: StreamId) {
        Self::stream_closed(self, stream);
    }

    fn push_is_due(&self, target: &PushTarget) -> bool {
        Self::push_is_due(self, target)
    }

    fn push_gone(&mut self, target: &PushTarget) {
        Self::push_gone(self, target);
    }
}
