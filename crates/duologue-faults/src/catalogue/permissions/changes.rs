//! When a change of policy or lists takes hold, and what it leaves alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::book::Who;
use crate::call::Call;
use crate::fault::Fault;
use crate::routes::{BEFRIEND, BLOCK, PUT_POLICY, PUT_PROFILE, SEND, UNBLOCK, UNFRIEND};
use crate::stores::Store;
use crate::twist::{Twist, on};
use crate::world::World;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "permissions-policy-binds-late",
        requirement: "PRM-004",
        sentence: "The first send after a change of policy is judged by the former policy.",
        twist: || late(PUT_POLICY),
    },
    Fault {
        id: "permissions-accept-from-binds-late",
        requirement: "PRM-004",
        sentence: "The first send after a change of `accept_from` is judged by the former one.",
        twist: || late(PUT_PROFILE),
    },
    Fault {
        id: "permissions-friend-binds-late",
        requirement: "PRM-004",
        sentence: "The first send after a friend is added is judged as if nobody had been added.",
        twist: || late(BEFRIEND),
    },
    Fault {
        id: "permissions-unfriending-binds-late",
        requirement: "PRM-004",
        sentence: "The first send after an unfriending is judged as if they were still friends.",
        twist: || late(UNFRIEND),
    },
    Fault {
        id: "permissions-block-binds-late",
        requirement: "PRM-004",
        sentence: "The first send after a block passes it.",
        twist: || late(BLOCK),
    },
    Fault {
        id: "permissions-unblocking-binds-late",
        requirement: "PRM-004",
        sentence: "The first send after an unblocking is still blocked.",
        twist: || late(UNBLOCK),
    },
    Fault {
        id: "permissions-block-empties-the-mailbox",
        requirement: "PRM-005",
        sentence: "A block takes what the blocked user had sent out of the blocker's mailbox.",
        twist: || takes_away(BLOCK, Store::Mailbox, own),
    },
    Fault {
        id: "permissions-block-empties-the-recents",
        requirement: "PRM-005",
        sentence: "A block takes the blocked user out of the blocker's recent contacts.",
        twist: || takes_away(BLOCK, Store::Recents, own),
    },
    Fault {
        id: "permissions-unfriending-empties-the-history",
        requirement: "PRM-005",
        sentence: "An unfriending takes the history with the former friend away.",
        twist: || takes_away(UNFRIEND, Store::View, own),
    },
    Fault {
        id: "permissions-unfriending-empties-the-others-history",
        requirement: "PRM-005",
        sentence: "An unfriending takes the history away from the one who was unfriended.",
        twist: || takes_away(UNFRIEND, Store::View, the_others),
    },
    Fault {
        id: "permissions-policy-change-empties-mailboxes",
        requirement: "PRM-005",
        sentence: "A change of policy empties all mailboxes.",
        twist: || takes_away(PUT_POLICY, Store::Mailbox, |_, _| Pair::default()),
    },
    Fault {
        id: "permissions-accept-from-empties-the-mailbox",
        requirement: "PRM-005",
        sentence: "A change of `accept_from` empties the mailbox.",
        twist: || {
            takes_away(PUT_PROFILE, Store::Mailbox, |_, who| {
                (who.user().into(), String::new())
            })
        },
    },
];

/// Whose store, and the other end; an empty one stands for all.
type Pair = (String, String);

fn own(call: &Call, who: &Who) -> Pair {
    (who.user().into(), call.segment(3))
}

fn the_others(call: &Call, who: &Who) -> Pair {
    (call.segment(3), who.user().into())
}

/// The change is undone for the first send after it.
fn late(change: &'static str) -> Twist {
    let mut changes: BTreeMap<String, (Call, Call)> = BTreeMap::new();
    on("*").instead(move |call, world| {
        let app = world.who(call).app().to_owned();
        if call.is(change) {
            let undo = inverse(call, world);
            let outcome = world.ask(call);
            if outcome.reply.status < 300 {
                changes.insert(app, (undo, call.clone()));
            }
            return Some(outcome);
        }
        if !call.is(SEND) {
            return None;
        }
        let (mut undo, mut redo) = changes.remove(&app)?;
        (undo.now, redo.now) = (call.now, call.now);
        world.ask(&undo);
        let outcome = world.ask(call);
        world.ask(&redo);
        Some(outcome)
    })
}

/// The request that brings back what `change` is about to change.
fn inverse(change: &Call, world: &mut World<'_>) -> Call {
    let mut undo = change.clone();
    if change.is("PUT /v1/friends/* | PUT /v1/blocklist/*") {
        undo.method = "DELETE".into();
    } else if change.is("DELETE /v1/friends/* | DELETE /v1/blocklist/*") {
        undo.method = "PUT".into();
    } else {
        undo.method = "GET".into();
        let mut former = world.ask(&undo).json();
        if change.is(PUT_PROFILE) {
            former = json!({"accept_from": former["accept_from"]});
        }
        undo.method = "PUT".into();
        undo.set_json(&former);
    }
    undo
}

/// After the change the store shows nothing that was there before.
fn takes_away(change: &'static str, store: Store, whose: fn(&Call, &Who) -> Pair) -> Twist {
    let mut gone: BTreeSet<(String, Pair)> = BTreeSet::new();
    on("*").outcome(move |call, outcome, world| {
        let who = world.who(call);
        if call.is(change) && outcome.reply.status < 300 {
            gone.insert((who.app().into(), whose(call, &who)));
        }
        store.hide(call, outcome, |message| {
            gone.iter().any(|(app, (owner, peer))| {
                app == who.app()
                    && (owner.is_empty() || owner == who.user())
                    && (peer.is_empty() || message["from"] == **peer || message["to"] == **peer)
            })
        });
    })
}
