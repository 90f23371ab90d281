//! Logging in and out.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::expect::present;
use crate::scenario::{Expect, Name};
use crate::template::{Template, Text};

/// Logs a device in; the session is known as that device from then on.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The device: `bob`, `bob.laptop`.
    pub r#as: Text,
    /// The kind of device; absent: `test`.
    #[serde(default, deserialize_with = "present")]
    pub platform: Option<Template>,
    /// Whose credential is sent; absent: the actor's own.
    #[serde(default)]
    pub credential_of: Option<Text>,
    /// The user named in the body; absent: the actor.
    #[serde(default)]
    pub user: Option<Name>,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}

/// Ends a session.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Logout {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The session: `bob`, `bob.laptop`.
    pub r#as: Text,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}
