//! Requests of any shape.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::Expect;
use crate::scenario::expect::present;
use crate::template::{Template, Text};

/// Any request.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The session: `bob`, `bob.laptop`.
    pub r#as: Text,
    /// The method.
    pub method: Text,
    /// The path; what comes from `${…}` is percent-encoded.
    pub path: Text,
    /// Query parameters.
    #[serde(default)]
    pub query: BTreeMap<String, Template>,
    /// A JSON body.
    #[serde(default, deserialize_with = "present")]
    pub json: Option<Template>,
    /// A body as it stands.
    #[serde(default, deserialize_with = "present")]
    pub raw_body: Option<Template>,
    /// A body in Latin-1, each character one byte: with `é` or the like it is no UTF-8.
    #[serde(default)]
    pub latin1_body: Option<Text>,
    /// Headers.
    #[serde(default)]
    pub headers: BTreeMap<String, Text>,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}

/// Bytes as they are on a connection of their own; `${host}` and `${token.alice}` can be referred to.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawHttp {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// Whose token `${token}` is.
    #[serde(default)]
    pub r#as: Option<Text>,
    /// The bytes.
    pub bytes: Text,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}
