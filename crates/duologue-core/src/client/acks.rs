//! Which cursor may be acknowledged.

use std::collections::VecDeque;

use crate::client::delay;
use crate::client::moment::Moment;
use crate::id::Cursor;
use crate::server::IdSource;

/// The place of a message among all that this client handed over: 1, 2, 3 …
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct HandOver(pub u64);

/// Cursors on their way from a stream to an acknowledgement, one request at a time.
#[derive(Debug, Default)]
pub(super) struct Acks {
    /// The last hand-over that was begun.
    begun: HandOver,
    /// The last hand-over that the application has taken.
    taken: HandOver,
    /// Cursors in the order of the stream, each with the hand-over that must come before it.
    received: VecDeque<(Cursor, HandOver)>,
    /// The highest cursor whose messages all are handed over.
    ready: Option<Cursor>,
    /// The highest cursor asked for on this stream.
    asked: Option<Cursor>,
    in_flight: bool,
    /// Requests in a row that had no answer.
    failures: u32,
    /// When the next may be made after one that had none.
    not_before: Option<Moment>,
}

impl Acks {
    pub(super) fn begin_hand_over(&mut self) -> HandOver {
        self.begun = HandOver(self.begun.0 + 1);
        self.begun
    }

    pub(super) fn take(&mut self, hand_over: HandOver) {
        self.taken = self.taken.max(hand_over);
        self.advance();
    }

    /// An event with this cursor came, and its message has been handed over or was known (CLI-006).
    pub(super) fn receive(&mut self, cursor: Cursor) {
        self.received.push_back((cursor, self.begun));
        self.advance();
    }

    /// The cursor to acknowledge now, if any; the request counts as begun.
    pub(super) fn next(&mut self) -> Option<Cursor> {
        let next = self.ready.filter(|ready| Some(*ready) > self.asked)?;
        if self.in_flight || self.not_before.is_some() {
            return None;
        }
        self.in_flight = true;
        self.asked = Some(next);
        Some(next)
    }

    /// The request was answered.
    pub(super) fn finish(&mut self) {
        self.in_flight = false;
        self.failures = 0;
    }

    /// The request had no answer: it is made again, later and at the latest with the next stream.
    pub(super) fn fail(&mut self, now: Moment, not_before_ms: u64, ids: &mut dyn IdSource) {
        self.in_flight = false;
        self.asked = None;
        self.not_before = Some(now.plus_ms(delay::after(self.failures, not_before_ms, ids)));
        self.failures = self.failures.saturating_add(1);
    }

    pub(super) fn wakes_at(&self) -> Option<Moment> {
        self.not_before
    }

    pub(super) fn wake(&mut self, now: Moment) {
        self.not_before = self.not_before.filter(|at| *at > now);
    }

    /// A new stream brings everything again that is not acknowledged.
    pub(super) fn start_stream(&mut self) {
        self.received.clear();
        self.ready = None;
        self.asked = None;
        self.not_before = None;
    }

    /// The session is over; nothing of it is acknowledged any more.
    pub(super) fn end_session(&mut self) {
        self.start_stream();
        self.in_flight = false;
    }

    /// Makes ready the cursors whose messages, and all before them, the application has taken
    /// (CLI-005).
    fn advance(&mut self) {
        while let Some((cursor, needed)) = self.received.front().copied() {
            if needed > self.taken {
                return;
            }
            self.ready = self.ready.max(Some(cursor));
            self.received.pop_front();
        }
    }
}
