//! Messages of the administrator: sender, permission, checks, answer.

use std::collections::BTreeSet;

use duologue_core::ErrorCode;
use serde_json::{Value, json};

use crate::call::Call;
use crate::fault::Fault;
use crate::json::{remove, set, text};
use crate::routes::ADMIN_SEND;
use crate::stores::Store;
use crate::twist::{Twist, error, on};
use crate::world::{World, reply};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "admin-message-from-system",
        requirement: "ADM-011",
        sentence: "The administrator's own message comes live from `@system`.",
        twist: || {
            on(ADMIN_SEND).messages(|event| {
                if let Ok(system) = duologue_core::id::PeerId::parse("@system") {
                    event.message.from = system;
                }
            })
        },
    },
    Fault {
        id: "admin-message-answered-from-nobody",
        requirement: "ADM-011",
        sentence: "The answer to the administrator's own message has no `from`.",
        twist: || on(ADMIN_SEND).answer(|message| drop(remove(message, "/from"))),
    },
    Fault {
        id: "admin-message-without-from-refused",
        requirement: "ADM-011",
        sentence: "A message of the administrator that does not say `from` is refused.",
        twist: || refuses(ErrorCode::InvalidField, |body, _| body["from"].is_null()),
    },
    Fault {
        id: "admin-message-from-admin-refused",
        requirement: "ADM-011",
        sentence: "A `from` of `@admin` is refused as no user.",
        twist: || refuses(ErrorCode::UserNotFound, |body, _| body["from"] == "@admin"),
    },
    Fault {
        id: "admin-message-from-admin-not-synced",
        requirement: "ADM-011",
        sentence: "A `from` of `@admin` with `sync_to_sender` is refused, as there is no sender's view.",
        twist: || {
            refuses(ErrorCode::InvalidField, |body, _| {
                body["from"] == "@admin" && body["sync_to_sender"] == true
            })
        },
    },
    Fault {
        id: "admin-message-of-admin-no-recent",
        requirement: "ADM-011",
        sentence: "`@admin` is no recent contact of those it writes to.",
        twist: || {
            on("*").outcome(|call, outcome, _| {
                Store::Recents.hide(call, outcome, |message| message["from"] == "@admin");
            })
        },
    },
    Fault {
        id: "admin-as-user-keeps-to-friends-only",
        requirement: "ADM-013",
        sentence: "Under `friends_only` a message sent as a user is refused like the user's own.",
        twist: || {
            refuses(ErrorCode::NotFriends, |body, friends_only| {
                friends_only && body["from"].is_string()
            })
        },
    },
    Fault {
        id: "admin-message-keeps-to-friends-only",
        requirement: "ADM-013",
        sentence: "Under `friends_only` the administrator's own message is refused.",
        twist: || {
            refuses(ErrorCode::NotFriends, |body, friends_only| {
                friends_only && body["from"].is_null()
            })
        },
    },
    Fault {
        id: "admin-as-user-silently-blocked",
        requirement: "ADM-013",
        sentence: "A message sent as a silently blocked user is answered, and reaches nobody.",
        twist: || {
            on(ADMIN_SEND).instead(|call, world| {
                if !is_blocked(call, world, "silent") {
                    return None;
                }
                let mut outcome = world.again(call, |body| set(body, "/lifetime_s", 0));
                outcome.effects.clear();
                let mut message = outcome.json();
                set(&mut message, "/seq", 1);
                outcome.set_json(&message);
                Some(outcome)
            })
        },
    },
    Fault {
        id: "admin-as-blocked-user-only-live",
        requirement: "ADM-013",
        sentence: "A message sent as a blocked user is shown live and waits in no mailbox.",
        twist: || {
            let mut blocked = BTreeSet::new();
            on("*").outcome(move |call, outcome, world| {
                if call.is(ADMIN_SEND) && is_blocked(call, world, "silent") {
                    blocked.insert(text(&outcome.json(), "/message_id").to_owned());
                }
                Store::Mailbox.hide(call, outcome, |message| {
                    blocked.contains(text(message, "/message_id"))
                });
            })
        },
    },
    Fault {
        id: "admin-as-user-explicitly-blocked",
        requirement: "ADM-013",
        sentence: "Under `explicit` a message sent as a blocked user is refused.",
        twist: || {
            on(ADMIN_SEND).instead(|call, world| {
                let refused = is_blocked(call, world, "explicit");
                refused.then(|| error(ErrorCode::BlockedByRecipient).into())
            })
        },
    },
    Fault {
        id: "admin-message-of-any-content",
        requirement: "ADM-014",
        sentence: "The content of the administrator's own message is not checked.",
        twist: || content_unchecked(false),
    },
    Fault {
        id: "admin-as-user-of-any-content",
        requirement: "ADM-014",
        sentence: "The content of a message sent as a user is not checked.",
        twist: || content_unchecked(true),
    },
    Fault {
        id: "admin-message-of-any-size",
        requirement: "ADM-014",
        sentence: "The administrator's own message may be larger than `message_bytes_max`.",
        twist: || size_unchecked(false),
    },
    Fault {
        id: "admin-as-user-of-any-size",
        requirement: "ADM-014",
        sentence: "A message sent as a user may be larger than `message_bytes_max`.",
        twist: || size_unchecked(true),
    },
    Fault {
        id: "admin-message-of-full-size-refused",
        requirement: "ADM-014",
        sentence: "A message of the administrator of exactly `message_bytes_max` is refused.",
        twist: || {
            on(ADMIN_SEND).outcome(|call, outcome, world| {
                let bytes = outcome.json()["stored_bytes"].as_u64();
                if bytes.is_some() && bytes == world.limit(call, "message_bytes_max") {
                    *outcome = error(ErrorCode::MessageTooLarge).into();
                }
            })
        },
    },
    Fault {
        id: "admin-message-of-negative-lifetime",
        requirement: "ADM-014",
        sentence: "A negative lifetime of an admin send is passed over.",
        twist: || lifetime_ignored(|lifetime| lifetime < 0.0),
    },
    Fault {
        id: "admin-message-of-fractional-lifetime",
        requirement: "ADM-014",
        sentence: "A fractional lifetime of an admin send is passed over.",
        twist: || lifetime_ignored(|lifetime| lifetime.fract() != 0.0),
    },
    Fault {
        id: "admin-unknown-from-means-admin",
        requirement: "ADM-014",
        sentence: "A `from` that is no user is taken for `@admin`.",
        twist: || {
            on(ADMIN_SEND).outcome(|call, outcome, world| {
                if outcome.json()["field"] == "from" {
                    *outcome = world.again(call, |body| drop(remove(body, "/from")));
                }
            })
        },
    },
    Fault {
        id: "admin-sends-as-system",
        requirement: "ADM-014",
        sentence: "The administrator may send a message as `@system`.",
        twist: || {
            on(ADMIN_SEND).body(|body| {
                if body["from"] == "@system" {
                    remove(body, "/from");
                }
            })
        },
    },
    Fault {
        id: "admin-unknown-from-told-as-to",
        requirement: "ADM-014",
        sentence: "The refusal of a `from` that is no user names the field `to`.",
        twist: || on(ADMIN_SEND).renames_field("from", "to"),
    },
    Fault {
        id: "admin-unknown-to-told-as-from",
        requirement: "ADM-014",
        sentence: "The refusal of a `to` that is no user names the field `from`.",
        twist: || on(ADMIN_SEND).renames_field("to", "from"),
    },
    Fault {
        id: "admin-message-to-nobody-accepted",
        requirement: "ADM-014",
        sentence: "An admin send to a user who does not exist is accepted and dropped.",
        twist: || {
            on(ADMIN_SEND).outcome(|_, outcome, _| {
                let refusal = outcome.json();
                if refusal["code"] == "user_not_found" && refusal["field"] == "to" {
                    *outcome = reply(200, &json!({"message_id": "m_1"})).into();
                }
            })
        },
    },
    Fault {
        id: "admin-refused-message-leaves-a-trace",
        requirement: "ADM-014",
        sentence: "An admin send that is refused for its lifetime is stored.",
        twist: || {
            on(ADMIN_SEND).outcome(|call, outcome, world| {
                if outcome.is_refused(ErrorCode::InvalidLifetime) {
                    world.again(call, |body| drop(remove(body, "/lifetime_s")));
                }
            })
        },
    },
    Fault {
        id: "admin-answer-has-the-senders-seq",
        requirement: "ADM-015",
        sentence: "With `sync_to_sender` the answer has the `seq` of the sender's view.",
        twist: || {
            on(ADMIN_SEND).outcome(|call, outcome, world| {
                let (app, body) = (world.who(call).app().to_owned(), call.json());
                let path = format!("/v1/conversations/{}/messages", text(&body, "/to"));
                let sender = (app.as_str(), text(&body, "/from"));
                let history = world.as_user(call, sender, "GET", &path, &Value::Null);
                if let Some(history) = history.filter(|_| body["sync_to_sender"] == true) {
                    let mut message = outcome.json();
                    set(&mut message, "/seq", history.json()["last_seq"].clone());
                    outcome.set_json(&message);
                }
            })
        },
    },
    Fault {
        id: "admin-answer-as-user-without-seq",
        requirement: "ADM-015",
        sentence: "The answer to a message sent as a user has the `seq` null.",
        twist: || {
            on(ADMIN_SEND).answer(|message| {
                if message["sender"]["role"] == "user" {
                    set(message, "/seq", Value::Null);
                }
            })
        },
    },
];

/// Refuses what fits; the second argument says whether the policy is `friends_only`.
fn refuses(code: ErrorCode, when: fn(&Value, bool) -> bool) -> Twist {
    on(ADMIN_SEND).instead(move |call, world| {
        let friends_only = world.policy(call)["messaging"] == "friends_only";
        when(&call.json(), friends_only).then(|| error(code).into())
    })
}

/// Whether the recipient blocks the user in whose name the message is, and it shows as `visibility`.
fn is_blocked(call: &Call, world: &mut World<'_>, visibility: &str) -> bool {
    let (app, body) = (world.who(call).app().to_owned(), call.json());
    let (from, to) = (text(&body, "/from"), text(&body, "/to"));
    world.policy(call)["block_visibility"] == visibility
        && world.lists(call, (&app, to), "blocklist", from)
}

fn is_as_user(call: &Call) -> bool {
    call.json()["from"].is_string()
}

fn content_unchecked(as_user: bool) -> Twist {
    on(ADMIN_SEND).outcome(move |call, outcome, world| {
        if is_as_user(call) == as_user && outcome.json()["field"] == "content.text" {
            *outcome = world.again(call, |body| set(body, "/content/text", " "));
        }
    })
}

fn size_unchecked(as_user: bool) -> Twist {
    on(ADMIN_SEND).outcome(move |call, outcome, world| {
        if is_as_user(call) == as_user && outcome.is_refused(ErrorCode::MessageTooLarge) {
            *outcome = world.again(call, |body| {
                let mut shorter = text(body, "/content/text").to_owned();
                shorter.pop();
                set(body, "/content/text", shorter);
            });
        }
    })
}

fn lifetime_ignored(when: fn(f64) -> bool) -> Twist {
    on(ADMIN_SEND).body(move |body| {
        if body["lifetime_s"].as_f64().is_some_and(when) {
            remove(body, "/lifetime_s");
        }
    })
}
