//! Reading what is stored.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::expect::present;
use crate::scenario::{Expect, Name};
use crate::template::{Template, Text};

/// Reads a page of a view.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The session: `bob`, `bob.laptop`.
    pub r#as: Text,
    /// The other end.
    pub peer: Name,
    /// Only lower seqs.
    #[serde(default, deserialize_with = "present")]
    pub before: Option<Template>,
    /// The id or seq after which the page begins.
    #[serde(default, deserialize_with = "present")]
    pub after: Option<Template>,
    /// The size of the page.
    #[serde(default, deserialize_with = "present")]
    pub limit: Option<Template>,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}

/// Reads the recent contacts.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recents {
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

/// Reads a page of the views.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conversations {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The session: `bob`, `bob.laptop`.
    pub r#as: Text,
    /// The id or seq after which the page begins.
    #[serde(default, deserialize_with = "present")]
    pub after: Option<Template>,
    /// The size of the page.
    #[serde(default, deserialize_with = "present")]
    pub limit: Option<Template>,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}
