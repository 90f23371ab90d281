//! What stands in whose view, and what others get to see of it.

use std::collections::BTreeMap;

use duologue_core::message::Message;
use serde_json::{Value, json};

use crate::book::Who;
use crate::catalogue::sending::acceptance::own_first;
use crate::fault::Fault;
use crate::frames::live;
use crate::json::{list, set, text};
use crate::routes::{CONVERSATIONS, HISTORY, RECENTS, SEND};
use crate::told::{sent, told};
use crate::twist::{Twist, on};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "model-recipients-copy-has-another-id",
        requirement: "MOD-003",
        sentence: "The recipient's copy has a `message_id` of its own.",
        twist: || {
            told("*", |_, reader, message, _| {
                let received = message["to"] == reader.user() && message["from"] != reader.user();
                if received {
                    let id = format!("r{}", text(message, "/message_id"));
                    set(message, "/message_id", id);
                }
            })
        },
    },
    Fault {
        id: "model-not-in-the-senders-view",
        requirement: "MOD-003",
        sentence: "A view shows what its owner received and not what the owner sent.",
        twist: || shows(|message, owner| message["from"] != owner),
    },
    Fault {
        id: "model-not-in-the-recipients-view",
        requirement: "MOD-003",
        sentence: "A view shows what its owner sent and not what the owner received.",
        twist: || shows(|message, owner| message["from"] == owner),
    },
    Fault {
        id: "model-views-in-two-orders",
        requirement: "MOD-004",
        sentence: "Each view lists first what its owner wrote.",
        twist: || on(HISTORY).outcome(own_first),
    },
    Fault {
        id: "model-live-to-everybody",
        requirement: "MOD-008",
        sentence: "What goes live to the recipient goes live to all streams of the app.",
        twist: || {
            on(SEND).outcome(|call, outcome, world| {
                let Some(message) = sent(outcome) else {
                    return;
                };
                let app = world.who(call).app().to_owned();
                let third = |stream: &_| {
                    let user = world.listener(*stream).user().to_owned();
                    user != message.from.as_str() && user != message.to.as_str()
                };
                let streams = world.book.streams_in(&app).filter(third);
                outcome
                    .effects
                    .extend(streams.map(|stream| live(stream, message.clone())));
            })
        },
    },
    Fault {
        id: "model-in-everybodys-recents",
        requirement: "MOD-008",
        sentence: "The newest message of the app stands in everybody's recent contacts.",
        twist: || {
            foreign(RECENTS, |reader, messages, body| {
                let newest = messages.last().filter(|message| is_third(reader, message));
                if let (Some(message), Some(recents)) = (newest, list(body, "/recents")) {
                    let peer = message.from.as_str();
                    recents.insert(0, json!({"peer": peer, "message": message}));
                }
            })
        },
    },
    Fault {
        id: "model-in-everybodys-conversations",
        requirement: "MOD-008",
        sentence: "Everybody's list of conversations has the sender of the app's newest message.",
        twist: || {
            foreign(CONVERSATIONS, |reader, messages, body| {
                let newest = messages.last().filter(|message| is_third(reader, message));
                if let (Some(message), Some(all)) = (newest, list(body, "/conversations")) {
                    all.push(json!({"peer": message.from.as_str(), "first_seq": 1,
                        "last_seq": 1, "last_time_ms": message.time_ms}));
                }
            })
        },
    },
    Fault {
        id: "model-history-of-anybodys-messages",
        requirement: "MOD-008",
        sentence: "A history shows what the peer wrote to anybody.",
        twist: || {
            on("POST /v1/messages | GET /v1/conversations/*/messages").outcome({
                let mut all: BTreeMap<String, Vec<Message>> = BTreeMap::new();
                move |call, outcome, world| {
                    let reader = world.who(call);
                    let messages = all.entry(reader.app().into()).or_default();
                    messages.extend(sent(outcome));
                    let peer = call.segment(3);
                    let foreign = |message: &&Message| {
                        message.from.as_str() == peer && is_third(&reader, message)
                    };
                    let foreign: Vec<Value> = messages
                        .iter()
                        .filter(foreign)
                        .map(|message| json!(message))
                        .collect();
                    outcome.edit_list("/messages", |messages| {
                        messages.extend(foreign.iter().cloned());
                    });
                }
            })
        },
    },
];

/// Histories show the messages that `keeps` says, of a message and the owner of the view.
fn shows(keeps: fn(&Value, &str) -> bool) -> Twist {
    on(HISTORY).outcome(move |call, outcome, world| {
        let owner = world.who(call);
        outcome.edit_list("/messages", |messages| {
            messages.retain(|message| keeps(message, owner.user()));
        });
    })
}

fn is_third(reader: &Who, message: &Message) -> bool {
    message.from.as_str() != reader.user() && message.to.as_str() != reader.user()
}

/// Answers to requests of `pattern` are changed by somebody who knows all the app's messages.
fn foreign(pattern: &'static str, edit: fn(&Who, &[Message], &mut Value)) -> Twist {
    let mut all: BTreeMap<String, Vec<Message>> = BTreeMap::new();
    on("*").outcome(move |call, outcome, world| {
        let reader = world.who(call);
        let messages = all.entry(reader.app().into()).or_default();
        if call.is(SEND) {
            messages.extend(sent(outcome));
        } else if call.is(pattern) {
            outcome.edit(|body| {
                edit(&reader, messages, body);
            });
        }
    })
}
