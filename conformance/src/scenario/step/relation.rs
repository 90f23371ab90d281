//! Friends, blocks and profiles.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::expect::present;
use crate::scenario::{Expect, Name};
use crate::template::{Template, Text};

/// Adds a peer to the friend list or blocklist, or removes one.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The session: `bob`, `bob.laptop`.
    pub r#as: Text,
    /// The other user.
    pub peer: Name,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}

/// Changes one's own profile.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetProfile {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The session: `bob`, `bob.laptop`.
    pub r#as: Text,
    /// The nickname; null clears it.
    #[serde(default, deserialize_with = "present")]
    pub nickname: Option<Template>,
    /// The picture; null clears it.
    #[serde(default, deserialize_with = "present")]
    pub avatar_url: Option<Template>,
    /// What the user accepts.
    #[serde(default, deserialize_with = "present")]
    pub accept_from: Option<Template>,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}
