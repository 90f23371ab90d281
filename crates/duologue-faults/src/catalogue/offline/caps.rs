//! The caps of the offline cache and what they evict.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use duologue_core::event::Frame;
use duologue_core::id::PeerId;
use duologue_core::message::Message;

use crate::fault::Fault;
use crate::frames::{live_of, message_of};
use crate::limits::{Declared, cap_for_null, in_place_of, limit};
use crate::memory::Sent;
use crate::routes::EVENTS;
use crate::twist::{Twist, edit_sync, on};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "offline-byte-cap-one-too-large",
        requirement: "OFF-004",
        sentence: "A mailbox holds a byte more than `offline_bytes_max`.",
        twist: || limit("offline_bytes_max", |max| max + 1),
    },
    Fault {
        id: "offline-byte-cap-never-evicts",
        requirement: "OFF-004",
        sentence: "A mailbox evicts nothing for its bytes.",
        twist: || in_place_of("offline_bytes_max", |_| Twist::default()),
    },
    Fault {
        id: "offline-byte-cap-loses-the-newest",
        requirement: "OFF-004",
        sentence: "A mailbox without room for a message does not take it.",
        twist: || by_bytes(|frames, cap| keep_oldest(frames, cap, bytes)),
    },
    Fault {
        id: "offline-byte-cap-counts-characters",
        requirement: "OFF-004",
        sentence: "The byte cap counts characters.",
        twist: || by_bytes(|frames, cap| keep_newest(frames, cap, characters)),
    },
    Fault {
        id: "offline-byte-cap-without-custom-data",
        requirement: "OFF-004",
        sentence: "The byte cap does not count `custom_data`.",
        twist: || by_bytes(|frames, cap| keep_newest(frames, cap, without_custom_data)),
    },
    Fault {
        id: "offline-small-messages-outlast-large-ones",
        requirement: "OFF-004",
        sentence: "An old message that still fits stays, though a newer one that does not fit has left.",
        twist: || by_bytes(keep_what_fits),
    },
    Fault {
        id: "offline-one-eviction-a-message",
        requirement: "OFF-004",
        sentence: "A message evicts one entry at most.",
        twist: || by_bytes(evict_once_each),
    },
    Fault {
        id: "offline-message-cap-one-too-large",
        requirement: "OFF-005",
        sentence: "A mailbox holds a message more than `offline_messages_max`.",
        twist: || limit("offline_messages_max", |max| max + 1),
    },
    Fault {
        id: "offline-message-cap-loses-the-newest",
        requirement: "OFF-005",
        sentence: "A full mailbox takes no message.",
        twist: || by_count(|frames, cap| keep_oldest(frames, cap, |_| 1)),
    },
    Fault {
        id: "offline-message-cap-for-each-sender",
        requirement: "OFF-005",
        sentence: "The message cap counts the messages of each sender apart.",
        twist: || by_count(keep_newest_of_each),
    },
    Fault {
        id: "offline-message-cap-spares-the-delivered",
        requirement: "OFF-005",
        sentence: "The message cap does not count what went live.",
        twist: || in_place_of("offline_messages_max", spare_the_delivered),
    },
    Fault {
        id: "offline-byte-cap-one-too-small",
        requirement: "OFF-006",
        sentence: "A mailbox of `offline_bytes_max` bytes evicts its oldest entry.",
        twist: || limit("offline_bytes_max", |max| (max - 1).max(1)),
    },
    Fault {
        id: "offline-byte-cap-refuses-a-message-of-its-size",
        requirement: "OFF-006",
        sentence: "A message as large as the whole cache does not wait.",
        twist: || by_bytes(refuse_the_largest),
    },
    Fault {
        id: "offline-byte-cap-counts-the-envelope",
        requirement: "OFF-006",
        sentence: "The byte cap counts the whole message as it is delivered.",
        twist: || by_bytes(|frames, cap| keep_newest(frames, cap, envelope)),
    },
    Fault {
        id: "offline-acknowledged-bytes-count",
        requirement: "OFF-006",
        sentence: "What was acknowledged goes on counting towards the byte cap.",
        twist: || in_place_of("offline_bytes_max", count_the_acknowledged),
    },
    Fault {
        id: "offline-message-cap-one-too-small",
        requirement: "OFF-006",
        sentence: "A mailbox of `offline_messages_max` messages evicts its oldest entry.",
        twist: || limit("offline_messages_max", |max| (max - 1).max(1)),
    },
    Fault {
        id: "offline-eviction-empties-the-mailbox",
        requirement: "OFF-006",
        sentence: "A mailbox above its byte cap drops all but its newest entry.",
        twist: || by_bytes(empty_when_over),
    },
    Fault {
        id: "offline-eviction-of-one-too-many",
        requirement: "OFF-006",
        sentence: "A mailbox above its message cap drops an entry more than it must.",
        twist: || by_count(evict_one_too_many),
    },
    Fault {
        id: "offline-byte-cap-for-null",
        requirement: "OFF-007",
        sentence: "Without a byte cap that of the default profile holds.",
        twist: || cap_for_null("offline_bytes_max", 30_720),
    },
    Fault {
        id: "offline-message-cap-for-null",
        requirement: "OFF-007",
        sentence: "Without a message cap that of the default profile holds.",
        twist: || cap_for_null("offline_messages_max", 100),
    },
    Fault {
        id: "offline-oversized-message-waits",
        requirement: "OFF-009",
        sentence: "A message larger than the whole cache waits alone.",
        twist: || evicts("offline_bytes_max", wait_alone),
    },
    Fault {
        id: "offline-oversized-message-empties-the-mailbox",
        requirement: "OFF-009",
        sentence: "A message larger than the whole cache evicts everything, and does not wait.",
        twist: || {
            evicts("offline_bytes_max", |frames, cap| {
                keep_newest(frames, cap, bytes);
            })
        },
    },
    Fault {
        id: "offline-expired-bytes-count",
        requirement: "OFF-011",
        sentence: "What has expired counts towards the byte cap.",
        twist: || count_the_expired("offline_bytes_max", bytes),
    },
    Fault {
        id: "offline-expired-messages-count",
        requirement: "OFF-011",
        sentence: "What has expired counts towards the message cap.",
        twist: || count_the_expired("offline_messages_max", |_| 1),
    },
];

fn bytes(message: &Message) -> u64 {
    message.stored_bytes
}

fn characters(message: &Message) -> u64 {
    let text = serde_json::to_string(&message.content).unwrap_or_default();
    let more = text.len() - text.chars().count();
    bytes(message) - more as u64
}

fn without_custom_data(message: &Message) -> u64 {
    bytes(message) - message.custom_data.as_ref().map_or(0, String::len) as u64
}

fn envelope(message: &Message) -> u64 {
    serde_json::to_string(message).unwrap_or_default().len() as u64
}

/// The message of a frame, if a cap for chat counts it.
fn chat(frame: &Frame) -> Option<&Message> {
    message_of(frame).filter(|message| message.from != PeerId::System)
}

/// What a mailbox holds is not the core's affair but that of `rule`, which gets a sync and the cap.
fn evicts(cap: &'static str, rule: impl Fn(&mut Vec<Frame>, u64) + Send + 'static) -> Twist {
    in_place_of(cap, move |declared| {
        on(EVENTS).outcome(move |call, outcome, world| {
            if let Some(cap) = declared.of(world.who(call).app()) {
                edit_sync(outcome, |frames| rule(frames, cap));
            }
        })
    })
}

fn by_bytes(rule: fn(&mut Vec<Frame>, u64)) -> Twist {
    evicts("offline_bytes_max", move |frames, cap| {
        frames.retain(|frame| chat(frame).is_none_or(|message| bytes(message) <= cap));
        rule(frames, cap);
    })
}

fn by_count(rule: fn(&mut Vec<Frame>, u64)) -> Twist {
    evicts("offline_messages_max", rule)
}

/// Asks for each chat message, the newest first, whether it stays.
fn retain_from_newest(frames: &mut Vec<Frame>, mut stays: impl FnMut(&Message) -> bool) {
    frames.reverse();
    frames.retain(|frame| chat(frame).is_none_or(&mut stays));
    frames.reverse();
}

fn keep_newest(frames: &mut Vec<Frame>, cap: u64, weigh: fn(&Message) -> u64) {
    let mut sum = 0;
    retain_from_newest(frames, |message| {
        sum += weigh(message);
        sum <= cap
    });
}

fn keep_oldest(frames: &mut Vec<Frame>, cap: u64, weigh: fn(&Message) -> u64) {
    let mut sum = 0;
    let mut fits = |message: &Message| {
        let fits = sum + weigh(message) <= cap;
        sum += if fits { weigh(message) } else { 0 };
        fits
    };
    frames.retain(|frame| chat(frame).is_none_or(&mut fits));
}

fn keep_what_fits(frames: &mut Vec<Frame>, cap: u64) {
    frames.reverse();
    keep_oldest(frames, cap, bytes);
    frames.reverse();
}

fn evict_once_each(frames: &mut Vec<Frame>, cap: u64) {
    let (mut waiting, mut evicted) = (VecDeque::new(), BTreeSet::new());
    for (at, message) in frames
        .iter()
        .enumerate()
        .filter_map(|(at, frame)| Some((at, chat(frame)?)))
    {
        waiting.push_back((at, bytes(message)));
        let sum: u64 = waiting.iter().map(|(_, bytes)| bytes).sum();
        let oldest = if sum > cap { waiting.pop_front() } else { None };
        evicted.extend(oldest.map(|(at, _)| at));
    }
    let mut at = 0..;
    frames.retain(|_| at.next().is_none_or(|at: usize| !evicted.contains(&at)));
}

fn keep_newest_of_each(frames: &mut Vec<Frame>, cap: u64) {
    let mut of_sender = BTreeMap::<PeerId, u64>::new();
    retain_from_newest(frames, |message| {
        let count = of_sender.entry(message.from.clone()).or_default();
        *count += 1;
        *count <= cap
    });
}

fn refuse_the_largest(frames: &mut Vec<Frame>, cap: u64) {
    frames.retain(|frame| chat(frame).is_none_or(|message| bytes(message) < cap));
    keep_newest(frames, cap, bytes);
}

fn empty_when_over(frames: &mut Vec<Frame>, cap: u64) {
    let sum: u64 = frames.iter().filter_map(chat).map(bytes).sum();
    let mut newest = true;
    if sum > cap {
        retain_from_newest(frames, |_| std::mem::take(&mut newest));
    }
}

fn evict_one_too_many(frames: &mut Vec<Frame>, cap: u64) {
    if frames.iter().filter_map(chat).count() as u64 > cap {
        keep_newest(frames, cap - 1, |_| 1);
    }
}

fn wait_alone(frames: &mut Vec<Frame>, cap: u64) {
    let mut sum = 0;
    retain_from_newest(frames, |message| {
        let newest = sum == 0;
        sum += bytes(message);
        newest || sum <= cap
    });
}

fn spare_the_delivered(declared: Declared) -> Twist {
    let mut live = BTreeSet::new();
    on("*").outcome(move |call, outcome, world| {
        live.extend(live_of(outcome));
        if let Some(cap) = declared.of(world.who(call).app()) {
            let mut count = 0;
            edit_sync(outcome, |frames| {
                retain_from_newest(frames, |message| {
                    count += u64::from(!live.contains(&message.message_id));
                    count <= cap || live.contains(&message.message_id)
                });
            });
        }
    })
}

/// The room of what was sent and is no longer listed is not given back.
fn count_the_acknowledged(declared: Declared) -> Twist {
    let mut sent = Sent::default();
    on("*").outcome(move |call, outcome, world| {
        sent.learn(call, outcome, world);
        let who = world.who(call);
        let ever: u64 = sent.to(&who.owner()).map(bytes).sum();
        if let Some(cap) = declared.of(who.app()) {
            edit_sync(outcome, |frames| {
                let listed: u64 = frames.iter().filter_map(chat).map(bytes).sum();
                keep_newest(frames, cap.saturating_sub(ever - listed), bytes);
            });
        }
    })
}

fn count_the_expired(cap: &'static str, weigh: fn(&Message) -> u64) -> Twist {
    in_place_of(cap, move |declared| {
        let mut sent = Sent::default();
        on("*").outcome(move |call, outcome, world| {
            sent.learn(call, outcome, world);
            let who = world.who(call);
            let Some(cap) = declared.of(who.app()) else {
                return;
            };
            let (owner, mut sum) = (who.owner(), 0);
            let newest = sent.to(&owner).rev().take_while(|message| {
                sum += weigh(message);
                sum <= cap
            });
            let newest: BTreeSet<_> = newest.map(|message| &message.message_id).collect();
            edit_sync(outcome, |frames| {
                retain_from_newest(frames, |message| newest.contains(&message.message_id));
            });
        })
    })
}
