//! Keeps what the runner did and got, for the oracle.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::oracle::History;
use crate::oracle::history::{Record, What};

/// The history of one scenario while it grows.
#[derive(Debug, Clone, Default)]
pub(super) struct Recorder(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    history: History,
    streams: u64,
}

/// Where the records of one step go.
#[derive(Debug)]
pub(super) struct Tape {
    recorder: Recorder,
    step: String,
    open: bool,
}

impl Recorder {
    /// A tape for a step; `open` if the step names several permitted answers.
    pub(super) fn tape(&self, step: impl Into<String>, open: bool) -> Tape {
        Tape {
            recorder: self.clone(),
            step: step.into(),
            open,
        }
    }

    /// A number that no other stream of the scenario has.
    pub(super) fn next_stream(&self) -> u64 {
        let mut state = self.lock();
        state.streams += 1;
        state.streams
    }

    pub(super) fn edit(&self, work: impl FnOnce(&mut History)) {
        work(&mut self.lock().history);
    }

    pub(super) fn take(&self) -> History {
        std::mem::take(&mut self.lock().history)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tape {
    pub(super) fn add(&self, what: What) {
        let record = Record {
            step: self.step.clone(),
            open: self.open,
            what,
        };
        self.recorder.edit(|history| history.records.push(record));
    }
}
