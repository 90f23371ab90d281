//! The steps that open, read and end event streams.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::call::{Answer, Call};
use super::judge::{Grade, judge};
use super::log::Log;
use super::stage::{View, split_app};
use super::steps::mentions_429;
use super::stop::Stop;
use super::streams::{OpenStream, Read, StreamEvent};
use crate::oracle::history::{Kind, What};
use crate::scenario::step::{
    EventPattern, ExpectComment, ExpectEnd, ExpectEvent, ExpectEventsUnordered,
    ExpectNoEventBefore, OpenStream as OpenStep, Until,
};
use crate::template::Text;

/// A server that declares no heartbeat has this one.
const HEARTBEAT_MS: u64 = 15_000;
const KICKED: &str = "kicked";
/// No scenario leaves so many messages to a sync.
const SYNC_MESSAGES_MAX: usize = 20_000;

impl View<'_> {
    pub(super) async fn open_stream(&self, step: &OpenStep, log: &Log) -> Result<Grade, Stop> {
        let name = self.text(&step.r#as)?;
        let caller = self.stage.caller(&name)?;
        let session = self.stage.session_name(&name).unwrap_or(name);
        let stream = match &step.stream {
            Some(text) => self.text(text)?,
            None => session.clone(),
        };
        let last_event_id = match &step.last_event_id {
            Some(template) => Some(as_text(&self.value(template)?)),
            None => None,
        };
        let number = self.stage.recorder.next_stream();
        let mut call = Call::json(&caller, "GET", "/v1/events".into());
        call.kind = Kind::Stream(number);
        call.headers.extend(
            last_event_id
                .iter()
                .map(|id| ("last-event-id".into(), id.clone())),
        );
        let wants_429 = mentions_429(&step.expect);
        let (mut answer, source) = self
            .stage
            .open(&call, last_event_id.as_deref(), log, wants_429)
            .await?;
        if let Some(source) = source {
            check_content_type(&answer)?;
            let mut open = OpenStream::new(stream, session, number, source);
            answer.json = Some(json!({}));
            if step.until == Some(Until::SyncDone) && step.expect.wants_success() {
                answer.json = Some(self.read_sync(&mut open, log).await?);
            }
            self.stage.streams.insert(open);
        }
        let grade = judge(&step.expect, &answer, self)?;
        self.save(step.save.as_ref(), answer.json.as_ref())?;
        Ok(grade)
    }

    /// Reads a whole sync and checks its grammar: offline messages, recents, `sync_done`.
    pub(super) async fn read_sync(
        &self,
        stream: &mut OpenStream,
        log: &Log,
    ) -> Result<Value, Stop> {
        let (mut offline, mut cursors) = (Vec::new(), Vec::<Value>::new());
        let mut recents: Option<Value> = None;
        let mut last = None;
        loop {
            let wanted = match recents {
                None => "`recents` of the sync, and before it what is in the mailbox",
                Some(_) => "`sync_done`",
            };
            let event = self.event(stream, wanted, log).await?;
            let wrong = |what: &str| Err(Stop::broken_wire(format!("in the sync, {what}"), vec![]));
            match event.name.as_str() {
                "message" if event.data["path"] == "live" => {
                    return wrong("a live message came before `sync_done`");
                }
                "message" if recents.is_some() => {
                    return wrong("an offline message came after `recents`");
                }
                "message" if offline.len() == SYNC_MESSAGES_MAX => {
                    return wrong("messages came without end");
                }
                "message" => {
                    let Some(id) = event.id else {
                        return wrong("an offline message came without a cursor");
                    };
                    let number = id.parse::<u64>().ok();
                    if number <= last {
                        return wrong("the cursors do not ascend");
                    }
                    last = number;
                    cursors.push(Value::String(id));
                    offline.push(event.data["message"].clone());
                }
                "recents" if recents.is_some() => return wrong("`recents` came twice"),
                "recents" => recents = Some(event.data["recents"].clone()),
                "sync_done" => break,
                other => return wrong(&format!("`{other}` came")),
            }
        }
        let Some(recents) = recents else {
            return Err(Stop::broken_wire(
                "in the sync, `recents` did not come",
                vec![],
            ));
        };
        Ok(json!({ "offline": offline, "cursors": cursors, "recents": recents }))
    }

    pub(super) async fn expect_event(&self, step: &ExpectEvent, log: &Log) -> Result<Grade, Stop> {
        let pattern = EventPattern {
            event: step.event.clone(),
            id: step.id.clone(),
            data: step.data.clone(),
        };
        let stream = self.stream(&step.on)?;
        let mut stream = stream.lock().await;
        let event = match self.event(&mut stream, &self.describe(&pattern), log).await {
            // A plain close is allowed at any time, but not in the place of an announced end.
            Err(Stop::CouldNotRun(_)) if self.text(&pattern.event)? == KICKED => {
                let message = format!("the stream {} ended without `kicked`", stream.name);
                return Err(Stop::fail(message));
            }
            other => other?,
        };
        self.compare(&pattern, &event)?;
        self.save(step.save.as_ref(), Some(&event.to_json()))?;
        Ok(Grade::Pass)
    }

    pub(super) async fn expect_events_unordered(
        &self,
        step: &ExpectEventsUnordered,
        log: &Log,
    ) -> Result<Grade, Stop> {
        let stream = self.stream(&step.on)?;
        let mut stream = stream.lock().await;
        let mut missing: Vec<&EventPattern> = step.events.iter().collect();
        while let Some(first) = missing.first() {
            let event = self.event(&mut stream, &self.describe(first), log).await?;
            let mut found = None;
            for (index, pattern) in missing.iter().enumerate() {
                if self.differences(pattern, &event)?.is_empty() {
                    found = Some(index);
                    break;
                }
            }
            match found {
                Some(index) => drop(missing.remove(index)),
                None => {
                    let message = format!(
                        "an event that is not among those expected: {}",
                        brief(&event)
                    );
                    return Err(Stop::mismatch(message, self.differences(first, &event)?));
                }
            }
        }
        Ok(Grade::Pass)
    }

    pub(super) async fn expect_no_event_before(
        &self,
        step: &ExpectNoEventBefore,
        log: &Log,
    ) -> Result<Grade, Stop> {
        let stream = self.stream(&step.on)?;
        let mut stream = stream.lock().await;
        let wanted = self.describe(&step.marker);
        loop {
            let event = self.event(&mut stream, &wanted, log).await?;
            if self.differences(&step.marker, &event)?.is_empty() {
                self.save(step.save.as_ref(), Some(&event.to_json()))?;
                return Ok(Grade::Pass);
            }
            for forbidden in &step.forbidden {
                let name = match &forbidden.event {
                    Some(text) => self.text(text)? == event.name,
                    None => true,
                };
                let data = match &forbidden.data {
                    Some(matcher) => matcher.matches(Some(&event.data), self)?,
                    None => true,
                };
                if name && data {
                    let message = format!("an event came that must not come: {}", brief(&event));
                    return Err(Stop::fail(message));
                }
            }
        }
    }

    pub(super) async fn expect_end(&self, step: &ExpectEnd, log: &Log) -> Result<Grade, Stop> {
        let stream = self.stream(&step.on)?;
        let mut stream = stream.lock().await;
        let deadline = Instant::now() + self.stage.run.options.step_timeout;
        match stream
            .next_event(deadline, &self.stage.redactor, log)
            .await?
        {
            Read::End => Ok(Grade::Pass),
            Read::Event(event) => Err(Stop::fail(format!(
                "expected the end of the stream, but got {}",
                brief(&event)
            ))),
            Read::Comment | Read::Nothing => {
                Err(self.silence("the server did not close the stream").await)
            }
        }
    }

    pub(super) async fn expect_comment(
        &self,
        step: &ExpectComment,
        log: &Log,
    ) -> Result<Grade, Stop> {
        let stream = self.stream(&step.on)?;
        let mut stream = stream.lock().await;
        let wait = self.two_heartbeats(&stream.session);
        let deadline = Instant::now() + wait;
        match stream
            .next_comment(deadline, &self.stage.redactor, log)
            .await?
        {
            Read::Comment => Ok(Grade::Pass),
            Read::End => Err(ended(&stream.name)),
            Read::Event(_) | Read::Nothing => {
                let message = format!("no comment line came within {} ms", wait.as_millis());
                Err(self.silence(&message).await)
            }
        }
    }

    /// Closes or cuts a stream and waits until the server has noticed.
    pub(super) async fn end_stream(
        &self,
        on: &Text,
        orderly: bool,
        log: &Log,
    ) -> Result<Grade, Stop> {
        let name = self.stream_name(on)?;
        let unknown = || Stop::Fault(format!("no stream `{name}` is open"));
        let shared = self.stage.streams.remove(&name).ok_or_else(unknown)?;
        let Some(stream) = std::sync::Arc::into_inner(shared) else {
            return Err(Stop::Fault(format!(
                "another branch still reads the stream `{name}`"
            )));
        };
        let stream = stream.into_inner();
        let session = stream.session.clone();
        let number = stream.number;
        if orderly {
            stream.close().await;
        } else {
            stream.cut();
        }
        log.keep(|| What::Left { stream: number });
        self.wait_until_away(&session, log).await?;
        Ok(Grade::Pass)
    }

    /// The time in which a server has to give a sign of life, and to notice the end of a stream.
    pub(super) fn two_heartbeats(&self, session: &str) -> Duration {
        let (app, _) = split_app(session);
        let heartbeat = self
            .stage
            .limit(app, "heartbeat_ms")
            .unwrap_or(HEARTBEAT_MS);
        Duration::from_millis(heartbeat.saturating_mul(2))
    }

    fn stream_name(&self, on: &Text) -> Result<String, Stop> {
        let name = self.text(on)?;
        if self.stage.streams.get(&name).is_some() {
            return Ok(name);
        }
        Ok(self.stage.session_name(&name).unwrap_or(name))
    }

    fn stream(&self, on: &Text) -> Result<std::sync::Arc<tokio::sync::Mutex<OpenStream>>, Stop> {
        let name = self.stream_name(on)?;
        let found = self.stage.streams.get(&name);
        found.ok_or_else(|| Stop::Fault(format!("no stream `{name}` is open")))
    }

    async fn event(
        &self,
        stream: &mut OpenStream,
        wanted: &str,
        log: &Log,
    ) -> Result<StreamEvent, Stop> {
        let timeout = self.stage.run.options.step_timeout;
        let deadline = Instant::now() + timeout;
        match stream
            .next_event(deadline, &self.stage.redactor, log)
            .await?
        {
            Read::Event(event) => Ok(event),
            Read::End => Err(ended(&stream.name)),
            silence @ (Read::Comment | Read::Nothing) => {
                let name = &stream.name;
                let nothing = if silence == Read::Comment {
                    "nothing but comments"
                } else {
                    "nothing"
                };
                let message = format!(
                    "{nothing} came on {name} within {} s; expected: {wanted}",
                    timeout.as_secs_f32()
                );
                Err(self.silence(&message).await)
            }
        }
    }

    /// Silence is the server's failure if it answers requests meanwhile, else the environment's.
    pub(super) async fn silence(&self, message: &str) -> Stop {
        let nobody = super::stage::Caller {
            label: "nobody".into(),
            token: None,
        };
        let call = Call::json(&nobody, "GET", "/v1/server".into());
        // The question is the runner's own and would look like the culprit in the transcript.
        match self.stage.call(&call, &self.stage.log(), true).await {
            Ok(_) => Stop::fail(message),
            Err(_) => Stop::Timeout(format!("{message}; nor does the server answer requests")),
        }
    }

    fn compare(&self, pattern: &EventPattern, event: &StreamEvent) -> Result<(), Stop> {
        let found = self.differences(pattern, event)?;
        if found.is_empty() {
            return Ok(());
        }
        Err(Stop::mismatch(
            format!("the next event is another one: {}", brief(event)),
            found,
        ))
    }

    fn differences(
        &self,
        pattern: &EventPattern,
        event: &StreamEvent,
    ) -> Result<Vec<crate::matcher::Mismatch>, Stop> {
        let wanted = self.text(&pattern.event)?;
        if wanted != event.name {
            return Ok(vec![crate::matcher::Mismatch {
                pointer: "(event)".into(),
                expected: wanted,
                actual: Some(Value::String(event.name.clone())),
            }]);
        }
        let mut found = pattern.data.check(Some(&event.data), self)?;
        if let Some(matcher) = &pattern.id {
            let id = event.id.clone().map(Value::String);
            found.extend(
                matcher
                    .check(id.as_ref(), self)?
                    .into_iter()
                    .map(|mismatch| crate::matcher::Mismatch {
                        pointer: "(id)".into(),
                        ..mismatch
                    }),
            );
        }
        Ok(found)
    }

    fn describe(&self, pattern: &EventPattern) -> String {
        format!("{} {}", pattern.event, pattern.data.describe(self))
    }
}

fn ended(stream: &str) -> Stop {
    Stop::CouldNotRun(format!(
        "the server closed the stream {stream}, which it may at any time"
    ))
}

fn brief(event: &StreamEvent) -> String {
    match event.data["message"]["message_id"].as_str() {
        Some(id) => format!("`{}` with message {id}", event.name),
        None => format!("`{}` {}", event.name, event.data),
    }
}

fn check_content_type(answer: &Answer) -> Result<(), Stop> {
    let content_type = answer.header("content-type").unwrap_or_default();
    if content_type.starts_with("text/event-stream") {
        return Ok(());
    }
    Err(Stop::broken_wire(
        format!("the stream has the content type {content_type:?}, not text/event-stream"),
        vec![],
    ))
}

/// A string as it is, anything else as JSON.
pub(super) fn as_text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
