//! The open event streams of a scenario and what has come on them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use duologue_client::{EventStream, StreamError, StreamItem};
use serde_json::{Value, json};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

use super::log::Log;
use super::stop::Stop;
use crate::event::Entry;
use crate::matcher::Mismatch;
use crate::oracle::history::{self, What};
use crate::redact::Redactor;
use crate::wire_check::violations;

/// The streams of a scenario, by name.
#[derive(Debug, Default)]
pub(super) struct Streams(Mutex<BTreeMap<String, Arc<AsyncMutex<OpenStream>>>>);

/// A stream and what the runner knows about it.
#[derive(Debug)]
pub(super) struct OpenStream {
    pub(super) name: String,
    /// The full name of its session.
    pub(super) session: String,
    /// Its number in the history.
    pub(super) number: u64,
    source: EventStream,
    /// Events read while looking for a comment.
    waiting: VecDeque<StreamEvent>,
    seen: BTreeSet<String>,
    cursors: BTreeSet<String>,
    kicked: bool,
}

/// An event as it came.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StreamEvent {
    pub(super) name: String,
    pub(super) id: Option<String>,
    pub(super) data: Value,
}

/// What reading a stream yields.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Read {
    Event(StreamEvent),
    Comment,
    /// The server ended the stream.
    End,
    /// Nothing before the deadline.
    Nothing,
}

impl Streams {
    pub(super) fn insert(&self, stream: OpenStream) {
        let name = stream.name.clone();
        self.lock().insert(name, Arc::new(AsyncMutex::new(stream)));
    }

    pub(super) fn get(&self, name: &str) -> Option<Arc<AsyncMutex<OpenStream>>> {
        self.lock().get(name).cloned()
    }

    pub(super) fn remove(&self, name: &str) -> Option<Arc<AsyncMutex<OpenStream>>> {
        self.lock().remove(name)
    }

    /// Ends every stream.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<AsyncMutex<OpenStream>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StreamEvent {
    /// As scenarios save it.
    pub(super) fn to_json(&self) -> Value {
        json!({ "id": self.id, "event": self.name, "data": self.data })
    }

    fn to_history(&self, stream: u64) -> history::StreamEvent {
        history::StreamEvent {
            stream,
            name: self.name.clone(),
            id: self.id.clone(),
            data: self.data.clone(),
        }
    }
}

impl OpenStream {
    pub(super) fn new(name: String, session: String, number: u64, source: EventStream) -> Self {
        Self {
            name,
            session,
            number,
            source,
            waiting: VecDeque::new(),
            seen: BTreeSet::new(),
            cursors: BTreeSet::new(),
            kicked: false,
        }
    }

    pub(super) async fn close(self) {
        self.source.close().await;
    }

    pub(super) fn cut(self) {
        self.source.cut();
    }

    /// The next event of a known type; a comment if nothing but comments came.
    pub(super) async fn next_event(
        &mut self,
        deadline: Instant,
        redactor: &Redactor,
        log: &Log,
    ) -> Result<Read, Stop> {
        if let Some(event) = self.waiting.pop_front() {
            return Ok(Read::Event(event));
        }
        let mut silence = Read::Nothing;
        loop {
            match self.read(deadline, redactor, log).await? {
                Read::Comment => silence = Read::Comment,
                Read::Nothing => {
                    let stream = self.number;
                    log.keep(|| What::Silence { stream });
                    return Ok(silence);
                }
                other @ (Read::Event(_) | Read::End) => return Ok(other),
            }
        }
    }

    /// Whether a comment comes; events on the way are kept for later.
    pub(super) async fn next_comment(
        &mut self,
        deadline: Instant,
        redactor: &Redactor,
        log: &Log,
    ) -> Result<Read, Stop> {
        loop {
            let read = self.read(deadline, redactor, log).await?;
            let Read::Event(event) = read else {
                return Ok(read);
            };
            self.waiting.push_back(event);
        }
    }

    async fn read(
        &mut self,
        deadline: Instant,
        redactor: &Redactor,
        log: &Log,
    ) -> Result<Read, Stop> {
        loop {
            // A stream that always has something to say would never let the timer win.
            if Instant::now() >= deadline {
                return Ok(Read::Nothing);
            }
            let item = match self.source.next(deadline).await {
                Ok(item) => item,
                Err(StreamError::TimedOut) => return Ok(Read::Nothing),
                Err(StreamError::Broken(reason)) => {
                    log.keep(|| What::Ended {
                        stream: self.number,
                    });
                    log.note(format!("the stream {} broke: {reason}", self.name));
                    return Ok(Read::End);
                }
                Err(
                    error @ (StreamError::TooLong { .. }
                    | StreamError::NotUtf8
                    | StreamError::Protocol(_)),
                ) => {
                    let message = format!("the stream {} is broken: {error}", self.name);
                    return Err(Stop::broken_wire(message, vec![]));
                }
            };
            match item {
                StreamItem::Comment => return Ok(Read::Comment),
                StreamItem::End => {
                    log.keep(|| What::Ended {
                        stream: self.number,
                    });
                    log.note(format!("the stream {} ended", self.name));
                    return Ok(Read::End);
                }
                StreamItem::Event {
                    name,
                    id,
                    data,
                    plain,
                } => {
                    log.add(Entry::StreamEvent {
                        stream: self.name.clone(),
                        name: name.clone(),
                        id: id.clone(),
                        data: redactor.body(data.as_bytes()),
                    });
                    if !plain {
                        let message = format!(
                            "a `{name}` event is not one `event` line, at most one `id` line and \
                             one `data` line (STR-002)"
                        );
                        return Err(Stop::broken_wire(message, vec![]));
                    }
                    if let Some(event) = self.checked(name, id, &data)? {
                        log.keep(|| What::Event(event.to_history(self.number)));
                        return Ok(Read::Event(event));
                    }
                }
            }
        }
    }

    /// Checks what holds for every event; `None` for a type this version does not know.
    fn checked(
        &mut self,
        name: String,
        id: Option<String>,
        data: &str,
    ) -> Result<Option<StreamEvent>, Stop> {
        let Some(schema) = duologue_schema::event_schema(&name) else {
            return Ok(None);
        };
        let broken = |message: String, found: Vec<Mismatch>| Err(Stop::broken_wire(message, found));
        let Ok(data) = serde_json::from_str::<Value>(data) else {
            return broken(
                format!("the data of a `{name}` event is not JSON: {data}"),
                vec![],
            );
        };
        let found = violations(schema, &data);
        if !found.is_empty() {
            return broken(
                format!("a `{name}` event breaks the schema of {schema}"),
                found,
            );
        }
        if let Some(id) = id
            .as_deref()
            .filter(|id| duologue_core::id::Cursor::parse(id).is_err())
        {
            return broken(
                format!("the cursor {id:?} of a `{name}` event is not decimal"),
                vec![],
            );
        }
        if self.kicked {
            return broken(format!("a `{name}` event came after `kicked`"), vec![]);
        }
        self.kicked = name == "kicked";
        if let Some(message) = data["message"]["message_id"]
            .as_str()
            .filter(|_| name == "message")
            && !self.seen.insert(message.to_owned())
        {
            return broken(
                format!("the message {message} came twice on one stream"),
                vec![],
            );
        }
        if let Some(id) = id.as_deref().filter(|_| name == "message")
            && !self.cursors.insert(id.to_owned())
        {
            let message = format!("two messages on one stream have the cursor {id}");
            return broken(message, vec![]);
        }
        Ok(Some(StreamEvent { name, id, data }))
    }
}
