//! A message as a client keeps it: what this version does not know breaks nothing (CLI-007).

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::content::Content;
use crate::id::{ClientMsgId, MessageId, PeerId, Seq, UserId};
use crate::time::Timestamp;

/// A message in the view of the client's user (spec: messages).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// The identity that all copies share.
    pub message_id: MessageId,
    /// The place in the conversation; none for an online-only message.
    #[serde(default)]
    pub seq: Option<Seq>,
    /// The sender.
    pub from: PeerId,
    /// The recipient.
    pub to: UserId,
    /// The sender's name and picture at acceptance.
    pub sender: ChatSender,
    /// When the server accepted it.
    pub time_ms: Timestamp,
    /// What it says.
    pub content: ChatContent,
    /// The idempotency key it was sent with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_msg_id: Option<ClientMsgId>,
    /// Opaque, from the sending application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_data: Option<String>,
}

impl ChatMessage {
    /// The conversation of `owner` that the message belongs to.
    #[must_use]
    pub fn peer(&self, owner: &UserId) -> PeerId {
        if self.from.user() == Some(owner) {
            PeerId::User(self.to.clone())
        } else {
            self.from.clone()
        }
    }
}

/// Who speaks; the role is an open list here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatSender {
    /// `user`, `admin`, `system`, or a role of a later version.
    pub role: String,
    /// The nickname, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// The picture, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
}

/// Content of a known type, or whatever else came (CLI-007).
#[derive(Debug, Clone, PartialEq)]
pub enum ChatContent {
    /// One of the nine types.
    Known(Content),
    /// The JSON of a type that this version does not know.
    Unknown(Value),
}

impl Serialize for ChatContent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(content) => content.serialize(serializer),
            Self::Unknown(value) => value.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ChatContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(Content::deserialize(&value).map_or_else(|_| Self::Unknown(value), Self::Known))
    }
}
