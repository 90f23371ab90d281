//! Blocks: what they do to friendship, and what an explicit one tells.

use std::collections::BTreeSet;

use duologue_core::ErrorCode;
use serde_json::Value;

use crate::call::Call;
use crate::fault::Fault;
use crate::routes::{BEFRIEND, BLOCK, FRIENDS, SEND, UNBLOCK};
use crate::sending::{Sending, send_accepted, send_refused};
use crate::twist::{Twist, error, on};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "permissions-blocked-peer-stays-listed",
        requirement: "PRM-010",
        sentence: "A blocked friend stays in the blocker's friend list.",
        twist: || {
            let mut blocked = BTreeSet::new();
            on("*").instead(move |call, world| {
                let caller = world.who(call);
                let owner = caller.owner();
                let user = (caller.app(), caller.user());
                if call.is(BLOCK) && world.lists(call, user, "friends", &call.segment(3)) {
                    blocked.insert((owner, call.segment(3)));
                    return None;
                }
                let still = blocked.iter().filter(|(other, _)| *other == owner);
                let still: Vec<Value> = still.map(|(_, peer)| peer.as_str().into()).collect();
                call.is(FRIENDS).then(|| {
                    let mut outcome = world.ask(call);
                    outcome.edit_list("/friends", |friends| friends.extend(still));
                    outcome
                })
            })
        },
    },
    Fault {
        id: "permissions-unblocking-befriends-again",
        requirement: "PRM-010",
        sentence: "Unblocking brings a former friend back into the friend list.",
        twist: || {
            on(UNBLOCK).outcome(|call, outcome, world| {
                let befriend = Call {
                    method: "PUT".into(),
                    path: call.path.replace("blocklist", "friends"),
                    ..call.clone()
                };
                outcome.effects.extend(world.ask(&befriend).effects);
            })
        },
    },
    Fault {
        id: "permissions-blocked-user-added-in-vain",
        requirement: "PRM-011",
        sentence: "Adding someone the caller blocks is answered 204 and adds nobody.",
        twist: || on(BEFRIEND).accepts(ErrorCode::PeerBlocked, 204, Value::Null),
    },
    Fault {
        id: "permissions-adding-unblocks",
        requirement: "PRM-011",
        sentence: "Adding someone the caller blocks unblocks them.",
        twist: || {
            on(BEFRIEND).outcome(|call, outcome, world| {
                if outcome.is_refused(ErrorCode::PeerBlocked) {
                    let unblock = Call {
                        method: "DELETE".into(),
                        path: call.path.replace("friends", "blocklist"),
                        ..call.clone()
                    };
                    world.ask(&unblock);
                    *outcome = world.ask(call);
                }
            })
        },
    },
    Fault {
        id: "permissions-once-blocked-never-added",
        requirement: "PRM-011",
        sentence: "Who was blocked once cannot be added as a friend any more.",
        twist: || {
            let mut blocked = BTreeSet::new();
            on("*").instead(move |call, world| {
                let caller = world.who(call);
                let key = (
                    caller.app().to_owned(),
                    caller.user().to_owned(),
                    call.segment(3),
                );
                if call.is(BLOCK) {
                    blocked.insert(key);
                    return None;
                }
                let refused = call.is(BEFRIEND) && blocked.contains(&key);
                refused.then(|| error(ErrorCode::PeerBlocked).into())
            })
        },
    },
    Fault {
        id: "permissions-blocker-cannot-write",
        requirement: "PRM-012",
        sentence: "Who blocks a user is refused when they write to that user.",
        twist: || send_refused(ErrorCode::PeerBlocked, sender_blocks),
    },
    Fault {
        id: "permissions-blocker-not-live",
        requirement: "PRM-012",
        sentence: "What a blocker writes to the blocked user is kept, and shown to no open stream.",
        twist: || {
            on(SEND).outcome(|call, outcome, world| {
                let sending = Sending::of(call, world);
                if sending.is_some_and(|mut sending| sending.sender_blocks()) {
                    outcome.effects.clear();
                }
            })
        },
    },
    Fault {
        id: "permissions-blocker-not-heard",
        requirement: "PRM-012",
        sentence: "What a blocker writes to the blocked user is only in the blocker's own history.",
        twist: || on(SEND).instead(block_back),
    },
    Fault {
        id: "permissions-explicit-block-is-silent",
        requirement: "PRM-017",
        sentence: "Under `explicit` a blocked send is answered as accepted, and goes nowhere.",
        twist: || keeps_the_senders_copy(true),
    },
    Fault {
        id: "permissions-explicit-block-ignored",
        requirement: "PRM-017",
        sentence: "Under `explicit` a blocked message arrives like any other.",
        twist: || send_accepted(ErrorCode::BlockedByRecipient, |_| true),
    },
    Fault {
        id: "permissions-explicit-block-passes-online-only",
        requirement: "PRM-017",
        sentence: "A message of lifetime 0 passes an explicit block.",
        twist: || {
            send_accepted(ErrorCode::BlockedByRecipient, |sending| {
                sending.call.json()["lifetime_s"] == 0
            })
        },
    },
    Fault {
        id: "permissions-explicit-block-told-as-not-friends",
        requirement: "PRM-017",
        sentence: "Under `explicit` a blocked sender is told `not_friends`.",
        twist: || on(SEND).confuses(ErrorCode::BlockedByRecipient, ErrorCode::NotFriends),
    },
    Fault {
        id: "permissions-explicit-block-kept-by-the-sender",
        requirement: "PRM-017",
        sentence: "Under `explicit` a refused message stands in the sender's history.",
        twist: || keeps_the_senders_copy(false),
    },
    Fault {
        id: "permissions-explicit-block-shown-live",
        requirement: "PRM-017",
        sentence: "Under `explicit` a refused message is shown to the recipient's open streams.",
        twist: || {
            on(SEND).outcome(|call, outcome, world| {
                if outcome.is_refused(ErrorCode::BlockedByRecipient)
                    && let Some(mut sending) = Sending::of(call, world)
                {
                    outcome.effects.extend(sending.only_live().effects);
                }
            })
        },
    },
];

fn sender_blocks(sending: &mut Sending<'_, '_>) -> bool {
    sending.sender_blocks()
}

/// For this one send the block is mutual, and silent.
fn block_back(call: &mut Call, world: &mut World<'_>) -> Option<Outcome> {
    let mut sending = Sending::of(call, world)?;
    if !sending.sender_blocks() {
        return None;
    }
    let (app, from, to) = (sending.app, sending.from, sending.to);
    let path = format!("/v1/blocklist/{from}");
    world.as_user(call, (&app, &to), "PUT", &path, &Value::Null);
    let outcome = world.ask(call);
    world.as_user(call, (&app, &to), "DELETE", &path, &Value::Null);
    Some(outcome)
}

/// Under `explicit` the sender keeps the message as under `silent`, and is told or refused.
fn keeps_the_senders_copy(accepts: bool) -> Twist {
    on(SEND).outcome(move |call, outcome, world| {
        if !outcome.is_refused(ErrorCode::BlockedByRecipient) {
            return;
        }
        let kept = world.ask_under(call, "block_visibility", "silent");
        if accepts {
            *outcome = kept;
        }
    })
}
