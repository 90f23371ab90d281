//! Silent blocks: what the blocked sender sees, and what the recipient does not.

use std::collections::{BTreeMap, BTreeSet};

use duologue_core::ErrorCode;
use duologue_core::server::Effect;
use serde_json::{Value, json};

use crate::call::Call;
use crate::fault::Fault;
use crate::frames::messages_of;
use crate::json::{number, remove, set, text};
use crate::routes::{BEFRIEND, BLOCK, HISTORY, LOOK_UP, PUT_PROFILE, SEND, UNBLOCK};
use crate::sending::{Sending, send_accepted};
use crate::stores::Store;
use crate::twist::{Twist, error, on};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "permissions-silent-send-without-seq",
        requirement: "PRM-013",
        sentence: "A silently blocked send is answered with the `seq` null.",
        twist: || silent_answer(|message| set(message, "/seq", Value::Null)),
    },
    Fault {
        id: "permissions-silent-send-expires-at-once",
        requirement: "PRM-013",
        sentence: "A silently blocked send is answered with an `expires_ms` that has come.",
        twist: || {
            silent_answer(|message| {
                let now = message["time_ms"].clone();
                set(message, "/expires_ms", now);
            })
        },
    },
    Fault {
        id: "permissions-silent-send-without-key",
        requirement: "PRM-013",
        sentence: "A silently blocked send is answered without its idempotency key, which stays free.",
        twist: || {
            on(SEND).request(|call, world| {
                let blocked = Sending::of(call, world).is_some_and(|mut send| send.is_blocked());
                let mut body = call.json();
                if blocked && remove(&mut body, "/client_msg_id").is_some() {
                    call.set_json(&body);
                }
            })
        },
    },
    Fault {
        id: "permissions-silent-send-not-in-own-history",
        requirement: "PRM-013",
        sentence: "A silently blocked message is not in its sender's history.",
        twist: || not_kept(Store::View),
    },
    Fault {
        id: "permissions-silent-send-not-in-own-recents",
        requirement: "PRM-013",
        sentence: "A silently blocked message makes no recent contact of its recipient.",
        twist: || not_kept(Store::Recents),
    },
    Fault {
        id: "permissions-silent-send-not-on-own-devices",
        requirement: "PRM-013",
        sentence: "A silently blocked message is not shown to its sender's other devices.",
        twist: || {
            on(SEND).outcome(|call, outcome, world| {
                if Sending::of(call, world).is_some_and(|mut sending| sending.is_blocked()) {
                    outcome.effects.clear();
                }
            })
        },
    },
    Fault {
        id: "permissions-silent-block-ignored",
        requirement: "PRM-014",
        sentence: "Under `silent` a blocked message arrives like any other.",
        twist: || {
            on(SEND).instead(|call, world| {
                let mut sending = Sending::of(call, world)?;
                (sending.is_blocked() && sending.policy_is("block_visibility", "silent"))
                    .then(|| sending.past_permission(&Value::Null))
            })
        },
    },
    Fault {
        id: "permissions-silent-block-shown-live",
        requirement: "PRM-014",
        sentence: "A silently blocked message is shown to the recipient's open streams.",
        twist: || leaks_live(|_| true),
    },
    Fault {
        id: "permissions-silent-block-shown-to-one-device",
        requirement: "PRM-014",
        sentence: "A silently blocked message is shown to one of the recipient's devices.",
        twist: || {
            on(SEND).outcome(|call, outcome, world| {
                let live = live_leak(call, outcome, world, |_| true);
                outcome.effects.extend(live.into_iter().next());
            })
        },
    },
    Fault {
        id: "permissions-silent-block-passes-online-only",
        requirement: "PRM-014",
        sentence: "A message of lifetime 0 passes a silent block.",
        twist: || leaks_live(|call| call.json()["lifetime_s"] == 0),
    },
    Fault {
        id: "permissions-silent-block-kept-in-view",
        requirement: "PRM-014",
        sentence: "A silently blocked message stands in the recipient's history.",
        twist: || leaks_into(Store::View),
    },
    Fault {
        id: "permissions-silent-block-kept-in-mailbox",
        requirement: "PRM-014",
        sentence: "A silently blocked message waits in the recipient's mailbox.",
        twist: || leaks_into(Store::Mailbox),
    },
    Fault {
        id: "permissions-silent-block-kept-in-recents",
        requirement: "PRM-014",
        sentence: "A silently blocked message moves its sender up among the recipient's recent contacts.",
        twist: || leaks_into(Store::Recents),
    },
    Fault {
        id: "permissions-silent-block-takes-a-seq",
        requirement: "PRM-014",
        sentence: "A silently blocked message takes a `seq` in the recipient's view.",
        twist: takes_a_seq,
    },
    Fault {
        id: "permissions-unblocking-replays",
        requirement: "PRM-015",
        sentence: "Unblocking delivers what was sent meanwhile.",
        twist: replays,
    },
    Fault {
        id: "permissions-repeat-after-unblocking-arrives",
        requirement: "PRM-015",
        sentence: "The repeat of a blocked message is delivered once the block is over.",
        twist: repeat_arrives,
    },
    Fault {
        id: "permissions-silent-block-ends-friendship-silently",
        requirement: "PRM-016",
        sentence: "A block ends a friendship without a `friend_removed`, as no unfriending does.",
        twist: || on(BLOCK).outcome(|_, outcome, _| outcome.effects.clear()),
    },
    Fault {
        id: "permissions-silent-block-told-to-strangers",
        requirement: "PRM-016",
        sentence: "A silent block among strangers is told to the blocked user.",
        twist: || {
            on(BLOCK).outcome(|call, outcome, world| {
                let (caller, peer) = (world.who(call), call.segment(3));
                let told = world.tell(call, &peer, ("friend_removed", caller.user()));
                if outcome.effects.is_empty() {
                    outcome.effects = told;
                }
            })
        },
    },
    Fault {
        id: "permissions-silent-block-hides-the-profile",
        requirement: "PRM-016",
        sentence: "A user who blocks shows the blocked user an empty profile.",
        twist: || {
            on(LOOK_UP).outcome(|call, outcome, world| {
                let caller = world.who(call);
                let owner = call.segment(3);
                let user = (caller.app(), owner.as_str());
                if world.lists(call, user, "blocklist", caller.user()) {
                    let mut body = outcome.json();
                    set(&mut body, "/nickname", Value::Null);
                    set(&mut body, "/avatar_url", Value::Null);
                    outcome.set_json(&body);
                }
            })
        },
    },
    Fault {
        id: "permissions-silent-blocker-cannot-be-added",
        requirement: "PRM-016",
        sentence: "Adding a user who blocks the caller is refused.",
        twist: || {
            on(BEFRIEND).instead(|call, world| {
                let (caller, peer) = (world.who(call), call.segment(3));
                let user = (caller.app(), peer.as_str());
                let blocked = world.lists(call, user, "blocklist", caller.user());
                blocked.then(|| error(ErrorCode::PeerBlocked).into())
            })
        },
    },
    Fault {
        id: "permissions-block-before-friendship",
        requirement: "PRM-016",
        sentence: "Under `friends_only` a silently blocked sender is answered as accepted.",
        twist: || {
            send_accepted(ErrorCode::NotInRecipientList, |sending| {
                sending.is_blocked()
            })
        },
    },
    Fault {
        id: "permissions-silent-block-told-to-former-friends",
        requirement: "PRM-016",
        sentence: "Under `friends_only` a silently blocked sender is told `blocked_by_recipient`.",
        twist: || {
            on(SEND).outcome(|call, outcome, world| {
                let refused = outcome.is_refused(ErrorCode::NotFriends)
                    || outcome.is_refused(ErrorCode::NotInRecipientList);
                let blocked = Sending::of(call, world).is_some_and(|mut send| send.is_blocked());
                if refused && blocked {
                    outcome.reply = error(ErrorCode::BlockedByRecipient);
                }
            })
        },
    },
    Fault {
        id: "permissions-blocker-still-tells-the-profile",
        requirement: "PRM-016",
        sentence: "A former friend who blocks still tells the blocked user of a new profile.",
        twist: || {
            on(PUT_PROFILE).outcome(|call, outcome, world| {
                let caller = world.who(call);
                for peer in world.list(call, (caller.app(), caller.user()), "blocklist") {
                    let told = world.tell(call, &peer, ("profile_changed", caller.user()));
                    outcome.effects.extend(told);
                }
            })
        },
    },
];

/// The sender, recipient and message of a send that a silent block has swallowed.
struct Swallowed {
    app: String,
    from: String,
    to: String,
    message: Value,
}

fn swallowed(call: &Call, outcome: &Outcome, world: &mut World<'_>) -> Option<Swallowed> {
    let mut sending = Sending::of(call, world)?;
    (outcome.reply.status == 200 && sending.is_blocked()).then(|| Swallowed {
        app: sending.app,
        from: sending.from,
        to: sending.to,
        message: outcome.json(),
    })
}

/// The answer to a send that a silent block swallows says something else.
fn silent_answer(edit: fn(&mut Value)) -> Twist {
    on(SEND).outcome(move |call, outcome, world| {
        if let Some(Swallowed { mut message, .. }) = swallowed(call, outcome, world) {
            edit(&mut message);
            outcome.set_json(&message);
        }
    })
}

/// The sender does not find in `store` what a silent block has swallowed.
fn not_kept(store: Store) -> Twist {
    let mut gone = BTreeSet::new();
    on("*").outcome(move |call, outcome, world| {
        if let Some(Swallowed { message, .. }) = swallowed(call, outcome, world) {
            gone.insert(text(&message, "/message_id").to_owned());
        }
        store.hide(call, outcome, |message| {
            gone.contains(text(message, "/message_id"))
        });
    })
}

fn leaks_live(when: fn(&Call) -> bool) -> Twist {
    on(SEND).outcome(move |call, outcome, world| {
        let live = live_leak(call, outcome, world, when);
        outcome.effects.extend(live);
    })
}

/// What the recipient's streams would be shown, without the block.
fn live_leak(
    call: &Call,
    outcome: &Outcome,
    world: &mut World<'_>,
    when: fn(&Call) -> bool,
) -> Vec<Effect> {
    let blocked = swallowed(call, outcome, world).is_some() && when(call);
    let sending = Sending::of(call, world).filter(|_| blocked);
    let live = sending.map(|mut sending| sending.only_live().effects);
    live.unwrap_or_default()
}

/// The recipient finds in `store` what a silent block should have swallowed.
fn leaks_into(store: Store) -> Twist {
    let mut leaked: Vec<Swallowed> = Vec::new();
    on("*").outcome(move |call, outcome, world| {
        leaked.extend(swallowed(call, outcome, world));
        let caller = world.who(call);
        for leak in &leaked {
            if leak.app == caller.app() && leak.to == caller.user() {
                store.show(call, outcome, &leak.from, &leak.message);
            }
        }
    })
}

/// The recipient's history counts swallowed messages, and shows them not.
fn takes_a_seq() -> Twist {
    let mut counted: BTreeMap<(String, String, String), u64> = BTreeMap::new();
    on("*").outcome(move |call, outcome, world| {
        if let Some(Swallowed { app, from, to, .. }) = swallowed(call, outcome, world) {
            *counted.entry((app, to, from)).or_default() += 1;
        }
        let caller = world.who(call);
        let view = (
            caller.app().to_owned(),
            caller.user().to_owned(),
            call.segment(3),
        );
        let Some(more) = counted.get(&view).filter(|_| call.is(HISTORY)) else {
            return;
        };
        let mut body = outcome.json();
        let last = number(&body, "/last_seq") + more;
        set(&mut body, "/last_seq", last);
        outcome.set_json(&body);
    })
}

fn replays() -> Twist {
    let mut waiting: Vec<Swallowed> = Vec::new();
    on("*").outcome(move |call, outcome, world| {
        waiting.extend(swallowed(call, outcome, world));
        if !call.is(UNBLOCK) {
            return;
        }
        let (caller, peer) = (world.who(call), call.segment(3));
        for one in &waiting {
            if one.app == caller.app() && one.to == caller.user() && one.from == peer {
                outcome.effects.extend(arrive(call, world, one).effects);
            }
        }
    })
}

fn repeat_arrives() -> Twist {
    let mut waiting: BTreeMap<String, Swallowed> = BTreeMap::new();
    on(SEND).outcome(move |call, outcome, world| {
        let answer = outcome.json();
        let id = text(&answer, "/message_id").to_owned();
        if let Some(blocked) = swallowed(call, outcome, world) {
            waiting.insert(id, blocked);
        } else if let Some(repeated) = waiting.remove(&id) {
            outcome
                .effects
                .extend(arrive(call, world, &repeated).effects);
        }
    })
}

/// The recipient gets what was swallowed, under its own id where it is shown live.
fn arrive(call: &Call, world: &mut World<'_>, late: &Swallowed) -> Outcome {
    let body = json!({
        "from": late.from, "to": late.to, "content": late.message["content"]
    });
    let mut outcome = world.as_admin(call, &late.app, "POST", "/v1/admin/messages", &body);
    let Ok(original) = serde_json::from_value(late.message["message_id"].clone()) else {
        return outcome;
    };
    for message in messages_of(&mut outcome) {
        message.message_id = Clone::clone(&original);
    }
    outcome
}
