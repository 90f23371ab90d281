//! Cursors: which events have one, how they count, and what a `Last-Event-ID` skips.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use duologue_core::ErrorCode;
use duologue_core::event::{Event, Frame};
use duologue_core::id::Cursor;
use duologue_core::message::Message;
use duologue_core::server::Effect;

use super::acknowledging::acknowledge;
use crate::book::Owner;
use crate::call::Call;
use crate::fault::Fault;
use crate::frames::message_of;
use crate::json::{set, text};
use crate::routes::{ACK, ANY_SEND, EVENTS, LOGIN};
use crate::twist::{Twist, edit_sync, error, on, sync};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "stream-live-without-cursor",
        requirement: "STR-011",
        sentence: "A live message has no `id`.",
        twist: || on(ANY_SEND).frames(|frame| vec![Frame { id: None, ..frame }]),
    },
    Fault {
        id: "stream-offline-without-cursor",
        requirement: "STR-011",
        sentence: "An offline message has no `id`.",
        twist: || on(EVENTS).frames(|frame| vec![Frame { id: None, ..frame }]),
    },
    Fault {
        id: "stream-recents-with-cursor",
        requirement: "STR-012",
        sentence: "`recents` has the `id` of the newest entry.",
        twist: || sync(|frames| newest_for(frames, |event| matches!(event, Event::Recents(_)))),
    },
    Fault {
        id: "stream-sync-done-with-cursor",
        requirement: "STR-012",
        sentence: "`sync_done` has the `id` of the newest entry.",
        twist: || sync(|frames| newest_for(frames, |event| *event == Event::SyncDone)),
    },
    Fault {
        id: "stream-kicked-with-cursor",
        requirement: "STR-012",
        sentence: "`kicked` has an `id`.",
        twist: || {
            on(LOGIN).frames(|frame| {
                vec![Frame {
                    id: Some(Cursor(1)),
                    ..frame
                }]
            })
        },
    },
    Fault {
        id: "stream-online-only-with-cursor",
        requirement: "STR-012",
        sentence: "A message that is not stored has an `id`.",
        twist: || numbers(|message, _| message.seq.is_none()),
    },
    Fault {
        id: "stream-oversized-with-cursor",
        requirement: "STR-012",
        sentence: "A message larger than the offline cache has an `id`.",
        twist: || {
            numbers(|message, listener| message.seq.is_some() && message.to.as_str() == listener)
        },
    },
    Fault {
        id: "stream-copy-with-cursor",
        requirement: "STR-012",
        sentence: "The copy for the sender's other sessions has an `id`.",
        twist: || {
            numbers(|message, listener| message.seq.is_some() && message.from.as_str() == listener)
        },
    },
    Fault {
        id: "stream-cursor-of-each-sync",
        requirement: "STR-013",
        sentence: "Each sync gives the entries new cursors.",
        twist: || {
            let mut syncs = 0;
            sync(move |frames| {
                for frame in frames {
                    frame.id = frame.id.map(|Cursor(id)| Cursor(id + syncs));
                }
                syncs += 1;
            })
        },
    },
    Fault {
        id: "stream-cursor-of-each-device",
        requirement: "STR-013",
        sentence: "A live message has another cursor on each stream of its recipient.",
        twist: || {
            on(ANY_SEND).outcome(|_, outcome, _| {
                let mut more = 0..;
                for effect in &mut outcome.effects {
                    if let Effect::Deliver { frame, .. } = effect {
                        let id = frame.id.zip(more.next());
                        frame.id = id.map(|(Cursor(id), more): (_, u64)| Cursor(id + more));
                    }
                }
            })
        },
    },
    Fault {
        id: "stream-cursors-begin-again",
        requirement: "STR-014",
        sentence: "After an acknowledgement the cursors begin again at 1.",
        twist: || SmallCursors::default().twist(Goes::AnewAfterAcknowledgement),
    },
    Fault {
        id: "stream-last-event-id-is-ignored",
        requirement: "STR-018",
        sentence: "`Last-Event-ID` skips nothing.",
        twist: || on(EVENTS).request(|call, _| call.last_event_id = None),
    },
    Fault {
        id: "stream-last-event-id-comes-again",
        requirement: "STR-018",
        sentence: "The entry of the `Last-Event-ID` itself is listed.",
        twist: || {
            on(EVENTS).request(|call, _| {
                if let Some(Cursor(last)) = last_event_id(call) {
                    call.last_event_id = Some(last.saturating_sub(1).to_string());
                }
            })
        },
    },
    Fault {
        id: "stream-last-event-id-skips-the-next",
        requirement: "STR-018",
        sentence: "The entry after that of the `Last-Event-ID` is left out, too.",
        twist: || {
            on(EVENTS).outcome(|call, outcome, _| {
                if last_event_id(call).is_some() {
                    edit_sync(outcome, |frames| {
                        let mut skipped = false;
                        let mut first = |frame: &Frame| {
                            frame.id.is_some() && !std::mem::replace(&mut skipped, true)
                        };
                        frames.retain(|frame| !first(frame));
                    });
                }
            })
        },
    },
    Fault {
        id: "stream-last-event-id-acknowledges",
        requirement: "STR-018",
        sentence: "`Last-Event-ID` acknowledges what it skips.",
        twist: || {
            on(EVENTS).outcome(|call, _, world| {
                if let Some(last) = last_event_id(call) {
                    acknowledge(last, call, world);
                }
            })
        },
    },
    Fault {
        id: "stream-last-event-id-without-recents",
        requirement: "STR-018",
        sentence: "A stream with `Last-Event-ID` begins with the entries it does not skip, and nothing else.",
        twist: || {
            on(EVENTS).outcome(|call, outcome, _| {
                if last_event_id(call).is_some() {
                    edit_sync(outcome, |frames| frames.retain(|frame| frame.id.is_some()));
                }
            })
        },
    },
    Fault {
        id: "stream-last-event-id-compared-as-text",
        requirement: "STR-018",
        sentence: "Cursors count from 1, and `Last-Event-ID` is compared with them as text.",
        twist: || SmallCursors::default().twist(Goes::AsText),
    },
    Fault {
        id: "stream-malformed-last-event-id-is-refused",
        requirement: "STR-019",
        sentence: "A malformed `Last-Event-ID` is refused.",
        twist: || {
            on(EVENTS).instead(|call, _| {
                let malformed = call.last_event_id.is_some() && last_event_id(call).is_none();
                malformed.then(|| error(ErrorCode::InvalidField).into())
            })
        },
    },
    Fault {
        id: "stream-last-event-id-up-to-a-letter",
        requirement: "STR-019",
        sentence: "The digits that a malformed `Last-Event-ID` begins with count.",
        twist: || {
            on(EVENTS).request(|call, _| {
                if let Some(last) = &mut call.last_event_id {
                    let digits = last.find(|c: char| !c.is_ascii_digit());
                    last.truncate(digits.unwrap_or(last.len()));
                }
            })
        },
    },
    Fault {
        id: "stream-last-event-id-with-leading-zeros",
        requirement: "STR-019",
        sentence: "A `Last-Event-ID` may begin with zeros.",
        twist: || {
            on(EVENTS).request(|call, _| {
                if let Some(last) = &mut call.last_event_id {
                    *last = last.trim_start_matches('0').to_owned();
                }
            })
        },
    },
    Fault {
        id: "stream-unissued-last-event-id-skips-all",
        requirement: "STR-019",
        sentence: "A `Last-Event-ID` that is a number above all cursors skips everything.",
        twist: || {
            on(EVENTS).outcome(|call, outcome, _| {
                let last = call
                    .last_event_id
                    .as_ref()
                    .and_then(|last| last.parse::<u128>().ok());
                edit_sync(outcome, |frames| {
                    let newest = frames.iter().filter_map(|frame| frame.id).max();
                    if last > newest.map(|Cursor(id)| id.into()) {
                        frames.retain(|frame| frame.id.is_none());
                    }
                });
            })
        },
    },
];

/// Gives an event the cursor of the newest entry of its sync.
fn newest_for(frames: &mut [Frame], chosen: fn(&Event) -> bool) {
    let newest = frames.iter().filter_map(|frame| frame.id).max();
    for frame in frames.iter_mut().filter(|frame| chosen(&frame.event)) {
        frame.id = newest;
    }
}

/// Gives a live message without a cursor one, if it is `chosen` for its listener.
fn numbers(chosen: fn(&Message, &str) -> bool) -> Twist {
    on(ANY_SEND).effects(move |mut effect, world| {
        if let Effect::Deliver { stream, frame } = &mut effect
            && frame.id.is_none()
            && let Some(message) = message_of(frame)
            && chosen(message, world.listener(*stream).user())
        {
            frame.id = Some(Cursor(1));
        }
        vec![effect]
    })
}

fn last_event_id(call: &Call) -> Option<Cursor> {
    Cursor::parse(call.last_event_id.as_deref()?).ok()
}

/// How far below the core's each user's cursors are shown.
#[derive(Clone, Default)]
struct SmallCursors(Arc<Mutex<BTreeMap<Owner, u64>>>);

/// What goes wrong with cursors that count from 1.
#[derive(Clone, Copy, PartialEq)]
enum Goes {
    AnewAfterAcknowledgement,
    AsText,
}

impl SmallCursors {
    fn twist(self, goes: Goes) -> Twist {
        let inwards = self.clone();
        let asked = on("POST /v1/events/ack | GET /v1/events").request(move |call, world| {
            inwards.read(goes, call, &world.who(call).owner());
        });
        asked.and(on("*").outcome(move |call, outcome, world| {
            self.show(outcome, world);
            match goes {
                Goes::AnewAfterAcknowledgement if call.is(ACK) && outcome.reply.status == 204 => {
                    let cursor = text(&call.json(), "/cursor").parse().unwrap_or(0);
                    let mut bases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(base) = bases.get_mut(&world.who(call).owner()) {
                        *base += cursor;
                    }
                }
                Goes::AnewAfterAcknowledgement => {}
                Goes::AsText => {
                    let last = call.last_event_id.clone().unwrap_or_default();
                    let seen = |frame: &Frame| frame.id.is_some_and(|id| id.to_string() <= last);
                    edit_sync(outcome, |frames| frames.retain(|frame| !seen(frame)));
                }
            }
        }))
    }

    /// Turns the cursors of a request into the core's.
    fn read(&self, goes: Goes, call: &mut Call, owner: &Owner) {
        let bases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let base = bases.get(owner).copied().unwrap_or(0);
        let real =
            |cursor: &str| Cursor::parse(cursor).map(|Cursor(shown)| (shown + base).to_string());
        let mut body = call.json();
        if let Ok(cursor) = real(text(&body, "/cursor")) {
            set(&mut body, "/cursor", cursor);
            call.set_json(&body);
        }
        let last = call.last_event_id.take().filter(|_| goes != Goes::AsText);
        call.last_event_id = last.map(|last| real(&last).unwrap_or(last));
    }

    /// Turns the core's cursors into those shown.
    fn show(&self, outcome: &mut Outcome, world: &World<'_>) {
        let mut bases = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for effect in &mut outcome.effects {
            if let Effect::Deliver { stream, frame } = effect
                && let Some(Cursor(real)) = frame.id
            {
                let owner = world.listener(*stream).owner();
                let base = *bases.entry(owner).or_insert(real - 1);
                frame.id = Some(Cursor(real - base));
            }
        }
    }
}
