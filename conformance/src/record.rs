//! A run as it was recorded: the fold of its events that reports, `diff`, `matrix` and `replay` read.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::event::{Event, RunFinished, RunStarted, ScenarioFinished, StepFinished};
use crate::report::JsonResult;
use crate::scenario::ScenarioId;

/// What is known of a run, finished or not.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// What was tested, with what; none until the run begins.
    pub started: Option<RunStarted>,
    /// The scenarios that have a verdict, by id.
    pub scenarios: BTreeMap<ScenarioId, ScenarioFinished>,
    /// Their steps, in order; empty when read from a JSON result, which has none.
    pub steps: BTreeMap<ScenarioId, Vec<StepFinished>>,
    /// The end; none: the run broke off.
    pub finished: Option<RunFinished>,
}

/// Why a report cannot be read.
#[derive(Debug, Error)]
pub enum RecordError {
    /// The file cannot be read.
    #[error("cannot read the report {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line of an NDJSON report is no event.
    #[error("{}:{line}: not an event of a run: {reason}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        reason: serde_json::Error,
    },
    /// The file is no report at all.
    #[error(
        "{}: neither an ndjson nor a json report of `duologue run --report`: {reason}",
        path.display()
    )]
    NoReport {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl Record {
    /// Takes note of an event.
    pub fn add(&mut self, event: &Event) {
        match event {
            Event::RunStarted(started) => self.started = Some(started.clone()),
            Event::ScenarioStarted(_) => {}
            Event::StepFinished(step) => self
                .steps
                .entry(step.scenario.clone())
                .or_default()
                .push(step.clone()),
            Event::ScenarioFinished(finished) => {
                self.scenarios
                    .insert(finished.scenario.clone(), finished.clone());
            }
            Event::RunFinished(finished) => self.finished = Some(finished.clone()),
        }
    }

    /// Reads a report: NDJSON, whose last line may be cut off, or a JSON result.
    ///
    /// # Errors
    /// When the file cannot be read or is no report.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        let text = fs::read_to_string(path).map_err(|source| RecordError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        if let Ok(result) = serde_json::from_str::<JsonResult>(&text) {
            return Ok(result.into());
        }
        let record = Self::of_lines(path, &text)?;
        if record.started.is_none() {
            return Err(RecordError::NoReport {
                path: path.to_owned(),
                reason: "it does not say what was tested".into(),
            });
        }
        Ok(record)
    }

    fn of_lines(path: &Path, text: &str) -> Result<Self, RecordError> {
        let mut record = Self::default();
        events(path, text)?
            .iter()
            .for_each(|event| record.add(event));
        Ok(record)
    }
}

/// The events of an NDJSON report, whose last line may be cut off; `path` is for messages.
///
/// # Errors
/// When a line is no event.
pub fn events(path: &Path, text: &str) -> Result<Vec<Event>, RecordError> {
    let mut events = Vec::new();
    let count = text.lines().count();
    for (index, line) in text.lines().enumerate() {
        match serde_json::from_str(line) {
            Ok(event) => events.push(event),
            // A run that was killed leaves half a line.
            Err(reason) if index + 1 == count && index > 0 && reason.is_eof() => {}
            Err(reason) if index == 0 => {
                return Err(RecordError::NoReport {
                    path: path.to_owned(),
                    reason: reason.to_string(),
                });
            }
            Err(reason) => {
                return Err(RecordError::Line {
                    path: path.to_owned(),
                    line: index + 1,
                    reason,
                });
            }
        }
    }
    Ok(events)
}

impl From<JsonResult> for Record {
    fn from(result: JsonResult) -> Self {
        Self {
            started: Some(result.started),
            scenarios: result
                .scenarios
                .into_iter()
                .map(|finished| (finished.scenario.clone(), finished))
                .collect(),
            steps: BTreeMap::new(),
            finished: Some(result.finished),
        }
    }
}
