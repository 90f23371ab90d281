//! What a user finds in a store, changed when it is read.

use duologue_core::event::{Event, Frame, MessageEvent, Path, Recents};
use duologue_core::id::Cursor;
use duologue_core::message::{Message, Recent};
use duologue_core::server::{Body, Effect};
use serde_json::{Value, json};

use crate::call::Call;
use crate::json::{number, set, text};
use crate::routes::{EVENTS, HISTORY, RECENTS};
use crate::world::Outcome;

/// Where a user finds messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    /// The history, which shows a view.
    View,
    /// The first part of a sync.
    Mailbox,
    /// The second part of a sync, and the list.
    Recents,
}

impl Store {
    /// Takes out of an answer what `gone` says of a message.
    pub(crate) fn hide(self, call: &Call, outcome: &mut Outcome, gone: impl Fn(&Value) -> bool) {
        let stays = |message: &Message| !gone(&serde_json::to_value(message).unwrap_or_default());
        match self {
            Self::View if call.is(HISTORY) => {
                outcome.edit_list("/messages", |all| all.retain(|one| !gone(one)));
            }
            Self::Recents if call.is(RECENTS) => outcome.edit_list("/recents", |all| {
                all.retain(|one| !gone(&one["message"]));
            }),
            Self::Mailbox if call.is(EVENTS) => outcome
                .effects
                .retain(|effect| mailbox_entry(effect).is_none_or(|entry| stays(&entry.message))),
            Self::Recents => {
                if let Some(Recents { recents }) = recents_of(call, outcome) {
                    recents.retain(|recent| stays(&recent.message));
                }
            }
            Self::View | Self::Mailbox => {}
        }
    }

    /// Puts a message into the answer: last in a view or mailbox, first in the recent contacts.
    pub(crate) fn show(self, call: &Call, outcome: &mut Outcome, peer: &str, message: &Value) {
        match self {
            Self::View if call.is(HISTORY) && call.segment(3) == peer => {
                let mut body = outcome.json();
                let seq = number(&body, "/last_seq") + 1;
                let mut message = message.clone();
                set(&mut message, "/seq", seq);
                set(&mut body, "/last_seq", seq);
                outcome.set_json(&body);
                outcome.edit_list("/messages", |all| all.push(message));
            }
            Self::Recents if call.is(RECENTS) => outcome.edit_list("/recents", |all| {
                all.retain(|one| text(one, "/peer") != peer);
                all.insert(0, json!({"peer": peer, "message": message}));
            }),
            Self::Mailbox => show_in_mailbox(call, outcome, message),
            Self::Recents => show_in_recents(call, outcome, peer, message),
            Self::View => {}
        }
    }
}

/// The message, if the effect hands out an entry of a mailbox.
pub(crate) fn mailbox_entry(effect: &Effect) -> Option<&MessageEvent> {
    let Effect::Deliver { frame, .. } = effect else {
        return None;
    };
    let Event::Message(entry) = &frame.event else {
        return None;
    };
    (entry.path == Path::Offline).then_some(entry)
}

fn show_in_mailbox(call: &Call, outcome: &mut Outcome, message: &Value) {
    let (true, Body::Stream { stream, .. }) = (call.is(EVENTS), &outcome.reply.body) else {
        return;
    };
    let Ok(message) = serde_json::from_value(message.clone()) else {
        return;
    };
    let entries = outcome
        .effects
        .iter()
        .filter(|one| mailbox_entry(one).is_some());
    let (count, path) = (entries.count(), Path::Offline);
    let cursor = outcome.effects.iter().filter_map(cursor_of).max();
    let entry = Effect::Deliver {
        stream: *stream,
        frame: Frame {
            id: Some(Cursor(cursor.unwrap_or_default() + 1)),
            event: Event::Message(Box::new(MessageEvent { path, message })),
        },
    };
    let first = outcome
        .effects
        .iter()
        .position(|one| matches!(one, Effect::Deliver { .. }));
    outcome
        .effects
        .insert(first.unwrap_or_default() + count, entry);
}

fn cursor_of(effect: &Effect) -> Option<u64> {
    let Effect::Deliver { frame, .. } = effect else {
        return None;
    };
    Some(frame.id?.0)
}

fn show_in_recents(call: &Call, outcome: &mut Outcome, peer: &str, message: &Value) {
    let recent = json!({"peer": peer, "message": message});
    if let Some(Recents { recents }) = recents_of(call, outcome)
        && let Ok(recent) = serde_json::from_value::<Recent>(recent)
    {
        recents.retain(|one| one.peer != recent.peer);
        recents.insert(0, recent);
    }
}

/// The recent contacts in a sync.
fn recents_of<'a>(call: &Call, outcome: &'a mut Outcome) -> Option<&'a mut Recents> {
    if !call.is(EVENTS) {
        return None;
    }
    outcome.effects.iter_mut().find_map(|effect| {
        let Effect::Deliver { frame, .. } = effect else {
            return None;
        };
        let Event::Recents(recents) = &mut frame.event else {
            return None;
        };
        Some(recents)
    })
}
