//! The list of a user's conversations: which there are, and what it says of each.

use duologue_core::answer::{Conversation, Conversations};
use duologue_core::id::{PeerId, Seq};
use duologue_core::message::Message;
use serde_json::json;

use super::newest_page;
use crate::call::Call;
use crate::fault::Fault;
use crate::memory::Sent;
use crate::routes::CONVERSATIONS;
use crate::twist::{Twist, on};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "roaming-only-recent-contacts-are-listed",
        requirement: "ROA-002",
        sentence: "A contact that has left the recent contacts is no conversation.",
        twist: || {
            list(|call, views, world| {
                let mut recents = call.clone();
                recents.path = "/v1/recents".into();
                recents.query.clear();
                let recents = world.ask(&recents).json()["recents"].clone();
                let peers = recents.as_array().cloned().unwrap_or_default();
                let listed = |view: &Conversation| {
                    peers
                        .iter()
                        .any(|recent| recent["peer"] == view.peer.as_str())
                };
                views.retain(|view| view.peer == PeerId::System || listed(view));
            })
        },
    },
    Fault {
        id: "roaming-system-view-is-not-listed",
        requirement: "ROA-002",
        sentence: "`@system` is not among the conversations.",
        twist: || list(|_, views, _| views.retain(|view| view.peer != PeerId::System)),
    },
    Fault {
        id: "roaming-unanswered-views-are-not-listed",
        requirement: "ROA-002",
        sentence: "A conversation is not listed before the caller has written in it.",
        twist: || {
            list(|call, views, world| {
                let user = world.who(call).user().to_owned();
                views.retain(|view| {
                    let messages = messages(call, view, world);
                    messages.iter().any(|message| message.from.as_str() == user)
                });
            })
        },
    },
    Fault {
        id: "roaming-expired-views-are-listed",
        requirement: "ROA-002",
        sentence: "A conversation whose messages have all expired is listed.",
        twist: expired_views,
    },
    Fault {
        id: "roaming-first-seq-of-a-view-is-one",
        requirement: "ROA-002",
        sentence: "The `first_seq` of a conversation is 1, expired or not.",
        twist: || list(|_, views, _| views.iter_mut().for_each(|view| view.first_seq = Seq(1))),
    },
    Fault {
        id: "roaming-last-seq-of-a-view-falls",
        requirement: "ROA-002",
        sentence: "The `last_seq` of a conversation is that of its newest unexpired message.",
        twist: || {
            list(|call, views, world| {
                for view in views {
                    let messages = messages(call, view, world);
                    let newest = messages.last().and_then(|message| message.seq);
                    view.last_seq = newest.unwrap_or(view.last_seq);
                }
            })
        },
    },
    Fault {
        id: "roaming-last-time-of-an-expired-message",
        requirement: "ROA-002",
        sentence: "The `last_time_ms` of a conversation is that of its newest message, expired or not.",
        twist: last_time_of_all,
    },
    Fault {
        id: "roaming-last-time-of-the-first-message",
        requirement: "ROA-002",
        sentence: "The `last_time_ms` of a conversation is that of its first message.",
        twist: || {
            list(|call, views, world| {
                for view in views {
                    let messages = messages(call, view, world);
                    let first = messages.first().map(|message| message.time_ms);
                    view.last_time_ms = first.unwrap_or(view.last_time_ms);
                }
            })
        },
    },
];

/// Changes the list of conversations.
fn list(
    mut edit: impl FnMut(&Call, &mut Vec<Conversation>, &mut World<'_>) + Send + 'static,
) -> Twist {
    on(CONVERSATIONS).outcome(move |call, outcome, world| {
        edit_conversations(outcome, |views| edit(call, views, world));
    })
}

/// Changes the list of conversations that an outcome answers with, if it is one.
fn edit_conversations(outcome: &mut Outcome, edit: impl FnOnce(&mut Vec<Conversation>)) {
    if let Ok(mut page) = serde_json::from_value::<Conversations>(outcome.json()) {
        edit(&mut page.conversations);
        outcome.set_json(&json!(page));
    }
}

fn expired_views() -> Twist {
    let mut sent = Sent::default();
    on("*").outcome(move |call, outcome, world| {
        sent.learn(call, outcome, world);
        if !call.query.is_empty() {
            return;
        }
        let owner = world.who(call).owner();
        edit_conversations(outcome, |views| {
            for peer in sent.peers_of(&owner) {
                if !views.iter().any(|view| view.peer.as_str() == peer) {
                    views.extend(sent.between(&owner, &peer).last().and_then(|newest| {
                        Some(Conversation {
                            peer: PeerId::parse(&peer).ok()?,
                            first_seq: Seq(1),
                            last_seq: newest.seq?,
                            last_time_ms: newest.time_ms,
                        })
                    }));
                }
            }
            views.sort_by(|one, other| one.peer.cmp(&other.peer));
        });
    })
}

fn last_time_of_all() -> Twist {
    let mut sent = Sent::default();
    on("*").outcome(move |call, outcome, world| {
        sent.learn(call, outcome, world);
        let owner = world.who(call).owner();
        edit_conversations(outcome, |views| {
            for view in views {
                let newest = sent.between(&owner, view.peer.as_str()).last();
                view.last_time_ms = newest.map_or(view.last_time_ms, |newest| newest.time_ms);
            }
        });
    })
}

/// The newest messages of one of the caller's views.
fn messages(call: &Call, view: &Conversation, world: &mut World<'_>) -> Vec<Message> {
    newest_page(call, &view.peer, world).map_or(Vec::new(), |page| page.messages)
}
