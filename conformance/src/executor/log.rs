//! The transcript of one step.

use std::sync::{Mutex, PoisonError};

use crate::event::Entry;

/// A server that never stops talking fills a transcript only up to here.
const ENTRIES_MAX: usize = 500;

/// Collects what went over the wire during a step.
#[derive(Debug, Default)]
pub(super) struct Log(Mutex<Lines>);

#[derive(Debug, Default)]
struct Lines {
    entries: Vec<Entry>,
    /// How many came after the last that was kept.
    more: usize,
}

impl Log {
    pub(super) fn add(&self, entry: Entry) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.entries.len() < ENTRIES_MAX {
            lines.entries.push(entry);
        } else {
            lines.more += 1;
        }
    }

    pub(super) fn note(&self, text: impl Into<String>) {
        self.add(Entry::Note { text: text.into() });
    }

    pub(super) fn take(&self) -> Vec<Entry> {
        let lines = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let mut entries = lines.entries;
        if lines.more > 0 {
            let text = format!("… and {} more lines", lines.more);
            entries.push(Entry::Note { text });
        }
        entries
    }
}
