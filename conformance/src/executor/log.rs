//! The transcript of one step.

use std::sync::{Mutex, PoisonError};

use super::tape::Tape;
use crate::event::Entry;
use crate::oracle::history::What;

/// Collects what went over the wire during a step, for people and, on a tape, for the oracle. What
/// the runner does on its own account goes to a log without a tape.
#[derive(Debug, Default)]
pub(super) struct Log {
    entries: Mutex<Vec<Entry>>,
    tape: Option<Tape>,
}

impl Log {
    pub(super) fn with(tape: Tape) -> Self {
        Self {
            entries: Mutex::default(),
            tape: Some(tape),
        }
    }

    pub(super) fn add(&self, entry: Entry) {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(entry);
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

    pub(super) fn take(&self) -> Vec<Entry> {
        std::mem::take(&mut *self.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
