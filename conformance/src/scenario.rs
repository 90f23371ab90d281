//! The scenario format, version 1: one file, one behaviour, as types that only legal files become.

mod actor;
mod app;
mod corpus;
mod expect;
mod id;
mod lint;
mod load;
mod locate;
mod permutations;
mod plain;
mod problem;
pub mod step;
mod target_name;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use actor::Actor;
pub use app::{AppNeeds, ClockNeed, Requires};
pub use corpus::{Corpus, CorpusError, Fixture};
pub use duologue_core::feature::Feature;
pub use expect::{Alternative, AlternativeLevel, Expect, Outcome};
pub use id::{
    ActorName, BindingName, FileId, FormatVersion, PermutationName, RequirementId, ScenarioId,
};
pub use load::load;
use load::load_all;
pub use problem::Problem;
pub use step::Step;
pub use target_name::{Name, Names};

/// One behaviour and the steps that prove it.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The schema of this format, for editors.
    #[serde(rename = "$schema", default)]
    pub schema: Option<String>,
    /// The version of the format: 1.
    pub format: FormatVersion,
    /// Immutable, unique in the corpus; by convention begins with the chapter's name.
    #[serde(deserialize_with = "ScenarioId::of_file")]
    #[schemars(with = "FileId")]
    pub id: ScenarioId,
    /// Former ids.
    #[serde(default, deserialize_with = "ScenarioId::all_of_file")]
    #[schemars(with = "Vec<FileId>")]
    pub aliases: Vec<ScenarioId>,
    /// The same steps for several values: names of permutations, and what each binds names to. A
    /// string `${name}` becomes the value, in a longer string its text. Each is a scenario of its own,
    /// `id[name]`; as such it has no permutations.
    #[serde(default)]
    #[schemars(length(min = 2))]
    pub permutations: BTreeMap<PermutationName, BTreeMap<BindingName, Value>>,
    /// A sentence that states the outcome.
    #[schemars(length(min = 1))]
    pub title: String,
    /// The requirements of the specification that the scenario proves.
    #[schemars(length(min = 1))]
    pub requirements: Vec<RequirementId>,
    /// What breaking it means.
    pub level: Level,
    /// What the server must have for the scenario to apply.
    #[serde(default)]
    pub requires: Requires,
    /// The app it runs in.
    #[serde(default)]
    pub app: AppNeeds,
    /// Who takes part.
    #[serde(default)]
    pub actors: BTreeMap<ActorName, Actor>,
    /// What happens, in order.
    #[schemars(length(min = 1))]
    pub steps: Vec<Step>,
}

/// How binding a behaviour is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Breaking it is a failure.
    Must,
    /// Breaking it is a warning.
    Should,
    /// Permitted, not demanded; doing otherwise is a warning.
    May,
}

impl Level {
    /// The word used in scenarios and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::Should => "should",
            Self::May => "may",
        }
    }
}
