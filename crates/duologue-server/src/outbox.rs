//! The queues between the core and the event streams.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use duologue_core::server::StreamId;
use tokio::sync::mpsc;

/// Live events that may wait for a slow reader before its stream is ended.
const LIVE_EVENTS_MAX: usize = 10_000;

/// All open event streams.
#[derive(Debug, Default)]
pub(crate) struct Outboxes {
    open: HashMap<StreamId, Outbox>,
    closed: bool,
}

#[derive(Debug)]
struct Outbox {
    frames: mpsc::UnboundedSender<Bytes>,
    waiting: Arc<AtomicUsize>,
    waiting_max: usize,
}

/// The reading end of an outbox.
#[derive(Debug)]
pub(crate) struct Inbox {
    frames: mpsc::UnboundedReceiver<Bytes>,
    waiting: Arc<AtomicUsize>,
}

impl Outboxes {
    /// Opens the queue of a stream; takes any number of events until [`Self::synced`].
    pub(crate) fn open(&mut self, stream: StreamId) -> Inbox {
        let (sender, frames) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let inbox = Inbox {
            frames,
            waiting: Arc::clone(&waiting),
        };
        if !self.closed {
            let outbox = Outbox {
                frames: sender,
                waiting,
                waiting_max: usize::MAX,
            };
            self.open.insert(stream, outbox);
        }
        inbox
    }

    /// From now on at most [`LIVE_EVENTS_MAX`] more events may wait than wait now.
    pub(crate) fn synced(&mut self, stream: StreamId) {
        if let Some(outbox) = self.open.get_mut(&stream) {
            outbox.waiting_max = outbox.waiting.load(Ordering::Relaxed) + LIVE_EVENTS_MAX;
        }
    }

    /// Appends an event; `false` when the reader is too slow and its stream has been ended.
    pub(crate) fn deliver(&mut self, stream: StreamId, frame: String) -> bool {
        let Some(outbox) = self.open.get(&stream) else {
            return true;
        };
        if outbox.waiting.fetch_add(1, Ordering::Relaxed) >= outbox.waiting_max {
            self.open.remove(&stream);
            return false;
        }
        // Fails only when the reader has just gone, which it reports itself.
        let _ = outbox.frames.send(frame.into());
        true
    }

    /// Ends a stream after what is queued (STR-021).
    pub(crate) fn close(&mut self, stream: StreamId) {
        self.open.remove(&stream);
    }

    /// Ends all streams, and later ones at once.
    pub(crate) fn close_all(&mut self) {
        self.closed = true;
        self.open.clear();
    }
}

impl Inbox {
    /// What is queued, up to `max` events in one piece; `None` at the end.
    pub(crate) async fn next(&mut self, max: usize) -> Option<Bytes> {
        let mut frames = Vec::new();
        let count = self.frames.recv_many(&mut frames, max).await;
        self.waiting.fetch_sub(count, Ordering::Relaxed);
        if count > 1 {
            Some(frames.concat().into())
        } else {
            frames.pop()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: StreamId = StreamId(7);

    #[tokio::test]
    async fn what_was_delivered_is_read_before_the_end() {
        let mut outboxes = Outboxes::default();
        let mut inbox = outboxes.open(STREAM);
        for frame in ["a", "b", "c"] {
            assert!(outboxes.deliver(STREAM, frame.into()));
        }
        outboxes.close(STREAM);
        assert!(outboxes.deliver(STREAM, "after the end".into()));
        assert_eq!(inbox.next(2).await.as_deref(), Some(&b"ab"[..]));
        assert_eq!(inbox.next(2).await.as_deref(), Some(&b"c"[..]));
        assert_eq!(inbox.next(2).await, None);
    }

    #[tokio::test]
    async fn a_slow_reader_is_ended_but_a_long_sync_is_not() {
        let mut outboxes = Outboxes::default();
        let mut inbox = outboxes.open(STREAM);
        let sync = 2 * LIVE_EVENTS_MAX;
        assert!((0..sync).all(|_| outboxes.deliver(STREAM, "s".into())));
        outboxes.synced(STREAM);
        assert!((0..LIVE_EVENTS_MAX).all(|_| outboxes.deliver(STREAM, "l".into())));
        assert!(!outboxes.deliver(STREAM, "one too many".into()));
        let mut bytes = 0;
        while let Some(piece) = inbox.next(1000).await {
            bytes += piece.len();
        }
        assert_eq!(bytes, sync + LIVE_EVENTS_MAX);
    }

    #[tokio::test]
    async fn a_stream_that_opens_after_the_stop_ends_at_once() {
        let mut outboxes = Outboxes::default();
        outboxes.close_all();
        assert_eq!(outboxes.open(STREAM).next(1).await, None);
    }
}
