//! The fold: one record after the other, done by the model and compared.

use std::collections::BTreeMap;

use duologue_core::server::StreamId;
use serde_json::{Value, json};

use super::compare::compare;
use super::history::{History, Record, SharedApp, StreamEvent, What};
use super::model::{Model, data};
use super::names::{Bearer, Names};
use super::{Disagreement, ModelVerdict};
use crate::matcher::Mismatch;

/// More would say the same again.
const DISAGREEMENTS_MAX: usize = 5;

/// Why the fold ends before the history does.
#[derive(Debug)]
pub(super) enum End {
    /// The model cannot tell how it goes on.
    Unknown(String),
    /// From here on, server and model are in different states.
    Apart(Finding),
}

/// What differs.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) message: String,
    pub(super) mismatches: Vec<Mismatch>,
}

/// What a record came to.
#[derive(Debug)]
pub(super) enum Step {
    /// There was nothing to compare.
    Nothing,
    /// The server did what the model does.
    Same,
    /// It said something else, but did the same.
    Differs(Finding),
}

/// The state of the fold.
#[derive(Debug)]
pub(super) struct Replay {
    pub(super) model: Model,
    pub(super) names: Names,
    pub(super) operator: String,
    pub(super) streams: BTreeMap<u64, Stream>,
    /// Why a difference from here on need not be the server's.
    pub(super) doubt: Option<&'static str>,
}

/// A stream of the history.
#[derive(Debug, Clone)]
pub(super) struct Stream {
    pub(super) ours: StreamId,
    pub(super) mailbox: Option<(usize, String)>,
    pub(super) app: Option<usize>,
}

/// Lets the model do what the history tells, and compares.
pub(super) fn replay(history: &History) -> ModelVerdict {
    let operator = history.operator.clone();
    let operator = operator.unwrap_or_else(|| "operator".into());
    let mut replay = Replay {
        model: Model::new(operator.clone()),
        names: Names::default(),
        operator,
        streams: BTreeMap::new(),
        doubt: None,
    };
    if let Some(shared) = &history.shared
        && let Err(reason) = replay.enter(shared)
    {
        let step = String::new();
        return ModelVerdict::Unknown { step, reason };
    }
    let mut compared = 0;
    let mut disagreements = Vec::new();
    for record in &history.records {
        if record.step.contains("/parallel/branches/") {
            replay.doubt.get_or_insert("requests ran at the same time");
        }
        let (finding, apart) = match replay.step(record) {
            Ok(Step::Nothing) => continue,
            Ok(Step::Same) => {
                compared += 1;
                continue;
            }
            Ok(Step::Differs(finding)) => (finding, false),
            Err(End::Apart(finding)) => (finding, true),
            Err(End::Unknown(reason)) if disagreements.is_empty() => {
                let step = record.step.clone();
                return ModelVerdict::Unknown { step, reason };
            }
            Err(End::Unknown(_)) => break,
        };
        if let (Some(doubt), true) = (replay.doubt, disagreements.is_empty()) {
            let step = record.step.clone();
            let reason = format!("{doubt}, and {}", finding.message);
            return ModelVerdict::Unknown { step, reason };
        }
        disagreements.push(Disagreement {
            step: record.step.clone(),
            message: finding.message,
            mismatches: finding.mismatches,
        });
        if apart || replay.doubt.is_some() || disagreements.len() == DISAGREEMENTS_MAX {
            break;
        }
    }
    if disagreements.is_empty() {
        ModelVerdict::Agrees { compared }
    } else {
        ModelVerdict::Disagrees { disagreements }
    }
}

impl Replay {
    fn step(&mut self, record: &Record) -> Result<Step, End> {
        match &record.what {
            What::Exchange(exchange) => self.exchange(exchange, record.open),
            What::Event(event) => self.event(event),
            What::Silence { stream } => self.silence(*stream),
            What::Ended { stream } => self.ended(*stream),
            What::Left { stream } => {
                if let Some(stream) = self.streams.get(stream) {
                    self.model.stream_closed(stream.ours);
                }
                Ok(Step::Nothing)
            }
            What::Waited { ms } => {
                self.model.wait(*ms);
                Ok(Step::Nothing)
            }
            What::Push(push) => self.push(push),
            What::Gateway { takes } => {
                if !takes {
                    self.doubt.get_or_insert("the gateway does not take pushes");
                }
                Ok(Step::Nothing)
            }
        }
    }

    /// Makes the app that was there before, as it is described.
    fn enter(&mut self, shared: &SharedApp) -> Result<(), String> {
        let description = &shared.description;
        let wishes = json!({
            "profile": description["profile"], "policy": description["policy"],
            "limits": description["limits"], "clock": description["clock"],
            "push": { "gateway_url": "http://nowhere/", "vendors": description["push_vendors"] },
        });
        let app = self
            .make_app(&wishes)
            .map_err(|reason| format!("the model cannot have the app under test: {reason}"))?;
        // Others may move its clock too, so its times say no more than those of a real one.
        self.learn_app(&app, description, &shared.admin_token, false);
        Ok(())
    }

    /// Notes a new app of both.
    pub(super) fn learn_app(
        &mut self,
        ours: &Value,
        theirs: &Value,
        admin_token: &str,
        manual: bool,
    ) -> usize {
        let number = self.names.add_app(manual);
        if let (Some(ours), Some(theirs)) = (ours["app_id"].as_str(), theirs["app_id"].as_str()) {
            self.names.bind("app_id", ours, theirs);
        }
        let bearer = Bearer {
            token: ours["admin_token"].as_str().unwrap_or_default().to_owned(),
            app: number,
            user: None,
        };
        self.names.add_token(admin_token.to_owned(), bearer);
        number
    }

    fn event(&mut self, event: &StreamEvent) -> Result<Step, End> {
        let Some(stream) = self.streams.get(&event.stream).cloned() else {
            return Err(End::Unknown("the stream is not one the model has".into()));
        };
        let Some(frame) = self.model.queue(stream.ours).frames.pop_front() else {
            return apart(
                format!("a `{}` event came that the model does not send", event.name),
                vec![Mismatch {
                    pointer: "(event)".into(),
                    expected: "nothing".into(),
                    actual: Some(json!({ "event": event.name, "data": event.data })),
                }],
            );
        };
        let ours = data(&frame.event);
        if frame.event.name() != event.name {
            let shown = self.names.as_theirs(&ours);
            return apart(
                format!("a `{}` event came in the place of another", event.name),
                vec![Mismatch {
                    pointer: "(event)".into(),
                    expected: format!("`{}` {shown}", frame.event.name()),
                    actual: Some(json!({ "event": event.name, "data": event.data })),
                }],
            );
        }
        let mut mismatches = compare(&ours, &event.data, stream.app, &mut self.names);
        let ours = frame.id.map(|id| id.0);
        let theirs = event.id.as_ref().and_then(|id| id.parse::<u64>().ok());
        let same = match (ours, theirs, stream.mailbox) {
            (None, None, _) => true,
            (Some(ours), Some(theirs), Some(whose)) => self.names.bind_cursor(whose, ours, theirs),
            _ => false,
        };
        if !same {
            let expected = match ours {
                Some(_) => "the cursor of this entry, above those of older ones",
                None => "nothing",
            };
            mismatches.push(Mismatch {
                pointer: "(id)".into(),
                expected: expected.into(),
                actual: event.id.clone().map(Value::String),
            });
        }
        if mismatches.is_empty() {
            return Ok(Step::Same);
        }
        apart(
            format!("a `{}` event is another one", event.name),
            mismatches,
        )
    }

    fn silence(&mut self, stream: u64) -> Result<Step, End> {
        let Some(stream) = self.streams.get(&stream) else {
            return Ok(Step::Nothing);
        };
        let queue = self.model.queue(stream.ours);
        match queue.frames.front() {
            None => Ok(Step::Same),
            Some(frame) => {
                let shown = self.names.as_theirs(&data(&frame.event));
                let shown = format!("`{}` {shown}", frame.event.name());
                apart(
                    "nothing came, but the model sends an event",
                    vec![missing(shown)],
                )
            }
        }
    }

    /// A server may end a stream at any time, but not leave out the word that a session is over.
    fn ended(&mut self, stream: u64) -> Result<Step, End> {
        let Some(stream) = self.streams.get(&stream) else {
            return Ok(Step::Nothing);
        };
        let queue = self.model.queue(stream.ours);
        if queue.closed {
            let kicked = queue
                .frames
                .iter()
                .find(|frame| frame.event.name() == "kicked");
            return match kicked {
                None => Ok(Step::Same),
                Some(frame) => {
                    let shown = format!("`kicked` {}", data(&frame.event));
                    apart("the stream ended without a word", vec![missing(shown)])
                }
            };
        }
        self.model.stream_closed(stream.ours);
        self.doubt
            .get_or_insert("the server ended a stream by itself, which it may");
        Ok(Step::Nothing)
    }

    fn push(&mut self, push: &Value) -> Result<Step, End> {
        let text = |member: &str| push[member].as_str().unwrap_or_default();
        let message = self.names.ours("message_id", text("message_id"));
        let message = message.map(str::to_owned);
        let found = self
            .model
            .next_push(text("vendor"), text("token"), message.as_deref());
        let Some(ours) = found else {
            let shown = Mismatch {
                pointer: "(push)".into(),
                expected: "nothing".into(),
                actual: Some(push.clone()),
            };
            return apart("a push came that the model does not send", vec![shown]);
        };
        let mismatches = compare(&json!(ours), push, None, &mut self.names);
        if mismatches.is_empty() {
            return Ok(Step::Same);
        }
        apart("a push is another one", mismatches)
    }
}

pub(super) fn apart(message: impl Into<String>, mismatches: Vec<Mismatch>) -> Result<Step, End> {
    Err(End::Apart(Finding {
        message: message.into(),
        mismatches,
    }))
}

fn missing(shown: String) -> Mismatch {
    Mismatch {
        pointer: "(event)".into(),
        expected: shown,
        actual: None,
    }
}
