//! What a scenario asks of the server and of its app.

use std::collections::BTreeMap;

use duologue_core::feature::Feature;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the server must have for a scenario to apply; otherwise it is not applicable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Requires {
    /// Features the server must declare.
    #[serde(default)]
    pub features: Vec<Feature>,
    /// Limits that must not be null in the app.
    #[serde(default)]
    pub limits: Vec<String>,
    /// Limits and the most they may be: more would make the scenario too much work.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits_at_most: BTreeMap<String, u64>,
}

/// The app a scenario runs in; what is absent is as the server has it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppNeeds {
    /// The named defaults to begin with: `default`, `seed-ja` or `seed-ko`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Parts of the policy.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub policy: BTreeMap<String, Value>,
    /// Parts of the limits; null takes a nullable limit away.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, Value>,
    /// The clock; absent: the real one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockNeed>,
    /// Whether the app pushes to the runner's gateway.
    #[serde(default)]
    pub push: bool,
}

/// The clock a scenario asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClockNeed {
    /// Runs by itself.
    Real,
    /// Stands until it is advanced.
    Manual,
}
