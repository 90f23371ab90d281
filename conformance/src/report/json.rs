//! The result of a run as one JSON object.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{Event, ModelTotals, Reason};
use crate::executor::Report;
use crate::oracle::ModelVerdict;
use crate::scenario::{Level, RequirementId, ScenarioId};
use crate::verdict::{RunOutcome, Totals, Verdict};

/// The result of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonResult {
    /// The outcome.
    pub outcome: RunOutcome,
    /// The counts.
    pub totals: Totals,
    /// The scenarios, ordered by file.
    pub scenarios: Vec<ScenarioResult>,
    /// MUSTs that no passed scenario of this run proves.
    pub unproved: Vec<RequirementId>,
    /// What the model said of the graded scenarios.
    #[serde(default)]
    pub model: ModelTotals,
    /// The base URL of the server under test.
    pub endpoint: String,
    /// Its name and version, as it says.
    pub implementation: Option<String>,
    /// The features it declares.
    pub features: Vec<String>,
    /// The version of this program.
    pub runner_version: String,
    /// How long the run took.
    pub duration_ms: u64,
    /// Whether it was ended before all scenarios had run.
    pub interrupted: bool,
}

/// The result of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioResult {
    /// The scenario.
    pub id: ScenarioId,
    /// Its title.
    pub title: String,
    /// The requirements it proves.
    pub requirements: Vec<RequirementId>,
    /// What is said of it.
    pub verdict: Verdict,
    /// How long it took.
    pub duration_ms: u64,
    /// Its level.
    pub level: Level,
    /// Its file.
    pub file: String,
    /// Why the verdict is not a pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What the model says of it; none: it was not graded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelVerdict>,
}

/// Collects the result and writes it at the end.
#[derive(Debug)]
pub(super) struct Json<W> {
    out: W,
    result: JsonResult,
}

impl<W: Write> Json<W> {
    pub(super) fn new(out: W) -> Self {
        let result = JsonResult {
            outcome: RunOutcome::Incomplete,
            totals: Totals::default(),
            scenarios: Vec::new(),
            unproved: Vec::new(),
            model: ModelTotals::default(),
            endpoint: String::new(),
            implementation: None,
            features: Vec::new(),
            runner_version: String::new(),
            duration_ms: 0,
            interrupted: false,
        };
        Self { out, result }
    }
}

impl<W: Write + Send> Report for Json<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        let result = &mut self.result;
        match event {
            Event::RunStarted(started) => {
                result.endpoint = started.endpoint.clone();
                result.implementation = started.implementation.clone();
                result.features = started.features.clone();
                result.runner_version = started.runner_version.clone();
            }
            Event::ScenarioStarted(_) | Event::StepFinished(_) => {}
            Event::ScenarioFinished(finished) => result.scenarios.push(ScenarioResult {
                id: finished.scenario.clone(),
                title: finished.title.clone(),
                requirements: finished.requirements.clone(),
                verdict: finished.verdict,
                duration_ms: finished.duration_ms,
                level: finished.level,
                file: finished.file.clone(),
                reason: finished.reason.clone(),
                model: finished.model.clone(),
            }),
            Event::RunFinished(finished) => {
                result.outcome = finished.outcome;
                result.totals = finished.totals;
                result.unproved = finished.unproved.clone();
                result.model = finished.model;
                result.duration_ms = finished.duration_ms;
                result.interrupted = finished.interrupted;
                result.scenarios.sort_by(|a, b| a.file.cmp(&b.file));
                serde_json::to_writer_pretty(&mut self.out, result)?;
                self.out.write_all(b"\n")?;
                self.out.flush()?;
            }
        }
        Ok(())
    }
}
