//! What becomes of a send that was sent before, and of another one under its key.

use std::collections::{BTreeMap, BTreeSet};

use duologue_core::ErrorCode;
use serde_json::{Value, json};

use super::{conflict, scoped};
use crate::call::Call;
use crate::fault::Fault;
use crate::json::{number, remove, set, text};
use crate::routes::{ANY_SEND, SEND};
use crate::sending::passing;
use crate::twist::{Twist, on};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "sending-repeat-stored-twice",
        requirement: "SND-005",
        sentence: "A repeat is a new message.",
        twist: || on(ANY_SEND).body(|body| drop(remove(body, "/client_msg_id"))),
    },
    Fault {
        id: "sending-repeat-checked-again",
        requirement: "SND-005",
        sentence: "A repeat that would be refused today is refused.",
        twist: || {
            of_repeats(|call, outcome, world| {
                let trial = world.ask(&passing(call));
                if trial.reply.status >= 400 {
                    outcome.reply = trial.reply;
                }
            })
        },
    },
    Fault {
        id: "sending-repeat-delivered-again",
        requirement: "SND-005",
        sentence: "A repeat gets the original answer and is delivered once more.",
        twist: || {
            of_repeats(|call, outcome, world| {
                outcome.effects.extend(world.ask(&passing(call)).effects);
            })
        },
    },
    Fault {
        id: "sending-repeat-answered-anew",
        requirement: "SND-005",
        sentence: "A repeat is answered with a time of its own.",
        twist: || {
            of_repeats(|_, outcome, _| {
                outcome.edit(|message| {
                    let time = number(message, "/time_ms");
                    set(message, "/time_ms", time + 1);
                });
            })
        },
    },
    Fault {
        id: "sending-repeat-moves-up",
        requirement: "SND-005",
        sentence: "A repeat moves its conversation to the top of the recipient's recent contacts.",
        twist: moves_up,
    },
    Fault {
        id: "sending-key-known-a-send-late",
        requirement: "SND-005",
        sentence: "A key is known only after the next send: one repeated at once is stored twice.",
        twist: || {
            let mut last = BTreeMap::new();
            on(SEND).request(move |call, world| {
                let app = world.who(call).app().to_owned();
                let key = scoped(call, world);
                if last.insert(app, key.clone()) == Some(key.clone()) && key.is_some() {
                    drop_key(call);
                }
            })
        },
    },
    Fault {
        id: "sending-online-only-key-not-kept",
        requirement: "SND-005",
        sentence: "The key of a message of lifetime 0 is not kept.",
        twist: || {
            on(SEND).body(|body| {
                if body["lifetime_s"] == 0 {
                    remove(body, "/client_msg_id");
                }
            })
        },
    },
    Fault {
        id: "sending-key-of-a-note-not-kept",
        requirement: "SND-005",
        sentence: "The key of a message to oneself is not kept.",
        twist: || {
            on(SEND).request(|call, world| {
                if text(&call.json(), "/to") == world.who(call).user() {
                    drop_key(call);
                }
            })
        },
    },
    Fault {
        id: "sending-repeat-known-by-its-bytes",
        requirement: "SND-005",
        sentence: "A repeat in which the order of members or white space differ is a conflict.",
        twist: || same_if(|call| call.body.clone()),
    },
    Fault {
        id: "sending-unknown-fields-compared",
        requirement: "SND-005",
        sentence: "A repeat with an unknown field is a conflict.",
        twist: || same_if(|call| call.json().to_string().into_bytes()),
    },
    Fault {
        id: "sending-key-with-another-body-is-a-repeat",
        requirement: "SND-006",
        sentence: "A used key with another body gets the original answer.",
        twist: || on(ANY_SEND).accepts(ErrorCode::IdempotencyConflict, 200, json!({})),
    },
    Fault {
        id: "sending-key-with-another-content-is-a-repeat",
        requirement: "SND-006",
        sentence: "A used key with another content gets the original answer.",
        twist: || blind_to(&["content"]),
    },
    Fault {
        id: "sending-key-with-another-recipient-is-a-repeat",
        requirement: "SND-006",
        sentence: "A used key with other recipients gets the original answer.",
        twist: || blind_to(&["to", "to_users"]),
    },
    Fault {
        id: "sending-key-with-other-custom-data-is-a-repeat",
        requirement: "SND-006",
        sentence: "A used key with other custom data gets the original answer.",
        twist: || blind_to(&["custom_data"]),
    },
    Fault {
        id: "sending-key-with-another-lifetime-is-a-repeat",
        requirement: "SND-006",
        sentence: "A used key with another lifetime gets the original answer.",
        twist: || blind_to(&["lifetime_s"]),
    },
    Fault {
        id: "sending-key-with-another-push-is-a-repeat",
        requirement: "SND-006",
        sentence: "A used key with other wishes for the push gets the original answer.",
        twist: || blind_to(&["push"]),
    },
    Fault {
        id: "sending-key-with-another-sync-to-sender-is-a-repeat",
        requirement: "SND-006",
        sentence: "A used key with another `sync_to_sender` gets the original answer.",
        twist: || blind_to(&["sync_to_sender"]),
    },
    Fault {
        id: "sending-conflict-names-no-field",
        requirement: "SND-006",
        sentence: "A conflict does not name the field.",
        twist: || on(ANY_SEND).without_field(ErrorCode::IdempotencyConflict),
    },
    Fault {
        id: "sending-conflict-under-another-code",
        requirement: "SND-006",
        sentence: "A conflict is answered as an invalid field.",
        twist: || on(ANY_SEND).confuses(ErrorCode::IdempotencyConflict, ErrorCode::InvalidField),
    },
    Fault {
        id: "sending-conflict-sent-nevertheless",
        requirement: "SND-006",
        sentence: "A conflict is answered as one, and the other message is sent.",
        twist: || {
            on(ANY_SEND).outcome(|call, outcome, world| {
                if outcome.is_refused(ErrorCode::IdempotencyConflict) {
                    let mut keyless = call.clone();
                    drop_key(&mut keyless);
                    outcome.effects.extend(world.ask(&keyless).effects);
                }
            })
        },
    },
    Fault {
        id: "sending-conflict-takes-the-key",
        requirement: "SND-006",
        sentence: "After a conflict the original message is a conflict too.",
        twist: || {
            let mut taken = BTreeSet::new();
            on(ANY_SEND).outcome(move |call, outcome, world| {
                let key = scoped(call, world);
                if outcome.is_refused(ErrorCode::IdempotencyConflict) {
                    taken.insert(key);
                } else if key.is_some() && taken.contains(&key) {
                    *outcome = conflict();
                }
            })
        },
    },
];

pub(super) fn drop_key(call: &mut Call) {
    let mut body = call.json();
    if remove(&mut body, "/client_msg_id").is_some() {
        call.set_json(&body);
    }
}

/// Changes what comes of a send whose key was accepted before.
fn of_repeats(mut edit: impl FnMut(&Call, &mut Outcome, &mut World<'_>) + Send + 'static) -> Twist {
    let mut keys = BTreeSet::new();
    on(SEND).outcome(move |call, outcome, world| {
        let Some(key) = scoped(call, world).filter(|_| outcome.reply.status == 200) else {
            return;
        };
        if keys.contains(&key) {
            edit(call, outcome, world);
        }
        keys.insert(key);
    })
}

/// Until the app's next send, the recipient's recent contacts begin with the sender of a repeat.
fn moves_up() -> Twist {
    let mut keys = BTreeSet::new();
    let mut raised = BTreeMap::new();
    on("POST /v1/messages | GET /v1/recents").outcome(move |call, outcome, world| {
        let who = world.who(call);
        let (app, user) = who.owner();
        if call.method == "POST" {
            let key = scoped(call, world);
            raised.remove(&app);
            if key.is_some() && !keys.insert(key) {
                raised.insert(app, (user, call.recipient()));
            }
        } else if let Some((sender, _)) = raised.get(&app).filter(|(_, to)| *to == user) {
            outcome.edit_list("/recents", |recents| {
                recents.sort_by_key(|recent| text(recent, "/peer") != sender);
            });
        }
    })
}

/// A repeat whose body `looks` otherwise than the first is taken for another message.
fn same_if(looks: fn(&Call) -> Vec<u8>) -> Twist {
    let mut first = BTreeMap::new();
    on(SEND).instead(move |call, world| {
        let key = scoped(call, world)?;
        let look = looks(call);
        (*first.entry(key).or_insert_with(|| look.clone()) != look).then(conflict)
    })
}

/// Sends under one key are compared without these fields.
fn blind_to(fields: &'static [&str]) -> Twist {
    let mut first = BTreeMap::new();
    on(ANY_SEND).request(move |call, world| {
        let Some(key) = scoped(call, world) else {
            return;
        };
        let mut body = call.json();
        let original: &Value = first.entry(key).or_insert_with(|| body.clone());
        for field in fields {
            match original.get(field) {
                Some(value) => body[field] = value.clone(),
                None => drop(remove(&mut body, &format!("/{field}"))),
            }
        }
        call.set_json(&body);
    })
}
