//! How long an entry waits in the mailbox.

use std::collections::BTreeSet;

use duologue_core::message::Message;

use crate::fault::Fault;
use crate::frames::{forget, message_of};
use crate::memory::{Reader, Sent, Shown, reader, relists};
use crate::routes::EVENTS;
use crate::twist::{Twist, edit_sync, on};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "offline-expires-a-millisecond-early",
        requirement: "OFF-010",
        sentence: "An entry has expired a millisecond before its time is over.",
        twist: expires_early,
    },
    Fault {
        id: "offline-expires-a-millisecond-late",
        requirement: "OFF-010",
        sentence: "An entry is still listed when its time is over, for a millisecond.",
        twist: || relists(|shown, reader| waits_until(shown, reader, |end, _| end + 1)),
    },
    Fault {
        id: "offline-lifetime-does-not-count",
        requirement: "OFF-010",
        sentence: "An entry waits for the full time, whatever the lifetime of its message.",
        twist: || relists(|shown, reader| waits_until(shown, reader, |_, full| full)),
    },
    Fault {
        id: "offline-waits-as-long-as-the-history",
        requirement: "OFF-010",
        sentence: "An entry waits until the `expires_ms` of its message.",
        twist: || {
            relists(|shown, reader| {
                let message = message_of(&shown.frame);
                let ends = message.map_or(0, |message| message.expires_ms.0);
                shown.acknowledged.is_none() && reader.now_ms < ends
            })
        },
    },
    Fault {
        id: "offline-expires-with-the-oldest",
        requirement: "OFF-010",
        sentence: "When an entry expires, all that wait with it expire, too.",
        twist: expires_with_the_oldest,
    },
    Fault {
        id: "offline-expired-entries-stay",
        requirement: "OFF-010",
        sentence: "An entry that a sync has listed is listed until it is acknowledged, expired or not.",
        twist: || relists(|shown, _| shown.acknowledged.is_none()),
    },
];

/// When the time of an entry is over.
fn end(message: &Message, reader: &Reader) -> u64 {
    message.expires_ms.0.min(full_end(message, reader))
}

fn full_end(message: &Message, reader: &Reader) -> u64 {
    message.time_ms.0 + reader.offline_ttl_ms
}

/// Whether an entry is there before a wrong end, made of the right one and of that without lifetime.
fn waits_until(shown: &Shown, reader: &Reader, wrong: fn(u64, u64) -> u64) -> bool {
    let message = message_of(&shown.frame);
    let ends = message.map_or(0, |message| {
        wrong(end(message, reader), full_end(message, reader))
    });
    shown.acknowledged.is_none() && reader.now_ms < ends
}

fn expires_early() -> Twist {
    on(EVENTS).outcome(|call, outcome, world| {
        let reader = reader(call, world);
        edit_sync(outcome, |frames| {
            frames.retain(|frame| {
                message_of(frame).is_none_or(|message| reader.now_ms + 1 < end(message, &reader))
            });
        });
    })
}

fn expires_with_the_oldest() -> Twist {
    let mut sent = Sent::default();
    on("*").outcome(move |call, outcome, world| {
        sent.learn(call, outcome, world);
        if !call.is(EVENTS) {
            return;
        }
        let reader = reader(call, world);
        let mut gone = BTreeSet::new();
        let mut until = None;
        let owner = world.who(call).owner();
        for message in sent.to(&owner) {
            if until.is_some_and(|until| message.time_ms.0 < until) {
                gone.insert(message.message_id.clone());
            }
            let end = end(message, &reader);
            if end <= reader.now_ms {
                until = until.max(Some(end));
            }
        }
        edit_sync(outcome, |frames| forget(&gone, frames));
    })
}
