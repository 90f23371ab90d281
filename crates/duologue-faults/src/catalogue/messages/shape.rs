//! Messages: the object its readers see, and strings and numbers that arrive as they were sent.

use std::collections::BTreeMap;

use duologue_core::content::Content;
use duologue_core::event::{Event, Frame, Path};
use duologue_core::server::Effect;
use serde_json::{Value, json};

use super::{ANY_SEND, HISTORY, SEND, content, each_message, refuses, rewrites};
use crate::call::Call;
use crate::fault::Fault;
use crate::json::{number, remove, set, text};
use crate::twist::{Twist, on, sync};
use crate::world::{Outcome, World};

pub(in crate::catalogue) const FAULTS: &[Fault] = &[
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
            on("GET /v1/events").messages(|event| {
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
        twist: || on("GET /v1/events").outcome(end_with_the_cache),
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
        twist: || without("GET /v1/recents", "/client_msg_id"),
    },
    Fault {
        id: "messages-recents-without-seq",
        requirement: "MSG-001",
        sentence: "Recent contacts show messages that have no number.",
        twist: || {
            on("GET /v1/recents").answer(|answer| each_message(answer, |m| set(m, "/seq", ())))
        },
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
        twist: || without("GET /v1/admin/conversations/*/*/messages", "/client_msg_id"),
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
        id: "messages-text-trimmed",
        requirement: "MSG-003",
        sentence: "White space round a text is cut off.",
        twist: || rewrites("/content/text", |text| text.trim().to_owned()),
    },
    Fault {
        id: "messages-text-composed",
        requirement: "MSG-003",
        sentence: "A letter and its accent become one character.",
        twist: || rewrites("/content/text", |text| text.replace("e\u{301}", "\u{e9}")),
    },
    Fault {
        id: "messages-text-with-other-line-ends",
        requirement: "MSG-003",
        sentence: "Every line of a text ends in a line feed alone.",
        twist: || rewrites("/content/text", |text| text.replace("\r\n", "\n")),
    },
    Fault {
        id: "messages-text-without-control-characters",
        requirement: "MSG-003",
        sentence: "Control characters are taken out of a text.",
        twist: || rewrites("/content/text", without_controls),
    },
    Fault {
        id: "messages-text-without-invisible-characters",
        requirement: "MSG-003",
        sentence: "Joiners and marks without width are taken out of a text.",
        twist: || rewrites("/content/text", without_invisibles),
    },
    Fault {
        id: "messages-text-escaped-for-html",
        requirement: "MSG-003",
        sentence: "A `<` in a text becomes `&lt;`.",
        twist: || rewrites("/content/text", |text| text.replace('<', "&lt;")),
    },
    Fault {
        id: "messages-only-the-basic-plane",
        requirement: "MSG-003",
        sentence: "A character above U+FFFF becomes U+FFFD.",
        twist: || rewrites("/content/text", basic_plane),
    },
    Fault {
        id: "messages-live-text-on-one-line",
        requirement: "MSG-003",
        sentence: "On a stream the line feeds of a text become spaces.",
        twist: || on(ANY_SEND).messages(|event| on_one_line(&mut event.message.content)),
    },
    Fault {
        id: "messages-face-data-rewritten",
        requirement: "MSG-003",
        sentence: "The `data` of a face is read as JSON and written anew.",
        twist: || data_written_anew("face"),
    },
    Fault {
        id: "messages-custom-data-rewritten",
        requirement: "MSG-003",
        sentence: "The `data` of a custom content is read as JSON and written anew.",
        twist: || data_written_anew("custom"),
    },
    Fault {
        id: "messages-data-beside-the-content-rewritten",
        requirement: "MSG-003",
        sentence: "`custom_data` is read as JSON and written anew.",
        twist: || rewrites("/custom_data", written_anew),
    },
    Fault {
        id: "messages-empty-custom-data-left-out",
        requirement: "MSG-003",
        sentence: "An empty `custom_data` is taken for none.",
        twist: || {
            on(ANY_SEND).body(|body| {
                if body["custom_data"] == "" {
                    remove(body, "/custom_data");
                }
            })
        },
    },
    Fault {
        id: "messages-coordinates-in-single-precision",
        requirement: "MSG-003",
        sentence: "Coordinates are kept with 24 bits.",
        twist: || single_precision("/content/longitude").and(single_precision("/content/latitude")),
    },
    Fault {
        id: "messages-title-trimmed",
        requirement: "MSG-003",
        sentence: "White space round a title is cut off.",
        twist: || rewrites("/content/title", |title| title.trim().to_owned()),
    },
    Fault {
        id: "messages-width-and-height-swapped",
        requirement: "MSG-003",
        sentence: "History shows the width of an image as its height and the height as its width.",
        twist: || {
            on(HISTORY).answer(|answer| {
                each_message(answer, |message| {
                    swap(message, "/content/width", "/content/height")
                });
            })
        },
    },
    Fault {
        id: "messages-duration-in-whole-seconds",
        requirement: "MSG-003",
        sentence: "The duration of a voice message is kept in whole seconds.",
        twist: || {
            on(ANY_SEND).reads("/content/duration_ms", |ms| {
                Some((ms.as_u64()? / 1000 * 1000).into())
            })
        },
    },
    Fault {
        id: "messages-name-without-its-path",
        requirement: "MSG-003",
        sentence: "Of the name of a file only what follows the last slash is kept.",
        twist: || rewrites("/content/name", |name| last_after(name, '/')),
    },
    Fault {
        id: "messages-name-without-its-ending",
        requirement: "MSG-003",
        sentence: "The stream shows the name of a file without its ending.",
        twist: || on(ANY_SEND).messages(|event| without_ending(&mut event.message.content)),
    },
    Fault {
        id: "messages-thumbnail-lost",
        requirement: "MSG-003",
        sentence: "The thumbnail of a video is not kept.",
        twist: || content(|content| drop(remove(content, "/thumbnail"))),
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
    for effect in &mut outcome.effects {
        if let Effect::Deliver { frame, .. } = effect
            && let Event::Message(event) = &mut frame.event
        {
            let message = &mut event.message;
            message.expires_ms = message.expires_ms.min(message.time_ms.plus_s(stay));
        }
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
    for effect in &mut outcome.effects {
        if let Effect::Deliver { frame, .. } = effect
            && let Event::Message(event) = &mut frame.event
            && let Some(seq) = &mut event.message.seq
        {
            seq.0 = number(&answer, "/seq");
        }
    }
}

fn without_controls(text: &str) -> String {
    let white = |c: char| matches!(c, '\n' | '\r' | '\t');
    let kept = text.chars().filter(|c| !c.is_control() || white(*c));
    kept.collect()
}

fn without_invisibles(text: &str) -> String {
    let invisible = |c: &char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}');
    text.chars().filter(|c| !invisible(c)).collect()
}

fn basic_plane(text: &str) -> String {
    let narrowed = text
        .chars()
        .map(|c| if c > '\u{ffff}' { '\u{fffd}' } else { c });
    narrowed.collect()
}

fn on_one_line(content: &mut Content) {
    if let Content::Text { text } = content {
        *text = text.replace('\n', " ");
    }
}

fn without_ending(content: &mut Content) {
    if let Content::File { name, .. } = content
        && let Some((stem, _)) = name.rsplit_once('.')
    {
        *name = stem.to_owned();
    }
}

fn written_anew(json: &str) -> String {
    let value: Result<Value, _> = serde_json::from_str(json);
    value.map_or_else(|_| json.to_owned(), |value| value.to_string())
}

fn data_written_anew(kind: &'static str) -> Twist {
    content(move |content| {
        if text(content, "/type") == kind && content["data"].is_string() {
            let anew = written_anew(text(content, "/data"));
            set(content, "/data", anew);
        }
    })
}

fn single_precision(pointer: &'static str) -> Twist {
    on(ANY_SEND).reads(pointer, |degrees| {
        #[expect(clippy::cast_possible_truncation, reason = "that is the fault")]
        let rounded = f64::from(degrees.as_f64()? as f32);
        Some(json!(rounded))
    })
}

fn swap(of: &mut Value, one: &str, other: &str) {
    let (Some(first), Some(second)) = (of.pointer(one).cloned(), of.pointer(other).cloned()) else {
        return;
    };
    set(of, one, second);
    set(of, other, first);
}

fn last_after(text: &str, separator: char) -> String {
    let last = text.rsplit_once(separator).map_or(text, |(_, last)| last);
    last.to_owned()
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
