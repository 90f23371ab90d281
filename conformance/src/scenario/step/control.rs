//! Steps made of steps, and comparisons.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::matcher::Matcher;
use crate::scenario::Step;
use crate::template::Template;

/// Runs branches at the same time.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parallel {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The branches.
    pub branches: Vec<Vec<Step>>,
}

/// Runs steps several times.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// How often.
    pub times: Template,
    /// The name of the counter, which begins at 1.
    #[serde(default)]
    pub index: Option<String>,
    /// The steps.
    pub steps: Vec<Step>,
}

/// Compares values that are already known.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assert {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The value.
    pub value: Template,
    /// What it must be.
    pub matches: Matcher,
}
