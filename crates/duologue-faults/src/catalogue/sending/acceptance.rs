//! What a send is answered with, who is refused, and the one order of what came at the same time.

use std::collections::{BTreeMap, BTreeSet};

use duologue_core::ErrorCode;
use duologue_core::event::{Event, Frame};
use duologue_core::server::Effect;
use serde_json::{Value, json};

use crate::call::Call;
use crate::fault::Fault;
use crate::json::{list, number, remove, set, text};
use crate::routes::{HISTORY, SEND};
use crate::twist::{Twist, error, on, sync};
use crate::world::{Outcome, World, reply};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "sending-answer-without-seq",
        requirement: "SND-001",
        sentence: "The answer to a send has no `seq`.",
        twist: || on(SEND).answer(|message| drop(remove(message, "/seq"))),
    },
    Fault {
        id: "sending-answer-with-the-recipients-seq",
        requirement: "SND-001",
        sentence: "The answer to a send shows the `seq` of the recipient's view.",
        twist: || on(SEND).outcome(show_the_recipients_seq),
    },
    Fault {
        id: "sending-answer-dated-later",
        requirement: "SND-001",
        sentence: "The answer to a send is dated a millisecond later than the stored message.",
        twist: || {
            on(SEND).answer(|message| {
                let time = number(message, "/time_ms");
                set(message, "/time_ms", time + 1);
            })
        },
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
        id: "sending-to-nobody-creates-the-user",
        requirement: "SND-002",
        sentence: "A send to a user who does not exist creates that user.",
        twist: || on(SEND).request(create_recipient),
    },
    Fault {
        id: "sending-to-a-deleted-user-accepted",
        requirement: "SND-002",
        sentence: "A send to a deleted user is accepted and dropped.",
        twist: || {
            let mut deleted = BTreeSet::new();
            on("DELETE /v1/admin/users/* | POST /v1/messages").outcome(
                move |call, outcome, world| accept_for_deleted(&mut deleted, call, outcome, world),
            )
        },
    },
    Fault {
        id: "sending-to-reserved-id-accepted",
        requirement: "SND-002",
        sentence: "A send to an id that begins with `@` is accepted and dropped.",
        twist: || {
            on(SEND).outcome(|call, outcome, _| {
                if text(&call.json(), "/to").starts_with('@') {
                    outcome.reply = reply(200, &json!({"message_id": "m_1"}));
                }
            })
        },
    },
    Fault {
        id: "sending-to-nobody-names-no-field",
        requirement: "SND-002",
        sentence: "The refusal of a send to a user who does not exist names no field.",
        twist: || on(SEND).without_field(ErrorCode::UserNotFound),
    },
    Fault {
        id: "sending-to-nobody-is-to-a-stranger",
        requirement: "SND-002",
        sentence: "Under `friends_only` a user who does not exist is refused as a stranger.",
        twist: || on(SEND).outcome(take_nobody_for_a_stranger),
    },
    Fault {
        id: "sending-in-anothers-name",
        requirement: "SND-003",
        sentence: "A user may write in another user's name.",
        twist: || on(SEND).instead(in_the_name_of_from),
    },
    Fault {
        id: "sending-as-the-administrator",
        requirement: "SND-003",
        sentence: "A user may write as `@admin`.",
        twist: || {
            on(SEND).instead(|call, world| {
                let as_admin = text(&call.json(), "/from") == "@admin";
                as_admin.then(|| in_the_name_of_from(call, world)).flatten()
            })
        },
    },
    Fault {
        id: "sending-in-own-name-instead",
        requirement: "SND-003",
        sentence: "A user's `from` is ignored: the message goes out in the user's own name.",
        twist: || on(SEND).body(|body| drop(remove(body, "/from"))),
    },
    Fault {
        id: "sending-in-anothers-name-names-no-field",
        requirement: "SND-003",
        sentence: "The refusal of a send in another's name names no field.",
        twist: || on(SEND).without_field(ErrorCode::AdminRequired),
    },
    Fault {
        id: "sending-mailbox-in-another-order",
        requirement: "SND-004",
        sentence: "The mailbox hands out its first two messages in the wrong order.",
        twist: || sync(|frames| swap_first_messages(frames)),
    },
    Fault {
        id: "sending-second-stream-in-another-order",
        requirement: "SND-004",
        sentence: "A user's second stream gets live messages in pairs, the later one first.",
        twist: || swapped_pairs(|nth| nth > 0),
    },
    Fault {
        id: "sending-recents-in-another-order",
        requirement: "SND-004",
        sentence: "The recent contacts of a sync come oldest first.",
        twist: || sync(|frames| reverse_recents(frames)),
    },
    Fault {
        id: "sending-views-in-another-order",
        requirement: "SND-004",
        sentence: "A view lists what its owner wrote before what the peer wrote.",
        twist: || on(HISTORY).outcome(own_first),
    },
];

fn show_the_recipients_seq(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    let message = outcome.json();
    let [from, to, id] = ["/from", "/to", "/message_id"].map(|field| text(&message, field));
    let seq = &world.filed(call, to, from, id)["seq"];
    if seq.is_u64() {
        outcome.edit(|message| {
            set(message, "/seq", seq.clone());
        });
    }
}

fn create_recipient(call: &mut Call, world: &mut World<'_>) {
    let app = world.who(call).app().to_owned();
    let path = format!("/v1/admin/users/{}", text(&call.json(), "/to"));
    world.as_admin(call, &app, "PUT", &path, &json!({}));
}

fn accept_for_deleted(
    deleted: &mut BTreeSet<(String, String)>,
    call: &Call,
    outcome: &mut Outcome,
    world: &mut World<'_>,
) {
    let app = world.who(call).app().to_owned();
    if call.method == "DELETE" {
        deleted.insert((app, call.segment(4)));
    } else if outcome.is_refused(ErrorCode::UserNotFound)
        && deleted.contains(&(app, text(&call.json(), "/to").into()))
    {
        outcome.reply = reply(200, &json!({"message_id": "m_1"}));
    }
}

fn take_nobody_for_a_stranger(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    let policy = world.policy(call);
    if outcome.is_refused(ErrorCode::UserNotFound) && policy["messaging"] == "friends_only" {
        outcome.reply = error(ErrorCode::NotFriends);
    }
}

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

/// The cursors stay where they are.
pub(crate) fn swap_first_messages(frames: &mut [Frame]) {
    let mut messages = frames
        .iter_mut()
        .filter(|frame| matches!(frame.event, Event::Message(_)));
    if let (Some(first), Some(second)) = (messages.next(), messages.next()) {
        std::mem::swap(&mut first.event, &mut second.event);
    }
}

pub(crate) fn reverse_recents(frames: &mut [Frame]) {
    for frame in frames {
        if let Event::Recents(recents) = &mut frame.event {
            recents.recents.reverse();
        }
    }
}

/// Streams that `chosen` picks by their number among those of their user hold a live message back
/// until the next one has come.
pub(crate) fn swapped_pairs(chosen: fn(usize) -> bool) -> Twist {
    let mut held = BTreeMap::new();
    on(SEND).effects(move |effect, world| {
        let Effect::Deliver { stream, .. } = &effect else {
            return vec![effect];
        };
        let (stream, listener) = (*stream, world.listener(*stream));
        let mut his = world.book.streams_of(listener.app(), listener.user());
        if !his.position(|one| one == stream).is_some_and(chosen) {
            return vec![effect];
        }
        match held.remove(&stream) {
            None => {
                held.insert(stream, effect);
                Vec::new()
            }
            Some(earlier) => vec![effect, earlier],
        }
    })
}

/// The seqs stay where they are.
pub(crate) fn own_first(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    let caller = world.who(call);
    outcome.edit(|page| {
        let Some(messages) = list(page, "/messages") else {
            return;
        };
        let seqs: Vec<Value> = messages
            .iter()
            .map(|message| message["seq"].clone())
            .collect();
        messages.sort_by_key(|message| text(message, "/from") != caller.user());
        for (message, seq) in messages.iter_mut().zip(seqs) {
            set(message, "/seq", seq);
        }
    });
}
