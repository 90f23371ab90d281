//! The transcript of one step.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::tape::Tape;
use crate::event::{Entry, Line};
use crate::oracle::history::What;

/// A server that never stops talking fills a transcript only up to here.
const LINES_MAX: usize = 500;

/// Collects what went over the wire during a step, for people and, on a tape, for the oracle. What
/// the runner does on its own account goes to a log without a tape.
#[derive(Debug)]
pub(super) struct Log {
    /// When the run began.
    begun: Instant,
    lines: Mutex<Lines>,
    tape: Option<Tape>,
}

#[derive(Debug, Default)]
struct Lines {
    kept: Vec<Line>,
    /// How many came after the last that was kept.
    more: usize,
}

impl Lines {
    fn push(&mut self, line: Line) {
        if self.kept.len() < LINES_MAX {
            self.kept.push(line);
        } else {
            self.more += 1;
        }
    }
}

impl Log {
    pub(super) fn new(begun: Instant, tape: Option<Tape>) -> Self {
        Self {
            begun,
            lines: Mutex::default(),
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
        let mut lines = self.lines();
        other.take().into_iter().for_each(|line| lines.push(line));
    }

    pub(super) fn take(&self) -> Vec<Line> {
        let lines = std::mem::take(&mut *self.lines());
        let mut kept = lines.kept;
        if lines.more > 0 {
            let text = format!("… and {} more lines", lines.more);
            let at_ms = self.now_ms();
            let entry = Entry::Note { text };
            kept.push(Line { at_ms, entry });
        }
        kept
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A duration as events carry it.
pub(super) fn milliseconds(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}
