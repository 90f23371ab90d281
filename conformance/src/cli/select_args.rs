//! Which scenarios: the same flags for `run` and `list`.

use clap::Args;

use super::Failure;
use crate::plan::{ScenarioSet, Selection};
use crate::scenario::{Feature, Level};

/// The flags that choose scenarios.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct SelectArgs {
    /// Only scenarios with this text in id, title, chapter or requirement; repeatable
    #[arg(
        long,
        short,
        env = "DUOLOGUE_FILTER",
        value_name = "TEXT",
        value_delimiter = ','
    )]
    pub(super) filter: Vec<String>,
    /// Only scenarios of this level: must, should or may; repeatable
    #[arg(
        long,
        env = "DUOLOGUE_LEVEL",
        value_name = "LEVEL",
        value_delimiter = ','
    )]
    pub(super) level: Vec<String>,
    /// Only scenarios that need this feature, such as push; repeatable
    #[arg(
        long,
        env = "DUOLOGUE_FEATURE",
        value_name = "NAME",
        value_delimiter = ','
    )]
    pub(super) feature: Vec<String>,
    /// Only scenarios of this set: the name of one in this program, such as 1.0, or a file of ids, one
    /// a line
    #[arg(long, env = "DUOLOGUE_SET", value_name = "NAME|FILE")]
    pub(super) set: Option<String>,
}

impl SelectArgs {
    pub(super) fn selection(self) -> Result<Selection, Failure> {
        let set = self.set.as_deref().map(ScenarioSet::read);
        Ok(Selection {
            filters: self.filter,
            levels: words::<Level>("level", &self.level)?,
            features: words::<Feature>("feature", &self.feature)?,
            set: set.transpose().map_err(Failure::usage)?,
        })
    }
}

/// Reads words the way scenarios write them.
fn words<T: serde::de::DeserializeOwned>(what: &str, texts: &[String]) -> Result<Vec<T>, Failure> {
    texts
        .iter()
        .map(|text| {
            serde_json::from_value(serde_json::Value::String(text.clone()))
                .map_err(|error| Failure::usage(format!("--{what} {text}: {error}")))
        })
        .collect()
}
