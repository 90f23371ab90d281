//! Limits: which there are, and the profiles.

use serde_json::{Value, json};

use crate::fault::Fault;
use crate::json::{remove, set, text};
use crate::routes::{CREATE_APP, SERVER};
use crate::twist::{Twist, on};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "limits-one-not-declared",
        requirement: "LIM-001",
        sentence: "The description of an app does not tell `nickname_bytes_max`.",
        twist: || {
            on(SERVER).answer(|server| drop(remove(server, "/app/limits/nickname_bytes_max")))
        },
    },
    Fault {
        id: "limits-none-as-absence",
        requirement: "LIM-001",
        sentence: "A cap of the offline cache that an app does not have is left out.",
        twist: || {
            on(CREATE_APP).answer(|app| {
                for name in ["/limits/offline_bytes_max", "/limits/offline_messages_max"] {
                    if app.pointer(name) == Some(&Value::Null) {
                        remove(app, name);
                    }
                }
            })
        },
    },
    Fault {
        id: "limits-none-as-zero",
        requirement: "LIM-001",
        sentence: "A cap of the offline cache that an app does not have is declared as 0.",
        twist: || {
            on(CREATE_APP).answer(|app| {
                if app.pointer("/limits/offline_bytes_max") == Some(&Value::Null) {
                    set(app, "/limits/offline_bytes_max", 0);
                }
            })
        },
    },
    Fault {
        id: "limits-unlimited-friends",
        requirement: "LIM-001",
        sentence: "A friend list is declared to have no limit.",
        twist: || declares("friends_max", Value::Null),
    },
    Fault {
        id: "limits-heartbeat-in-seconds",
        requirement: "LIM-001",
        sentence: "The heartbeat is declared in seconds.",
        twist: || declares("heartbeat_ms", json!(15)),
    },
    Fault {
        id: "limits-dedup-window-too-short",
        requirement: "LIM-001",
        sentence: "Keys are declared to be remembered for less than ten minutes.",
        twist: || declares("dedup_window_s", json!(300)),
    },
    Fault {
        id: "limits-depth-below-the-least",
        requirement: "LIM-001",
        sentence: "The declared nesting is less than 4.",
        twist: || declares("json_depth_max", json!(3)),
    },
    Fault {
        id: "limits-as-strings",
        requirement: "LIM-001",
        sentence: "A limit is declared as a string.",
        twist: || declares("message_bytes_max", json!("12288")),
    },
    Fault {
        id: "limits-seed-ja-with-a-count",
        requirement: "LIM-002",
        sentence: "The profile `seed-ja` has a cap of 100 messages.",
        twist: || profile_has("seed-ja", "offline_messages_max", json!(100)),
    },
    Fault {
        id: "limits-seed-ja-in-thousands",
        requirement: "LIM-002",
        sentence: "The profile `seed-ja` has a cap of 30000 bytes.",
        twist: || profile_has("seed-ja", "offline_bytes_max", json!(30_000)),
    },
    Fault {
        id: "limits-seed-ko-with-a-size",
        requirement: "LIM-002",
        sentence: "The profile `seed-ko` has a cap of 30720 bytes.",
        twist: || profile_has("seed-ko", "offline_bytes_max", json!(30_720)),
    },
    Fault {
        id: "limits-default-without-a-count",
        requirement: "LIM-002",
        sentence: "The profile `default` has no cap of messages.",
        twist: || profile_has("default", "offline_messages_max", Value::Null),
    },
    Fault {
        id: "limits-default-keeps-for-thirty-days",
        requirement: "LIM-002",
        sentence: "The profile `default` keeps history for 30 days.",
        twist: || profile_has("default", "roaming_ttl_s", json!(2_592_000)),
    },
    Fault {
        id: "limits-a-wish-replaces-the-profile",
        requirement: "LIM-002",
        sentence: "Who asks for a cap of messages has none of bytes.",
        twist: || {
            on(CREATE_APP).body(|wishes| {
                let counted = wishes.pointer("/limits/offline_messages_max").is_some();
                if counted && wishes.pointer("/limits/offline_bytes_max").is_none() {
                    set(wishes, "/limits/offline_bytes_max", ());
                }
            })
        },
    },
];

/// The description of an app says something else about a limit.
fn declares(name: &'static str, value: Value) -> Twist {
    on(SERVER).answer(move |server| {
        if server.pointer("/app/limits").is_some() {
            set(server, &format!("/app/limits/{name}"), value.clone());
        }
    })
}

/// The profile has another limit, unless the app asks for one.
fn profile_has(profile: &'static str, name: &'static str, value: Value) -> Twist {
    on(CREATE_APP).body(move |wishes| {
        let pointer = format!("/limits/{name}");
        if text(wishes, "/profile") == profile && wishes.pointer(&pointer).is_none() {
            if wishes.get("limits").is_none() {
                set(wishes, "/limits", json!({}));
            }
            set(wishes, &pointer, value.clone());
        }
    })
}
