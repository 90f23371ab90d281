//! The transcript of one step.

use std::sync::{Mutex, PoisonError};

use crate::event::Entry;

/// Collects what went over the wire during a step.
#[derive(Debug, Default)]
pub(super) struct Log(Mutex<Vec<Entry>>);

impl Log {
    pub(super) fn add(&self, entry: Entry) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(entry);
    }

    pub(super) fn note(&self, text: impl Into<String>) {
        self.add(Entry::Note { text: text.into() });
    }

    pub(super) fn take(&self) -> Vec<Entry> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
