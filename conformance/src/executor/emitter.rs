//! The one stream of events, handed to every report in turn.

use std::fmt;
use std::io;
use std::sync::{Mutex, PoisonError};

use crate::event::Event;

/// Something that listens to a run.
pub trait Report: Send {
    /// Takes note of an event.
    ///
    /// # Errors
    /// When the report cannot be written; the run goes on, and the report gets no further event.
    fn event(&mut self, event: &Event) -> io::Result<()>;
}

/// Hands events to reports, one event at a time.
#[derive(Default)]
pub struct Emitter {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    reports: Vec<Box<dyn Report>>,
    errors: Vec<io::Error>,
}

impl Emitter {
    /// An emitter for these reports.
    #[must_use]
    pub fn new(reports: Vec<Box<dyn Report>>) -> Self {
        Self {
            state: Mutex::new(State {
                reports,
                errors: Vec::new(),
            }),
        }
    }

    /// Tells every report.
    pub fn emit(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { reports, errors } = &mut *state;
        reports.retain_mut(|report| match report.event(event) {
            Ok(()) => true,
            Err(error) => {
                errors.push(error);
                false
            }
        });
    }

    /// Why reports could not be written.
    pub fn take_errors(&self) -> Vec<io::Error> {
        std::mem::take(
            &mut self
                .state
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .errors,
        )
    }
}

impl fmt::Debug for Emitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Emitter")
    }
}
