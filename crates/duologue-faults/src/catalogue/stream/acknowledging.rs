//! Acknowledgements: what they remove, and which cursors they take.

use std::collections::{BTreeMap, BTreeSet};

use duologue_core::ErrorCode;
use duologue_core::id::{Cursor, PeerId};
use serde_json::{Value, json};

use crate::call::Call;
use crate::fault::Fault;
use crate::frames::{forget, message_of};
use crate::json::{set, text};
use crate::memory::{Mailboxes, Sent, Shown, relists};
use crate::routes::ACK;
use crate::twist::{Twist, edit_sync, error, on};
use crate::world::{Outcome, World, reply};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "stream-acknowledges-only-older",
        requirement: "STR-016",
        sentence: "An acknowledgement removes what is older than its cursor, and not the entry itself.",
        twist: || {
            on(ACK).body(|body| {
                if let Ok(Cursor(cursor)) = Cursor::parse(text(body, "/cursor")) {
                    set(body, "/cursor", cursor.saturating_sub(1).to_string());
                }
            })
        },
    },
    Fault {
        id: "stream-acknowledges-one",
        requirement: "STR-016",
        sentence: "An acknowledgement removes its entry and none before it.",
        twist: || {
            relists(|shown, _| {
                let by = shown.acknowledged.as_ref();
                by.is_some_and(|(_, cursor)| Some(*cursor) != shown.frame.id)
            })
        },
    },
    Fault {
        id: "stream-acknowledges-all",
        requirement: "STR-016",
        sentence: "An acknowledgement removes all that the user was shown.",
        twist: || {
            on_ack(|call, outcome, world, shown| {
                if outcome.reply.status == 204 {
                    acknowledge_newest(call, world, shown);
                }
            })
        },
    },
    Fault {
        id: "stream-acknowledges-chat-only",
        requirement: "STR-016",
        sentence: "An acknowledgement leaves system messages in the mailbox.",
        twist: || {
            relists(|shown, _| {
                let message = message_of(&shown.frame);
                shown.acknowledged.is_some()
                    && message.is_some_and(|message| message.from == PeerId::System)
            })
        },
    },
    Fault {
        id: "stream-acknowledges-offline-only",
        requirement: "STR-016",
        sentence: "An entry that went live stays, acknowledged or not, until a sync has listed it.",
        twist: || relists(|shown, _| shown.live && shown.acknowledged.is_some()),
    },
    Fault {
        id: "stream-acknowledges-for-everybody",
        requirement: "STR-016",
        sentence: "An acknowledgement empties the mailboxes of all users of the app.",
        twist: empties_all,
    },
    Fault {
        id: "stream-expired-cursor-is-refused",
        requirement: "STR-016",
        sentence: "An acknowledgement by the cursor of an expired entry is answered with an error.",
        twist: || on_ack(refuse_expired),
    },
    Fault {
        id: "stream-repeated-acknowledgement-is-refused",
        requirement: "STR-016",
        sentence: "A cursor that was acknowledged already is refused.",
        twist: || {
            on_ack(|call, outcome, _, shown| {
                if entry(call, shown).is_some_and(|shown| shown.acknowledged.is_some()) {
                    outcome.reply = error(ErrorCode::InvalidCursor);
                }
            })
        },
    },
    Fault {
        id: "stream-cursor-zero-is-refused",
        requirement: "STR-016",
        sentence: "The cursor 0 is refused.",
        twist: || {
            on(ACK).instead(|call, _| {
                let zero = text(&call.json(), "/cursor") == "0";
                zero.then(|| error(ErrorCode::InvalidCursor).into())
            })
        },
    },
    Fault {
        id: "stream-acknowledgement-answered-with-200",
        requirement: "STR-016",
        sentence: "An acknowledgement is answered 200 with its cursor.",
        twist: || {
            on(ACK).outcome(|call, outcome, _| {
                if outcome.reply.status == 204 {
                    outcome.reply = reply(200, &call.json());
                }
            })
        },
    },
    Fault {
        id: "stream-unissued-cursor-does-nothing",
        requirement: "STR-017",
        sentence: "An unissued cursor is answered 204, and nothing is removed.",
        twist: || on(ACK).accepts(ErrorCode::InvalidCursor, 204, Value::Null),
    },
    Fault {
        id: "stream-unissued-cursor-before-the-first",
        requirement: "STR-017",
        sentence: "While no entry was shown any cursor is answered 204.",
        twist: || {
            on_ack(|_, outcome, _, shown| {
                if shown.is_empty() && outcome.is_refused(ErrorCode::InvalidCursor) {
                    outcome.reply = reply(204, &Value::Null);
                }
            })
        },
    },
    Fault {
        id: "stream-unissued-cursor-acknowledges-all",
        requirement: "STR-017",
        sentence: "An unissued cursor is refused, but everything is removed.",
        twist: || {
            on_ack(|call, outcome, world, shown| {
                if outcome.is_refused(ErrorCode::InvalidCursor) {
                    acknowledge_newest(call, world, shown);
                }
            })
        },
    },
    Fault {
        id: "stream-unissued-cursor-is-an-invalid-field",
        requirement: "STR-017",
        sentence: "An unissued cursor is refused as malformed.",
        twist: || on(ACK).confuses(ErrorCode::InvalidCursor, ErrorCode::InvalidField),
    },
];

/// What comes of an acknowledgement, and what the user had been shown and acknowledged before.
fn on_ack(
    mut edit: impl FnMut(&Call, &mut Outcome, &mut World<'_>, &BTreeMap<Cursor, Shown>) + Send + 'static,
) -> Twist {
    let mut mailboxes = Mailboxes::default();
    on("*").outcome(move |call, outcome, world| {
        if call.is(ACK) {
            let owner = world.who(call).owner();
            edit(call, outcome, world, mailboxes.of(&owner));
        }
        mailboxes.learn(call, outcome, world);
    })
}

/// The entry that an acknowledgement names.
fn entry<'a>(call: &Call, shown: &'a BTreeMap<Cursor, Shown>) -> Option<&'a Shown> {
    let cursor = Cursor::parse(text(&call.json(), "/cursor")).ok()?;
    shown.get(&cursor)
}

fn refuse_expired(
    call: &Call,
    outcome: &mut Outcome,
    world: &mut World<'_>,
    shown: &BTreeMap<Cursor, Shown>,
) {
    let now_ms = world.now(call);
    let message = entry(call, shown).and_then(|shown| message_of(&shown.frame));
    if message.is_some_and(|message| message.expires_ms.0 <= now_ms) {
        outcome.reply = error(ErrorCode::InvalidCursor);
    }
}

fn acknowledge_newest(call: &Call, world: &mut World<'_>, shown: &BTreeMap<Cursor, Shown>) {
    if let Some((newest, _)) = shown.last_key_value() {
        acknowledge(*newest, call, world);
    }
}

fn empties_all() -> Twist {
    let (mut sent, mut gone) = (Sent::default(), BTreeSet::new());
    on("*").outcome(move |call, outcome, world| {
        sent.learn(call, outcome, world);
        if call.is(ACK) && outcome.reply.status == 204 {
            let app = world.who(call).app().to_owned();
            let all = sent.all().filter(|(of, _)| *of == app);
            gone.extend(all.map(|(_, message)| message.message_id.clone()));
        }
        edit_sync(outcome, |frames| forget(&gone, frames));
    })
}

/// Acknowledges in the name of the caller.
pub(crate) fn acknowledge(cursor: Cursor, call: &Call, world: &mut World<'_>) {
    let mut ack = call.clone();
    ack.method = "POST".into();
    ack.path = "/v1/events/ack".into();
    ack.set_json(&json!({"cursor": cursor.to_string()}));
    world.ask(&ack);
}
