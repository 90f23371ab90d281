//! The transcript of one step.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::tape::Tape;
use crate::event::{Entry, Line};
use crate::oracle::history::What;

/// Collects what went over the wire during a step, for people and, on a tape, for the oracle. What
/// the runner does on its own account goes to a log without a tape.
#[derive(Debug)]
pub(super) struct Log {
    /// When the run began.
    begun: Instant,
    lines: Mutex<Vec<Line>>,
    tape: Option<Tape>,
}

impl Log {
    pub(super) fn new(begun: Instant, tape: Option<Tape>) -> Self {
        Self {
            begun,
            lines: Mutex::new(Vec::new()),
            tape,
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

    /// Keeps something for the oracle.
    pub(super) fn keep(&self, what: impl FnOnce() -> What) {
        if let Some(tape) = &self.tape {
            tape.add(what());
        }
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
