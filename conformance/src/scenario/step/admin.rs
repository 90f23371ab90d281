//! What administrator and operator do.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::expect::present;
use crate::scenario::{Actor, ActorName, AppNeeds, Expect, Name};
use crate::template::{Template, Text};

/// Changes the app's policy.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPolicy {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The parts to change.
    pub policy: BTreeMap<String, Template>,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}

/// Creates or updates a user as the administrator; makes the actor's credential known.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUser {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The user.
    pub user: Name,
    /// The nickname.
    #[serde(default, deserialize_with = "present")]
    pub nickname: Option<Template>,
    /// The picture.
    #[serde(default, deserialize_with = "present")]
    pub avatar_url: Option<Template>,
    /// Whether a new credential replaces the old.
    #[serde(default, deserialize_with = "present")]
    pub rotate_credential: Option<Template>,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}

/// Deletes a user.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteUser {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The user.
    pub user: Name,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}

/// Asks for the open streams and sessions of a user.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Presence {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The user.
    pub user: Name,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}

/// Advances the manual clock of the app.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvanceClock {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// By how many milliseconds.
    pub ms: Template,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer; absent: success.
    #[serde(default)]
    pub expect: Option<Expect>,
}

/// Creates a second app; its actors are `name/bob`, its administrator `name/admin`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provision {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The name of the app.
    pub name: Text,
    /// What it asks for.
    #[serde(default)]
    pub app: AppNeeds,
    /// Who is in it.
    #[serde(default)]
    pub actors: BTreeMap<ActorName, Actor>,
    /// Whether the operator token is sent; false: the first app's admin token.
    #[serde(default)]
    pub operator: Option<bool>,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}
