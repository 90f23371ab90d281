//! Messages to oneself: where they stand, and who gets them live.

use duologue_core::ErrorCode;
use duologue_core::event::{Event, Frame};
use duologue_core::id::Cursor;
use duologue_core::message::Message;
use serde_json::{Value, json};

use super::repeats::drop_key;
use super::{echoed, pushed, waits};
use crate::call::Call;
use crate::fault::Fault;
use crate::json::{set, text};
use crate::routes::{HISTORY, RECENTS, SEND};
use crate::twist::{Twist, error, on};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "sending-note-stored-twice",
        requirement: "SND-016",
        sentence: "A message to oneself is stored as sent and as received: two copies.",
        twist: || {
            on(SEND).outcome(|call, outcome, world| {
                if to_oneself(call, world) && outcome.reply.status == 200 {
                    let mut received = call.clone();
                    drop_key(&mut received);
                    world.ask(&received);
                }
            })
        },
    },
    Fault {
        id: "sending-note-without-seq",
        requirement: "SND-016",
        sentence: "The answer to a message to oneself has a `seq` of null.",
        twist: || {
            on(SEND).outcome(|call, outcome, world| {
                if to_oneself(call, world) && outcome.reply.status == 200 {
                    outcome.edit(|message| {
                        set(message, "/seq", Value::Null);
                    });
                }
            })
        },
    },
    Fault {
        id: "sending-note-in-no-view",
        requirement: "SND-016",
        sentence: "The view with oneself stays empty.",
        twist: || {
            on(HISTORY).outcome(|call, outcome, world| {
                if call.segment(3) == world.who(call).user() {
                    let empty = json!({"messages": [], "covered": null, "complete": true,
                        "first_seq": null, "last_seq": 0});
                    outcome.edit(|page| page.clone_from(&empty));
                }
            })
        },
    },
    Fault {
        id: "sending-note-not-in-recents",
        requirement: "SND-016",
        sentence: "Recent contacts leave oneself out.",
        twist: || {
            on(RECENTS).outcome(|call, outcome, world| {
                let caller = world.who(call);
                outcome.edit_list("/recents", |recents| {
                    recents.retain(|recent| text(recent, "/peer") != caller.user());
                });
            })
        },
    },
    Fault {
        id: "sending-note-with-an-id",
        requirement: "SND-017",
        sentence: "A message to oneself goes live with an SSE `id`.",
        twist: || {
            live_notes(|mut frame| {
                frame.id = Some(Cursor(1));
                vec![frame]
            })
        },
    },
    Fault {
        id: "sending-note-not-live",
        requirement: "SND-017",
        sentence: "A message to oneself does not go live to the other sessions.",
        twist: || live_notes(|_| Vec::new()),
    },
    Fault {
        id: "sending-note-live-twice",
        requirement: "SND-017",
        sentence: "A message to oneself goes live twice, as sent and as received.",
        twist: || live_notes(|frame| vec![frame.clone(), frame]),
    },
    Fault {
        id: "sending-note-echoed",
        requirement: "SND-017",
        sentence: "A message to oneself goes live to the session that sent it, too.",
        twist: || echoed(is_note),
    },
    Fault {
        id: "sending-note-in-the-mailbox",
        requirement: "SND-017",
        sentence: "A message to oneself waits in the mailbox.",
        twist: || waits(is_note),
    },
    Fault {
        id: "sending-note-pushed",
        requirement: "SND-017",
        sentence: "A message to oneself is pushed to the other devices.",
        twist: || pushed(is_note),
    },
    Fault {
        id: "sending-note-needs-a-friend",
        requirement: "SND-018",
        sentence: "Under `friends_only` a message to oneself is refused: nobody is their own friend.",
        twist: || {
            on(SEND).instead(|call, world| {
                let policy = world.policy(call);
                let friends_only = policy["messaging"] == "friends_only";
                refuse_note(friends_only, call, world)
            })
        },
    },
    Fault {
        id: "sending-note-by-accept-from",
        requirement: "SND-018",
        sentence: "A user who accepts from friends only does not accept from themselves.",
        twist: || {
            on(SEND).instead(|call, world| {
                let who = world.who(call);
                let own = (who.app(), who.user());
                let profile = world.as_user(call, own, "GET", "/v1/profile", &Value::Null)?;
                refuse_note(profile.json()["accept_from"] == "friends", call, world)
            })
        },
    },
];

fn is_note(message: &Message) -> bool {
    message.from.as_str() == message.to.as_str()
}

fn to_oneself(call: &Call, world: &World<'_>) -> bool {
    text(&call.json(), "/to") == world.who(call).user()
}

fn live_notes(edit: fn(Frame) -> Vec<Frame>) -> Twist {
    on(SEND).frames(move |frame| match &frame.event {
        Event::Message(event) if is_note(&event.message) => edit(frame),
        Event::Message(_) | Event::Recents(_) | Event::SyncDone | Event::Kicked(_) => vec![frame],
    })
}

fn refuse_note(refuses: bool, call: &Call, world: &World<'_>) -> Option<Outcome> {
    (refuses && to_oneself(call, world)).then(|| error(ErrorCode::NotFriends).into())
}
