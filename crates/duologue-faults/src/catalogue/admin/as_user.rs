//! Messages that the administrator sends in a user's name, and what that user has of them.

use std::collections::BTreeSet;

use duologue_core::event::{Event, Frame, MessageEvent};
use duologue_core::id::Cursor;
use duologue_core::server::Effect;
use serde_json::Value;

use crate::call::Call;
use crate::fault::Fault;
use crate::json::{remove, set, text};
use crate::routes::ADMIN_SEND;
use crate::stores::Store;
use crate::twist::{Twist, on};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "admin-as-user-comes-from-admin",
        requirement: "ADM-012",
        sentence: "A message sent as a user goes out from `@admin`.",
        twist: || on(ADMIN_SEND).body(|body| drop(remove(body, "/from"))),
    },
    Fault {
        id: "admin-as-user-sync-ignored",
        requirement: "ADM-012",
        sentence: "`sync_to_sender` is passed over.",
        twist: || on(ADMIN_SEND).body(|body| drop(remove(body, "/sync_to_sender"))),
    },
    Fault {
        id: "admin-as-user-always-synced",
        requirement: "ADM-012",
        sentence: "Every message sent as a user is shown to that user.",
        twist: || on(ADMIN_SEND).body(|body| set(body, "/sync_to_sender", true)),
    },
    Fault {
        id: "admin-as-user-synced-by-default",
        requirement: "ADM-012",
        sentence: "A message sent as a user is shown to that user unless `sync_to_sender` is false.",
        twist: || {
            on(ADMIN_SEND).body(|body| {
                if body.get("sync_to_sender").is_none() {
                    set(body, "/sync_to_sender", true);
                }
            })
        },
    },
    Fault {
        id: "admin-as-user-online-only-shown",
        requirement: "ADM-012",
        sentence: "A message of lifetime 0 sent as a user is shown to that user unasked.",
        twist: || {
            on(ADMIN_SEND).body(|body| {
                if body["lifetime_s"] == 0 {
                    set(body, "/sync_to_sender", true);
                }
            })
        },
    },
    Fault {
        id: "admin-as-user-moves-recents",
        requirement: "ADM-012",
        sentence: "A message sent as a user and not shown to that user moves its recipient up among the user's recent contacts.",
        twist: || leaves_a_trace(Store::Recents, |body| body["sync_to_sender"] != true),
    },
    Fault {
        id: "admin-as-user-stands-in-view",
        requirement: "ADM-012",
        sentence: "A message sent as a user and not shown to that user stands in the user's history.",
        twist: || leaves_a_trace(Store::View, |body| body["sync_to_sender"] != true),
    },
    Fault {
        id: "admin-as-user-waits-in-mailbox",
        requirement: "ADM-012",
        sentence: "With `sync_to_sender` the message waits in the user's mailbox.",
        twist: || leaves_a_trace(Store::Mailbox, |body| body["sync_to_sender"] == true),
    },
    Fault {
        id: "admin-as-user-live-with-id",
        requirement: "ADM-012",
        sentence: "With `sync_to_sender` the message goes live to the user with an SSE `id`.",
        twist: || {
            to_sender(|_, frame| {
                frame.id = Some(Cursor(1));
                true
            })
        },
    },
    Fault {
        id: "admin-as-user-not-live",
        requirement: "ADM-012",
        sentence: "With `sync_to_sender` the message is stored for the user and shown to no stream.",
        twist: || to_sender(|_, _| false),
    },
    Fault {
        id: "admin-as-user-live-to-one-stream",
        requirement: "ADM-012",
        sentence: "With `sync_to_sender` the message goes live to one of the user's streams.",
        twist: || to_sender(|nth, _| nth == 0),
    },
    Fault {
        id: "admin-as-user-not-in-view",
        requirement: "ADM-012",
        sentence: "With `sync_to_sender` the message is not in the user's history.",
        twist: || not_kept(Store::View),
    },
    Fault {
        id: "admin-as-user-not-in-recents",
        requirement: "ADM-012",
        sentence: "With `sync_to_sender` the message makes no recent contact of the user's.",
        twist: || not_kept(Store::Recents),
    },
    Fault {
        id: "admin-batch-as-user-not-synced",
        requirement: "ADM-012",
        sentence: "`sync_to_sender` is passed over in a batch.",
        twist: || {
            on(ADMIN_SEND).body(|body| {
                if body["to_users"].is_array() {
                    remove(body, "/sync_to_sender");
                }
            })
        },
    },
    Fault {
        id: "admin-batch-as-user-shown-once",
        requirement: "ADM-012",
        sentence: "Of a batch with `sync_to_sender` the user is shown the message to the first target only.",
        twist: || {
            on(ADMIN_SEND).outcome(|call, outcome, world| {
                let body = call.json();
                let first = text(&body, "/to_users/0");
                outcome.effects.retain(|effect| {
                    let sent = to_its_sender(effect, world);
                    first.is_empty() || sent.is_none_or(|event| event.message.to.as_str() == first)
                });
            })
        },
    },
    Fault {
        id: "admin-note-stored-twice",
        requirement: "ADM-022",
        sentence: "A message sent as a user to that same user is stored twice.",
        twist: || notes(|call, outcome, world| drop((outcome, world.ask(call)))),
    },
    Fault {
        id: "admin-note-synced-is-stored-twice",
        requirement: "ADM-022",
        sentence: "With `sync_to_sender` a message sent as a user to that same user has two copies.",
        twist: || {
            notes(|call, outcome, world| {
                if call.json()["sync_to_sender"] == true {
                    outcome.effects.extend(world.ask(call).effects);
                }
            })
        },
    },
    Fault {
        id: "admin-note-waits-in-mailbox",
        requirement: "ADM-022",
        sentence: "A message sent as a user to that same user waits in the mailbox.",
        twist: || leaves_a_trace(Store::Mailbox, |body| body["from"] == body["to"]),
    },
    Fault {
        id: "admin-note-hidden-unless-synced",
        requirement: "ADM-022",
        sentence: "Without `sync_to_sender` a message sent as a user to that same user is not shown live.",
        twist: || {
            notes(|call, outcome, _| {
                if call.json()["sync_to_sender"] != true {
                    outcome.effects.clear();
                }
            })
        },
    },
    Fault {
        id: "admin-note-on-one-stream",
        requirement: "ADM-022",
        sentence: "A message sent as a user to that same user goes live to one stream.",
        twist: || notes(|_, outcome, _| outcome.effects.truncate(1)),
    },
    Fault {
        id: "admin-note-with-id",
        requirement: "ADM-022",
        sentence: "A message sent as a user to that same user goes live with an SSE `id`.",
        twist: || {
            to_sender(|_, frame| {
                frame.id = Some(Cursor(1));
                true
            })
        },
    },
];

/// The user in whose name it is finds the message in a store.
fn leaves_a_trace(store: Store, when: fn(&Value) -> bool) -> Twist {
    let mut traces: Vec<(String, Value)> = Vec::new();
    on("*").outcome(move |call, outcome, world| {
        let caller = world.who(call);
        if call.is(ADMIN_SEND) && outcome.reply.status == 200 && when(&call.json()) {
            traces.push((caller.app().into(), outcome.json()));
        }
        for (app, message) in &traces {
            if app == caller.app() && message["from"] == caller.user() {
                store.show(call, outcome, text(message, "/to"), message);
            }
        }
    })
}

/// The user in whose name it is does not find in a store what was synced.
fn not_kept(store: Store) -> Twist {
    let mut gone = BTreeSet::new();
    on("*").outcome(move |call, outcome, world| {
        if call.is(ADMIN_SEND) && call.json()["sync_to_sender"] == true {
            gone.insert(text(&outcome.json(), "/message_id").to_owned());
        }
        let caller = world.who(call);
        store.hide(call, outcome, |message| {
            message["from"] == caller.user() && gone.contains(text(message, "/message_id"))
        });
    })
}

/// Changes what the streams of the user are shown in whose name it is, or drops it; the streams of a
/// message are counted from 0.
fn to_sender(edit: fn(usize, &mut Frame) -> bool) -> Twist {
    on(ADMIN_SEND).outcome(move |_, outcome, world| {
        let mut shown = Vec::new();
        outcome.effects.retain_mut(|effect| {
            let Some(event) = to_its_sender(effect, world) else {
                return true;
            };
            let id = event.message.message_id.clone();
            let nth = shown.iter().filter(|other| **other == id).count();
            shown.push(id);
            match effect {
                Effect::Deliver { frame, .. } => edit(nth, frame),
                Effect::Close { .. } | Effect::Push { .. } | Effect::DropMedia(_) => true,
            }
        });
    })
}

/// What is shown to a stream of the user who is said to have sent it.
fn to_its_sender<'a>(effect: &'a Effect, world: &World<'_>) -> Option<&'a MessageEvent> {
    let Effect::Deliver { stream, frame } = effect else {
        return None;
    };
    let Event::Message(event) = &frame.event else {
        return None;
    };
    (world.listener(*stream).user() == event.message.from.as_str()).then_some(event)
}

/// What comes of a message to oneself.
fn notes(edit: fn(&Call, &mut Outcome, &mut World<'_>)) -> Twist {
    on(ADMIN_SEND).outcome(move |call, outcome, world| {
        let body = call.json();
        if body["from"].is_string() && body["from"] == body["to"] {
            edit(call, outcome, world);
        }
    })
}
