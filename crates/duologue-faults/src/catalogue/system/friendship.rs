//! `friend_added` and `friend_removed`: whom they reach, whom they name, and when.

use std::collections::BTreeSet;

use duologue_core::content::Content;
use duologue_core::event::{Event, Frame};
use duologue_core::server::Effect;

use crate::call::Call;
use crate::fault::Fault;
use crate::json::text;
use crate::routes::{BEFRIEND, BLOCK, DELETE_USER, UNBLOCK, UNFRIEND};
use crate::stores::Store;
use crate::twist::{Twist, on};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "system-friend-added-not-told-to-the-second",
        requirement: "SYS-005",
        sentence: "Who makes a friendship mutual is not shown the `friend_added`.",
        twist: || hides_from(BEFRIEND, Side::Caller),
    },
    Fault {
        id: "system-friend-added-not-told-to-the-first",
        requirement: "SYS-005",
        sentence: "Who added the other first is not shown the `friend_added`.",
        twist: || hides_from(BEFRIEND, Side::Peer),
    },
    Fault {
        id: "system-friend-added-names-the-reader",
        requirement: "SYS-005",
        sentence: "`friend_added` names its reader.",
        twist: || names_the_reader(BEFRIEND),
    },
    Fault {
        id: "system-friend-added-twice",
        requirement: "SYS-005",
        sentence: "Who added the other first is shown two `friend_added`.",
        twist: || {
            on(BEFRIEND).outcome(|call, outcome, world| {
                if !outcome.effects.is_empty() {
                    tell_side(call, outcome, world, Side::Peer, "friend_added");
                }
            })
        },
    },
    Fault {
        id: "system-friend-added-with-white-space",
        requirement: "SYS-005",
        sentence: "The `data` of `friend_added` has a space after the colon.",
        twist: || {
            on(BEFRIEND).frames(|frame| data_of(frame, |data| data.replace("\":\"", "\": \"")))
        },
    },
    Fault {
        id: "system-friend-added-not-in-history",
        requirement: "SYS-005",
        sentence: "`friend_added` is not in the history.",
        twist: || not_in_history("friend_added"),
    },
    Fault {
        id: "system-unfriending-not-told-to-the-other",
        requirement: "SYS-006",
        sentence: "Who is taken off a friend's list is not shown the `friend_removed`.",
        twist: || hides_from(UNFRIEND, Side::Peer),
    },
    Fault {
        id: "system-unfriending-not-told-to-oneself",
        requirement: "SYS-006",
        sentence: "Who takes a friend off the list is not shown the `friend_removed`.",
        twist: || hides_from(UNFRIEND, Side::Caller),
    },
    Fault {
        id: "system-blocking-not-told-to-the-blocked",
        requirement: "SYS-006",
        sentence: "A friend who is blocked is not shown the `friend_removed`.",
        twist: || hides_from(BLOCK, Side::Peer),
    },
    Fault {
        id: "system-blocking-not-told-to-the-blocker",
        requirement: "SYS-006",
        sentence: "Who blocks a friend is not shown the `friend_removed`.",
        twist: || hides_from(BLOCK, Side::Caller),
    },
    Fault {
        id: "system-deletion-not-told",
        requirement: "SYS-006",
        sentence: "The friend of a deleted user is not shown the `friend_removed`.",
        twist: || {
            on(DELETE_USER).frames(|frame| match event_of(&frame) {
                Some(_) => Vec::new(),
                None => vec![frame],
            })
        },
    },
    Fault {
        id: "system-friend-removed-names-the-reader",
        requirement: "SYS-006",
        sentence: "`friend_removed` names its reader.",
        twist: || names_the_reader(UNFRIEND),
    },
    Fault {
        id: "system-blocking-named-as-cause",
        requirement: "SYS-006",
        sentence: "The `friend_removed` of a block says that it is one.",
        twist: || {
            on(BLOCK)
                .frames(|frame| data_of(frame, |data| data.replace('{', r#"{"blocked":true,"#)))
        },
    },
    Fault {
        id: "system-deletion-named-as-cause",
        requirement: "SYS-006",
        sentence: "The `friend_removed` of a deletion says that it is one.",
        twist: || {
            on(DELETE_USER)
                .frames(|frame| data_of(frame, |data| data.replace('{', r#"{"deleted":true,"#)))
        },
    },
    Fault {
        id: "system-unfriending-told-twice",
        requirement: "SYS-006",
        sentence: "Who is taken off a friend's list is shown two `friend_removed`.",
        twist: || {
            on(UNFRIEND).outcome(|call, outcome, world| {
                if !outcome.effects.is_empty() {
                    tell_side(call, outcome, world, Side::Peer, "friend_removed");
                }
            })
        },
    },
    Fault {
        id: "system-blocking-told-twice",
        requirement: "SYS-006",
        sentence: "A friend who is blocked is shown two `friend_removed`.",
        twist: || {
            on(BLOCK).outcome(|call, outcome, world| {
                if !outcome.effects.is_empty() {
                    tell_side(call, outcome, world, Side::Peer, "friend_removed");
                }
            })
        },
    },
    Fault {
        id: "system-deletion-told-twice",
        requirement: "SYS-006",
        sentence: "The friend of a deleted user is shown two `friend_removed`.",
        twist: || {
            let mut friends = BTreeSet::new();
            on("*").outcome(move |call, outcome, world| {
                let caller = world.who(call);
                let key = |user: &str| (caller.app().to_owned(), user.to_owned());
                if call.is(BEFRIEND) {
                    friends.insert((key(caller.user()), call.segment(3)));
                } else if call.is(DELETE_USER) {
                    let gone = call.segment(4);
                    for (_, peer) in friends.iter().filter(|(owner, _)| *owner == key(&gone)) {
                        let told = world.tell(call, peer, ("friend_removed", &gone));
                        outcome.effects.extend(told);
                    }
                }
            })
        },
    },
    Fault {
        id: "system-friend-removed-not-in-history",
        requirement: "SYS-006",
        sentence: "`friend_removed` is not in the history.",
        twist: || not_in_history("friend_removed"),
    },
    Fault {
        id: "system-one-sided-adding-told-to-the-added",
        requirement: "SYS-007",
        sentence: "Who is added as a friend is shown a `friend_added`, though the friendship is not mutual.",
        twist: || silent_change(BEFRIEND, Side::Peer, "friend_added"),
    },
    Fault {
        id: "system-one-sided-adding-told-to-oneself",
        requirement: "SYS-007",
        sentence: "Who adds a friend is shown a `friend_added`, though the friendship is not mutual or not new.",
        twist: || silent_change(BEFRIEND, Side::Caller, "friend_added"),
    },
    Fault {
        id: "system-one-sided-removing-told-to-the-removed",
        requirement: "SYS-007",
        sentence: "Who is taken off a list is shown a `friend_removed`, though the friendship was not mutual.",
        twist: || silent_change(UNFRIEND, Side::Peer, "friend_removed"),
    },
    Fault {
        id: "system-one-sided-removing-told-to-oneself",
        requirement: "SYS-007",
        sentence: "Who takes a user off a list is shown a `friend_removed`, though the friendship was not mutual.",
        twist: || silent_change(UNFRIEND, Side::Caller, "friend_removed"),
    },
    Fault {
        id: "system-blocking-a-stranger-told",
        requirement: "SYS-007",
        sentence: "A stranger who is blocked is shown a `friend_removed`.",
        twist: || silent_change(BLOCK, Side::Peer, "friend_removed"),
    },
    Fault {
        id: "system-blocking-a-stranger-told-to-oneself",
        requirement: "SYS-007",
        sentence: "Who blocks somebody that is not a mutual friend is shown a `friend_removed`.",
        twist: || silent_change(BLOCK, Side::Caller, "friend_removed"),
    },
    Fault {
        id: "system-unblocking-told",
        requirement: "SYS-007",
        sentence: "Who is unblocked is shown a `friend_added`.",
        twist: || silent_change(UNBLOCK, Side::Peer, "friend_added"),
    },
    Fault {
        id: "system-deletion-told-to-who-was-listed",
        requirement: "SYS-007",
        sentence: "A deletion is told to all whom the deleted user had in the friend list.",
        twist: || deletion_told(Side::Peer),
    },
    Fault {
        id: "system-deletion-told-to-who-lists",
        requirement: "SYS-007",
        sentence: "A deletion is told to all who had the deleted user in their friend list.",
        twist: || deletion_told(Side::Caller),
    },
];

/// One of the two whom a change of a list concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Whose list it is.
    Caller,
    /// Who is added or removed.
    Peer,
}

/// The name of the system event in a frame.
fn event_of(frame: &Frame) -> Option<&str> {
    let Event::Message(shown) = &frame.event else {
        return None;
    };
    let Content::System { event, .. } = &shown.message.content else {
        return None;
    };
    Some(event.as_str())
}

/// The frame, with other `data` if it is a system event.
fn data_of(mut frame: Frame, edit: impl Fn(&str) -> String) -> Vec<Frame> {
    if let Event::Message(shown) = &mut frame.event
        && let Content::System { data, .. } = &mut shown.message.content
    {
        *data = edit(data);
    }
    vec![frame]
}

/// The streams of one side are shown nothing.
fn hides_from(change: &'static str, side: Side) -> Twist {
    on(change).outcome(move |call, outcome, world| {
        let caller = world.who(call);
        outcome.effects.retain(|effect| {
            let Effect::Deliver { stream, .. } = effect else {
                return true;
            };
            let is_caller = world.listener(*stream).user() == caller.user();
            is_caller != (side == Side::Caller)
        });
    })
}

fn names_the_reader(change: &'static str) -> Twist {
    on(change).effects(|effect, world| {
        let Effect::Deliver { stream, frame } = effect else {
            return vec![effect];
        };
        let data = format!(r#"{{"user_id":"{}"}}"#, world.listener(stream).user());
        let frames = data_of(frame, |_| data.clone()).into_iter();
        frames
            .map(|frame| Effect::Deliver { stream, frame })
            .collect()
    })
}

fn not_in_history(event: &'static str) -> Twist {
    on("*").outcome(move |call, outcome, _| {
        Store::View.hide(call, outcome, |message| {
            text(message, "/content/event") == event
        });
    })
}

fn tell_side(call: &Call, outcome: &mut Outcome, world: &mut World<'_>, side: Side, event: &str) {
    let caller = world.who(call).user().to_owned();
    let peer = call.segment(3);
    let (to, about) = match side {
        Side::Caller => (caller, peer),
        Side::Peer => (peer, caller),
    };
    outcome
        .effects
        .extend(world.tell(call, &to, (event, &about)));
}

/// A change of which nobody is told is told to one side.
fn silent_change(change: &'static str, side: Side, event: &'static str) -> Twist {
    on(change).outcome(move |call, outcome, world| {
        if outcome.reply.status == 204 && outcome.effects.is_empty() {
            tell_side(call, outcome, world, side, event);
        }
    })
}

/// A deletion is told to all who stood with the deleted user in a list of this one's, on `side`.
fn deletion_told(side: Side) -> Twist {
    let mut added = BTreeSet::new();
    on("*").outcome(move |call, outcome, world| {
        let caller = world.who(call);
        let app = caller.app().to_owned();
        if call.is(BEFRIEND) {
            added.insert((app, caller.user().to_owned(), call.segment(3)));
        } else if call.is(DELETE_USER) && outcome.effects.is_empty() {
            let gone = call.segment(4);
            for (_, owner, peer) in added.iter().filter(|(found, ..)| *found == app) {
                let (listed, told) = match side {
                    Side::Caller => (peer, owner),
                    Side::Peer => (owner, peer),
                };
                if *listed == gone {
                    let told = world.tell(call, told, ("friend_removed", &gone));
                    outcome.effects.extend(told);
                }
            }
        }
    })
}
