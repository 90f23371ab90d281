//! How long a key is kept, and which keys are one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::repeats::drop_key;
use super::{Scoped, conflict, scoped};
use crate::call::Call;
use crate::fault::Fault;
use crate::json::{number, set, text};
use crate::limits::limit;
use crate::routes::{ANY_SEND, SEND};
use crate::twist::{Twist, on};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "sending-refusal-kept-under-its-key",
        requirement: "SND-007",
        sentence: "A refused send that is repeated with its key gets the old refusal.",
        twist: || {
            let mut refused: BTreeMap<_, (Vec<u8>, Outcome)> = BTreeMap::new();
            on(SEND).outcome(move |call, outcome, world| {
                let Some(key) = scoped(call, world) else {
                    return;
                };
                match refused.get(&key) {
                    Some((body, refusal)) if *body == call.body => *outcome = refusal.clone(),
                    Some(_) | None if outcome.reply.status >= 400 => {
                        refused.insert(key, (call.body.clone(), outcome.clone()));
                    }
                    Some(_) | None => {}
                }
            })
        },
    },
    Fault {
        id: "sending-refused-send-takes-its-key",
        requirement: "SND-007",
        sentence: "Another message under the key of a refused one is a conflict.",
        twist: || {
            let mut refused = BTreeMap::new();
            on(SEND).outcome(move |call, outcome, world| {
                let Some(key) = scoped(call, world) else {
                    return;
                };
                let taken = refused.get(&key).is_some_and(|body| *body != call.body);
                if outcome.reply.status == 200 && taken {
                    *outcome = conflict();
                } else if outcome.reply.status >= 400 {
                    refused.insert(key, call.body.clone());
                }
            })
        },
    },
    Fault {
        id: "sending-keys-of-all-users-are-one",
        requirement: "SND-008",
        sentence: "A user's keys are compared with those of other users.",
        twist: || meet(|key| (key.caller != "@admin").then(|| "users".into())),
    },
    Fault {
        id: "sending-keys-of-one-speaker-are-one",
        requirement: "SND-008",
        sentence: "The keys the administrator uses in a user's name are compared with the user's own.",
        twist: || meet(|key| Some(key.from.clone())),
    },
    Fault {
        id: "sending-keys-of-all-names-are-one",
        requirement: "SND-008",
        sentence: "The administrator's keys are compared whatever the `from`.",
        twist: || meet(|key| (key.caller == "@admin").then(|| "@admin".into())),
    },
    Fault {
        id: "sending-keys-of-each-device",
        requirement: "SND-008",
        sentence: "Each device has keys of its own.",
        twist: || {
            on(SEND)
                .request(add_device)
                .and(on(SEND).outcome(show_own_key))
        },
    },
    Fault {
        id: "sending-key-freed-early",
        requirement: "SND-009",
        sentence: "A key is free a second before the window ends.",
        twist: || {
            let mut accepted = BTreeMap::new();
            on(SEND).request(move |call, world| {
                let (now, window) = (
                    world.now(call),
                    1000 * world.limit(call, "dedup_window_s").unwrap_or_default(),
                );
                let key = scoped(call, world);
                if key.is_some() && now >= *accepted.entry(key).or_insert(now) + window - 1000 {
                    drop_key(call);
                }
            })
        },
    },
    Fault {
        id: "sending-key-dated-by-the-real-clock",
        requirement: "SND-009",
        sentence: "The window of a key begins on the real clock and ends on the app's.",
        twist: || {
            on(ANY_SEND).request(|call, world| {
                let ahead = world.now(call).saturating_sub(call.now.0);
                if ahead >= 1000 * world.limit(call, "dedup_window_s").unwrap_or_default() {
                    drop_key(call);
                }
            })
        },
    },
    Fault {
        id: "sending-key-ends-with-its-message",
        requirement: "SND-009",
        sentence: "A key is free when its message has expired.",
        twist: || {
            let mut expires = BTreeMap::new();
            on(SEND).instead(move |call, world| {
                let key = scoped(call, world)?;
                if expires.get(&key).is_some_and(|end| *end <= world.now(call)) {
                    drop_key(call);
                }
                let outcome = world.ask(call);
                expires.insert(key, number(&outcome.json(), "/expires_ms"));
                Some(outcome)
            })
        },
    },
    Fault {
        id: "sending-key-kept-late",
        requirement: "SND-010",
        sentence: "A key is kept for a second more than the window.",
        twist: || limit("dedup_window_s", |window| window + 1),
    },
    Fault {
        id: "sending-window-slides",
        requirement: "SND-010",
        sentence: "The window of a key begins anew with each repeat.",
        twist: || {
            let mut known = BTreeMap::new();
            on(SEND).instead(move |call, world| slide(&mut known, call, world))
        },
    },
    Fault {
        id: "sending-same-body-without-key-is-a-repeat",
        requirement: "SND-011",
        sentence: "A send without a key whose body has come before gets the first one's answer.",
        twist: || {
            let mut known: BTreeMap<_, Outcome> = BTreeMap::new();
            on(SEND).instead(move |call, world| {
                if scoped(call, world).is_some() {
                    return None;
                }
                let send = (call.authorization.clone(), call.body.clone());
                if let Some(first) = known.get(&send) {
                    return Some(first.reply.clone().into());
                }
                let outcome = world.ask(call);
                if outcome.reply.status == 200 {
                    known.insert(send, outcome.clone());
                }
                Some(outcome)
            })
        },
    },
    Fault {
        id: "sending-keys-without-case",
        requirement: "SND-019",
        sentence: "Keys that differ in case only are one.",
        twist: || spelled(str::to_ascii_lowercase),
    },
    Fault {
        id: "sending-keys-cut",
        requirement: "SND-019",
        sentence: "Only the first 63 bytes of a key are compared.",
        twist: || spelled(|key| key.chars().take(63).collect()),
    },
];

/// Keys are compared with all of the scope: the second to use one is in conflict with the first.
fn meet(scope: fn(&Scoped) -> Option<String>) -> Twist {
    let mut known = BTreeMap::new();
    on(ANY_SEND).instead(move |call, world| {
        let own = scoped(call, world)?;
        let met = (own.app.clone(), scope(&own)?, own.key.clone());
        let first = known.entry(met).or_insert_with(|| own.clone());
        (*first != own).then(conflict)
    })
}

fn add_device(call: &mut Call, world: &mut World<'_>) {
    let mut body = call.json();
    if let Some(key) = body["client_msg_id"].as_str() {
        let key = format!("{key}-{}", world.who(call).device());
        set(&mut body, "/client_msg_id", key);
        call.set_json(&body);
    }
}

/// The answer shows the key that was sent.
fn show_own_key(call: &Call, outcome: &mut Outcome, _: &mut World<'_>) {
    let key = call.json()["client_msg_id"].take();
    if outcome.reply.status == 200 && key.is_string() {
        outcome.edit(|message| {
            set(message, "/client_msg_id", key.clone());
        });
    }
}

/// A key as it was last seen: when, with which body, and the answer.
struct Seen {
    at: u64,
    body: Value,
    first: Outcome,
}

fn slide(
    known: &mut BTreeMap<Scoped, Seen>,
    call: &mut Call,
    world: &mut World<'_>,
) -> Option<Outcome> {
    let key = scoped(call, world)?;
    let (at, body) = (world.now(call), call.json());
    let window = 1000 * world.limit(call, "dedup_window_s").unwrap_or_default();
    if let Some(seen) = known.get_mut(&key).filter(|seen| at < seen.at + window) {
        if seen.body != body {
            return Some(conflict());
        }
        seen.at = at;
        return Some(seen.first.reply.clone().into());
    }
    let first = world.ask(call);
    if first.reply.status == 200 {
        let seen = Seen {
            at,
            body,
            first: first.clone(),
        };
        known.insert(key, seen);
    }
    Some(first)
}

/// Keys are compared as `spell` writes them, and shown as they were sent.
fn spelled(spell: fn(&str) -> String) -> Twist {
    let written = on(ANY_SEND).body(move |body| {
        if body["client_msg_id"].is_string() {
            let key = spell(text(body, "/client_msg_id"));
            set(body, "/client_msg_id", key);
        }
    });
    written.and(on(ANY_SEND).outcome(show_own_key))
}
