//! Limits: what is asked for and what is granted.

use duologue_core::ErrorCode;
use serde_json::Value;

use crate::call::Call;
use crate::fault::Fault;
use crate::json::{number, remove, set, text};
use crate::limits::limit;
use crate::routes::CREATE_APP;
use crate::twist::{Twist, error_at, on};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "limits-wish-ignored",
        requirement: "LIM-003",
        sentence: "Who asks for another number of recent contacts gets the profile's.",
        twist: || on(CREATE_APP).body(|wishes| drop(remove(wishes, "/limits/recent_contacts_max"))),
    },
    Fault {
        id: "limits-above-the-ceiling-refused",
        requirement: "LIM-003",
        sentence: "A limit above the ceiling is refused.",
        twist: || {
            on(CREATE_APP).refuses_value(
                "/limits/message_bytes_max",
                ErrorCode::InvalidField,
                |bytes| bytes.as_u64().is_some_and(|bytes| bytes > 1 << 20),
            )
        },
    },
    Fault {
        id: "limits-above-the-ceiling-promised",
        requirement: "LIM-003",
        sentence: "The answer to the creation of an app shows a limit as asked, though only the ceiling is granted.",
        twist: || {
            on(CREATE_APP).outcome(|call, outcome, _| {
                if let Some(asked) = call.json().pointer("/limits/message_bytes_max").cloned() {
                    outcome.edit(|app| set(app, "/limits/message_bytes_max", asked));
                }
            })
        },
    },
    Fault {
        id: "limits-granted-and-not-kept",
        requirement: "LIM-003",
        sentence: "Messages are held to the profile's `message_bytes_max`, whatever was granted.",
        twist: || limit("message_bytes_max", |_| 12_288),
    },
    Fault {
        id: "limits-of-one-app-for-all",
        requirement: "LIM-003",
        sentence: "The smallest `message_bytes_max` that was granted binds all apps.",
        twist: || {
            let mut least = u64::MAX;
            on("POST /v1/apps | POST /v1/messages")
                .outcome(move |call, outcome, _| hold_to_least(&mut least, call, outcome))
        },
    },
    Fault {
        id: "limits-below-the-least-raised",
        requirement: "LIM-004",
        sentence: "A `history_page_max` below 1 is raised to it.",
        twist: || raises("/limits/history_page_max", 1),
    },
    Fault {
        id: "limits-heartbeat-below-the-least-raised",
        requirement: "LIM-004",
        sentence: "A `heartbeat_ms` below 50 is raised to it.",
        twist: || raises("/limits/heartbeat_ms", 50),
    },
    Fault {
        id: "limits-dedup-window-below-the-least-raised",
        requirement: "LIM-004",
        sentence: "A `dedup_window_s` below 600 is raised to it.",
        twist: || raises("/limits/dedup_window_s", 600),
    },
    Fault {
        id: "limits-cap-of-zero-is-none",
        requirement: "LIM-004",
        sentence: "An `offline_bytes_max` of 0 is taken for none.",
        twist: || {
            on(CREATE_APP).reads("/limits/offline_bytes_max", |bytes| {
                (*bytes == 0).then_some(Value::Null)
            })
        },
    },
    Fault {
        id: "limits-depth-below-the-least-raised",
        requirement: "LIM-004",
        sentence: "A `json_depth_max` below 4 is raised to it.",
        twist: || raises("/limits/json_depth_max", 4),
    },
    Fault {
        id: "limits-request-below-the-least-raised",
        requirement: "LIM-004",
        sentence: "A `request_bytes_max` below 1024 is raised to it.",
        twist: || raises("/limits/request_bytes_max", 1024),
    },
    Fault {
        id: "limits-least-value-refused",
        requirement: "LIM-004",
        sentence: "A `heartbeat_ms` of its least value is refused.",
        twist: || {
            on(CREATE_APP).refuses_value("/limits/heartbeat_ms", ErrorCode::InvalidField, |ms| {
                *ms == 50
            })
        },
    },
    Fault {
        id: "limits-null-for-all",
        requirement: "LIM-004",
        sentence: "Null for a limit that every app must have is taken for the profile's limit.",
        twist: || {
            on(CREATE_APP).body(|wishes| {
                for name in [
                    "/limits/recent_contacts_max",
                    "/limits/offline_system_messages_max",
                ] {
                    if wishes.pointer(name) == Some(&Value::Null) {
                        remove(wishes, name);
                    }
                }
            })
        },
    },
    Fault {
        id: "limits-null-refused",
        requirement: "LIM-004",
        sentence: "Null is refused for the caps of the offline cache.",
        twist: || {
            on(CREATE_APP).refuses_value(
                "/limits/offline_messages_max",
                ErrorCode::InvalidField,
                Value::is_null,
            )
        },
    },
    Fault {
        id: "limits-digits-in-a-string",
        requirement: "LIM-004",
        sentence: "A limit may be written as a string of digits.",
        twist: || {
            on(CREATE_APP).reads("/limits/batch_max", |limit| {
                let limit: u64 = limit.as_str()?.parse().ok()?;
                Some(limit.into())
            })
        },
    },
    Fault {
        id: "limits-fraction-cut-off",
        requirement: "LIM-004",
        sentence: "The fraction of a limit is cut off.",
        twist: || {
            on(CREATE_APP).reads("/limits/batch_max", |limit| {
                let limit = limit.as_f64().filter(|limit| limit.fract() != 0.0)?;
                Some((limit as i64).into())
            })
        },
    },
    Fault {
        id: "limits-nonsense-ignored",
        requirement: "LIM-004",
        sentence: "A limit that is true or a list is taken for none asked for.",
        twist: || {
            on(CREATE_APP).body(|wishes| {
                let limit = wishes.pointer("/limits/batch_max");
                if limit.is_some_and(|limit| limit.is_boolean() || limit.is_array()) {
                    remove(wishes, "/limits/batch_max");
                }
            })
        },
    },
    Fault {
        id: "limits-refused-without-a-path",
        requirement: "LIM-004",
        sentence: "The refusal of a limit names it without `limits.`.",
        twist: || {
            on(CREATE_APP).error(|error| {
                let field = text(error, "/field").to_owned();
                if let Some(name) = field.strip_prefix("limits.") {
                    set(error, "/field", name);
                }
            })
        },
    },
    Fault {
        id: "limits-offline-longer-than-roaming",
        requirement: "LIM-005",
        sentence: "An offline cache may outlast the roaming store.",
        twist: || on(CREATE_APP).instead(outlast),
    },
    Fault {
        id: "limits-offline-shortened",
        requirement: "LIM-005",
        sentence: "An `offline_ttl_s` above `roaming_ttl_s` is lowered to it.",
        twist: || {
            on(CREATE_APP).body(|wishes| {
                let roaming = number(wishes, "/limits/roaming_ttl_s");
                if number(wishes, "/limits/offline_ttl_s") > roaming {
                    set(wishes, "/limits/offline_ttl_s", roaming);
                }
            })
        },
    },
    Fault {
        id: "limits-offline-of-the-profile-shortened",
        requirement: "LIM-005",
        sentence: "Who shortens `roaming_ttl_s` alone shortens the offline cache with it.",
        twist: || {
            on(CREATE_APP).body(|wishes| {
                let roaming = wishes.pointer("/limits/roaming_ttl_s").cloned();
                if let Some(roaming) = roaming
                    && wishes.pointer("/limits/offline_ttl_s").is_none()
                {
                    set(wishes, "/limits/offline_ttl_s", roaming);
                }
            })
        },
    },
    Fault {
        id: "limits-offline-must-be-shorter",
        requirement: "LIM-005",
        sentence: "An `offline_ttl_s` that equals `roaming_ttl_s` is refused.",
        twist: || {
            on(CREATE_APP).refuses_value("/limits", ErrorCode::InvalidField, |limits| {
                limits["roaming_ttl_s"].is_u64()
                    && limits["offline_ttl_s"] == limits["roaming_ttl_s"]
            })
        },
    },
    Fault {
        id: "limits-roaming-to-blame",
        requirement: "LIM-005",
        sentence: "The refusal of an offline cache that outlasts the roaming store names `roaming_ttl_s`.",
        twist: || {
            on(CREATE_APP).error(|error| {
                if error["field"] == "limits.offline_ttl_s" {
                    set(error, "/field", "limits.roaming_ttl_s");
                }
            })
        },
    },
    Fault {
        id: "limits-unknown-name-granted",
        requirement: "LIM-006",
        sentence: "A limit of an unknown name is granted as asked.",
        twist: || {
            on(CREATE_APP).outcome(|call, outcome, _| {
                let wishes = call.json();
                outcome.edit(|app| grant_unknown(app, &wishes));
            })
        },
    },
    Fault {
        id: "limits-unknown-name-refused",
        requirement: "LIM-006",
        sentence: "A limit of an unknown name is refused.",
        twist: || {
            on(CREATE_APP).refuses_value(
                "/limits/friends_of_friends_max",
                ErrorCode::InvalidField,
                |_| true,
            )
        },
    },
    Fault {
        id: "limits-unknown-name-spoils-the-rest",
        requirement: "LIM-006",
        sentence: "Who asks for a limit of an unknown name gets those of the profile.",
        twist: || {
            on(CREATE_APP).body(|wishes| {
                if wishes.pointer("/limits/friends_of_friends_max").is_some() {
                    remove(wishes, "/limits");
                }
            })
        },
    },
];

fn raises(pointer: &'static str, least: u64) -> Twist {
    on(CREATE_APP).reads(pointer, move |limit| {
        Some(limit.as_u64()?.max(least).into())
    })
}

fn hold_to_least(least: &mut u64, call: &Call, outcome: &mut Outcome) {
    let answer = outcome.json();
    if call.is(CREATE_APP) {
        *least = (*least).min(number(&answer, "/limits/message_bytes_max"));
    } else if number(&answer, "/stored_bytes") > *least {
        *outcome = error_at(ErrorCode::MessageTooLarge, "content").into();
    }
}

/// An app that is granted an offline cache as long as its roaming store, and promised a longer one.
fn outlast(call: &mut Call, world: &mut World<'_>) -> Option<Outcome> {
    let mut wishes = call.json();
    let offline = wishes.pointer("/limits/offline_ttl_s").cloned()?;
    let roaming = wishes.pointer("/limits/roaming_ttl_s").cloned()?;
    set(&mut wishes, "/limits/offline_ttl_s", roaming);
    call.set_json(&wishes);
    let mut created = world.ask(call);
    created.edit(|app| set(app, "/limits/offline_ttl_s", offline));
    Some(created)
}

fn grant_unknown(app: &mut Value, wishes: &Value) {
    for (name, limit) in wishes["limits"].as_object().into_iter().flatten() {
        let pointer = format!("/limits/{name}");
        if app.pointer(&pointer).is_none() {
            set(app, &pointer, limit.clone());
        }
    }
}
