//! What the call of the gateway says, and what its answer is taken for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use duologue_core::ErrorCode;
use duologue_core::server::Effect;
use serde_json::{Value, json};

use super::beside::accepted;
use crate::fault::Fault;
use crate::json::{number, remove, set, text};
use crate::routes::{ANY_SEND, SEND};
use crate::twist::{Twist, error, on, pushes};
use crate::wire::Wire;
use crate::world::Outcome;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "push-call-names-the-wrong-device",
        requirement: "PSH-013",
        sentence: "`device_id` in the call is the id of the user.",
        twist: || call(|push, message, _| set(push, "/device_id", message["to"].clone())),
    },
    Fault {
        id: "push-call-names-the-sender",
        requirement: "PSH-013",
        sentence: "`to` in the call is the sender.",
        twist: || call(|push, message, _| set(push, "/to", message["from"].clone())),
    },
    Fault {
        id: "push-call-has-an-id-of-its-own",
        requirement: "PSH-013",
        sentence: "`message_id` in the call is not that of the message.",
        twist: || {
            call(|push, message, _| {
                let id = text(message, "/message_id").chars().rev();
                set(push, "/message_id", id.collect::<String>());
            })
        },
    },
    Fault {
        id: "push-call-always-names-apns",
        requirement: "PSH-013",
        sentence: "`vendor` in the call is `apns` for every device.",
        twist: || call(|push, _, _| set(push, "/vendor", "apns")),
    },
    Fault {
        id: "push-call-with-an-empty-ext",
        requirement: "PSH-013",
        sentence: "The call has an empty `ext` where there is none.",
        twist: || {
            call(|push, _, _| {
                if push["ext"].is_null() {
                    set(push, "/ext", "");
                }
            })
        },
    },
    Fault {
        id: "push-title-without-nickname",
        requirement: "PSH-014",
        sentence: "The title is the sender's id, nickname or not.",
        twist: || {
            call(|push, message, request| {
                if request["push"]["title"].is_null() {
                    set(push, "/title", message["from"].clone());
                }
            })
        },
    },
    Fault {
        id: "push-title-empty-without-nickname",
        requirement: "PSH-014",
        sentence: "The title is empty when the sender has no nickname.",
        twist: || {
            call(|push, message, _| {
                if push["title"] == message["from"] {
                    set(push, "/title", "");
                }
            })
        },
    },
    Fault {
        id: "push-title-of-the-administrator",
        requirement: "PSH-014",
        sentence: "The title of a message of the administrator is `admin`.",
        twist: || {
            call(|push, message, _| {
                if message["from"] == "@admin" {
                    set(push, "/title", "admin");
                }
            })
        },
    },
    Fault {
        id: "push-title-of-the-sender-ignored",
        requirement: "PSH-014",
        sentence: "`push.title` is ignored.",
        twist: || on(ANY_SEND).body(|body| drop(remove(body, "/push/title"))),
    },
    Fault {
        id: "push-body-of-the-sender-ignored",
        requirement: "PSH-014",
        sentence: "`push.body` is ignored.",
        twist: || on(ANY_SEND).body(|body| drop(remove(body, "/push/body"))),
    },
    Fault {
        id: "push-ext-of-the-sender-ignored",
        requirement: "PSH-014",
        sentence: "`push.ext` is ignored.",
        twist: || on(ANY_SEND).body(|body| drop(remove(body, "/push/ext"))),
    },
    Fault {
        id: "push-ext-of-a-custom-ignored",
        requirement: "PSH-014",
        sentence: "The `ext` of a `custom` is not passed on.",
        twist: || {
            call(|push, _, request| {
                if request["push"]["ext"].is_null() {
                    drop(remove(push, "/ext"));
                }
            })
        },
    },
    Fault {
        id: "push-custom-shows-its-data",
        requirement: "PSH-014",
        sentence: "The preview of a `custom` is its `data`.",
        twist: || preview("custom", |content| text(content, "/data").to_owned()),
    },
    Fault {
        id: "push-preview-one-character-more",
        requirement: "PSH-014",
        sentence: "The preview of a text is its first 101 characters.",
        twist: || preview("text", |content| first(content, 101)),
    },
    Fault {
        id: "push-preview-one-character-less",
        requirement: "PSH-014",
        sentence: "The preview of a text is its first 99 characters.",
        twist: || preview("text", |content| first(content, 99)),
    },
    Fault {
        id: "push-preview-cut-by-bytes",
        requirement: "PSH-014",
        sentence: "The preview of a text is cut to 100 bytes.",
        twist: || {
            preview("text", |content| {
                let text = text(content, "/text");
                text[..text.floor_char_boundary(100)].to_owned()
            })
        },
    },
    Fault {
        id: "push-preview-of-a-face-is-its-data",
        requirement: "PSH-014",
        sentence: "The preview of a `face` is its `data`.",
        twist: || preview("face", |content| text(content, "/data").to_owned()),
    },
    Fault {
        id: "push-preview-of-a-location-without-title",
        requirement: "PSH-014",
        sentence: "The preview of a `location` does not have its title.",
        twist: || preview("location", |_| "[location]".into()),
    },
    Fault {
        id: "push-preview-of-a-picture-is-its-url",
        requirement: "PSH-014",
        sentence: "The preview of an `image` is its URL.",
        twist: || preview("image", |content| text(content, "/url").to_owned()),
    },
    Fault {
        id: "push-preview-of-audio-is-its-time",
        requirement: "PSH-014",
        sentence: "The preview of an `audio` tells how long it is.",
        twist: || {
            preview("audio", |content| {
                format!("[audio] {} ms", number(content, "/duration_ms"))
            })
        },
    },
    Fault {
        id: "push-preview-of-a-file-without-name",
        requirement: "PSH-014",
        sentence: "The preview of a `file` does not have its name.",
        twist: || preview("file", |_| "[file]".into()),
    },
    Fault {
        id: "push-preview-of-video-is-that-of-a-file",
        requirement: "PSH-014",
        sentence: "The preview of a `video` is `[file]`.",
        twist: || preview("video", |_| "[file]".into()),
    },
    Fault {
        id: "push-badge-without-the-new-message",
        requirement: "PSH-015",
        sentence: "`badge` is the number of entries before the message was accepted.",
        twist: || badge(|badge| badge.saturating_sub(1)),
    },
    Fault {
        id: "push-badge-counts-what-did-not-fit",
        requirement: "PSH-015",
        sentence: "`badge` counts a message that is too large for the mailbox.",
        twist: || badge(|badge| badge.max(1)),
    },
    Fault {
        id: "push-badge-without-notifications",
        requirement: "PSH-015",
        sentence: "`badge` does not count system messages.",
        twist: || {
            let mut notified = 0;
            let twist = on("POST /v1/admin/notifications | POST /v1/messages");
            twist.outcome(move |call, outcome, _| {
                if call.is(SEND) {
                    each_push(outcome, |push| {
                        let badge = number(push, "/badge").saturating_sub(notified);
                        set(push, "/badge", badge);
                    });
                } else if outcome.reply.status == 200 {
                    notified += 1;
                }
            })
        },
    },
    Fault {
        id: "push-badge-never-falls",
        requirement: "PSH-015",
        sentence: "`badge` grows with every push, whatever is acknowledged.",
        twist: || {
            let mut highest: BTreeMap<String, u64> = BTreeMap::new();
            pushes(move |mut push| {
                let highest = highest.entry(text(&push, "/token").to_owned()).or_default();
                *highest = number(&push, "/badge").max(*highest + 1);
                set(&mut push, "/badge", *highest);
                vec![push]
            })
        },
    },
    Fault {
        id: "push-apns-payload-is-a-notification",
        requirement: "PSH-016",
        sentence: "The payload for `apns` has the shape of the other vendors.",
        twist: || {
            payload(|push, alert| {
                if push["vendor"] == "apns" {
                    push["vendor_payload"] = json!({"notification": alert, "ext": push["ext"]});
                }
            })
        },
    },
    Fault {
        id: "push-apns-payload-without-badge",
        requirement: "PSH-016",
        sentence: "The payload for `apns` has no badge.",
        twist: || payload(|push, _| drop(remove(push, "/vendor_payload/aps/badge"))),
    },
    Fault {
        id: "push-every-payload-is-for-apns",
        requirement: "PSH-016",
        sentence: "The payload for other vendors has the shape of that for `apns`.",
        twist: || {
            payload(|push, alert| {
                let aps = json!({"alert": alert, "badge": push["badge"]});
                push["vendor_payload"] = json!({"aps": aps, "ext": push["ext"]});
            })
        },
    },
    Fault {
        id: "push-payload-without-ext",
        requirement: "PSH-016",
        sentence: "`ext` is missing in the payload.",
        twist: || payload(|push, _| drop(remove(push, "/vendor_payload/ext"))),
    },
    Fault {
        id: "push-gone-ignored",
        requirement: "PSH-017",
        sentence: "A registration that the gateway called gone stays.",
        twist: || Twist {
            ignores_gone: true,
            ..Twist::default()
        },
    },
    Fault {
        id: "push-any-failure-is-gone",
        requirement: "PSH-018",
        sentence: "Every failure of the gateway ends the registration.",
        twist: || {
            Wire::on_gateway_answer(|_, status| match status {
                Some(200..300) => status,
                _ => Some(410),
            })
            .into()
        },
    },
    Fault {
        id: "push-tried-again",
        requirement: "PSH-018",
        sentence: "A push the gateway has not taken is tried again before the next one.",
        twist: try_again,
    },
    Fault {
        id: "push-send-refused-until-the-gateway-answers",
        requirement: "PSH-019",
        sentence: "A send fails as long as the gateway has not taken the push before it.",
        twist: fail_until_taken,
    },
];

/// Pushes of a send, changed by `edit`, which also sees the message and the request.
fn call(edit: fn(&mut Value, &Value, &Value)) -> Twist {
    on(ANY_SEND).outcome(move |call, outcome, _| {
        let (request, messages) = (call.json(), accepted(outcome));
        each_push(outcome, |push| {
            let mut messages = messages.iter();
            let message = messages.find(|message| message["message_id"] == push["message_id"]);
            if let Some(message) = message {
                edit(push, message, &request);
            }
        });
    })
}

fn each_push(outcome: &mut Outcome, mut edit: impl FnMut(&mut Value)) {
    for effect in &mut outcome.effects {
        let Effect::Push { request, .. } = effect else {
            continue;
        };
        let mut push = serde_json::to_value(&*request).unwrap_or_default();
        edit(&mut push);
        if let Ok(edited) = serde_json::from_value(push) {
            **request = edited;
        }
    }
}

/// The preview of one type of content is what `preview` makes of it.
fn preview(content_type: &'static str, preview: fn(&Value) -> String) -> Twist {
    on(ANY_SEND).outcome(move |call, outcome, _| {
        let body = call.json();
        if body["content"]["type"] == content_type && body["push"]["body"].is_null() {
            each_push(outcome, |push| {
                set(push, "/body", preview(&body["content"]));
            });
        }
    })
}

fn first(content: &Value, chars: usize) -> String {
    text(content, "/text").chars().take(chars).collect()
}

fn badge(counts: fn(u64) -> u64) -> Twist {
    pushes(move |mut push| {
        let badge = counts(number(&push, "/badge"));
        set(&mut push, "/badge", badge);
        vec![push]
    })
}

fn payload(edit: fn(&mut Value, Value)) -> Twist {
    pushes(move |mut push| {
        let alert = json!({"title": push["title"], "body": push["body"]});
        edit(&mut push, alert);
        vec![push]
    })
}

/// The pushes on their way that the gateway has not taken.
type Pending = Arc<Mutex<BTreeSet<(String, String)>>>;

/// Strikes out what the gateway takes.
fn takes(pending: &Pending) -> Twist {
    let pending = Arc::clone(pending);
    Wire::on_gateway_answer(move |message, status| {
        if matches!(status, Some(200..300)) {
            let mut pending = pending.lock().unwrap_or_else(PoisonError::into_inner);
            pending.retain(|(_, other)| other != message);
        }
        status
    })
    .into()
}

fn try_again() -> Twist {
    let pending = Pending::default();
    let mut made: Vec<Effect> = Vec::new();
    let taken = takes(&pending);
    taken.and(on(ANY_SEND).effects(move |effect, _| {
        let Effect::Push {
            target, request, ..
        } = &effect
        else {
            return vec![effect];
        };
        let mut pending = pending.lock().unwrap_or_else(PoisonError::into_inner);
        made.retain(|other| match other {
            Effect::Push { request, .. } => {
                let key = (request.to.to_string(), request.message_id.to_string());
                pending.contains(&key)
            }
            _ => false,
        });
        pending.insert((request.to.to_string(), request.message_id.to_string()));
        let session = target.session;
        let mut line: Vec<Effect> = made
            .iter()
            .filter(
                |other| matches!(other, Effect::Push { target, .. } if target.session == session),
            )
            .cloned()
            .collect();
        line.push(effect.clone());
        made.push(effect);
        line
    }))
}

fn fail_until_taken() -> Twist {
    let pending = Pending::default();
    let waiting = Arc::clone(&pending);
    let refused = on(SEND).instead(move |call, _| {
        let to = call.json();
        let waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = waiting.iter().any(|(other, _)| to["to"] == other.as_str());
        waits.then(|| error(ErrorCode::Internal).into())
    });
    let noted = Arc::clone(&pending);
    let made = on(ANY_SEND).effects(move |effect, _| {
        if let Effect::Push { request, .. } = &effect {
            let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
            noted.insert((request.to.to_string(), request.message_id.to_string()));
        }
        vec![effect]
    });
    takes(&pending).and(refused).and(made)
}
