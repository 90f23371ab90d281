//! Developer-defined notifications: what they carry, and the rules of sending they follow.

use std::collections::BTreeSet;

use duologue_core::ErrorCode;
use duologue_core::content::Content;
use duologue_core::id::PeerId;
use duologue_core::message::Role;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::json::{number, remove, set, text};
use crate::routes::{ADMIN_SEND, HISTORY, NOTIFY};
use crate::twist::{Twist, error, on};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "system-live-from-admin",
        requirement: "SYS-002",
        sentence: "A notification comes live from `@admin`.",
        twist: || on(NOTIFY).messages(|event| event.message.from = PeerId::Admin),
    },
    Fault {
        id: "system-live-role-of-a-user",
        requirement: "SYS-002",
        sentence: "A notification comes live with the role `user`.",
        twist: || on(NOTIFY).messages(|event| event.message.sender.role = Role::User),
    },
    Fault {
        id: "system-live-with-a-nickname",
        requirement: "SYS-002",
        sentence: "A notification comes live with a nickname in `sender`.",
        twist: || {
            on(NOTIFY).messages(|event| event.message.sender.nickname = Some("system".into()))
        },
    },
    Fault {
        id: "system-answered-from-admin",
        requirement: "SYS-002",
        sentence: "The answer to a notification says it is from `@admin`.",
        twist: || on(NOTIFY).answer(|message| set(message, "/from", "@admin")),
    },
    Fault {
        id: "system-data-written-anew",
        requirement: "SYS-002",
        sentence: "The `data` of a notification is read as JSON and written anew.",
        twist: || {
            changes_data(|data| {
                serde_json::from_str::<Value>(data)
                    .map_or_else(|_| data.into(), |json| json.to_string())
            })
        },
    },
    Fault {
        id: "system-data-trimmed",
        requirement: "SYS-002",
        sentence: "White space round the `data` of a notification is taken away.",
        twist: || changes_data(|data| data.trim().into()),
    },
    Fault {
        id: "system-empty-data-refused",
        requirement: "SYS-002",
        sentence: "Empty `data` is refused.",
        twist: || {
            on(NOTIFY).instead(|call, _| {
                (call.json()["data"] == "").then(|| error(ErrorCode::InvalidField).into())
            })
        },
    },
    Fault {
        id: "system-data-lost-live",
        requirement: "SYS-002",
        sentence: "A notification comes live without its `data`.",
        twist: || {
            on(NOTIFY).messages(|event| {
                if let Content::System { data, .. } = &mut event.message.content {
                    data.clear();
                }
            })
        },
    },
    Fault {
        id: "system-data-lost-in-history",
        requirement: "SYS-002",
        sentence: "A notification has no `data` in the history.",
        twist: || {
            on(HISTORY).outcome(|_, outcome, _| {
                outcome.edit_list("/messages", |messages| {
                    for message in messages {
                        set(message, "/content/data", "");
                    }
                });
            })
        },
    },
    Fault {
        id: "system-lifetime-ignored",
        requirement: "SYS-004",
        sentence: "The `lifetime_s` of a notification is passed over, unless it is 0.",
        twist: || {
            on(NOTIFY).body(|body| {
                if number(body, "/lifetime_s") > 0 {
                    remove(body, "/lifetime_s");
                }
            })
        },
    },
    Fault {
        id: "system-lifetime-a-second-short",
        requirement: "SYS-004",
        sentence: "A notification with a lifetime leaves a second before its `expires_ms`.",
        twist: || changes_lifetime(|lifetime| lifetime - 1),
    },
    Fault {
        id: "system-lifetime-a-second-long",
        requirement: "SYS-004",
        sentence: "A notification with a lifetime leaves a second after its `expires_ms`.",
        twist: || changes_lifetime(|lifetime| lifetime + 1),
    },
    Fault {
        id: "system-online-only-kept",
        requirement: "SYS-004",
        sentence: "A notification of lifetime 0 is kept like any other.",
        twist: || {
            on(NOTIFY).body(|body| {
                if body["lifetime_s"] == 0 {
                    remove(body, "/lifetime_s");
                }
            })
        },
    },
    Fault {
        id: "system-online-only-not-shown",
        requirement: "SYS-004",
        sentence: "A notification of lifetime 0 is shown to nobody.",
        twist: || {
            on(NOTIFY).outcome(|call, outcome, _| {
                if call.json()["lifetime_s"] == 0 {
                    outcome.effects.clear();
                }
            })
        },
    },
    Fault {
        id: "system-negative-lifetime-accepted",
        requirement: "SYS-004",
        sentence: "A notification of negative lifetime is accepted.",
        twist: || {
            on(NOTIFY).body(|body| {
                if body["lifetime_s"]
                    .as_i64()
                    .is_some_and(|lifetime| lifetime < 0)
                {
                    remove(body, "/lifetime_s");
                }
            })
        },
    },
    Fault {
        id: "system-key-ignored",
        requirement: "SYS-004",
        sentence: "A notification repeated under its key is sent again.",
        twist: || on(NOTIFY).body(|body| drop(remove(body, "/client_msg_id"))),
    },
    Fault {
        id: "system-key-not-shown",
        requirement: "SYS-004",
        sentence: "The answer to a notification lacks its key.",
        twist: || on(NOTIFY).answer(|message| drop(remove(message, "/client_msg_id"))),
    },
    Fault {
        id: "system-key-without-conflict",
        requirement: "SYS-004",
        sentence: "A used key with other `data` is answered as a repeat.",
        twist: || on(NOTIFY).accepts(ErrorCode::IdempotencyConflict, 200, json!({})),
    },
    Fault {
        id: "system-key-conflict-stored",
        requirement: "SYS-004",
        sentence: "A notification refused for its used key stands in the history all the same.",
        twist: || {
            on(NOTIFY).outcome(|call, outcome, world| {
                if outcome.is_refused(ErrorCode::IdempotencyConflict) {
                    world.again(call, |body| drop(remove(body, "/client_msg_id")));
                }
            })
        },
    },
    Fault {
        id: "system-keys-shared-with-messages",
        requirement: "SYS-004",
        sentence: "A key used for a message of the administrator is taken for notifications.",
        twist: || {
            let mut used = BTreeSet::new();
            on("*").instead(move |call, world| {
                let key = text(&call.json(), "/client_msg_id").to_owned();
                let key = (world.who(call).app().to_owned(), key);
                if call.is(ADMIN_SEND) {
                    used.insert(key);
                    return None;
                }
                let taken = call.is(NOTIFY) && used.contains(&key);
                taken.then(|| error(ErrorCode::IdempotencyConflict).into())
            })
        },
    },
    Fault {
        id: "system-one-byte-too-many",
        requirement: "SYS-004",
        sentence: "A notification may be a byte larger than `message_bytes_max`.",
        twist: || {
            on(NOTIFY).outcome(|call, outcome, world| {
                if outcome.is_refused(ErrorCode::MessageTooLarge) {
                    *outcome = world.again(call, shorten);
                }
            })
        },
    },
    Fault {
        id: "system-one-byte-too-few",
        requirement: "SYS-004",
        sentence: "A notification of exactly `message_bytes_max` is refused.",
        twist: || {
            on(NOTIFY).outcome(|call, outcome, world| {
                let bytes = number(&outcome.json(), "/stored_bytes");
                if world.limit(call, "message_bytes_max") == Some(bytes) {
                    outcome.reply = error(ErrorCode::MessageTooLarge);
                }
            })
        },
    },
    Fault {
        id: "system-too-large-under-another-field",
        requirement: "SYS-004",
        sentence: "The refusal of a notification that is too large names the field `data`.",
        twist: || {
            on(NOTIFY).error(|body| {
                if body["code"] == "message_too_large" {
                    set(body, "/field", "data");
                }
            })
        },
    },
    Fault {
        id: "system-too-large-cut-and-kept",
        requirement: "SYS-004",
        sentence: "A notification that is too large is refused, and stands cut in the history.",
        twist: || {
            on(NOTIFY).outcome(|call, outcome, world| {
                if outcome.is_refused(ErrorCode::MessageTooLarge) {
                    world.again(call, shorten);
                }
            })
        },
    },
];

fn changes_data(edit: fn(&str) -> String) -> Twist {
    on(NOTIFY).body(move |body| {
        if let Some(data) = body["data"].as_str() {
            body["data"] = edit(data).into();
        }
    })
}

/// The notification leaves at another time than its answer says.
fn changes_lifetime(edit: fn(u64) -> u64) -> Twist {
    let changed = on(NOTIFY).body(move |body| {
        if let Some(lifetime) = body["lifetime_s"].as_u64().filter(|lifetime| *lifetime > 0) {
            set(body, "/lifetime_s", edit(lifetime));
        }
    });
    changed.and(on(NOTIFY).outcome(|call, outcome, _| {
        let lifetime = number(&call.json(), "/lifetime_s");
        let mut answer = outcome.json();
        if lifetime > 0 && outcome.reply.status == 200 {
            let expires = number(&answer, "/time_ms") + lifetime * 1_000;
            set(&mut answer, "/expires_ms", expires);
            outcome.set_json(&answer);
        }
    }))
}

fn shorten(body: &mut Value) {
    let mut data = text(body, "/data").to_owned();
    data.pop();
    set(body, "/data", data);
}
