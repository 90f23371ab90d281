//! Order, and that whoever asks after an answer sees what it reported.

use std::collections::{BTreeMap, BTreeSet};

use duologue_core::event::{Event, Frame};
use duologue_core::id::Cursor;
use duologue_core::server::Effect;
use serde_json::Value;

use crate::catalogue::sending::acceptance::{reverse_recents, swap_first_messages, swapped_pairs};
use crate::fault::Fault;
use crate::json::{list, number, set, text};
use crate::routes::{HISTORY, LOOK_UP, RECENTS};
use crate::twist::{Twist, on, sync};
use crate::world::Outcome;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "model-live-in-another-order",
        requirement: "MOD-009",
        sentence: "Live messages come in pairs, the later one first.",
        twist: || swapped_pairs(|_| true),
    },
    Fault {
        id: "model-mailbox-in-another-order",
        requirement: "MOD-009",
        sentence: "The mailbox hands out its first two messages in the wrong order.",
        twist: || sync(|frames| swap_first_messages(frames)),
    },
    Fault {
        id: "model-recents-in-another-order",
        requirement: "MOD-009",
        sentence: "The recent contacts of a sync come oldest first.",
        twist: || sync(|frames| reverse_recents(frames)),
    },
    Fault {
        id: "model-history-in-another-order",
        requirement: "MOD-009",
        sentence: "A page of history comes newest first.",
        twist: || {
            on(HISTORY).answer(|page| {
                if let Some(messages) = list(page, "/messages") {
                    messages.reverse();
                }
            })
        },
    },
    Fault {
        id: "model-history-lags",
        requirement: "MOD-010",
        sentence: "Who asks for a history first after a message does not find it there yet.",
        twist: || {
            let mut seen = BTreeSet::new();
            on(HISTORY).outcome(move |call, outcome, world| {
                let reader = world.who(call).user().to_owned();
                outcome.edit(|page| {
                    let newest = list(page, "/messages").and_then(std::vec::Vec::pop);
                    let Some(newest) = newest else { return };
                    let look = (reader.clone(), text(&newest, "/message_id").to_owned());
                    if seen.insert(look) {
                        set(page, "/last_seq", number(&newest, "/seq").saturating_sub(1));
                    } else if let Some(messages) = list(page, "/messages") {
                        messages.push(newest);
                    }
                });
            })
        },
    },
    Fault {
        id: "model-recents-lag",
        requirement: "MOD-010",
        sentence: "Who asks for recent contacts first after a message does not find it there yet.",
        twist: || {
            let mut seen = BTreeSet::new();
            on(RECENTS).outcome(move |call, outcome, world| {
                let reader = world.who(call).user().to_owned();
                outcome.edit_list("/recents", |recents| {
                    recents.retain(|recent| {
                        let id = text(recent, "/message/message_id");
                        !seen.insert((reader.clone(), id.to_owned()))
                    });
                });
            })
        },
    },
    Fault {
        id: "model-mailbox-lags",
        requirement: "MOD-010",
        sentence: "A sync does not hand out the newest message of the mailbox.",
        twist: || {
            sync(|frames| {
                let is_message = |frame: &Frame| matches!(frame.event, Event::Message(_));
                if let Some(newest) = frames.iter().rposition(is_message) {
                    frames.remove(newest);
                }
            })
        },
    },
    Fault {
        id: "model-profile-lags",
        requirement: "MOD-010",
        sentence: "Who looks a profile up sees it as it was at the look before.",
        twist: || {
            let mut last = BTreeMap::new();
            on(LOOK_UP).outcome(move |call, outcome, world| {
                let profile = (world.who(call).app().to_owned(), call.path.clone());
                if let Some(before) = last.insert(profile, outcome.reply.clone()) {
                    outcome.reply = before;
                }
            })
        },
    },
    Fault {
        id: "model-acknowledgement-lags",
        requirement: "MOD-010",
        sentence: "What one device has acknowledged another one still gets in its next sync.",
        twist: acknowledgement_lags,
    },
];

/// The mailbox of a user as it was last handed out, and how much of it another device acknowledged.
#[derive(Default)]
struct HandedOut {
    frames: Vec<Frame>,
    acknowledged: Vec<Frame>,
}

fn acknowledgement_lags() -> Twist {
    let mut users: BTreeMap<(String, String), HandedOut> = BTreeMap::new();
    on("GET /v1/events | POST /v1/events/ack").outcome(move |call, outcome, world| {
        let who = world.who(call);
        let user = users.entry(who.owner()).or_default();
        if call.method == "POST" {
            acknowledge(user, &call.json());
        } else {
            hand_out(user, outcome);
        }
    })
}

fn acknowledge(user: &mut HandedOut, body: &Value) {
    let cursor = text(body, "/cursor").parse().ok().map(Cursor);
    let (gone, rest) = user.frames.drain(..).partition(|frame| frame.id <= cursor);
    *user = HandedOut {
        frames: rest,
        acknowledged: gone,
    };
}

fn hand_out(user: &mut HandedOut, outcome: &mut Outcome) {
    let duologue_core::server::Body::Stream { stream, .. } = outcome.reply.body else {
        return;
    };
    let late = std::mem::take(&mut user.acknowledged).into_iter();
    let late = late.map(|frame| Effect::Deliver { stream, frame });
    outcome.effects.splice(0..0, late);
    user.frames.clear();
    for effect in &outcome.effects {
        if let Effect::Deliver { frame, .. } = effect
            && frame.id.is_some()
        {
            user.frames.push(frame.clone());
        }
    }
}
