//! The offline cache: what enters it, what leaves it, for whom.

pub(super) mod caps;
pub(super) mod time;

use std::collections::{BTreeMap, BTreeSet};

use duologue_core::ErrorCode;
use duologue_core::event::{Event, Frame, MessageEvent, Path};
use duologue_core::id::{Cursor, MessageId};
use duologue_core::message::Message;

use super::recents::edit_contacts;
use super::roaming::edit_history;
use super::stream::acknowledging::acknowledge;
use crate::book::{Owner, Who};
use crate::call::Call;
use crate::fault::Fault;
use crate::frames::{forget, live_of, message_of};
use crate::json::text;
use crate::memory::{Mailboxes, Sent, relists};
use crate::routes::{ACK, EVENTS, LOGOUT, SEND};
use crate::twist::{Twist, edit_sync, error, on};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "offline-online-recipient-has-no-mailbox",
        requirement: "OFF-001",
        sentence: "A message that goes live to its recipient does not enter the mailbox.",
        twist: || {
            let mut live = BTreeSet::new();
            on("*").outcome(move |_, outcome, _| {
                live.extend(live_of(outcome));
                edit_sync(outcome, |frames| forget(&live, frames));
            })
        },
    },
    Fault {
        id: "offline-logged-out-recipient-has-no-mailbox",
        requirement: "OFF-001",
        sentence: "A message to a user who is logged in nowhere does not enter the mailbox.",
        twist: || {
            let mut lost = BTreeSet::new();
            on("*").outcome(move |call, outcome, world| {
                lose_for_logged_out(&mut lost, call, outcome, world);
            })
        },
    },
    Fault {
        id: "offline-senders-mailbox-too",
        requirement: "OFF-001",
        sentence: "A message enters the mailbox of its sender, too.",
        twist: || {
            let mut sent = Sent::default();
            on("*").outcome(move |call, outcome, world| {
                list_own(&mut sent, call, outcome, world);
            })
        },
    },
    Fault {
        id: "offline-answer-tells-who-is-away",
        requirement: "OFF-002",
        sentence: "A send to a user without an open stream is answered 202.",
        twist: || on(SEND).outcome(|_, outcome, _| tell_who_is_away(outcome)),
    },
    Fault {
        id: "offline-answer-tells-who-is-online",
        requirement: "OFF-002",
        sentence: "A send to a user with an open stream is answered 201.",
        twist: || {
            on(SEND).outcome(|_, outcome, _| {
                if live_of(outcome).next().is_some() {
                    outcome.reply.status = 201;
                }
            })
        },
    },
    Fault {
        id: "offline-new-user-is-refused",
        requirement: "OFF-002",
        sentence: "A send to a user who has never logged in is refused.",
        twist: || on(SEND).instead(refuse_without_session),
    },
    Fault {
        id: "offline-full-mailbox-refuses",
        requirement: "OFF-002",
        sentence: "A send to a mailbox that holds `offline_messages_max` messages is refused.",
        twist: || {
            let mut waiting = BTreeMap::new();
            on("*").instead(move |call, world| refuse_when_full(&mut waiting, call, world))
        },
    },
    Fault {
        id: "offline-delivery-acknowledges",
        requirement: "OFF-003",
        sentence: "What a sync has listed counts as acknowledged.",
        twist: || on(EVENTS).outcome(acknowledge_all),
    },
    Fault {
        id: "offline-third-delivery-is-left-out",
        requirement: "OFF-003",
        sentence: "An entry that two syncs have listed leaves the mailbox.",
        twist: || {
            let mut listed = BTreeMap::<MessageId, u32>::new();
            on(EVENTS).frames(move |frame| {
                let times = id_of(&frame).map_or(0, |id| {
                    *listed
                        .entry(id)
                        .and_modify(|times| *times += 1)
                        .or_insert(1)
                });
                Vec::from_iter((times <= 2).then_some(frame))
            })
        },
    },
    Fault {
        id: "offline-logout-acknowledges",
        requirement: "OFF-003",
        sentence: "Logging out acknowledges what the session got.",
        twist: || {
            let (mut got, mut gone) = (Mailboxes::default(), BTreeSet::new());
            on("*").outcome(move |call, outcome, world| {
                got.learn(call, outcome, world);
                if call.is(LOGOUT) {
                    let his = got.of(&world.who(call).owner()).values();
                    gone.extend(his.filter_map(|shown| id_of(&shown.frame)));
                }
                edit_sync(outcome, |frames| forget(&gone, frames));
            })
        },
    },
    Fault {
        id: "offline-first-device-takes-all",
        requirement: "OFF-003",
        sentence: "An entry is listed to the first device that syncs, and to no other.",
        twist: || {
            let mut taken = BTreeMap::new();
            on(EVENTS).outcome(move |call, outcome, world| {
                let who = world.who(call);
                edit_sync(outcome, |frames| keep_for(&who, &mut taken, frames));
            })
        },
    },
    Fault {
        id: "offline-eviction-from-the-recipients-history",
        requirement: "OFF-008",
        sentence: "A message that is evicted is gone from its recipient's history.",
        twist: || {
            evicts_from(Elsewhere::History, |message, user| {
                message.to.as_str() == user
            })
        },
    },
    Fault {
        id: "offline-eviction-from-the-senders-history",
        requirement: "OFF-008",
        sentence: "A message that is evicted is gone from its sender's history.",
        twist: || {
            evicts_from(Elsewhere::History, |message, user| {
                message.from.as_str() == user
            })
        },
    },
    Fault {
        id: "offline-eviction-from-the-recipients-contacts",
        requirement: "OFF-008",
        sentence: "A contact whose message is evicted leaves the recipient's recent contacts.",
        twist: || {
            evicts_from(Elsewhere::Contacts, |message, user| {
                message.to.as_str() == user
            })
        },
    },
    Fault {
        id: "offline-eviction-from-the-senders-contacts",
        requirement: "OFF-008",
        sentence: "A contact whose message is evicted leaves the sender's recent contacts.",
        twist: || {
            evicts_from(Elsewhere::Contacts, |message, user| {
                message.from.as_str() == user
            })
        },
    },
    Fault {
        id: "offline-acknowledged-for-one-device-only",
        requirement: "OFF-012",
        sentence: "What one device has acknowledged is listed to the user's other devices.",
        twist: || {
            relists(|shown, reader| {
                let by = shown.acknowledged.as_ref();
                by.is_some_and(|(device, _)| *device != reader.device)
            })
        },
    },
];

/// Where else than in the mailbox a message is.
#[derive(Clone, Copy)]
enum Elsewhere {
    History,
    Contacts,
}

fn id_of(frame: &Frame) -> Option<MessageId> {
    message_of(frame).map(|message| message.message_id.clone())
}

fn has_session(call: &Call, world: &World<'_>) -> bool {
    let (app, to) = (world.who(call).app().to_owned(), call.json());
    !world.book.sessions_of(&app, text(&to, "/to")).is_empty()
}

fn lose_for_logged_out(
    lost: &mut BTreeSet<MessageId>,
    call: &Call,
    outcome: &mut Outcome,
    world: &World<'_>,
) {
    if call.is(SEND) && !has_session(call, world) {
        let message = serde_json::from_value(outcome.json());
        lost.extend(message.ok().map(|message: Message| message.message_id));
    }
    edit_sync(outcome, |frames| forget(lost, frames));
}

fn list_own(sent: &mut Sent, call: &Call, outcome: &mut Outcome, world: &World<'_>) {
    sent.learn(call, outcome, world);
    let (app, user) = world.who(call).owner();
    let own = sent
        .all()
        .filter(|(of, message)| *of == app && message.from.as_str() == user);
    let own = own.enumerate().map(|(at, (_, message))| Frame {
        id: Some(Cursor(at as u64 + 1)),
        event: Event::Message(Box::new(MessageEvent {
            path: Path::Offline,
            message: message.clone(),
        })),
    });
    edit_sync(outcome, |frames| drop(frames.splice(0..0, own)));
}

fn tell_who_is_away(outcome: &mut Outcome) {
    if outcome.reply.status == 200 && live_of(outcome).next().is_none() {
        outcome.reply.status = 202;
    }
}

fn refuse_without_session(call: &mut Call, world: &mut World<'_>) -> Option<Outcome> {
    (!has_session(call, world)).then(|| error(ErrorCode::UserNotFound).into())
}

/// Counts what waits; any acknowledgement empties a mailbox.
fn refuse_when_full(
    waiting: &mut BTreeMap<Owner, u64>,
    call: &Call,
    world: &mut World<'_>,
) -> Option<Outcome> {
    let caller = world.who(call);
    if call.is(ACK) {
        waiting.remove(&caller.owner());
    }
    if !call.is(SEND) {
        return None;
    }
    let app = caller.app();
    let cap = world.limit(call, "offline_messages_max")?;
    let to = (app.to_owned(), call.recipient());
    let waits = waiting.entry(to).or_default();
    *waits += 1;
    (*waits > cap).then(|| error(ErrorCode::MessageTooLarge).into())
}

/// Acknowledges what the sync of the stream that was opened has listed.
fn acknowledge_all(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    let mut newest = None;
    edit_sync(outcome, |frames| {
        newest = frames.iter().filter_map(|frame| frame.id).max();
    });
    if let Some(newest) = newest {
        acknowledge(newest, call, world);
    }
}

/// Lists to a device what no other one has got.
fn keep_for(who: &Who, taken: &mut BTreeMap<MessageId, String>, frames: &mut Vec<Frame>) {
    frames.retain(|frame| {
        id_of(frame).is_none_or(|id| {
            let by = taken.entry(id).or_insert_with(|| who.device().to_owned());
            by == who.device()
        })
    });
}

/// What the caps push out of a mailbox is also lost to `whose` history or recent contacts.
fn evicts_from(store: Elsewhere, whose: fn(&Message, &str) -> bool) -> Twist {
    let (mut waiting, mut evicted) = (BTreeMap::new(), BTreeSet::new());
    on("*").outcome(move |call, outcome, world| {
        let who = world.who(call);
        if call.is(ACK) {
            waiting.remove(&who.owner());
        }
        if let Ok(message) = serde_json::from_value::<Message>(outcome.json())
            && call.is(SEND)
        {
            let mailbox: &mut Vec<Message> = waiting
                .entry((who.app().to_owned(), message.to.to_string()))
                .or_default();
            mailbox.push(message);
            let messages_max = world.limit(call, "offline_messages_max");
            let bytes_max = world.limit(call, "offline_bytes_max");
            let bytes = |mailbox: &[Message]| {
                mailbox
                    .iter()
                    .map(|message| message.stored_bytes)
                    .sum::<u64>()
            };
            while messages_max.is_some_and(|max| mailbox.len() as u64 > max)
                || bytes_max.is_some_and(|max| bytes(mailbox) > max)
            {
                evicted.insert(mailbox.remove(0).message_id);
            }
        }
        let lost =
            |message: &Message| evicted.contains(&message.message_id) && whose(message, who.user());
        match store {
            Elsewhere::History => edit_history(outcome, |page| {
                page.messages.retain(|message| !lost(message));
            }),
            Elsewhere::Contacts => {
                edit_contacts(outcome, |list| list.retain(|recent| !lost(&recent.message)));
            }
        }
    })
}
