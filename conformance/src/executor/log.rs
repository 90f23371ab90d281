//! The transcript of one step.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::event::{Entry, Line};

/// Collects what went over the wire during a step.
#[derive(Debug)]
pub(super) struct Log {
    /// When the run began.
    begun: Instant,
    lines: Mutex<Vec<Line>>,
}

impl Log {
    pub(super) fn new(begun: Instant) -> Self {
        Self {
            begun,
            lines: Mutex::new(Vec::new()),
        }
    }

    /// Milliseconds since the run began.
    pub(super) fn now_ms(&self) -> u64 {
        milliseconds(self.begun.elapsed())
    }

    pub(super) fn add(&self, entry: Entry) {
        let at_ms = self.now_ms();
        self.lines().push(Line { at_ms, entry });
    }

    pub(super) fn note(&self, text: impl Into<String>) {
        self.add(Entry::Note { text: text.into() });
    }

    /// Goes on with what another log holds.
    pub(super) fn append(&self, other: &Self) {
        self.lines().extend(other.take());
    }

    pub(super) fn take(&self) -> Vec<Line> {
        std::mem::take(&mut *self.lines())
    }

    fn lines(&self) -> MutexGuard<'_, Vec<Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A duration as events carry it.
pub(super) fn milliseconds(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}
