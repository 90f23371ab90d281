//! Steps made of steps, and comparisons.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::matcher::Matcher;
use crate::scenario::Step;
use crate::template::{Template, Text};

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

/// Waits until the time of a message is over: on a manual clock by an advance, on a real one for as
/// long as it takes and a second more (CLK-002).
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outlive {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The name under which the answer to its send was saved.
    pub message: Text,
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
