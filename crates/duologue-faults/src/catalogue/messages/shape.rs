//! Messages: the object its readers see, and the fields a content has.

use std::collections::BTreeMap;

use duologue_core::event::{Event, Frame, Path};
use duologue_core::server::Effect;
use serde_json::Value;

use super::{each_message, refuses};
use crate::call::Call;
use crate::fault::Fault;
use crate::frames::messages_of;
use crate::json::{number, remove, set, text};
use crate::routes::{ADMIN_HISTORY, ANY_SEND, EVENTS, HISTORY, RECENTS, SEND};
use crate::twist::{Twist, on, sync};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "messages-answer-without-nickname",
        requirement: "MSG-001",
        sentence: "The answer to a send does not name the sender as the recipient sees them.",
        twist: || on(SEND).answer(|message| drop(remove(message, "/sender/nickname"))),
    },
    Fault {
        id: "messages-live-an-instant-later",
        requirement: "MSG-001",
        sentence: "A live message bears the time of its delivery.",
        twist: || {
            on(ANY_SEND).messages(|event| event.message.time_ms = event.message.time_ms.plus_ms(1))
        },
    },
    Fault {
        id: "messages-live-without-custom-data",
        requirement: "MSG-001",
        sentence: "A live message has no `custom_data`.",
        twist: || on(ANY_SEND).messages(|event| event.message.custom_data = None),
    },
    Fault {
        id: "messages-copy-without-key",
        requirement: "MSG-001",
        sentence: "The copy on the sender's other devices has no `client_msg_id`.",
        twist: || on(SEND).effects(copy_without_key),
    },
    Fault {
        id: "messages-offline-without-nickname",
        requirement: "MSG-001",
        sentence: "A message from the offline cache does not name its sender.",
        twist: || {
            on(EVENTS).messages(|event| {
                if event.path == Path::Offline {
                    event.message.sender.nickname = None;
                }
            })
        },
    },
    Fault {
        id: "messages-offline-ends-with-the-cache",
        requirement: "MSG-001",
        sentence: "A message from the offline cache tells when its stay there ends.",
        twist: || on(EVENTS).outcome(end_with_the_cache),
    },
    Fault {
        id: "messages-recents-of-a-sync-without-custom-data",
        requirement: "MSG-001",
        sentence: "Recent contacts on a stream show messages without `custom_data`.",
        twist: || sync(|frames| frames.iter_mut().for_each(recents_without_custom_data)),
    },
    Fault {
        id: "messages-recents-without-key",
        requirement: "MSG-001",
        sentence: "Recent contacts show messages without `client_msg_id`.",
        twist: || without(RECENTS, "/client_msg_id"),
    },
    Fault {
        id: "messages-recents-without-seq",
        requirement: "MSG-001",
        sentence: "Recent contacts show messages that have no number.",
        twist: || on(RECENTS).answer(|answer| each_message(answer, |m| set(m, "/seq", ()))),
    },
    Fault {
        id: "messages-history-without-custom-data",
        requirement: "MSG-001",
        sentence: "History shows messages without `custom_data`.",
        twist: || without(HISTORY, "/custom_data"),
    },
    Fault {
        id: "messages-administrators-history-without-key",
        requirement: "MSG-001",
        sentence: "The administrator's history shows messages without `client_msg_id`.",
        twist: || without(ADMIN_HISTORY, "/client_msg_id"),
    },
    Fault {
        id: "messages-recipient-reads-the-senders-seq",
        requirement: "MSG-001",
        sentence: "The recipient's stream shows the number of the sender's view.",
        twist: || on(SEND).outcome(senders_seq_for_all),
    },
    Fault {
        id: "messages-id-of-the-senders-choice",
        requirement: "MSG-002",
        sentence: "The answer to a send repeats a `message_id` that the sender made up.",
        twist: || repeats("message_id"),
    },
    Fault {
        id: "messages-seq-of-the-senders-choice",
        requirement: "MSG-002",
        sentence: "The answer to a send repeats a `seq` that the sender made up.",
        twist: || repeats("seq"),
    },
    Fault {
        id: "messages-time-of-the-senders-choice",
        requirement: "MSG-002",
        sentence: "The answer to a send repeats a `time_ms` that the sender made up.",
        twist: || repeats("time_ms"),
    },
    Fault {
        id: "messages-size-of-the-senders-choice",
        requirement: "MSG-002",
        sentence: "The answer to a send repeats a `stored_bytes` that the sender made up.",
        twist: || repeats("stored_bytes"),
    },
    Fault {
        id: "messages-end-of-the-senders-choice",
        requirement: "MSG-002",
        sentence: "The answer to a send repeats an `expires_ms` that the sender made up.",
        twist: || repeats("expires_ms"),
    },
    Fault {
        id: "messages-own-fields-refused",
        requirement: "MSG-002",
        sentence: "A send with a `message_id` of its own is refused.",
        twist: || refuses("/message_id", |_| true),
    },
    Fault {
        id: "messages-answer-shows-unknown-fields",
        requirement: "MSG-004",
        sentence: "The answer to a send shows the content as it was sent, unknown fields included.",
        twist: || {
            on(SEND).outcome(|call, outcome, _| {
                let sent = call.json()["content"].clone();
                outcome.edit(|answer| show_as_sent(answer, &sent));
            })
        },
    },
    Fault {
        id: "messages-history-shows-unknown-fields",
        requirement: "MSG-004",
        sentence: "History shows each content as it was sent, unknown fields included.",
        twist: || {
            let mut sent = BTreeMap::new();
            on("POST /v1/messages | GET /v1/conversations/*/messages")
                .outcome(move |call, outcome, _| remember_and_show(&mut sent, call, outcome))
        },
    },
    Fault {
        id: "messages-fields-of-another-type-refused",
        requirement: "MSG-004",
        sentence: "A text or a face with a field of another type is refused.",
        twist: || refuses("/content", has_fields_of_another_type),
    },
    Fault {
        id: "messages-null-refused",
        requirement: "MSG-005",
        sentence: "A `format` that is null is refused.",
        twist: || refuses("/content/format", Value::is_null),
    },
    Fault {
        id: "messages-null-is-empty",
        requirement: "MSG-005",
        sentence: "A null in an optional field of a custom content is taken for an empty string.",
        twist: || null_is_empty("/content/description").and(null_is_empty("/content/ext")),
    },
    Fault {
        id: "messages-null-is-shown",
        requirement: "MSG-005",
        sentence: "A `thumbnail` that was null is shown as null.",
        twist: || {
            on(SEND).outcome(|call, outcome, _| {
                if call.json().pointer("/content/thumbnail") == Some(&Value::Null) {
                    outcome.edit(|answer| set(answer, "/content/thumbnail", ()));
                }
            })
        },
    },
];

/// Answers whose messages lack a field.
fn without(pattern: &'static str, pointer: &'static str) -> Twist {
    on(pattern).answer(move |answer| {
        each_message(answer, |message| drop(remove(message, pointer)));
    })
}

/// The answer to a send repeats a field of the request.
fn repeats(field: &'static str) -> Twist {
    on(SEND).outcome(move |call, outcome, _| {
        if let Some(own) = call.json().get(field).cloned() {
            outcome.edit(|answer| set(answer, &format!("/{field}"), own));
        }
    })
}

fn copy_without_key(mut effect: Effect, world: &mut World<'_>) -> Vec<Effect> {
    if let Effect::Deliver { stream, frame } = &mut effect
        && let Event::Message(event) = &mut frame.event
        && event.message.from.as_str() == world.listener(*stream).user()
    {
        event.message.client_msg_id = None;
    }
    vec![effect]
}

fn end_with_the_cache(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    let Some(stay) = world.limit(call, "offline_ttl_s") else {
        return;
    };
    for message in messages_of(outcome) {
        message.expires_ms = message.expires_ms.min(message.time_ms.plus_s(stay));
    }
}

fn recents_without_custom_data(frame: &mut Frame) {
    if let Event::Recents(recents) = &mut frame.event {
        for recent in &mut recents.recents {
            recent.message.custom_data = None;
        }
    }
}

fn senders_seq_for_all(_: &Call, outcome: &mut Outcome, _: &mut World<'_>) {
    let answer = outcome.json();
    for message in messages_of(outcome) {
        if let Some(seq) = &mut message.seq {
            seq.0 = number(&answer, "/seq");
        }
    }
}

/// Adds what was sent and is not shown.
fn show_as_sent(message: &mut Value, sent: &Value) {
    for (name, value) in sent.as_object().into_iter().flatten() {
        let pointer = format!("/content/{name}");
        if message.pointer(&pointer).is_none() {
            set(message, &pointer, value.clone());
        }
    }
}

fn remember_and_show(sent: &mut BTreeMap<String, Value>, call: &Call, outcome: &mut Outcome) {
    if call.is(SEND) {
        let id = text(&outcome.json(), "/message_id").to_owned();
        sent.insert(id, call.json()["content"].clone());
        return;
    }
    outcome.edit(|answer| {
        each_message(answer, |message| {
            if let Some(content) = sent.get(text(message, "/message_id")) {
                show_as_sent(message, content);
            }
        });
    });
}

fn has_fields_of_another_type(content: &Value) -> bool {
    let more_than = match text(content, "/type") {
        "text" => 2,
        "face" => 3,
        _ => return false,
    };
    content
        .as_object()
        .is_some_and(|fields| fields.len() > more_than)
}

fn null_is_empty(pointer: &'static str) -> Twist {
    on(ANY_SEND).reads(pointer, |value| value.is_null().then(|| "".into()))
}
