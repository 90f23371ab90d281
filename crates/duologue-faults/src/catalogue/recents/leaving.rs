//! How contacts leave the list, and how they come back.

use std::collections::BTreeMap;

use duologue_core::id::PeerId;
use duologue_core::message::{Message, Recent};

use super::super::roaming::{newest_page, peers};
use super::{contacts, edit_contacts};
use crate::book::Owner;
use crate::call::Call;
use crate::fault::Fault;
use crate::limits::{Declared, in_place_of, limit};
use crate::memory::{Mailboxes, Sent};
use crate::routes::{CONTACTS, SEND};
use crate::twist::{Twist, on};
use crate::world::World;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "recents-one-contact-too-many",
        requirement: "REC-004",
        sentence: "The list holds a contact more than `recent_contacts_max`.",
        twist: || limit("recent_contacts_max", |max| max + 1),
    },
    Fault {
        id: "recents-one-contact-too-few",
        requirement: "REC-004",
        sentence: "The list holds a contact less than `recent_contacts_max`.",
        twist: || limit("recent_contacts_max", |max| (max - 1).max(1)),
    },
    Fault {
        id: "recents-full-list-takes-no-contact",
        requirement: "REC-004",
        sentence: "A full list takes no new contact.",
        twist: || {
            in_place_of("recent_contacts_max", |declared| {
                first_come(declared, false)
            })
        },
    },
    Fault {
        id: "recents-first-contact-leaves-first",
        requirement: "REC-004",
        sentence: "The contact that has been listed for longest leaves, however recent its message.",
        twist: || in_place_of("recent_contacts_max", |declared| first_come(declared, true)),
    },
    Fault {
        id: "recents-senders-list-has-no-end",
        requirement: "REC-004",
        sentence: "Contacts by messages that a user has sent are not counted.",
        twist: || {
            in_place_of("recent_contacts_max", |declared| {
                contacts(move |call, list, world| {
                    let who = world.who(call);
                    let (mut count, max) = (0, declared.of(who.app()));
                    list.retain(|recent| {
                        let own = recent.message.from.as_str() == who.user();
                        count += u64::from(!own);
                        own || Some(count) <= max
                    });
                })
            })
        },
    },
    Fault {
        id: "recents-leave-with-the-newest-message",
        requirement: "REC-005",
        sentence: "A contact whose newest message expires leaves the list.",
        twist: || {
            contacts(|call, list, world| {
                list.retain(|recent| {
                    let page = newest_page(call, &recent.peer, world);
                    page.is_none_or(|page| Some(page.last_seq) == recent.message.seq)
                });
            })
        },
    },
    Fault {
        id: "recents-leave-with-any-message",
        requirement: "REC-005",
        sentence: "A contact leaves the list when the first message of its view expires.",
        twist: || {
            contacts(|call, list, world| {
                list.retain(|recent| {
                    let page = newest_page(call, &recent.peer, world);
                    let first = page.and_then(|page| page.first_seq);
                    first.is_none_or(|first| first.0 == 1)
                });
            })
        },
    },
    Fault {
        id: "recents-expired-contact-stays",
        requirement: "REC-005",
        sentence: "A contact whose messages have all expired stays in the list.",
        twist: || with_expired(|_, _, _| true),
    },
    Fault {
        id: "recents-expire-a-millisecond-late",
        requirement: "REC-005",
        sentence: "A contact still shows a message at its `expires_ms`, for a millisecond.",
        twist: || with_expired(|message, now_ms, _| message.expires_ms.0 == now_ms),
    },
    Fault {
        id: "recents-own-messages-do-not-expire",
        requirement: "REC-005",
        sentence: "A contact goes on showing an expired message to the user who wrote it.",
        twist: || with_expired(|message, _, user| message.from.as_str() == user),
    },
    Fault {
        id: "recents-expire-a-millisecond-early",
        requirement: "REC-005",
        sentence: "A contact leaves a millisecond before the `expires_ms` of the message it shows.",
        twist: || {
            contacts(|call, list, world| {
                let now_ms = world.now(call);
                list.retain(|recent| now_ms + 1 < recent.message.expires_ms.0);
            })
        },
    },
    Fault {
        id: "recents-free-place-is-filled-again",
        requirement: "REC-006",
        sentence: "A contact that was pushed out comes back when a place is free.",
        twist: || {
            in_place_of("recent_contacts_max", |declared| {
                contacts(move |call, list, world| {
                    let max = declared.of(world.who(call).app()).unwrap_or(u64::MAX);
                    list.truncate(usize::try_from(max).unwrap_or(usize::MAX));
                })
            })
        },
    },
    Fault {
        id: "recents-falling-back-into-the-list",
        requirement: "REC-006",
        sentence: "A contact that was pushed out comes back when its newest message expires and an older one is left.",
        twist: || contacts(fall_back_into),
    },
    Fault {
        id: "recents-without-the-acknowledged",
        requirement: "REC-007",
        sentence: "A contact whose message was acknowledged leaves the list.",
        twist: without_acknowledged,
    },
    Fault {
        id: "recents-as-short-as-the-offline-cache",
        requirement: "REC-007",
        sentence: "A contact leaves when the offline cache lets go of its message.",
        twist: || {
            contacts(|call, list, world| {
                let ttl_s = world.limit(call, "offline_ttl_s").unwrap_or_default();
                let now_ms = world.now(call);
                list.retain(|recent| now_ms < recent.message.time_ms.0 + ttl_s * 1000);
            })
        },
    },
];

/// The list is bounded by who became a contact when: the first stay, or the last.
fn first_come(declared: Declared, last: bool) -> Twist {
    let mut order = BTreeMap::<Owner, Vec<String>>::new();
    on("*").outcome(move |call, outcome, world| {
        let who = world.who(call);
        if call.is(SEND) && outcome.reply.status == 200 {
            let to = call.recipient();
            for (user, peer) in [(who.user(), &*to), (&*to, who.user())] {
                let peers = order
                    .entry((who.app().to_owned(), user.to_owned()))
                    .or_default();
                if !peers.iter().any(|known| known == peer) {
                    peers.push(peer.to_owned());
                }
            }
        }
        let peers = order.entry(who.owner()).or_default();
        let max = declared
            .of(who.app())
            .and_then(|max| usize::try_from(max).ok());
        let above = peers.len().saturating_sub(max.unwrap_or(usize::MAX));
        let stay = if last {
            &peers[above..]
        } else {
            &peers[..peers.len() - above]
        };
        edit_contacts(outcome, |list| {
            list.retain(|recent| stay.iter().any(|peer| *peer == recent.peer.as_str()));
        });
    })
}

/// Contacts whose messages have all expired, or whose newest has, show what `stays` of it.
fn with_expired(stays: fn(&Message, u64, &str) -> bool) -> Twist {
    let mut sent = Sent::default();
    on("*").outcome(move |call, outcome, world| {
        sent.learn(call, outcome, world);
        if !call.is(CONTACTS) {
            return;
        }
        let owner = world.who(call).owner();
        let now_ms = world.now(call);
        edit_contacts(outcome, |list| {
            for peer in sent.peers_of(&owner) {
                let newest = sent.between(&owner, &peer).last();
                let expired = newest.filter(|message| {
                    message.expires_ms.0 <= now_ms && stays(message, now_ms, &owner.1)
                });
                let Some((message, peer)) = expired.zip(PeerId::parse(&peer).ok()) else {
                    continue;
                };
                list.retain(|recent| recent.peer != peer);
                list.push(Recent {
                    peer,
                    message: message.clone(),
                });
            }
            list.sort_by_key(|recent| std::cmp::Reverse(recent.message.time_ms));
        });
    })
}

fn fall_back_into(call: &Call, list: &mut Vec<Recent>, world: &mut World<'_>) {
    for peer in peers(call, world) {
        let page = newest_page(call, &peer, world);
        let left = page.and_then(|page| {
            let newest = page.messages.last()?.clone();
            (newest.seq != Some(page.last_seq)).then_some(newest)
        });
        if !list.iter().any(|recent| recent.peer == peer) {
            list.extend(left.map(|message| Recent { peer, message }));
        }
    }
}

fn without_acknowledged() -> Twist {
    let mut mailboxes = Mailboxes::default();
    on("*").outcome(move |call, outcome, world| {
        mailboxes.learn(call, outcome, world);
        let gone = mailboxes.acknowledged(&world.who(call).owner());
        edit_contacts(outcome, |list| {
            list.retain(|recent| !gone.contains(&recent.message.message_id));
        });
    })
}
