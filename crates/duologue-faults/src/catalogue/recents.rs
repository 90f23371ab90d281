//! Recent contacts: who is listed, with which message, in which order.

pub(super) mod leaving;

use std::collections::BTreeMap;

use duologue_core::event::{Event, Recents};
use duologue_core::id::PeerId;
use duologue_core::message::{Message, Recent};
use duologue_core::server::Effect;
use serde_json::json;

use super::roaming::newest_page;
use crate::call::Call;
use crate::fault::Fault;
use crate::json::text;
use crate::routes::{CONTACTS, EVENTS, SEND};
use crate::twist::{Twist, on};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "recents-only-of-those-who-write",
        requirement: "REC-001",
        sentence: "A message that a user sends brings the user no contact.",
        twist: || {
            contacts(|call, list, world| {
                let user = world.who(call).user().to_owned();
                list.retain(|recent| recent.message.from.as_str() != user);
            })
        },
    },
    Fault {
        id: "recents-own-message-does-not-refresh",
        requirement: "REC-001",
        sentence: "A message that a user sends moves its recipient to the end of the user's list.",
        twist: || {
            contacts(|call, list, world| {
                let user = world.who(call).user().to_owned();
                list.sort_by_key(|recent| recent.message.from.as_str() == user);
            })
        },
    },
    Fault {
        id: "recents-without-the-administrator",
        requirement: "REC-001",
        sentence: "A message of the administrator brings no contact.",
        twist: || contacts(|_, list, _| list.retain(|recent| recent.peer != PeerId::Admin)),
    },
    Fault {
        id: "recents-in-order-of-first-messages",
        requirement: "REC-001",
        sentence: "A contact keeps the place that its first message gave it.",
        twist: || placed(|order| order.first),
    },
    Fault {
        id: "recents-show-the-first-message",
        requirement: "REC-002",
        sentence: "A contact shows the oldest message of its view.",
        twist: || {
            contacts(|call, list, world| {
                for recent in list {
                    let view = view(call, &recent.peer, world);
                    recent.message = view.into_iter().next().unwrap_or(recent.message.clone());
                }
            })
        },
    },
    Fault {
        id: "recents-show-received-messages",
        requirement: "REC-002",
        sentence: "A contact shows the newest message that its peer has written, if there is one.",
        twist: || {
            contacts(|call, list, world| {
                for recent in list {
                    let mut view = view(call, &recent.peer, world);
                    view.retain(|message| message.from == recent.peer);
                    recent.message = view.pop().unwrap_or(recent.message.clone());
                }
            })
        },
    },
    Fault {
        id: "recents-list-messages",
        requirement: "REC-002",
        sentence: "The list holds every message, and not every contact once.",
        twist: || {
            contacts(|call, list, world| {
                *list = std::mem::take(list)
                    .into_iter()
                    .flat_map(|recent| {
                        let messages = view(call, &recent.peer, world).into_iter().rev();
                        messages.map(move |message| Recent {
                            peer: recent.peer.clone(),
                            message,
                        })
                    })
                    .collect();
            })
        },
    },
    Fault {
        id: "recents-oldest-first",
        requirement: "REC-003",
        sentence: "The contact of the oldest message is first.",
        twist: || contacts(|_, list, _| list.reverse()),
    },
    Fault {
        id: "recents-ordered-by-time-alone",
        requirement: "REC-003",
        sentence: "Contacts whose messages have the same `time_ms` are ordered by peer.",
        twist: || {
            contacts(|_, list, _| {
                list.sort_by(|one, other| {
                    let times = other.message.time_ms.cmp(&one.message.time_ms);
                    times.then_with(|| one.peer.cmp(&other.peer))
                });
            })
        },
    },
    Fault {
        id: "recents-falling-back-keeps-the-place",
        requirement: "REC-003",
        sentence: "A contact whose newest message expires keeps its place.",
        twist: || placed(|order| order.last),
    },
    Fault {
        id: "recents-moved-by-unstored-messages",
        requirement: "REC-003",
        sentence: "A message of lifetime 0 makes its contact the first, on both sides.",
        twist: || placed(|order| order.unstored),
    },
    Fault {
        id: "recents-reversed-in-a-sync",
        requirement: "REC-008",
        sentence: "A sync has the contact of the oldest message first.",
        twist: || {
            on(EVENTS).outcome(|_, outcome, _| {
                edit_contacts(outcome, |list| list.reverse());
            })
        },
    },
    Fault {
        id: "recents-own-messages-not-in-a-sync",
        requirement: "REC-008",
        sentence: "A sync leaves out the contacts that show a message of the user's own.",
        twist: || {
            on(EVENTS).outcome(|call, outcome, world| {
                let who = world.who(call);
                edit_contacts(outcome, |list| {
                    list.retain(|recent| recent.message.from.as_str() != who.user());
                });
            })
        },
    },
    Fault {
        id: "recents-fifty-in-a-sync",
        requirement: "REC-008",
        sentence: "A sync has fifty contacts at most.",
        twist: || {
            on(EVENTS).outcome(|_, outcome, _| {
                edit_contacts(outcome, |list| list.truncate(50));
            })
        },
    },
];

/// Changes the recent contacts that an outcome shows, in an answer or in a sync.
pub(super) fn edit_contacts(outcome: &mut Outcome, mut edit: impl FnMut(&mut Vec<Recent>)) {
    for effect in &mut outcome.effects {
        if let Effect::Deliver { frame, .. } = effect
            && let Event::Recents(list) = &mut frame.event
        {
            edit(&mut list.recents);
        }
    }
    if let Ok(mut list) = serde_json::from_value::<Recents>(outcome.json()) {
        edit(&mut list.recents);
        outcome.set_json(&json!(list));
    }
}

/// Changes the recent contacts wherever they are shown.
fn contacts(
    mut edit: impl FnMut(&Call, &mut Vec<Recent>, &mut World<'_>) + Send + 'static,
) -> Twist {
    on(CONTACTS).outcome(move |call, outcome, world| {
        edit_contacts(outcome, |list| edit(call, list, world));
    })
}

/// The newest messages of one of the caller's views, ascending.
fn view(call: &Call, peer: &PeerId, world: &mut World<'_>) -> Vec<Message> {
    newest_page(call, peer, world).map_or(Vec::new(), |page| page.messages)
}

/// When two users wrote to each other, in sends counted: at first, at last, and at last with what was
/// not stored.
#[derive(Clone, Copy)]
struct Order {
    first: usize,
    last: usize,
    unstored: usize,
}

/// The contacts are ordered by something else than the messages they show, the greatest first.
fn placed(by: fn(Order) -> usize) -> Twist {
    let (mut orders, mut sends) = (BTreeMap::<(String, String, String), Order>::new(), 0);
    on("*").outcome(move |call, outcome, world| {
        let who = world.who(call);
        if call.is(SEND) && outcome.reply.status == 200 {
            sends += 1;
            let (from, to) = (who.user(), call.json());
            let to = text(&to, "/to");
            let stored = !outcome.json()["seq"].is_null();
            for (owner, peer) in [(from, to), (to, from)] {
                let key = (who.app().to_owned(), owner.to_owned(), peer.to_owned());
                let order = orders.entry(key).or_insert(Order {
                    first: sends,
                    last: sends,
                    unstored: sends,
                });
                order.unstored = sends;
                order.last = if stored { sends } else { order.last };
            }
        }
        edit_contacts(outcome, |list| {
            list.sort_by_key(|recent| {
                let key = (
                    who.app().to_owned(),
                    who.user().to_owned(),
                    recent.peer.to_string(),
                );
                std::cmp::Reverse(orders.get(&key).map_or(usize::MAX, |order| by(*order)))
            });
        });
    })
}
