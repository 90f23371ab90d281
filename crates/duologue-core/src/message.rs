//! A message as its readers see it (spec: messages, sender information).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::id::{ClientMsgId, MessageId, PeerId, Seq, UserId};
use crate::time::Timestamp;

/// Who speaks, as the server vouches for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A user, also when the administrator speaks in the user's name.
    User,
    /// The app administrator as `@admin`.
    Admin,
    /// The server as `@system`.
    System,
}

/// The sender's profile as it was at acceptance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sender {
    /// Who speaks.
    pub role: Role,
    /// The nickname, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// The picture, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
}

/// A message in one reader's view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// The identity that all copies share.
    pub message_id: MessageId,
    /// The number in the reader's view; null for an online-only message.
    pub seq: Option<Seq>,
    /// The sender; never the administrator who speaks in a user's name.
    pub from: PeerId,
    /// The recipient.
    pub to: UserId,
    /// The sender's profile at acceptance.
    pub sender: Sender,
    /// When the server accepted it.
    pub time_ms: Timestamp,
    /// What it says.
    pub content: Content,
    /// The idempotency key it was sent with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_msg_id: Option<ClientMsgId>,
    /// Opaque to the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_data: Option<String>,
    /// Bytes it counts in the stores.
    pub stored_bytes: u64,
    /// When the roaming store drops it; `time_ms` for an online-only message.
    pub expires_ms: Timestamp,
}

/// A line of the recent contacts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Recent {
    /// The other end.
    pub peer: PeerId,
    /// The newest unexpired message with it.
    pub message: Message,
}
