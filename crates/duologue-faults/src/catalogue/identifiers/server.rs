//! Ids that the server chooses: their grammar, and that no two are alike.

use std::collections::BTreeMap;

use duologue_core::server::Body;
use serde_json::Value;

use crate::fault::Fault;
use crate::json::{number, set, text};
use crate::routes::{ADMIN_SEND, NOTIFY, SEND, SERVER};
use crate::told::each;
use crate::twist::{Twist, on, uploads};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "identifiers-app-id-with-a-colon",
        requirement: "IDN-008",
        sentence: "The `app_id` holds a colon.",
        twist: || {
            on(SERVER).answer(|server| {
                let id = format!("app:{}", text(server, "/app/app_id"));
                set(server, "/app/app_id", id);
            })
        },
    },
    Fault {
        id: "identifiers-message-id-in-braces",
        requirement: "IDN-008",
        sentence: "The `message_id` of a user's message stands in braces.",
        twist: || message_ids(SEND, |id| format!("{{{id}}}")),
    },
    Fault {
        id: "identifiers-message-id-too-long",
        requirement: "IDN-008",
        sentence: "A `message_id` has 65 bytes.",
        twist: || message_ids(SEND, |id| format!("{id:x>65}")),
    },
    Fault {
        id: "identifiers-online-only-without-an-id",
        requirement: "IDN-008",
        sentence: "A message of lifetime 0 has an empty `message_id`.",
        twist: || {
            on(SEND).answer(|message| {
                if message["seq"].is_null() {
                    set(message, "/message_id", "");
                }
            })
        },
    },
    Fault {
        id: "identifiers-message-id-with-an-at-sign",
        requirement: "IDN-008",
        sentence: "The `message_id` of the administrator's message begins with `@`.",
        twist: || message_ids(ADMIN_SEND, |id| format!("@{id}")),
    },
    Fault {
        id: "identifiers-message-id-with-a-dot",
        requirement: "IDN-008",
        sentence: "The `message_id` of a notification holds a dot.",
        twist: || message_ids(NOTIFY, |id| format!("n.{id}")),
    },
    Fault {
        id: "identifiers-media-id-with-a-dot",
        requirement: "IDN-008",
        sentence: "A media id ends like the name of a file.",
        twist: || {
            uploads(|reply| {
                if let Body::Json(body) = &mut reply.body {
                    let mut media: Value = serde_json::from_str(body).unwrap_or_default();
                    let id = format!("{}.bin", text(&media, "/media_id"));
                    if media["media_id"].is_string() {
                        set(&mut media, "/media_id", id);
                        *body = media.to_string();
                    }
                }
            })
        },
    },
    Fault {
        id: "identifiers-equal-contents-have-one-id",
        requirement: "IDN-009",
        sentence: "Messages of one sender with the same content have one `message_id`.",
        twist: || first_of(|message| format!("{} {}", message["from"], message["content"])),
    },
    Fault {
        id: "identifiers-equal-messages-have-one-id",
        requirement: "IDN-009",
        sentence: "Messages from one user to another with the same content have one `message_id`.",
        twist: || {
            first_of(|message| {
                format!(
                    "{}{} {}",
                    message["from"], message["to"], message["content"]
                )
            })
        },
    },
    Fault {
        id: "identifiers-message-ids-count-in-each-view",
        requirement: "IDN-009",
        sentence: "The `message_id` is the number in the view.",
        twist: || {
            on(SEND).answer(|message| {
                let id = format!("m_{}", number(message, "/seq"));
                set(message, "/message_id", id);
            })
        },
    },
];

fn message_ids(pattern: &'static str, spell: fn(&str) -> String) -> Twist {
    on(pattern).answer(move |answer| {
        each(answer, &mut |message| {
            let id = spell(text(message, "/message_id"));
            set(message, "/message_id", id);
        });
    })
}

/// Messages that look the same are answered with the id of the first.
fn first_of(looks: fn(&Value) -> String) -> Twist {
    let mut first = BTreeMap::new();
    on(SEND).answer(move |message| {
        let id = message["message_id"].clone();
        let id = first.entry(looks(message)).or_insert(id).clone();
        set(message, "/message_id", id);
    })
}
