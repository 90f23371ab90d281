//! The bodies of successful answers, field by field as the tables of the specification show them
//! (HTT-001; spec: HTTP binding).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::content::MediaKind;
use crate::error::ApiError;
use crate::id::{AppId, DeviceId, MediaId, PeerId, Platform, PushVendor, Seq, UserId};
use crate::limits::{Limits, Profile};
use crate::message::Message;
use crate::policy::{AcceptFrom, Policy, word};
use crate::time::Timestamp;

/// The version of the protocol this crate speaks (VER-001).
pub const PROTOCOL_VERSION: &str = "1.0";

/// `GET /v1/server`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServerInfo {
    /// Major and minor version of the protocol.
    #[schemars(regex(pattern = r"^[0-9]+\.[0-9]+$"))]
    pub protocol_version: String,
    /// What answers.
    pub implementation: Implementation,
    /// The optional features it has: `manual-clock`, `media`, `provisioning`, `push`.
    pub features: Vec<String>,
    /// With a token of an app: that app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<App>,
    /// With the operator token: what a new app gets unless it asks for something else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defaults: Option<Defaults>,
}

/// Name and version of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Implementation {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

word!(
    /// The clock of an app.
    ClockKind {
        /// Runs by itself.
        Real = "real",
        /// Stands until `POST /v1/admin/clock` advances it.
        Manual = "manual",
    }
);

/// An app and what it declares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct App {
    /// The app.
    pub app_id: AppId,
    /// The named defaults its limits began with.
    pub profile: Profile,
    /// Its clock.
    pub clock: ClockKind,
    /// Its policy.
    pub policy: Policy,
    /// Its limits.
    pub limits: Limits,
    /// The push vendors it declares.
    pub push_vendors: Vec<PushVendor>,
}

/// What a new app gets unless it asks for something else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Defaults {
    /// The profile.
    pub profile: Profile,
    /// The policy.
    pub policy: Policy,
    /// The limits.
    pub limits: Limits,
    /// The push vendors.
    pub push_vendors: Vec<PushVendor>,
}

/// `POST /v1/apps`: the app as granted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProvisionedApp {
    /// The app.
    pub app_id: AppId,
    /// The named defaults its limits began with.
    pub profile: Profile,
    /// Its clock.
    pub clock: ClockKind,
    /// Its policy.
    pub policy: Policy,
    /// Its limits.
    pub limits: Limits,
    /// The push vendors it declares.
    pub push_vendors: Vec<PushVendor>,
    /// The token of its administrator.
    pub admin_token: String,
    /// Where its pushes go; null: nowhere.
    pub push_gateway_url: Option<String>,
}

/// A user as the administrator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdminUser {
    /// The user.
    pub user_id: UserId,
    /// The nickname; null: none.
    pub nickname: Option<String>,
    /// The picture; null: none.
    pub avatar_url: Option<String>,
    /// When the user was created.
    pub created_ms: Timestamp,
    /// The login secret: on creation and after `rotate_credential` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

/// `GET /v1/admin/users/{user}/presence`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Presence {
    /// The user.
    pub user_id: UserId,
    /// Open event streams; 0: offline.
    pub open_streams: u64,
    /// The logged-in devices, ascending by `device_id`.
    pub sessions: Vec<PresenceSession>,
}

/// A logged-in device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PresenceSession {
    /// The device.
    pub device_id: DeviceId,
    /// Its kind.
    pub platform: Platform,
    /// Whether it has an open event stream.
    pub streaming: bool,
}

/// An admin send to several users.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BatchResults {
    /// One per target, in the order of the request.
    pub results: Vec<BatchResult>,
}

/// What became of one target; either `message` or `error`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BatchResult {
    /// The target.
    pub to: String,
    /// The message, if accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// The refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ApiError>,
}

/// A page of a user's views.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Conversations {
    /// Ascending by peer.
    pub conversations: Vec<Conversation>,
    /// Whether this is the last page.
    pub complete: bool,
}

/// A view that holds an unexpired message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Conversation {
    /// The other end.
    pub peer: PeerId,
    /// The lowest unexpired seq.
    pub first_seq: Seq,
    /// The highest seq ever assigned.
    pub last_seq: Seq,
    /// The time of the newest unexpired message.
    pub last_time_ms: Timestamp,
}

/// A page of history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct History {
    /// Ascending by seq.
    pub messages: Vec<Message>,
    /// The part of the window that this page settles; null: the window is empty.
    pub covered: Option<Covered>,
    /// Whether the whole window is settled.
    pub complete: bool,
    /// The lowest unexpired seq of the view; null: none.
    pub first_seq: Option<Seq>,
    /// The highest seq ever assigned in the view; 0: none.
    pub last_seq: Seq,
}

/// A range of seqs, both ends inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Covered {
    /// The lowest.
    pub from: Seq,
    /// The highest.
    pub to: Seq,
}

/// A page of the administrator's download of a view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Download {
    /// Ascending by seq.
    pub messages: Vec<Message>,
    /// Whether this is the last page.
    pub complete: bool,
}

/// `POST /v1/admin/clock`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Clock {
    /// The app's time after the advance.
    pub now_ms: Timestamp,
}

/// `POST /v1/sessions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Login {
    /// The token of the new session.
    pub session_token: String,
    /// The user.
    pub user_id: UserId,
    /// The device.
    pub device_id: DeviceId,
    /// Its kind.
    pub platform: Platform,
    /// The app's time.
    pub now_ms: Timestamp,
}

/// A user's own profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnProfile {
    /// The user.
    pub user_id: UserId,
    /// The nickname; null: none.
    pub nickname: Option<String>,
    /// The picture; null: none.
    pub avatar_url: Option<String>,
    /// What the user accepts; shown to nobody else.
    pub accept_from: AcceptFrom,
}

/// Another user's profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublicProfile {
    /// The user.
    pub user_id: UserId,
    /// The nickname; null: none.
    pub nickname: Option<String>,
    /// The picture; null: none.
    pub avatar_url: Option<String>,
}

/// A page of a friend list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Friends {
    /// Ascending.
    pub friends: Vec<UserId>,
    /// Whether this is the last page.
    pub complete: bool,
}

/// A page of a blocklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Blocklist {
    /// Ascending.
    pub blocklist: Vec<UserId>,
    /// Whether this is the last page.
    pub complete: bool,
}

/// `POST /v1/media`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Uploaded {
    /// The upload.
    pub media_id: MediaId,
    /// Its URL for the content of a message.
    pub url: String,
    /// Its kind.
    pub kind: MediaKind,
    /// Its size in bytes.
    pub bytes: u64,
    /// The content type it was sent with.
    pub content_type: String,
}

/// The body of a push, `POST`ed to the app's gateway.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PushRequest {
    /// The vendor the device registered.
    pub vendor: PushVendor,
    /// The vendor's token of the device.
    pub token: String,
    /// The device.
    pub device_id: DeviceId,
    /// The recipient.
    pub to: UserId,
    /// The message.
    pub message_id: crate::id::MessageId,
    /// The first line.
    pub title: String,
    /// The second line.
    pub body: String,
    /// Passed through from the sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ext: Option<String>,
    /// Messages in the recipient's mailbox, this one included.
    pub badge: u64,
    /// The same in the vendor's own shape.
    pub vendor_payload: serde_json::Map<String, serde_json::Value>,
}
