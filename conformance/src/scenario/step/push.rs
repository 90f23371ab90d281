//! Push tokens and what arrives at the gateway.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::matcher::Matcher;
use crate::scenario::Expect;
use crate::scenario::expect::present;
use crate::template::{Template, Text};

/// Registers a push token for the session's device.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterPush {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The session: `bob`, `bob.laptop`.
    pub r#as: Text,
    /// The vendor.
    pub vendor: Template,
    /// The vendor's token.
    pub token: Template,
    /// False: registered, but opted out.
    #[serde(default, deserialize_with = "present")]
    pub push: Option<Template>,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}

/// Drops the registration.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnregisterPush {
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

/// The next push to a session's registered token.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectPush {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The session.
    pub to: Text,
    /// The body of the push.
    pub push: Matcher,
    /// The name under which the body is kept.
    #[serde(default)]
    pub save: Option<Text>,
}

/// Reads pushes up to and including the marker; nothing forbidden may come before it.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectNoPushBefore {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The session.
    pub to: Text,
    /// What must not come.
    pub forbidden: Vec<Matcher>,
    /// What ends the wait.
    pub marker: Matcher,
    /// The name under which the marker is kept.
    #[serde(default)]
    pub save: Option<Text>,
}

/// What the gateway answers to this scenario's pushes from now on.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetGateway {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The answer.
    pub answer: GatewayAnswer,
}

/// What the push gateway answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GatewayAnswer {
    /// 200.
    #[default]
    Ok,
    /// 410: the token is gone.
    Gone,
    /// 500.
    Error,
    /// Nothing, until the run ends or the server gives up.
    Hang,
}
