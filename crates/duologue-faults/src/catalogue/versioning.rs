//! Versioning: the version, unknown fields and parameters.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use duologue_core::ErrorCode;
use serde_json::{Value, json};

use crate::call::Call;
use crate::fault::Fault;
use crate::json::{number, set, text};
use crate::routes::{
    ACK, ADMIN_SEND, CREATE_APP, HISTORY, LOGIN, NOTIFY, PUT_POLICY, PUT_PROFILE, PUT_USER,
    RECENTS, REGISTER, SEND, SERVER,
};
use crate::twist::{Twist, error, error_at, on};
use crate::wire::Wire;
use crate::world::Outcome;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "versioning-major-alone",
        requirement: "VER-001",
        sentence: "`protocol_version` is `1`.",
        twist: || says("1"),
    },
    Fault {
        id: "versioning-with-a-patch",
        requirement: "VER-001",
        sentence: "`protocol_version` is `1.0.0`.",
        twist: || says("1.0.0"),
    },
    Fault {
        id: "versioning-with-a-letter",
        requirement: "VER-001",
        sentence: "`protocol_version` is `v1.0`.",
        twist: || says("v1.0"),
    },
    Fault {
        id: "versioning-of-tomorrow",
        requirement: "VER-001",
        sentence: "`protocol_version` is `2.0`.",
        twist: || says("2.0"),
    },
    Fault {
        id: "versioning-as-a-number",
        requirement: "VER-001",
        sentence: "`protocol_version` is a number.",
        twist: || on(SERVER).answer(|server| set(server, "/protocol_version", 1.0)),
    },
    Fault {
        id: "versioning-unknown-field-of-a-login-refused",
        requirement: "VER-002",
        sentence: "A login with an unknown field is refused.",
        twist: || refuses(LOGIN, "/colour"),
    },
    Fault {
        id: "versioning-unknown-field-of-a-profile-refused",
        requirement: "VER-002",
        sentence: "A profile with an unknown field is refused.",
        twist: || refuses(PUT_PROFILE, "/colour"),
    },
    Fault {
        id: "versioning-unknown-field-of-a-user-refused",
        requirement: "VER-002",
        sentence: "An administrator's update of a user with an unknown field is refused.",
        twist: || refuses(PUT_USER, "/colour"),
    },
    Fault {
        id: "versioning-unknown-field-of-a-policy-refused",
        requirement: "VER-002",
        sentence: "A policy with an unknown field is refused.",
        twist: || refuses(PUT_POLICY, "/colour"),
    },
    Fault {
        id: "versioning-unknown-field-of-an-acknowledgement-refused",
        requirement: "VER-002",
        sentence: "An acknowledgement with an unknown field is refused.",
        twist: || refuses(ACK, "/colour"),
    },
    Fault {
        id: "versioning-unknown-field-of-an-administrators-send-refused",
        requirement: "VER-002",
        sentence: "An administrator's send with an unknown field is refused.",
        twist: || refuses(ADMIN_SEND, "/colour"),
    },
    Fault {
        id: "versioning-unknown-field-of-a-notification-refused",
        requirement: "VER-002",
        sentence: "A notification with an unknown field is refused.",
        twist: || refuses(NOTIFY, "/colour"),
    },
    Fault {
        id: "versioning-unknown-field-of-a-push-refused",
        requirement: "VER-002",
        sentence: "A send with an unknown field in its `push` is refused.",
        twist: || refuses(SEND, "/push/colour"),
    },
    Fault {
        id: "versioning-unknown-field-of-a-send-refused",
        requirement: "VER-002",
        sentence: "A user's send with an unknown field is refused.",
        twist: || refuses(SEND, "/urgent"),
    },
    Fault {
        id: "versioning-unknown-field-of-a-registration-refused",
        requirement: "VER-002",
        sentence: "A push token with an unknown field beside it is refused.",
        twist: || refuses(REGISTER, "/colour"),
    },
    Fault {
        id: "versioning-unknown-field-of-an-app-refused",
        requirement: "VER-002",
        sentence: "An app with an unknown field is not created.",
        twist: || refuses(CREATE_APP, "/colour"),
    },
    Fault {
        id: "versioning-unknown-field-of-a-new-policy-refused",
        requirement: "VER-002",
        sentence: "An app with an unknown field in its policy is not created.",
        twist: || refuses(CREATE_APP, "/policy/colour"),
    },
    Fault {
        id: "versioning-unknown-field-of-a-send-shown",
        requirement: "VER-002",
        sentence: "The answer to a send shows its unknown fields.",
        twist: || shows(SEND, "/urgent"),
    },
    Fault {
        id: "versioning-unknown-field-of-a-content-shown",
        requirement: "VER-002",
        sentence: "The answer to a send shows the unknown fields of its content.",
        twist: || shows(SEND, "/content/colour"),
    },
    Fault {
        id: "versioning-unknown-field-of-a-send-delivered",
        requirement: "VER-002",
        sentence: "The recipient sees an unknown field of a send.",
        twist: urgent_is_delivered,
    },
    Fault {
        id: "versioning-unknown-field-of-a-login-shown",
        requirement: "VER-002",
        sentence: "The answer to a login shows its unknown fields.",
        twist: || shows(LOGIN, "/colour"),
    },
    Fault {
        id: "versioning-unknown-field-of-a-profile-shown",
        requirement: "VER-002",
        sentence: "The answer to a change of the profile shows its unknown fields.",
        twist: || shows(PUT_PROFILE, "/colour"),
    },
    Fault {
        id: "versioning-unknown-field-of-a-user-shown",
        requirement: "VER-002",
        sentence: "The answer to an update of a user shows its unknown fields.",
        twist: || shows(PUT_USER, "/colour"),
    },
    Fault {
        id: "versioning-unknown-field-of-a-policy-shown",
        requirement: "VER-002",
        sentence: "The answer to a change of the policy shows its unknown fields.",
        twist: || shows(PUT_POLICY, "/colour"),
    },
    Fault {
        id: "versioning-unknown-field-of-an-app-shown",
        requirement: "VER-002",
        sentence: "The answer to the creation of an app shows the unknown fields of its policy.",
        twist: || shows(CREATE_APP, "/policy/colour"),
    },
    Fault {
        id: "versioning-unknown-field-counted",
        requirement: "VER-002",
        sentence: "`stored_bytes` counts an unknown field of a send.",
        twist: || {
            on(SEND).outcome(|call, outcome, _| {
                if let Some(urgent) = call.json().get("urgent") {
                    let more = urgent.to_string().len() as u64;
                    outcome.edit(|message| {
                        let bytes = number(message, "/stored_bytes");
                        set(message, "/stored_bytes", bytes + more);
                    });
                }
            })
        },
    },
    Fault {
        id: "versioning-unknown-field-compared",
        requirement: "VER-002",
        sentence: "A repeat that differs in an unknown field is a conflict.",
        twist: || {
            let mut sent = BTreeMap::new();
            on(SEND).instead(move |call, _| conflict_with_sent(&mut sent, call))
        },
    },
    Fault {
        id: "versioning-u0000-in-an-unknown-field-refused",
        requirement: "VER-002",
        sentence: "A send is searched for U+0000 in all its fields, unknown ones too.",
        twist: || {
            on(SEND).instead(|call, _| {
                let found = call.json().get("urgent")?.to_string().contains("\\u0000");
                found.then(|| error_at(ErrorCode::InvalidField, "urgent").into())
            })
        },
    },
    Fault {
        id: "versioning-u0000-is-no-json",
        requirement: "VER-002",
        sentence: "A send with U+0000 in the name of an unknown field is malformed.",
        twist: || {
            on(SEND).instead(|call, _| {
                let found = String::from_utf8_lossy(&call.body).contains("\\u0000b\":");
                found.then(|| error(ErrorCode::MalformedJson).into())
            })
        },
    },
    Fault {
        id: "versioning-unknown-parameter-refused",
        requirement: "VER-003",
        sentence: "Recent contacts are refused with a parameter that nobody knows.",
        twist: || refuses_parameter(RECENTS),
    },
    Fault {
        id: "versioning-unknown-parameter-of-history-refused",
        requirement: "VER-003",
        sentence: "History is refused with a parameter that nobody knows.",
        twist: || refuses_parameter(HISTORY),
    },
    Fault {
        id: "versioning-unknown-parameter-of-the-server-refused",
        requirement: "VER-003",
        sentence: "The description of the server is refused with a parameter that nobody knows.",
        twist: || refuses_parameter(SERVER),
    },
    Fault {
        id: "versioning-unknown-parameter-is-a-filter",
        requirement: "VER-003",
        sentence: "A parameter that nobody knows is a filter that no recent contact passes.",
        twist: || {
            on(RECENTS).outcome(|call, outcome, _| {
                if call.parameter("colour").is_some() {
                    outcome.edit(|answer| set(answer, "/recents", json!([])));
                }
            })
        },
    },
];

fn says(version: &'static str) -> Twist {
    on(SERVER).answer(move |server| set(server, "/protocol_version", version))
}

fn refuses(pattern: &'static str, pointer: &'static str) -> Twist {
    on(pattern).refuses_value(pointer, ErrorCode::InvalidField, |_| true)
}

/// The answer shows what was sent there.
fn shows(pattern: &'static str, pointer: &'static str) -> Twist {
    on(pattern).outcome(move |call, outcome, _| {
        if let Some(sent) = call.json().pointer(pointer).cloned() {
            outcome.edit(|answer| set(answer, pointer, sent));
        }
    })
}

/// Messages that were sent with the unknown field `urgent` have it on streams too.
fn urgent_is_delivered() -> Twist {
    let sent = Arc::new(Mutex::new(BTreeSet::new()));
    let seen = Arc::clone(&sent);
    let remembers = on(SEND).outcome(move |call, outcome, _| {
        if call.json().get("urgent").is_some() {
            let mut sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
            sent.insert(format!("\"message_id\":{}", outcome.json()["message_id"]));
        }
    });
    let delivers = Wire::on_frame(move |frame| {
        let sent = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let id = sent.iter().find(|id| frame.contains(&***id));
        id.map_or_else(
            || frame.to_owned(),
            |id| frame.replace(&**id, &format!("\"urgent\":true,{id}")),
        )
    });
    remembers.and(delivers.into())
}

fn conflict_with_sent(sent: &mut BTreeMap<String, Value>, call: &Call) -> Option<Outcome> {
    let body = call.json();
    let key = text(&body, "/client_msg_id");
    if key.is_empty() {
        return None;
    }
    let key = format!("{} {key}", call.token()?);
    let first = sent.entry(key).or_insert_with(|| body.clone());
    let conflict = *first != body;
    conflict.then(|| error_at(ErrorCode::IdempotencyConflict, "client_msg_id").into())
}

fn refuses_parameter(pattern: &'static str) -> Twist {
    on(pattern).instead(|call, _| {
        call.parameter("colour")?;
        Some(error_at(ErrorCode::InvalidField, "colour").into())
    })
}
