//! What goes into the client's machine.

use serde_json::{Map, Value, json};

use crate::client::acks::HandOver;
use crate::client::answer::Answer;
use crate::client::call::{Account, RequestId, StreamNumber};
use crate::client::incoming::RawEvent;
use crate::content::Content;
use crate::id::{ClientMsgId, PeerId, Seq, UserId};

/// A call of the application, numbered by it; what became of it comes back under this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// Something has happened: a call of the application, or news from the transport.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// `login(user, credential, device)`.
    Login(Account),
    /// `logout()`.
    Logout,
    /// `send_message(…)`.
    SendMessage {
        /// The number of the call.
        call: CallId,
        /// What to send.
        draft: Draft,
    },
    /// `get_message(peer, count, before?)`.
    GetMessage {
        /// The number of the call.
        call: CallId,
        /// Which conversation.
        peer: PeerId,
        /// At most so many messages.
        count: u64,
        /// Only those below this seq; none: the newest.
        before: Option<Seq>,
    },
    /// The application has this new message and all before it, and has stored them if it stores
    /// any.
    HandedOver(HandOver),
    /// A request has ended.
    Answered {
        /// Which one.
        request: RequestId,
        /// With what.
        answer: Answer,
    },
    /// A stream is open: its request was answered 200.
    StreamOpened(StreamNumber),
    /// A stream could not be opened.
    StreamRefused {
        /// Which one.
        stream: StreamNumber,
        /// The answer, if there was one.
        answer: Answer,
    },
    /// An event of a stream; comments stay in the transport.
    StreamEvent {
        /// Which stream.
        stream: StreamNumber,
        /// The event.
        event: RawEvent,
    },
    /// A stream has closed, has failed, or was silent for too long.
    StreamEnded(StreamNumber),
    /// The time of the timer has come.
    Wake,
}

/// A message that an application wants to send (spec: sending).
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The recipient.
    pub to: UserId,
    /// What it says.
    pub content: Content,
    /// Opaque to the server.
    pub custom_data: Option<String>,
    /// How long it lives, in seconds; 0: online only.
    pub lifetime_s: Option<u64>,
    /// The push options, in the specification's form.
    pub push: Option<Value>,
}

impl Draft {
    /// A message with nothing but content.
    #[must_use]
    pub fn new(to: UserId, content: Content) -> Self {
        Self {
            to,
            content,
            custom_data: None,
            lifetime_s: None,
            push: None,
        }
    }

    /// The body of the request, the same each time (CLI-011).
    pub(super) fn body(&self, key: &ClientMsgId) -> Value {
        let mut body = Map::new();
        body.insert("to".into(), json!(self.to));
        body.insert("content".into(), json!(self.content));
        body.insert("client_msg_id".into(), json!(key));
        if let Some(custom_data) = &self.custom_data {
            body.insert("custom_data".into(), json!(custom_data));
        }
        if let Some(lifetime_s) = self.lifetime_s {
            body.insert("lifetime_s".into(), json!(lifetime_s));
        }
        if let Some(push) = &self.push {
            body.insert("push".into(), push.clone());
        }
        Value::Object(body)
    }
}
