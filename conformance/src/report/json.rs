//! The result of a run as one JSON object: its events without the steps.

use std::io;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{RunFinished, RunStarted, ScenarioFinished};
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

/// The result of a run that is over.
pub(super) fn json(record: &Record) -> io::Result<String> {
    let (Some(started), Some(finished)) = (&record.started, &record.finished) else {
        return Ok(String::new());
    };
    let mut scenarios: Vec<ScenarioFinished> = record.scenarios.values().cloned().collect();
    scenarios.sort_by(|a, b| a.file.cmp(&b.file));
    let result = JsonResult {
        started: started.clone(),
        scenarios,
        finished: finished.clone(),
    };
    Ok(serde_json::to_string_pretty(&result)? + "\n")
}
