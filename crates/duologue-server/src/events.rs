//! The body of an event stream: what the core delivers, and a heartbeat.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use duologue_core::server::StreamId;
use futures_util::stream;
use tokio::time::{Instant, timeout_at};

use crate::outbox::Inbox;
use crate::shared::Shared;

/// Events that go into one write.
const BATCH: usize = 64;
const LONGEST_BEAT: Duration = Duration::from_secs(60);
const HEARTBEAT: Bytes = Bytes::from_static(b":\n\n");

/// The reading end of one stream. Dropping it tells the core that the stream has ended.
struct Reader {
    inbox: Inbox,
    every: Duration,
    next_beat: Instant,
    _departure: Departure,
}

/// Notes, when it is dropped, that nobody reads any more (STR-022).
struct Departure {
    shared: Arc<Shared>,
    stream: StreamId,
}

impl Drop for Departure {
    fn drop(&mut self) {
        self.shared.stream_ended(self.stream);
    }
}

/// The body that carries `inbox`, with a comment line twice in every `heartbeat_ms` (STR-004) of
/// real time (CLK-007); writing it to a connection that is gone fails, and so ends the stream
/// (STR-022).
pub(crate) fn body(shared: Arc<Shared>, stream: StreamId, heartbeat_ms: u64, inbox: Inbox) -> Body {
    let every = Duration::from_millis((heartbeat_ms / 2).max(1)).min(LONGEST_BEAT);
    let reader = Reader {
        inbox,
        every,
        next_beat: Instant::now() + every,
        _departure: Departure { shared, stream },
    };
    Body::from_stream(stream::unfold(reader, async |mut reader| {
        let piece = reader.next().await?;
        Some((Ok::<_, Infallible>(piece), reader))
    }))
}

impl Reader {
    async fn next(&mut self) -> Option<Bytes> {
        // A comment comes in time even when there is always an event.
        if Instant::now() < self.next_beat
            && let Ok(piece) = timeout_at(self.next_beat, self.inbox.next(BATCH)).await
        {
            return piece;
        }
        self.next_beat = Instant::now() + self.every;
        Some(HEARTBEAT)
    }
}
