//! The event stream: its frames, its sync, what comes live and how it ends.

pub(super) mod acknowledging;
pub(super) mod cursors;
pub(super) mod frames;

use std::collections::{BTreeMap, BTreeSet};

use duologue_core::event::{Event, Frame, KickReason, Path};
use duologue_core::id::PeerId;
use duologue_core::message::Message;
use duologue_core::server::{Body, Effect, StreamId};

use crate::call::Call;
use crate::fault::Fault;
use crate::frames::{kicked, live, message_of};
use crate::memory::Mailboxes;
use crate::routes::{ACK, ANY_SEND, EVENTS, LOGIN, SEND};
use crate::told::sent;
use crate::twist::{Twist, edit_sync, on, sync};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "stream-no-recents-when-empty",
        requirement: "STR-005",
        sentence: "A sync without recent contacts has no `recents`.",
        twist: || {
            sync(|frames| {
                let empty = |frame: &Frame| matches!(&frame.event, Event::Recents(list) if list.recents.is_empty());
                frames.retain(|frame| !empty(frame));
            })
        },
    },
    Fault {
        id: "stream-no-sync-done-when-empty",
        requirement: "STR-005",
        sentence: "A sync that lists no message has no `sync_done`.",
        twist: || {
            sync(|frames| {
                let empty = frames.iter().all(|frame| frame.id.is_none());
                frames.retain(|frame| !empty || frame.event != Event::SyncDone);
            })
        },
    },
    Fault {
        id: "stream-sync-done-twice",
        requirement: "STR-005",
        sentence: "`sync_done` comes after the offline messages, and again after `recents`.",
        twist: || {
            sync(|frames| {
                if let Some(done) = frames.last().cloned() {
                    frames.insert(frames.len() - 2, done);
                }
            })
        },
    },
    Fault {
        id: "stream-recents-before-the-messages",
        requirement: "STR-005",
        sentence: "A sync begins with `recents`.",
        twist: || {
            sync(|frames| frames.sort_by_key(|frame| !matches!(frame.event, Event::Recents(_))))
        },
    },
    Fault {
        id: "stream-newest-message-first",
        requirement: "STR-005",
        sentence: "A sync lists the offline messages newest first.",
        twist: || {
            sync(|frames| {
                frames.sort_by_key(|frame| (frame.id.is_none(), std::cmp::Reverse(frame.id)));
            })
        },
    },
    Fault {
        id: "stream-notifications-after-chat",
        requirement: "STR-005",
        sentence: "A sync lists system messages after all others.",
        twist: || {
            sync(|frames| frames.sort_by_key(|frame| (frame.id.is_none(), is_notification(frame))))
        },
    },
    Fault {
        id: "stream-no-sync-on-reconnect",
        requirement: "STR-005",
        sentence: "Only a session's first stream has `recents` and `sync_done`.",
        twist: || {
            let mut synced = BTreeSet::new();
            on(EVENTS).outcome(move |call, outcome, _| {
                if !synced.insert(call.authorization.clone()) {
                    edit_sync(outcome, |frames| frames.retain(|frame| frame.id.is_some()));
                }
            })
        },
    },
    Fault {
        id: "stream-sync-says-live",
        requirement: "STR-005",
        sentence: "The messages of a sync say that they are live.",
        twist: || on(EVENTS).messages(|message| message.path = Path::Live),
    },
    Fault {
        id: "stream-sync-of-a-hundred",
        requirement: "STR-006",
        sentence: "A sync lists a hundred messages at most.",
        twist: || {
            sync(|frames| {
                let mut left = 100;
                frames.retain(|frame| {
                    let stays = frame.id.is_none() || left > 0;
                    left -= i32::from(frame.id.is_some());
                    stays
                });
            })
        },
    },
    Fault {
        id: "stream-sync-of-newest-messages",
        requirement: "STR-006",
        sentence: "A sync lists only the newest message of each sender.",
        twist: || {
            sync(|frames| {
                let mut senders = BTreeSet::<PeerId>::new();
                frames.reverse();
                frames.retain(|frame| {
                    message_of(frame).is_none_or(|message| senders.insert(message.from.clone()))
                });
                frames.reverse();
            })
        },
    },
    Fault {
        id: "stream-sync-without-the-administrator",
        requirement: "STR-006",
        sentence: "A sync leaves out the messages of the administrator.",
        twist: || {
            sync(|frames| {
                frames.retain(|frame| {
                    message_of(frame).is_none_or(|message| message.from != PeerId::Admin)
                });
            })
        },
    },
    Fault {
        id: "stream-live-too-late",
        requirement: "STR-007",
        sentence: "What is accepted in the first ten seconds of a stream is not delivered on it.",
        twist: || in_first_seconds(|_| None),
    },
    Fault {
        id: "stream-offline-after-sync-done",
        requirement: "STR-007",
        sentence: "What is accepted in the first ten seconds of a stream comes as `offline`.",
        twist: || {
            in_first_seconds(|mut frame| {
                if let Event::Message(event) = &mut frame.event {
                    event.path = Path::Offline;
                }
                Some(frame)
            })
        },
    },
    Fault {
        id: "stream-sync-comes-live-again",
        requirement: "STR-008",
        sentence: "The newest message of a sync comes again as a live event.",
        twist: || {
            sync(|frames| {
                let newest = frames.iter().rfind(|frame| frame.id.is_some());
                let mut again = newest.cloned();
                if let Some(Event::Message(event)) = again.as_mut().map(|frame| &mut frame.event) {
                    event.path = Path::Live;
                }
                frames.extend(again);
            })
        },
    },
    Fault {
        id: "stream-acknowledgement-brings-the-rest-again",
        requirement: "STR-008",
        sentence: "After an acknowledgement the open streams get what is left once more.",
        twist: || {
            let mut mailboxes = Mailboxes::default();
            on("*").outcome(move |call, outcome, world| {
                mailboxes.learn(call, outcome, world);
                if call.is(ACK) {
                    redeliver(&mut mailboxes, call, outcome, world);
                }
            })
        },
    },
    Fault {
        id: "stream-nothing-live",
        requirement: "STR-009",
        sentence: "Messages come with the next sync and never live.",
        twist: || on(ANY_SEND).frames(|frame| Vec::from_iter(frame.id.is_none().then_some(frame))),
    },
    Fault {
        id: "stream-live-to-one-device",
        requirement: "STR-009",
        sentence: "A message goes live to one stream of its recipient only.",
        twist: || {
            on(ANY_SEND).outcome(|_, outcome, _| {
                let mut first = true;
                outcome.effects.retain(|effect| {
                    let to_recipient =
                        matches!(effect, Effect::Deliver { frame, .. } if frame.id.is_some());
                    !to_recipient || std::mem::take(&mut first)
                });
            })
        },
    },
    Fault {
        id: "stream-only-the-mailbox-goes-live",
        requirement: "STR-009",
        sentence: "A message that does not enter the mailbox does not go live.",
        twist: || {
            undelivered(|frame, message, listener| {
                frame.id.is_none() && message.to.as_str() == listener
            })
        },
    },
    Fault {
        id: "stream-no-copy-for-other-sessions",
        requirement: "STR-010",
        sentence: "The sender's other sessions get no copy.",
        twist: || undelivered(|_, message, listener| message.from.as_str() == listener),
    },
    Fault {
        id: "stream-copy-without-seq",
        requirement: "STR-010",
        sentence: "The copy for the sender's other sessions has no `seq`.",
        twist: || {
            on(SEND).frames(|mut frame| {
                if let Event::Message(event) = &mut frame.event {
                    event.message.seq = event.message.seq.filter(|_| frame.id.is_some());
                }
                vec![frame]
            })
        },
    },
    Fault {
        id: "stream-copy-for-the-sending-session",
        requirement: "STR-010",
        sentence: "The session that sent a message gets a copy, too.",
        twist: || on(SEND).outcome(copy_to_all),
    },
    Fault {
        id: "stream-older-stream-stays-open",
        requirement: "STR-020",
        sentence: "The older stream of a session stays open and silent.",
        twist: || {
            on(EVENTS).effects(|effect, _| match effect {
                Effect::Close { .. } => Vec::new(),
                other => vec![other],
            })
        },
    },
    Fault {
        id: "stream-older-stream-is-kicked",
        requirement: "STR-020",
        sentence: "The older stream of a session ends with `kicked`.",
        twist: || {
            on(EVENTS).effects(|effect, _| match effect {
                Effect::Close { stream } => vec![kicked(stream, KickReason::Replaced), effect],
                other => vec![other],
            })
        },
    },
    Fault {
        id: "stream-one-for-each-user",
        requirement: "STR-020",
        sentence: "A new stream ends those of the user's other sessions.",
        twist: || on(EVENTS).outcome(close_others),
    },
    Fault {
        id: "stream-open-after-kicked",
        requirement: "STR-021",
        sentence: "A stream stays open after `kicked`.",
        twist: || {
            on(LOGIN).effects(|effect, _| match effect {
                Effect::Close { .. } => Vec::new(),
                other => vec![other],
            })
        },
    },
    Fault {
        id: "stream-sync-done-after-kicked",
        requirement: "STR-021",
        sentence: "`kicked` is followed by `sync_done`.",
        twist: || {
            on(LOGIN).frames(|frame| {
                let done = Frame {
                    id: None,
                    event: Event::SyncDone,
                };
                vec![frame, done]
            })
        },
    },
    Fault {
        id: "stream-end-is-not-noticed",
        requirement: "STR-022",
        sentence: "A stream counts as open until its session opens another one or ends.",
        twist: || Twist {
            ignores_ends: true,
            ..Twist::default()
        },
    },
];

fn is_notification(frame: &Frame) -> bool {
    message_of(frame).is_some_and(|message| message.from == PeerId::System)
}

/// Changes what is delivered on a stream that was opened less than ten seconds ago, but for its sync.
fn in_first_seconds(edit: fn(Frame) -> Option<Frame>) -> Twist {
    let mut opened = BTreeMap::<StreamId, u64>::new();
    on("*").outcome(move |call, outcome, _| {
        if let Body::Stream { stream, .. } = outcome.reply.body {
            opened.insert(stream, call.now.0);
            return;
        }
        let young = |stream| {
            opened
                .get(&stream)
                .is_some_and(|at| *at + 10_000 > call.now.0)
        };
        let edited = std::mem::take(&mut outcome.effects)
            .into_iter()
            .filter_map(|effect| match effect {
                Effect::Deliver { stream, frame } if young(stream) => Some(Effect::Deliver {
                    stream,
                    frame: edit(frame)?,
                }),
                other => Some(other),
            });
        outcome.effects = edited.collect();
    })
}

/// What is stored does not go live where `lost` says so of a frame, its message and the listener.
fn undelivered(lost: fn(&Frame, &Message, &str) -> bool) -> Twist {
    on(SEND).effects(move |effect, world| {
        let gone = match &effect {
            Effect::Deliver { stream, frame } => message_of(frame).is_some_and(|message| {
                let listener = world.listener(*stream);
                message.seq.is_some() && lost(frame, message, listener.user())
            }),
            Effect::Close { .. } | Effect::Push { .. } | Effect::DropMedia(_) => false,
        };
        Vec::from_iter((!gone).then_some(effect))
    })
}

/// What a user was shown and has not acknowledged goes out on all of the user's streams.
fn redeliver(mailboxes: &mut Mailboxes, call: &Call, outcome: &mut Outcome, world: &World<'_>) {
    let owner = world.who(call).owner();
    let shown = mailboxes.of(&owner).values();
    for frame in shown
        .filter(|shown| shown.acknowledged.is_none())
        .map(|shown| &shown.frame)
    {
        let mut frame = frame.clone();
        if let Event::Message(event) = &mut frame.event {
            event.path = Path::Live;
        }
        let streams = world.book.streams_of(&owner.0, &owner.1);
        outcome
            .effects
            .extend(streams.map(|stream| Effect::Deliver {
                stream,
                frame: frame.clone(),
            }));
    }
}

/// Shows the answer on all of the sender's streams.
fn copy_to_all(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    let Some(message) = sent(outcome) else {
        return;
    };
    let who = world.who(call);
    let reached = |stream: &StreamId| {
        let mut effects = outcome.effects.iter();
        effects.any(|effect| matches!(effect, Effect::Deliver { stream: to, .. } if to == stream))
    };
    let left: Vec<StreamId> = world
        .book
        .streams_of(who.app(), who.user())
        .filter(|stream| !reached(stream))
        .collect();
    outcome
        .effects
        .extend(left.into_iter().map(|stream| live(stream, message.clone())));
}

fn close_others(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    let Body::Stream { stream, .. } = outcome.reply.body else {
        return;
    };
    let who = world.who(call);
    for other in world
        .book
        .streams_of(who.app(), who.user())
        .filter(|other| *other != stream)
    {
        world.server.stream_closed(other);
        outcome.effects.push(Effect::Close { stream: other });
    }
}
