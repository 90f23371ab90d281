//! The events of a stream and their Server-Sent Events frames (spec: stream).

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::Cursor;
use crate::message::{Message, Recent};

/// How a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Path {
    /// From the mailbox, in the sync that opens a stream.
    Offline,
    /// At acceptance.
    Live,
}

/// Data of a `message` event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MessageEvent {
    /// How it came.
    pub path: Path,
    /// The message, in the reader's view.
    pub message: Message,
}

/// Data of a `recents` event, and the answer of `GET /v1/recents`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Recents {
    /// Newest first.
    pub recents: Vec<Recent>,
}

/// Data of a `sync_done` event: empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SyncDone {}

/// Why a session ended; an open list, so unknown reasons are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KickReason {
    /// By a login of the same device, or of any device under `multi_login: single`.
    Replaced,
    /// By a login above `sessions_max`.
    SessionLimit,
    /// The user was deleted.
    UserDeleted,
    /// The app was deleted.
    AppDeleted,
    /// A reason of a later version or of another server; it means no less.
    Other(String),
}

impl KickReason {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Replaced => "replaced",
            Self::SessionLimit => "session_limit",
            Self::UserDeleted => "user_deleted",
            Self::AppDeleted => "app_deleted",
            Self::Other(reason) => reason,
        }
    }
}

impl Serialize for KickReason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for KickReason {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = [
            Self::Replaced,
            Self::SessionLimit,
            Self::UserDeleted,
            Self::AppDeleted,
        ];
        let found = known.into_iter().find(|reason| reason.as_str() == text);
        Ok(found.unwrap_or(Self::Other(text)))
    }
}

impl JsonSchema for KickReason {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "KickReason".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Why a session ended; an open list.",
            "type": "string",
            "pattern": "^[a-z0-9_]+$",
            "examples": ["replaced", "session_limit", "user_deleted", "app_deleted"]
        })
    }
}

/// Data of a `kicked` event, the last of a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Kicked {
    /// Why.
    pub reason: KickReason,
}

/// An event of the stream; its name goes into the `event:` line, its data into `data:`.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A message.
    Message(Box<MessageEvent>),
    /// The recent contacts, once per sync.
    Recents(Recents),
    /// The end of the sync.
    SyncDone,
    /// The end of the session.
    Kicked(Kicked),
}

impl Event {
    /// The name in the `event:` line.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::Recents(_) => "recents",
            Self::SyncDone => "sync_done",
            Self::Kicked(_) => "kicked",
        }
    }

    /// Reads an event of a stream; `None` for a name this version does not know.
    ///
    /// # Errors
    /// When the data is not what the name promises.
    pub fn parse(name: &str, data: &str) -> Option<Result<Self, serde_json::Error>> {
        match name {
            "message" => Some(serde_json::from_str(data).map(Self::Message)),
            "recents" => Some(serde_json::from_str(data).map(Self::Recents)),
            "sync_done" => Some(serde_json::from_str::<SyncDone>(data).map(|_| Self::SyncDone)),
            "kicked" => Some(serde_json::from_str(data).map(Self::Kicked)),
            _ => None,
        }
    }

    /// The JSON of the `data:` line (STR-003).
    fn data(&self) -> serde_json::Result<String> {
        match self {
            Self::Message(data) => serde_json::to_string(data),
            Self::Recents(data) => serde_json::to_string(data),
            Self::SyncDone => serde_json::to_string(&SyncDone {}),
            Self::Kicked(data) => serde_json::to_string(data),
        }
    }
}

/// An event with its cursor, if it is a mailbox entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// The SSE `id`.
    pub id: Option<Cursor>,
    /// The event.
    pub event: Event,
}

impl Frame {
    /// The Server-Sent Events text, with the empty line that ends it. JSON escapes every line break
    /// inside a string, so no text can break the framing (STR-002).
    #[must_use]
    pub fn to_sse(&self) -> String {
        let mut text = format!("event: {}\n", self.event.name());
        if let Some(cursor) = self.id {
            let _ = writeln!(text, "id: {cursor}");
        }
        // Serialising to memory fails for none of these types.
        let _ = write!(text, "data: {}\n\n", self.event.data().unwrap_or_default());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_lines_with_an_empty_one_at_the_end() {
        let done = Frame {
            id: None,
            event: Event::SyncDone,
        };
        assert_eq!(done.to_sse(), "event: sync_done\ndata: {}\n\n");
        let kicked = Event::Kicked(Kicked {
            reason: KickReason::SessionLimit,
        });
        assert_eq!(
            Frame {
                id: Some(Cursor(7)),
                event: kicked
            }
            .to_sse(),
            "event: kicked\nid: 7\ndata: {\"reason\":\"session_limit\"}\n\n"
        );
    }
}
