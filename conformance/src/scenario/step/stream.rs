//! Event streams: opening, reading, ending.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::matcher::Matcher;
use crate::scenario::Expect;
use crate::scenario::expect::present;
use crate::template::{Template, Text};

/// Opens an event stream.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenStream {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The session: `bob`, `bob.laptop`.
    pub r#as: Text,
    /// The stream's name in later steps; absent: the session's.
    #[serde(default)]
    pub stream: Option<Text>,
    /// The `Last-Event-ID` header.
    #[serde(default, deserialize_with = "present")]
    pub last_event_id: Option<Template>,
    /// Read the sync and answer with `{offline, cursors, recents}`; absent: only the head is checked.
    #[serde(default)]
    pub until: Option<Until>,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}

/// Closes a stream in good order and waits until the server has noticed.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseStream {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The stream, named after its session unless it was opened with `stream`.
    pub on: Text,
}

/// Drops the connection of a stream without a goodbye and waits until the server has noticed.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CutStream {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The stream, named after its session unless it was opened with `stream`.
    pub on: Text,
}

/// The next event of a stream; comments and unknown types are skipped.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectEvent {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The stream, named after its session unless it was opened with `stream`.
    pub on: Text,
    /// Its type.
    pub event: Text,
    /// Its cursor.
    #[serde(default, deserialize_with = "present")]
    pub id: Option<Matcher>,
    /// Its data.
    pub data: Matcher,
    /// The name under which `{id, event, data}` is kept.
    #[serde(default)]
    pub save: Option<Text>,
}

/// The next events of a stream, in any order.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectEventsUnordered {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The stream, named after its session unless it was opened with `stream`.
    pub on: Text,
    /// As many events.
    pub events: Vec<EventPattern>,
}

/// Reads up to and including the marker; nothing forbidden may come before it.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectNoEventBefore {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The stream, named after its session unless it was opened with `stream`.
    pub on: Text,
    /// What must not come.
    pub forbidden: Vec<Forbidden>,
    /// What ends the wait.
    pub marker: EventPattern,
    /// The name under which the marker is kept.
    #[serde(default)]
    pub save: Option<Text>,
}

/// The server closes the stream, and no further event comes.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectEnd {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The stream, named after its session unless it was opened with `stream`.
    pub on: Text,
}

/// A comment line comes within two heartbeats.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectComment {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The stream, named after its session unless it was opened with `stream`.
    pub on: Text,
}

/// Acknowledges up to a cursor.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ack {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The session: `bob`, `bob.laptop`.
    pub r#as: Text,
    /// The cursor.
    pub cursor: Template,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventPattern {
    /// Its type.
    pub event: Text,
    /// Its cursor.
    #[serde(default, deserialize_with = "present")]
    pub id: Option<Matcher>,
    /// Its data.
    pub data: Matcher,
}

/// An event that must not come.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Forbidden {
    /// Its type; absent: any.
    #[serde(default)]
    pub event: Option<Text>,
    /// Its data; absent: any.
    #[serde(default, deserialize_with = "present")]
    pub data: Option<Matcher>,
}

/// Where reading ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// With the `sync_done` event.
    SyncDone,
}
