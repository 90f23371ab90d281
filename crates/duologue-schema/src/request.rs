//! The bodies of requests, as a well-behaved client writes them.
//!
//! The server reads requests by hand, field by field, to answer each fault with its own error; these
//! types exist for their schemas and for clients that want to be typed.

use duologue_core::answer::ClockKind;
use duologue_core::content::Content;
use duologue_core::id::{
    ClientMsgId, DeviceId, PeerId, Platform, PushVendor, SystemEventName, UserId,
};
use duologue_core::limits::Profile;
use duologue_core::policy::{AcceptFrom, BlockVisibility, Messaging, MultiLogin};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a message is pushed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PushOptions {
    /// False: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// In place of the sender's nickname.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// In place of the preview.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Passed through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ext: Option<String>,
}

/// `POST /v1/messages`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SendMessage {
    /// The recipient.
    pub to: UserId,
    /// What it says.
    pub content: Content,
    /// The sender; only oneself is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UserId>,
    /// The idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_msg_id: Option<ClientMsgId>,
    /// Opaque to the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_data: Option<String>,
    /// How long it is kept; 0: online only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_s: Option<u64>,
    /// How it is pushed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push: Option<PushOptions>,
}

/// `POST /v1/admin/messages`: exactly one of `to` and `to_users`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("oneOf" = [{"required": ["to"]}, {"required": ["to_users"]}]))]
pub struct AdminSend {
    /// The user in whose name; absent: `@admin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PeerId>,
    /// The recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<UserId>,
    /// Several recipients; each is accepted or refused on its own, whatever its id looks like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_users: Option<Vec<String>>,
    /// What it says.
    pub content: Content,
    /// The idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_msg_id: Option<ClientMsgId>,
    /// Opaque to the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_data: Option<String>,
    /// How long it is kept; 0: online only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_s: Option<u64>,
    /// Whether the user in `from` gets a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_to_sender: Option<bool>,
    /// How it is pushed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push: Option<PushOptions>,
}

/// `POST /v1/admin/notifications`: exactly one of `to` and `to_users`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("oneOf" = [{"required": ["to"]}, {"required": ["to_users"]}]))]
pub struct Notification {
    /// The recipient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<UserId>,
    /// Several recipients; each is accepted or refused on its own, whatever its id looks like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_users: Option<Vec<String>>,
    /// The name of the developer's event.
    pub event: SystemEventName,
    /// Its data, opaque to the server.
    pub data: String,
    /// How long it is kept; 0: online only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_s: Option<u64>,
    /// The idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_msg_id: Option<ClientMsgId>,
}

/// `POST /v1/apps`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CreateApp {
    /// The named defaults to begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// The clock; absent: the real one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockKind>,
    /// The policy, where it is not the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PutPolicy>,
    /// The limits, where they are not the profile's; null takes a nullable one away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<serde_json::Map<String, serde_json::Value>>,
    /// Where pushes go; absent: nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push: Option<PushGateway>,
}

/// The push gateway of an app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PushGateway {
    /// Its URL.
    pub gateway_url: String,
    /// The vendors; absent: all the server has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendors: Option<Vec<PushVendor>>,
}

/// `PUT /v1/admin/policy`; absent members stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PutPolicy {
    /// Who may send to whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messaging: Option<Messaging>,
    /// What a blocked sender sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_visibility: Option<BlockVisibility>,
    /// How many devices of a user may be logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multi_login: Option<MultiLogin>,
}

/// `PUT /v1/admin/users/{user}`; null clears, absent members stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PutUser {
    /// The nickname.
    #[serde(default)]
    pub nickname: Option<String>,
    /// The picture.
    #[serde(default)]
    pub avatar_url: Option<String>,
    /// Whether a new credential replaces the old.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotate_credential: Option<bool>,
}

/// `PUT /v1/profile`; null clears, absent members stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PutProfile {
    /// The nickname.
    #[serde(default)]
    pub nickname: Option<String>,
    /// The picture.
    #[serde(default)]
    pub avatar_url: Option<String>,
    /// What the user accepts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_from: Option<AcceptFrom>,
}

/// `POST /v1/sessions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LoginRequest")]
pub struct Login {
    /// The user.
    pub user_id: UserId,
    /// The device.
    pub device_id: DeviceId,
    /// Its kind.
    pub platform: Platform,
}

/// `POST /v1/events/ack`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ack {
    /// The highest cursor acknowledged.
    #[schemars(regex(pattern = r"^(0|[1-9][0-9]{0,18})$"))]
    pub cursor: String,
}

/// `PUT /v1/push-token`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PutPushToken {
    /// The vendor.
    pub vendor: PushVendor,
    /// The vendor's token of the device, 1 to 256 bytes.
    #[schemars(length(min = 1, max = 256))]
    pub token: String,
    /// False: registered, but opted out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push: Option<bool>,
}

/// `POST /v1/admin/clock`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdvanceClock {
    /// By how many milliseconds.
    pub advance_ms: u64,
}
