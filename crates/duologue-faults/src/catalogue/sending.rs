//! Sending: acceptance, idempotency keys, lifetime, messages to oneself.

use std::collections::BTreeSet;

use duologue_core::ErrorCode;
use duologue_core::event::Event;
use serde_json::json;

use crate::call::Call;
use crate::fault::Fault;
use crate::json::{remove, set};
use crate::twist::{on, sync};
use crate::world::{Outcome, World};

const SEND: &str = "POST /v1/messages";
const ANY_SEND: &str = "POST /v1/messages | POST /v1/admin/messages";

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        id: "sending-answer-without-seq",
        requirement: "SND-001",
        sentence: "The answer to a send has no `seq`.",
        twist: || on(SEND).answer(|message| drop(remove(message, "/seq"))),
    },
    Fault {
        id: "sending-answered-with-201",
        requirement: "SND-001",
        sentence: "An accepted send is answered 201.",
        twist: || on(SEND).status(201),
    },
    Fault {
        id: "sending-to-nobody-accepted",
        requirement: "SND-002",
        sentence: "A send to a user who does not exist is accepted and dropped.",
        twist: || on(SEND).accepts(ErrorCode::UserNotFound, 200, json!({"message_id": "m_1"})),
    },
    Fault {
        id: "sending-in-anothers-name",
        requirement: "SND-003",
        sentence: "A user may write in another user's name.",
        twist: || on(SEND).instead(in_the_name_of_from),
    },
    Fault {
        id: "sending-in-own-name-instead",
        requirement: "SND-003",
        sentence: "A user's `from` is ignored: the message goes out in the user's own name.",
        twist: || on(SEND).body(|body| drop(remove(body, "/from"))),
    },
    Fault {
        id: "sending-mailbox-in-another-order",
        requirement: "SND-004",
        sentence: "The mailbox hands out its first two messages in the wrong order.",
        twist: || sync(swap_first_messages),
    },
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
            let mut keys = BTreeSet::new();
            on(SEND).instead(move |call, world| refuse_again(&mut keys, call, world))
        },
    },
    Fault {
        id: "sending-repeat-delivered-again",
        requirement: "SND-005",
        sentence: "A repeat gets the original answer and is delivered once more.",
        twist: || {
            let mut keys = BTreeSet::new();
            on(SEND).outcome(move |call, outcome, world| {
                deliver_again(&mut keys, call, outcome, world);
            })
        },
    },
    Fault {
        id: "sending-key-with-another-body-is-a-repeat",
        requirement: "SND-006",
        sentence: "A used key with another body gets the original answer.",
        twist: || on(ANY_SEND).accepts(ErrorCode::IdempotencyConflict, 200, json!({})),
    },
    Fault {
        id: "sending-conflict-has-no-field",
        requirement: "SND-006",
        sentence: "A conflict does not name the field.",
        twist: || on(ANY_SEND).confuses(ErrorCode::IdempotencyConflict, ErrorCode::PeerBlocked),
    },
];

/// The administrator sends what a user may not.
fn in_the_name_of_from(call: &mut Call, world: &mut World<'_>) -> Option<Outcome> {
    let caller = world.who(call);
    let mut body = call.json();
    let foreign = body["from"].is_string() && body["from"] != caller.user();
    if !foreign {
        return None;
    }
    set(&mut body, "/sync_to_sender", true);
    Some(world.as_admin(call, caller.app(), "POST", "/v1/admin/messages", &body))
}

fn swap_first_messages(frames: &mut Vec<duologue_core::event::Frame>) {
    let messages = frames.iter().enumerate();
    let mut at = messages.filter(|(_, frame)| matches!(frame.event, Event::Message(_)));
    if let (Some((first, _)), Some((second, _))) = (at.next(), at.next()) {
        frames.swap(first, second);
    }
}

/// A send of lifetime 0 shows what would become of it, and leaves nothing behind.
fn refuse_again(
    keys: &mut BTreeSet<String>,
    call: &Call,
    world: &mut World<'_>,
) -> Option<Outcome> {
    let mut body = call.json();
    let key = remove(&mut body, "/client_msg_id")?.to_string();
    if keys.insert(key) {
        return None;
    }
    set(&mut body, "/lifetime_s", 0);
    let mut trial = call.clone();
    trial.set_json(&body);
    let outcome = world.ask(&trial);
    (outcome.reply.status >= 400).then_some(outcome)
}

fn deliver_again(
    keys: &mut BTreeSet<String>,
    call: &Call,
    outcome: &mut Outcome,
    world: &mut World<'_>,
) {
    let mut body = call.json();
    let Some(key) = remove(&mut body, "/client_msg_id") else {
        return;
    };
    if outcome.reply.status == 200 && !keys.insert(key.to_string()) {
        set(&mut body, "/lifetime_s", 0);
        let mut again = call.clone();
        again.set_json(&body);
        outcome.effects.extend(world.ask(&again).effects);
    }
}
