//! Numbers in views that are not what they should be. The core numbers as ever; what it tells is renumbered.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::call::Call;
use crate::fault::Fault;
use crate::json::{number, set, text};
use crate::routes::{ADMIN_HISTORY, ADMIN_SEND, HISTORY, SEND};
use crate::told::{retell, sent};
use crate::twist::{Twist, on};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "model-seqs-from-0",
        requirement: "MOD-005",
        sentence: "A view numbers its messages from 0.",
        twist: || {
            on("*").outcome(|call, outcome, world| {
                renumber(call, outcome, world, |_, seq| seq.saturating_sub(1));
            })
        },
    },
    Fault {
        id: "model-one-count-for-all-views",
        requirement: "MOD-005",
        sentence: "All views of a user are numbered by one count.",
        twist: one_count_a_user,
    },
    Fault {
        id: "model-refused-body-takes-a-number",
        requirement: "MOD-005",
        sentence: "A send that is refused for its body takes a number in the sender's view.",
        twist: || {
            taking(|call, outcome, world| {
                let refused = call.is(SEND) && matches!(outcome.reply.status, 400 | 413);
                refused
                    .then(|| parties(call, world).0)
                    .into_iter()
                    .collect()
            })
        },
    },
    Fault {
        id: "model-refused-send-takes-a-number",
        requirement: "MOD-005",
        sentence: "A send that is refused for want of permission takes a number in the sender's view.",
        twist: || {
            taking(|call, outcome, world| {
                let refused = call.is(SEND) && outcome.reply.status == 403;
                refused
                    .then(|| parties(call, world).0)
                    .into_iter()
                    .collect()
            })
        },
    },
    Fault {
        id: "model-refused-send-takes-the-peers-number",
        requirement: "MOD-005",
        sentence: "A send that is refused for want of permission takes a number in the recipient's view.",
        twist: || {
            taking(|call, outcome, world| {
                let refused = call.is(SEND) && outcome.reply.status == 403;
                refused
                    .then(|| parties(call, world).1)
                    .into_iter()
                    .collect()
            })
        },
    },
    Fault {
        id: "model-online-only-takes-a-number",
        requirement: "MOD-005",
        sentence: "A message of lifetime 0 takes a number in both views.",
        twist: || {
            taking(|call, outcome, world| {
                let online_only = sent(outcome).is_some_and(|message| message.seq.is_none());
                let (own, peers) = parties(call, world);
                let views = [own, peers].into_iter();
                views.filter(|_| call.is(SEND) && online_only).collect()
            })
        },
    },
    Fault {
        id: "model-one-count-for-both-views",
        requirement: "MOD-006",
        sentence: "The two views of a conversation are numbered by one count.",
        twist: one_count_a_conversation,
    },
    Fault {
        id: "model-blocked-message-takes-a-number",
        requirement: "MOD-006",
        sentence: "A silently blocked message takes a number in the view of who blocks.",
        twist: || {
            taking(|call, outcome, world| {
                let (_, peers) = parties(call, world);
                let kept = call.is(SEND) && !stands_in(&peers, call, outcome, world);
                kept.then_some(peers).into_iter().collect()
            })
        },
    },
    Fault {
        id: "model-message-in-ones-name-takes-a-number",
        requirement: "MOD-006",
        sentence: "A message the administrator sends in a user's name takes a number in that user's view.",
        twist: || {
            taking(|call, outcome, world| {
                let (own, _) = parties(call, world);
                let elsewhere = call.is(ADMIN_SEND) && !stands_in(&own, call, outcome, world);
                elsewhere.then_some(own).into_iter().collect()
            })
        },
    },
    Fault {
        id: "model-numbers-begin-anew-after-expiry",
        requirement: "MOD-007",
        sentence: "A view whose messages have all expired begins at 1 again.",
        twist: || {
            begins_anew(|view, seq, call, world| {
                let path = format!("/v1/conversations/{}/messages", view.peer);
                let own = (view.app.as_str(), view.owner.as_str());
                let page = world.as_user(call, own, "GET", &path, &Value::Null);
                page.is_some_and(|page| number(&page.json(), "/first_seq") == seq)
            })
        },
    },
    Fault {
        id: "model-numbers-begin-anew-with-the-peer",
        requirement: "MOD-007",
        sentence: "A view begins at 1 again when its peer was deleted and created again.",
        twist: || {
            begins_anew(|view, _, call, world| {
                let path = format!(
                    "/v1/admin/conversations/{}/{}/messages",
                    view.peer, view.owner
                );
                let other = world
                    .as_admin(call, &view.app, "GET", &path, &Value::Null)
                    .json();
                let own = format!("/v1/conversations/{}/messages", view.peer);
                let owner = (view.app.as_str(), view.owner.as_str());
                let own = world.as_user(call, owner, "GET", &own, &Value::Null);
                let own = own.map(|own| own.json()).unwrap_or_default();
                // The new peer's view has this message only.
                let count = |page: &Value| page["messages"].as_array().map_or(0, Vec::len);
                count(&other) == 1 && count(&own) > 1
            })
        },
    },
];

/// One user's view with one peer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct View {
    app: String,
    owner: String,
    peer: String,
}

/// The two views of a send: that of `from`, that of `to`.
fn parties(call: &Call, world: &World<'_>) -> (View, View) {
    let who = world.who(call);
    let body = call.json();
    let from = body["from"].as_str().unwrap_or(who.user()).to_owned();
    let to = text(&body, "/to").to_owned();
    let view = |owner: &str, peer: &str| View {
        app: who.app().into(),
        owner: owner.into(),
        peer: peer.into(),
    };
    (view(&from, &to), view(&to, &from))
}

/// Whether what was sent stands in the view; true when nothing was stored.
fn stands_in(view: &View, call: &Call, outcome: &Outcome, world: &mut World<'_>) -> bool {
    let Some(message) = sent(outcome).filter(|message| message.seq.is_some()) else {
        return true;
    };
    let id = message.message_id.to_string();
    !world.filed(call, &view.owner, &view.peer, &id).is_null()
}

/// Tells other seqs than the core's: in messages wherever they come, and round the pages of a history.
fn renumber(
    call: &Call,
    outcome: &mut Outcome,
    world: &mut World<'_>,
    mut told: impl FnMut(&View, u64) -> u64,
) {
    retell(outcome, call, world, |reader, message, _| {
        let (from, to) = (text(message, "/from"), text(message, "/to"));
        let owner = match reader.user() {
            "" if call.is(ADMIN_HISTORY) => call.segment(4),
            "" => to.to_owned(),
            user => user.to_owned(),
        };
        let view = View {
            app: reader.app().into(),
            peer: if owner == from { to } else { from }.into(),
            owner,
        };
        if let Some(seq) = message["seq"].as_u64() {
            set(message, "/seq", told(&view, seq));
        }
    });
    if call.is(HISTORY) {
        let who = world.who(call);
        let view = View {
            app: who.app().into(),
            owner: who.user().into(),
            peer: call.segment(3),
        };
        outcome.edit(|page| {
            for field in ["/first_seq", "/last_seq", "/covered/from", "/covered/to"] {
                if number(page, field) > 0 {
                    set(page, field, told(&view, number(page, field)));
                }
            }
        });
    }
}

/// Some requests take a number in the views that `takes` names.
fn taking(takes: fn(&Call, &Outcome, &mut World<'_>) -> Vec<View>) -> Twist {
    // Of each view the last seq at each such request.
    let mut taken: BTreeMap<View, Vec<u64>> = BTreeMap::new();
    on("*").outcome(move |call, outcome, world| {
        for view in takes(call, outcome, world) {
            let last = last_seq(&view, call, world);
            taken.entry(view).or_default().push(last);
        }
        renumber(call, outcome, world, |view, seq| {
            let before = taken.get(view).into_iter().flatten();
            seq + before.filter(|last| **last < seq).count() as u64
        });
    })
}

fn last_seq(view: &View, call: &Call, world: &mut World<'_>) -> u64 {
    let path = format!("/v1/conversations/{}/messages", view.peer);
    let page = world.as_user(call, (&view.app, &view.owner), "GET", &path, &Value::Null);
    page.map_or(0, |page| number(&page.json(), "/last_seq"))
}

fn one_count_a_user() -> Twist {
    let mut given: BTreeMap<(String, String), Vec<(String, u64)>> = BTreeMap::new();
    on("*").outcome(move |call, outcome, world| {
        renumber(call, outcome, world, |view, seq| {
            let owner = (view.app.clone(), view.owner.clone());
            let own = given.entry(owner).or_default();
            nth(own, (view.peer.clone(), seq))
        });
    })
}

fn one_count_a_conversation() -> Twist {
    let mut given: BTreeMap<(String, BTreeSet<String>), Vec<String>> = BTreeMap::new();
    on("*").outcome(move |call, outcome, world| {
        retell(outcome, call, world, |reader, message, _| {
            let parties = ["/from", "/to"].map(|party| text(message, party).to_owned());
            let conversation = (reader.app().to_owned(), BTreeSet::from(parties));
            if message["seq"].is_u64() {
                let messages = given.entry(conversation).or_default();
                let seq = nth(messages, text(message, "/message_id").to_owned());
                set(message, "/seq", seq);
            }
        });
    })
}

/// The place of `one` in the list, from 1; it gets the next if it has none.
fn nth<T: PartialEq>(list: &mut Vec<T>, one: T) -> u64 {
    let at = list.iter().position(|other| *other == one);
    let at = at.unwrap_or_else(|| {
        list.push(one);
        list.len() - 1
    });
    at as u64 + 1
}

/// A view begins at 1 again with an accepted message whose view and seq `anew` picks.
fn begins_anew(anew: fn(&View, u64, &Call, &mut World<'_>) -> bool) -> Twist {
    let mut bases: BTreeMap<View, u64> = BTreeMap::new();
    on("*").outcome(move |call, outcome, world| {
        if call.is(SEND) && sent(outcome).is_some() {
            let (own, peers) = parties(call, world);
            for view in [own, peers] {
                let last = last_seq(&view, call, world);
                if last > 1 && anew(&view, last, call, world) {
                    bases.entry(view).or_insert(last - 1);
                }
            }
        }
        renumber(call, outcome, world, |view, seq| {
            let base = bases.get(view).copied().unwrap_or_default();
            if seq > base { seq - base } else { seq }
        });
    })
}
