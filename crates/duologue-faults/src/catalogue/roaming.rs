//! Roaming: what the history keeps, and for how long.

pub(super) mod conversations;
pub(super) mod covered;
pub(super) mod pages;

use std::collections::BTreeSet;

use duologue_core::ErrorCode;
use duologue_core::answer::{Conversations, History};
use duologue_core::id::{PeerId, Seq};
use duologue_core::message::Message;
use serde_json::{Value, json};

use crate::book::Owner;
use crate::call::Call;
use crate::fault::Fault;
use crate::frames::live_of;
use crate::memory::{Mailboxes, Sent};
use crate::routes::{DELETE_USER, HISTORY};
use crate::twist::{Twist, error, on};
use crate::world::{Outcome, World, reply};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "roaming-acknowledged-messages-leave",
        requirement: "ROA-001",
        sentence: "What was acknowledged is gone from its recipient's history.",
        twist: acknowledged_leave,
    },
    Fault {
        id: "roaming-live-messages-are-not-filed",
        requirement: "ROA-001",
        sentence: "What went live to its recipient is not in the recipient's history.",
        twist: live_are_not_filed,
    },
    Fault {
        id: "roaming-own-messages-are-not-filed",
        requirement: "ROA-001",
        sentence: "What a user wrote is not in the user's own history.",
        twist: || {
            each_page(|call, page, world| {
                let who = world.who(call);
                page.messages
                    .retain(|message| message.from.as_str() != who.user());
            })
        },
    },
    Fault {
        id: "roaming-expires-a-millisecond-early",
        requirement: "ROA-001",
        sentence: "A message has left the history a millisecond before its `expires_ms`.",
        twist: || {
            each_page(|call, page, world| {
                let now_ms = world.now(call);
                page.messages
                    .retain(|message| now_ms + 1 < message.expires_ms.0);
            })
        },
    },
    Fault {
        id: "roaming-expires-a-millisecond-late",
        requirement: "ROA-001",
        sentence: "A message is still in the history at its `expires_ms`, for a millisecond.",
        twist: || lists_expired(|message, now_ms, _, _| message.expires_ms.0 == now_ms),
    },
    Fault {
        id: "roaming-own-messages-do-not-expire",
        requirement: "ROA-001",
        sentence: "What a user wrote stays in the user's own history when it expires.",
        twist: || lists_expired(|message, _, user, _| message.from.as_str() == user),
    },
    Fault {
        id: "roaming-as-short-as-the-offline-cache",
        requirement: "ROA-001",
        sentence: "A message leaves the history when the offline cache lets go of it.",
        twist: || {
            each_page(|call, page, world| {
                let ttl_s = world.limit(call, "offline_ttl_s").unwrap_or_default();
                let now_ms = world.now(call);
                page.messages
                    .retain(|message| now_ms < message.time_ms.0 + ttl_s * 1000);
            })
        },
    },
    Fault {
        id: "roaming-ends-with-the-peer",
        requirement: "ROA-001",
        sentence: "The history with a user is empty once the user is deleted.",
        twist: || with_deleted(|outcome| edit_history(outcome, |page| page.messages.clear())),
    },
    Fault {
        id: "roaming-expired-messages-come-back",
        requirement: "ROA-008",
        sentence: "A page between two bounds lists expired messages, too.",
        twist: || {
            lists_expired(|_, _, _, call| {
                call.parameter("before").is_some() && call.parameter("after").is_some()
            })
        },
    },
    Fault {
        id: "roaming-unknown-peer-has-an-empty-history",
        requirement: "ROA-011",
        sentence: "The history with an id that is nobody's is empty.",
        twist: || on(HISTORY).accepts(ErrorCode::UserNotFound, 200, empty_page()),
    },
    Fault {
        id: "roaming-no-history-before-the-first-message",
        requirement: "ROA-011",
        sentence: "The history with a user one never talked to is answered 404.",
        twist: || {
            on(HISTORY).outcome(|_, outcome, _| {
                if outcome.json()["last_seq"] == 0 {
                    outcome.reply = error(ErrorCode::UserNotFound);
                }
            })
        },
    },
    Fault {
        id: "roaming-deleted-peer-has-no-history",
        requirement: "ROA-011",
        sentence: "The history with a deleted user is answered 404.",
        twist: || with_deleted(|outcome| outcome.reply = error(ErrorCode::UserNotFound)),
    },
    Fault {
        id: "roaming-expired-view-of-a-deleted-peer-is-gone",
        requirement: "ROA-011",
        sentence: "The history with a deleted user is answered 404 once all of it has expired.",
        twist: || {
            with_deleted(|outcome| {
                if outcome.json()["first_seq"].is_null() {
                    outcome.reply = error(ErrorCode::UserNotFound);
                }
            })
        },
    },
    Fault {
        id: "roaming-deleted-user-is-known-to-strangers",
        requirement: "ROA-011",
        sentence: "The history with a deleted user whom one never talked to is empty.",
        twist: || {
            with_deleted(|outcome| {
                if outcome.is_refused(ErrorCode::UserNotFound) {
                    outcome.reply = reply(200, &empty_page());
                }
            })
        },
    },
];

/// Changes the page of history that an outcome answers with, if it is one.
pub(super) fn edit_history(outcome: &mut Outcome, edit: impl FnOnce(&mut History)) {
    if let Ok(mut page) = serde_json::from_value::<History>(outcome.json()) {
        edit(&mut page);
        outcome.set_json(&json!(page));
    }
}

/// The newest page of the caller's history with a peer; `like` is a request of the caller's.
pub(super) fn newest_page(like: &Call, peer: &PeerId, world: &mut World<'_>) -> Option<History> {
    let mut asked = like.clone();
    asked.path = format!("/v1/conversations/{peer}/messages");
    asked.query.clear();
    page_of(&asked, world)
}

/// The peers of the caller's conversations, as far as one page lists them; `like` is a request of the
/// caller's.
pub(super) fn peers(like: &Call, world: &mut World<'_>) -> Vec<PeerId> {
    let mut asked = like.clone();
    asked.path = "/v1/conversations".into();
    asked.query.clear();
    let page: Option<Conversations> = serde_json::from_value(world.ask(&asked).json()).ok();
    let views = page.map_or(Vec::new(), |page| page.conversations);
    views.into_iter().map(|view| view.peer).collect()
}

/// The page of history that a request asks for.
fn page_of(call: &Call, world: &mut World<'_>) -> Option<History> {
    serde_json::from_value(world.ask(call).json()).ok()
}

/// Changes each page of history.
fn each_page(mut edit: impl FnMut(&Call, &mut History, &mut World<'_>) + Send + 'static) -> Twist {
    on(HISTORY).outcome(move |call, outcome, world| {
        edit_history(outcome, |page| edit(call, page, world));
    })
}

fn empty_page() -> Value {
    json!({"messages": [], "covered": null, "complete": true, "first_seq": null, "last_seq": 0})
}

fn acknowledged_leave() -> Twist {
    let mut mailboxes = Mailboxes::default();
    on("*").outcome(move |call, outcome, world| {
        mailboxes.learn(call, outcome, world);
        let gone = mailboxes.acknowledged(&world.who(call).owner());
        edit_history(outcome, |page| {
            page.messages
                .retain(|message| !gone.contains(&message.message_id));
        });
    })
}

fn live_are_not_filed() -> Twist {
    let mut live = BTreeSet::new();
    on("*").outcome(move |call, outcome, world| {
        live.extend(live_of(outcome));
        let user = world.who(call).user().to_owned();
        edit_history(outcome, |page| {
            page.messages.retain(|message| {
                message.to.as_str() != user || !live.contains(&message.message_id)
            });
        });
    })
}

/// A page also lists what has expired and `stays`; asked with the time, the reader and the request.
fn lists_expired(stays: fn(&Message, u64, &str, &Call) -> bool) -> Twist {
    let mut sent = Sent::default();
    on("*").outcome(move |call, outcome, world| {
        sent.learn(call, outcome, world);
        if !call.is(HISTORY) {
            return;
        }
        let owner = world.who(call).owner();
        let now_ms = world.now(call);
        let peer = call.segment(3);
        let expired = sent
            .between(&owner, &peer)
            .filter(|message| message.expires_ms.0 <= now_ms);
        edit_history(outcome, |page| {
            let inside = |seq: Seq| {
                page.covered
                    .is_some_and(|covered| covered.from <= seq && seq <= covered.to)
            };
            let back = expired.filter(|message| {
                message.seq.is_some_and(inside) && stays(message, now_ms, &owner.1, call)
            });
            page.messages.extend(back.cloned());
            page.messages.sort_by_key(|message| message.seq);
        });
    })
}

/// Something else comes of asking for the history with a deleted user.
fn with_deleted(edit: fn(&mut Outcome)) -> Twist {
    let mut deleted = BTreeSet::<Owner>::new();
    on("*").outcome(move |call, outcome, world| {
        let app = world.who(call).app().to_owned();
        if call.is(DELETE_USER) {
            deleted.insert((app, call.segment(4)));
        } else if call.is(HISTORY) && deleted.contains(&(app, call.segment(3))) {
            edit(outcome);
        }
    })
}
