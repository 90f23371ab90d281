//! Sending: as a user, as the administrator, as the system, and again.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::expect::present;
use crate::scenario::{Expect, Name, Names};
use crate::template::{Template, Text};

/// Sends a message.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Send {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The session: `bob`, `bob.laptop`.
    pub r#as: Text,
    /// The recipient.
    pub to: Name,
    /// What the message says.
    pub content: Template,
    /// The idempotency key; absent: none is sent.
    #[serde(default, deserialize_with = "present")]
    pub client_msg_id: Option<Template>,
    /// Opaque data beside the content.
    #[serde(default, deserialize_with = "present")]
    pub custom_data: Option<Template>,
    /// How long the message is kept; 0: online only.
    #[serde(default, deserialize_with = "present")]
    pub lifetime_s: Option<Template>,
    /// How it is pushed.
    #[serde(default, deserialize_with = "present")]
    pub push: Option<Template>,
    /// The sender named in the body; absent: the field is left out.
    #[serde(default)]
    pub from: Option<Name>,
    /// Further members of the body.
    #[serde(default, deserialize_with = "present")]
    pub extra: Option<Template>,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}

/// Sends as the app administrator.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendAsAdmin {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The recipient.
    #[serde(default)]
    pub to: Option<Name>,
    /// Several recipients.
    #[serde(default)]
    pub to_users: Option<Names>,
    /// The user in whose name; absent: `@admin`.
    #[serde(default)]
    pub from: Option<Name>,
    /// Whether the user in `from` gets a copy.
    #[serde(default, deserialize_with = "present")]
    pub sync_to_sender: Option<Template>,
    /// What the message says.
    pub content: Template,
    /// The idempotency key; absent: none is sent.
    #[serde(default, deserialize_with = "present")]
    pub client_msg_id: Option<Template>,
    /// Opaque data beside the content.
    #[serde(default, deserialize_with = "present")]
    pub custom_data: Option<Template>,
    /// How long the message is kept; 0: online only.
    #[serde(default, deserialize_with = "present")]
    pub lifetime_s: Option<Template>,
    /// How it is pushed.
    #[serde(default, deserialize_with = "present")]
    pub push: Option<Template>,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}

/// Sends a system notification.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The recipient.
    #[serde(default)]
    pub to: Option<Name>,
    /// Several recipients.
    #[serde(default)]
    pub to_users: Option<Names>,
    /// The name of the developer's event.
    pub event: Template,
    /// Its data.
    pub data: Template,
    /// How long it is kept.
    #[serde(default, deserialize_with = "present")]
    pub lifetime_s: Option<Template>,
    /// The idempotency key.
    #[serde(default, deserialize_with = "present")]
    pub client_msg_id: Option<Template>,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}

/// Sends a saved send again: same token, same body.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resend {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The name the send was saved under.
    pub of: Text,
    /// Members of the body to replace; null takes one away.
    #[serde(default)]
    pub change: BTreeMap<String, Template>,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}
