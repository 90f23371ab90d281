//! What an event of a stream says to a client (spec: stream).

use serde::Deserialize;

use crate::client::chat_message::ChatMessage;
use crate::event::Path;

/// An event as it came, nothing decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEvent {
    /// The `event:` line.
    pub name: String,
    /// The `id:` line.
    pub id: Option<String>,
    /// The `data:` line.
    pub data: String,
}

/// An event that a client acts on.
#[derive(Debug)]
pub(super) enum Incoming {
    Message(Box<MessageEvent>),
    Recents(Vec<ChatMessage>),
    SyncDone,
    /// With a reason of whatever kind (VER-004).
    Kicked(String),
}

#[derive(Debug, Deserialize)]
pub(super) struct MessageEvent {
    pub(super) path: Path,
    pub(super) message: ChatMessage,
}

#[derive(Deserialize)]
struct Recents {
    recents: Vec<Recent>,
}

#[derive(Deserialize)]
struct Recent {
    message: ChatMessage,
}

#[derive(Deserialize)]
struct Kicked {
    #[serde(default)]
    reason: String,
}

impl Incoming {
    /// Reads an event; `None` for one to ignore: of an unknown type, or with data that breaks the
    /// protocol so badly that there is no message to hand over (CLI-007).
    pub(super) fn read(event: &RawEvent) -> Option<Self> {
        let data = event.data.as_str();
        match event.name.as_str() {
            "message" => serde_json::from_str(data).ok().map(Self::Message),
            "recents" => serde_json::from_str(data).ok().map(|Recents { recents }| {
                Self::Recents(recents.into_iter().map(|recent| recent.message).collect())
            }),
            "sync_done" => Some(Self::SyncDone),
            // Whatever its data say, the session is over.
            "kicked" => {
                let kicked = serde_json::from_str(data);
                Some(Self::Kicked(
                    kicked.map_or_else(|_| String::new(), |Kicked { reason }| reason),
                ))
            }
            _ => None,
        }
    }
}
