//! The result of a run as one JSON object: its events without the steps.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{Event, RunFinished, RunStarted, ScenarioFinished};
use crate::executor::Report;
use crate::record::Record;

/// The result of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonResult {
    /// What was tested, with what.
    pub started: RunStarted,
    /// The scenarios, ordered by file.
    pub scenarios: Vec<ScenarioFinished>,
    /// The outcome, the counts, and what was not proved.
    pub finished: RunFinished,
}

/// Collects the result and writes it at the end.
#[derive(Debug)]
pub(super) struct Json<W> {
    out: W,
    record: Record,
}

impl<W: Write> Json<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            record: Record::default(),
        }
    }

    fn write(&mut self) -> io::Result<()> {
        let Record {
            started: Some(started),
            scenarios,
            finished: Some(finished),
            ..
        } = std::mem::take(&mut self.record)
        else {
            return Ok(());
        };
        let mut scenarios: Vec<ScenarioFinished> = scenarios.into_values().collect();
        scenarios.sort_by(|a, b| a.file.cmp(&b.file));
        let result = JsonResult {
            started,
            scenarios,
            finished,
        };
        serde_json::to_writer_pretty(&mut self.out, &result)?;
        self.out.write_all(b"\n")?;
        self.out.flush()
    }
}

impl<W: Write + Send> Report for Json<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::StepFinished(_) => return Ok(()),
            Event::RunStarted(_)
            | Event::ScenarioStarted(_)
            | Event::ScenarioFinished(_)
            | Event::RunFinished(_) => self.record.add(event),
        }
        match event {
            Event::RunFinished(_) => self.write(),
            Event::RunStarted(_)
            | Event::ScenarioStarted(_)
            | Event::StepFinished(_)
            | Event::ScenarioFinished(_) => Ok(()),
        }
    }
}
