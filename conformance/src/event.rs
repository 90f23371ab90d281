//! The events of a run: the one source of every report.
//!
//! As NDJSON, one event a line, they hold no secret: whatever enters an event has been redacted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::matcher::Mismatch;
use crate::oracle::ModelVerdict;
use crate::scenario::{Level, RequirementId, ScenarioId};
use crate::shard::Shard;
use crate::verdict::{RunOutcome, Totals, Verdict};

/// The pointer that stands for what comes before the steps of a scenario.
pub const SETUP: &str = "/setup";

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run begins; comes first.
    RunStarted(RunStarted),
    /// A scenario begins.
    ScenarioStarted(ScenarioStarted),
    /// A step of a scenario is done.
    StepFinished(StepFinished),
    /// A scenario has its verdict.
    ScenarioFinished(ScenarioFinished),
    /// The run is over; comes last.
    RunFinished(RunFinished),
}

/// What is tested, with what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunStarted {
    /// The version of this program.
    pub runner_version: String,
    /// The base URL of the server under test.
    pub endpoint: String,
    /// Where that server came from.
    #[serde(default)]
    pub origin: Origin,
    /// The server's name and version, as it says.
    pub implementation: Option<String>,
    /// The features it declares.
    pub features: Vec<String>,
    /// Whether scenarios get an app each; otherwise all share one.
    pub own_apps: bool,
    /// The profile asked for in new apps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// How many scenarios were selected.
    pub selected: u64,
    /// A digest of the scenarios of all shards together, in 16 hexadecimal digits.
    pub corpus: String,
    /// Which part of them this run takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// What the names of users and push tokens were made from; `replay` uses it again.
    pub seed: String,
    /// When the run began, in milliseconds since 1970.
    pub started_ms: u64,
}

/// Where a server under test came from, and with that whether it is still there after the run.
#[derive(
    Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// It was running already.
    #[default]
    Endpoint,
    /// The run started it as a program.
    Exec,
    /// It was the reference server inside this program.
    Embedded,
    /// It was that server with the deliberate fault of this id.
    Faulty(String),
}

/// A scenario begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioStarted {
    /// The scenario.
    pub scenario: ScenarioId,
    /// Milliseconds since the run began.
    pub at_ms: u64,
}

/// A step is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepFinished {
    /// The scenario.
    pub scenario: ScenarioId,
    /// JSON pointer of the step in its file; `/setup` for what comes before the steps.
    pub step: String,
    /// Its verb.
    pub verb: String,
    /// Why it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// When it began, in milliseconds since the run began.
    pub at_ms: u64,
    /// How long it took.
    pub duration_ms: u64,
    /// Whether it went as expected.
    pub passed: bool,
    /// What went over the wire, redacted.
    pub transcript: Vec<Line>,
}

/// A line of a transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// Milliseconds since the run began; of an exchange: when its answer was complete.
    pub at_ms: u64,
    /// What happened.
    pub entry: Entry,
}

/// What a line of a transcript tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// A request and its answer.
    Exchange(Exchange),
    /// An event on a stream.
    StreamEvent {
        /// The stream.
        stream: String,
        /// The event's type.
        name: String,
        /// Its cursor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// Its data.
        data: String,
    },
    /// A push that came to the gateway.
    Push {
        /// Its body.
        body: String,
    },
    /// Anything else worth knowing.
    Note {
        /// A sentence.
        text: String,
    },
}

/// A request and its answer. Bodies are cut at a few kilobytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exchange {
    /// Who asked: an actor's session, `admin`, `operator` or `nobody`.
    pub who: String,
    /// Whether `body` is the whole request as it stands, request line and headers included.
    #[serde(default, skip_serializing_if = "is_false")]
    pub raw: bool,
    /// The method.
    pub method: String,
    /// The path with its query.
    pub target: String,
    /// The headers beyond those every request has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The body sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The status; none: no answer came.
    pub status: Option<u16>,
    /// The headers of the answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answer_headers: Vec<(String, String)>,
    /// The body of the answer, or why none came.
    pub answer: String,
}

/// A scenario has its verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioFinished {
    /// The scenario.
    pub scenario: ScenarioId,
    /// Its title.
    pub title: String,
    /// Its chapter.
    pub chapter: String,
    /// Its file.
    pub file: String,
    /// The requirements it proves.
    pub requirements: Vec<RequirementId>,
    /// Its level.
    pub level: Level,
    /// What is said of it.
    pub verdict: Verdict,
    /// How long it took.
    pub duration_ms: u64,
    /// Why the verdict is not a pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Features that it needs and the server does not declare.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undeclared: Vec<String>,
    /// What tells this failure from others, in every run the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// The entry of the list of known failures that excuses this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Known>,
    /// What the model says of it; none: it was not graded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelVerdict>,
}

/// Why a failure was expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Known {
    /// A sentence.
    pub reason: String,
    /// Where more is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The last day on which the entry holds, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
}

/// Why a verdict is not a pass.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// A sentence.
    pub message: String,
    /// JSON pointer of the step in its file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The step's verb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
    /// Why the step is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Where the answer is not what was expected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mismatches: Vec<Mismatch>,
}

/// The run is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunFinished {
    /// The outcome.
    pub outcome: RunOutcome,
    /// The counts.
    pub totals: Totals,
    /// How long the run took.
    pub duration_ms: u64,
    /// Whether it was ended before all scenarios had run.
    pub interrupted: bool,
    /// MUSTs that bind the server and that no passed scenario of this run proves.
    pub unproved: Vec<RequirementId>,
    /// MUSTs of features that the server does not declare.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unbound: Vec<RequirementId>,
    /// What is wrong with the list of known failures; anything here fails the run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stale: Vec<Stale>,
    /// What the model said of the graded scenarios.
    #[serde(default)]
    pub model: ModelTotals,
}

/// An entry of the list of known failures that no longer tells the truth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stale {
    /// What it names.
    pub scenario: String,
    /// What is wrong.
    pub kind: StaleKind,
    /// A sentence that says how to mend it.
    pub message: String,
}

/// What can be wrong with an entry of the list of known failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StaleKind {
    /// The scenario passes now.
    UnexpectedPass,
    /// There is no such scenario or step.
    DeadEntry,
    /// The scenario fails in another way.
    ChangedSignature,
    /// The entry's last day is over.
    Expired,
}

/// Of how many graded scenarios the model said what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelTotals {
    /// It would have answered the same.
    pub agreed: u64,
    /// It would have answered otherwise.
    pub disagreed: u64,
    /// It could not tell to the end.
    pub unknown: u64,
}

impl ScenarioFinished {
    /// Whether it ended before its first step, so that its own requirements were not looked at.
    #[must_use]
    pub fn ended_before_its_steps(&self) -> bool {
        let step = self
            .reason
            .as_ref()
            .and_then(|reason| reason.step.as_deref());
        step == Some(SETUP)
    }
}

impl ModelTotals {
    /// Counts one scenario.
    pub fn count(&mut self, model: &ModelVerdict) {
        *match model {
            ModelVerdict::Agrees { .. } => &mut self.agreed,
            ModelVerdict::Disagrees { .. } => &mut self.disagreed,
            ModelVerdict::Unknown { .. } => &mut self.unknown,
        } += 1;
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands references over"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}
