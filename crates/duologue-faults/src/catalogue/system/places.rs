//! Where system messages go: view and mailbox, neither recent contacts nor pushes.

use std::collections::BTreeMap;

use duologue_core::event::{Event, Frame, MessageEvent};
use duologue_core::server::{Body, Effect};
use serde_json::{Value, json};

use crate::call::Call;
use crate::fault::Fault;
use crate::limits::limit;
use crate::routes::{BEFRIEND, CONVERSATIONS, EVENTS, HISTORY, NOTIFY, RECENTS};
use crate::stores::{Store, mailbox_entry};
use crate::twist::{Twist, on, sync};
use crate::world::{Outcome, World};

/// By how much the core's cap is higher than that of a server which drops what it should not.
const ROOM: u64 = 1_000;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "system-not-in-mailbox",
        requirement: "SYS-010",
        sentence: "A system message waits in no mailbox.",
        twist: || sync(|frames| frames.retain(|frame| !is_system(frame))),
    },
    Fault {
        id: "system-first-in-mailbox",
        requirement: "SYS-010",
        sentence: "System messages come before all chat in the mailbox.",
        twist: || sync(|frames| system_first(frames)),
    },
    Fault {
        id: "system-not-in-view",
        requirement: "SYS-010",
        sentence: "A system message is in no history.",
        twist: || {
            on("*").outcome(|call, outcome, _| {
                Store::View.hide(call, outcome, |message| message["from"] == "@system");
            })
        },
    },
    Fault {
        id: "system-no-conversation",
        requirement: "SYS-010",
        sentence: "`@system` is not among the conversations.",
        twist: || {
            on(CONVERSATIONS).outcome(|_, outcome, _| {
                outcome.edit_list("/conversations", |all| {
                    all.retain(|one| one["peer"] != "@system");
                });
            })
        },
    },
    Fault {
        id: "system-not-acknowledged",
        requirement: "SYS-010",
        sentence: "An acknowledgement leaves system messages in the mailbox.",
        twist: comes_again,
    },
    Fault {
        id: "system-among-the-recents",
        requirement: "SYS-011",
        sentence: "`@system` is in the list of recent contacts.",
        twist: || shows_as_recent(RECENTS),
    },
    Fault {
        id: "system-among-the-recents-of-a-sync",
        requirement: "SYS-011",
        sentence: "`@system` is among the recent contacts of a sync.",
        twist: || shows_as_recent(EVENTS),
    },
    Fault {
        id: "system-displaces-a-recent",
        requirement: "SYS-011",
        sentence: "`@system` is no recent contact, and takes the place of one.",
        twist: || {
            on(RECENTS).outcome(|call, outcome, world| {
                let max = world.limit(call, "recent_contacts_max");
                if newest(call, world).is_some() {
                    outcome.edit_list("/recents", |recents| {
                        if Some(recents.len() as u64) == max {
                            recents.pop();
                        }
                    });
                }
            })
        },
    },
    Fault {
        id: "system-notification-pushed",
        requirement: "SYS-012",
        sentence: "A notification is pushed.",
        twist: || {
            on(NOTIFY).outcome(|call, outcome, world| {
                let to = call.recipient();
                pushes_to(call, outcome, world, &to);
            })
        },
    },
    Fault {
        id: "system-friend-added-pushed",
        requirement: "SYS-012",
        sentence: "A `friend_added` is pushed to the one who was added.",
        twist: || {
            on(BEFRIEND).outcome(|call, outcome, world| {
                let caller = world.who(call).user().to_owned();
                pushes_to(call, outcome, world, &call.segment(3));
                pushes_to(call, outcome, world, &caller);
            })
        },
    },
    Fault {
        id: "system-mailbox-keeps-one-more",
        requirement: "SYS-013",
        sentence: "A mailbox holds one system message more than `offline_system_messages_max`.",
        twist: || limit("offline_system_messages_max", |max| max + 1),
    },
    Fault {
        id: "system-mailbox-keeps-one-less",
        requirement: "SYS-013",
        sentence: "A mailbox holds one system message less than `offline_system_messages_max`.",
        twist: || limit("offline_system_messages_max", |max| max - 1),
    },
    Fault {
        id: "system-mailbox-drops-the-newest",
        requirement: "SYS-013",
        sentence: "A mailbox full of system messages takes no new one.",
        twist: || overfull(Vec::truncate),
    },
    Fault {
        id: "system-mailbox-drops-all",
        requirement: "SYS-013",
        sentence: "One system message too many drops all that waited.",
        twist: || {
            overfull(|entries, max| {
                if entries.len() > max {
                    entries.drain(..entries.len() - 1);
                }
            })
        },
    },
    Fault {
        id: "system-dropped-from-history-too",
        requirement: "SYS-013",
        sentence: "What the mailbox drops is dropped from the history as well.",
        twist: || {
            on(HISTORY).outcome(|call, outcome, world| {
                let max = world.limit(call, "offline_system_messages_max");
                outcome.edit_list("/messages", |messages| {
                    let over = messages.len().saturating_sub(as_len(max));
                    messages.drain(..over);
                });
            })
        },
    },
    Fault {
        id: "system-counts-towards-chat-messages",
        requirement: "SYS-014",
        sentence: "System messages count towards `offline_messages_max`.",
        twist: || {
            displaces(false, |entries, limit| {
                entries.len() as u64 > limit("offline_messages_max")
            })
        },
    },
    Fault {
        id: "system-counts-towards-chat-bytes",
        requirement: "SYS-014",
        sentence: "System messages count towards `offline_bytes_max`.",
        twist: || {
            displaces(false, |entries, limit| {
                let bytes = entries.iter().map(|entry| entry.message.stored_bytes);
                bytes.sum::<u64>() > limit("offline_bytes_max")
            })
        },
    },
    Fault {
        id: "system-displaced-by-chat",
        requirement: "SYS-014",
        sentence: "Chat messages count towards `offline_system_messages_max`.",
        twist: || {
            displaces(true, |entries, limit| {
                entries.len() as u64 > limit("offline_system_messages_max")
            })
        },
    },
    Fault {
        id: "system-displaces-chat",
        requirement: "SYS-014",
        sentence: "A full share of system messages drops the chat that waits.",
        twist: || {
            displaces(false, |entries, limit| {
                let system = entries
                    .iter()
                    .filter(|entry| entry.message.content.is_system());
                let full = system.count() as u64 == limit("offline_system_messages_max");
                full && entries
                    .iter()
                    .any(|entry| !entry.message.content.is_system())
            })
        },
    },
];

fn is_system(frame: &Frame) -> bool {
    matches!(&frame.event, Event::Message(shown) if shown.message.content.is_system())
}

/// The cursors stay in order.
fn system_first(frames: &mut [Frame]) {
    let cursors: Vec<_> = frames.iter().map(|frame| frame.id).collect();
    frames.sort_by_key(|frame| !is_system(frame));
    for (frame, cursor) in frames.iter_mut().zip(cursors) {
        frame.id = cursor;
    }
}

fn is_system_entry(effect: &Effect) -> bool {
    mailbox_entry(effect).is_some_and(|entry| entry.message.content.is_system())
}

fn as_len(max: Option<u64>) -> usize {
    max.and_then(|max| usize::try_from(max).ok())
        .unwrap_or(usize::MAX)
}

/// Every sync begins with the system messages of the syncs before.
fn comes_again() -> Twist {
    let mut seen: BTreeMap<(String, String), Vec<Frame>> = BTreeMap::new();
    on(EVENTS).outcome(move |call, outcome, world| {
        let Body::Stream { stream, .. } = outcome.reply.body else {
            return;
        };
        let caller = world.who(call);
        let user = caller.owner();
        let again = seen.entry(user).or_default();
        for frame in again.iter().rev().cloned() {
            let entry = Effect::Deliver { stream, frame };
            if !outcome.effects.contains(&entry) {
                outcome.effects.insert(0, entry);
            }
        }
        let entries = outcome
            .effects
            .iter()
            .filter(|effect| is_system_entry(effect));
        *again = entries.filter_map(frame_of).collect();
    })
}

fn frame_of(effect: &Effect) -> Option<Frame> {
    let Effect::Deliver { frame, .. } = effect else {
        return None;
    };
    Some(frame.clone())
}

/// The caller's newest system message.
fn newest(call: &Call, world: &mut World<'_>) -> Option<Value> {
    let caller = world.who(call);
    let (user, path) = (
        (caller.app(), caller.user()),
        "/v1/conversations/@system/messages",
    );
    let history = world.as_user(call, user, "GET", path, &Value::Null)?;
    history.json()["messages"].as_array()?.last().cloned()
}

fn shows_as_recent(read: &'static str) -> Twist {
    on(read).outcome(|call, outcome, world| {
        if let Some(message) = newest(call, world) {
            Store::Recents.show(call, outcome, "@system", &message);
        }
    })
}

/// The push that a message of the administrator would cause.
fn pushes_to(call: &Call, outcome: &mut Outcome, world: &mut World<'_>, to: &str) {
    let app = world.who(call).app().to_owned();
    let body = json!({
        "to": to, "content": {"type": "text", "text": "[system]"}, "lifetime_s": 1
    });
    let sent = world.as_admin(call, &app, "POST", "/v1/admin/messages", &body);
    let pushes = sent.effects.into_iter();
    let pushes = pushes.filter(|effect| matches!(effect, Effect::Push { .. }));
    outcome.effects.extend(pushes);
}

/// What a sync shows of more system messages than fit, oldest first.
fn overfull(keep: fn(&mut Vec<Effect>, usize)) -> Twist {
    let roomy = limit("offline_system_messages_max", |max| max + ROOM);
    roomy.and(on(EVENTS).outcome(move |call, outcome, world| {
        let max = world.limit(call, "offline_system_messages_max");
        let mut entries: Vec<Effect> = outcome
            .effects
            .iter()
            .filter(|it| is_system_entry(it))
            .cloned()
            .collect();
        keep(&mut entries, as_len(max.map(|max| max - ROOM)));
        outcome
            .effects
            .retain(|effect| !is_system_entry(effect) || entries.contains(effect));
    }))
}

/// Whether a mailbox holds too much, given how to look a limit up.
type Over = fn(&[MessageEvent], &mut dyn FnMut(&str) -> u64) -> bool;

/// A sync leaves out the oldest entries, of chat or of system messages, until it is not `over`.
fn displaces(system: bool, over: Over) -> Twist {
    on(EVENTS).outcome(move |call, outcome, world| {
        let mut limit = |name: &str| world.limit(call, name).unwrap_or(u64::MAX);
        loop {
            let entries = outcome.effects.iter().filter_map(mailbox_entry);
            let entries: Vec<MessageEvent> = entries.cloned().collect();
            let oldest = outcome.effects.iter().position(|effect| {
                mailbox_entry(effect).is_some_and(|it| it.message.content.is_system() == system)
            });
            match oldest.filter(|_| over(&entries, &mut limit)) {
                Some(oldest) => drop(outcome.effects.remove(oldest)),
                None => break,
            }
        }
    })
}
