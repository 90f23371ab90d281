//! What the runner did in a scenario and what it got: unredacted, so in memory only.

use std::fmt;

use bytes::Bytes;
use serde_json::Value;

/// Everything one scenario said and heard, in the order it happened.
#[derive(Clone, Default)]
pub struct History {
    /// The operator token, if the run has one.
    pub operator: Option<String>,
    /// The app that was there before the scenario, if it did not make one of its own.
    pub shared: Option<SharedApp>,
    /// What happened.
    pub records: Vec<Record>,
}

/// An app that the scenario entered.
#[derive(Clone)]
pub struct SharedApp {
    /// As `GET /v1/server` describes it.
    pub description: Value,
    /// The token of its administrator.
    pub admin_token: String,
}

/// One thing that happened.
#[derive(Clone)]
pub struct Record {
    /// JSON pointer of the step it belongs to.
    pub step: String,
    /// Whether the step names several permitted answers.
    pub open: bool,
    /// What happened.
    pub what: What,
}

/// The kinds of things that happen.
#[derive(Clone)]
pub enum What {
    /// A request, and its answer if one came.
    Exchange(Box<Exchange>),
    /// An event of a known type was read.
    Event(StreamEvent),
    /// An event was waited for, and none came.
    Silence {
        /// The stream.
        stream: u64,
    },
    /// The server ended a stream.
    Ended {
        /// The stream.
        stream: u64,
    },
    /// The runner ended a stream, and the server has noticed.
    Left {
        /// The stream.
        stream: u64,
    },
    /// The runner let real time pass.
    Waited {
        /// How much, in milliseconds.
        ms: u64,
    },
    /// A push was read at the gateway.
    Push(Value),
    /// From now on the gateway takes what it gets, or not.
    Gateway {
        /// Whether it answers that all is well.
        takes: bool,
    },
}

/// A request and what became of it.
#[derive(Clone)]
pub struct Exchange {
    /// The bearer token.
    pub token: Option<String>,
    /// The method.
    pub method: String,
    /// Path and query, percent-encoded.
    pub target: String,
    /// The headers beyond those every request has.
    pub headers: Vec<(String, String)>,
    /// The body; empty for an upload.
    pub body: Bytes,
    /// What kind of request it is.
    pub kind: Kind,
    /// The answer; none: nobody knows what became of the request.
    pub answer: Option<Answer>,
}

/// What a request is beside its bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// A request with a body that is there as a whole.
    #[default]
    Plain,
    /// The opening of the stream of this number.
    Stream(u64),
    /// An upload of so many bytes.
    Upload {
        /// How many.
        bytes: u64,
        /// Whether a header says so.
        declared: bool,
    },
    /// Bytes that need not be a request.
    Raw,
}

/// A complete answer.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Bytes,
}

/// An event as it came.
#[derive(Clone)]
pub struct StreamEvent {
    /// The stream.
    pub stream: u64,
    /// Its type.
    pub name: String,
    /// Its cursor.
    pub id: Option<String>,
    /// Its data.
    pub data: Value,
}

/// Without its content, which is full of tokens.
impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History")
            .field("records", &self.records.len())
            .finish_non_exhaustive()
    }
}
