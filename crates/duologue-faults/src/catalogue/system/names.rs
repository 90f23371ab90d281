//! Who may send system messages, and under which names.

use duologue_core::ErrorCode;
use serde_json::{Value, json};

use crate::call::Call;
use crate::fault::Fault;
use crate::json::{remove, set, text};
use crate::routes::{ADMIN_SEND, ANY_SEND, NOTIFY, SEND};
use crate::twist::{Twist, error_at, on};
use crate::world::{Outcome, World, reply};

const BUILT_IN: [&str; 3] = ["friend_added", "friend_removed", "profile_changed"];

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "system-users-send-notifications",
        requirement: "SYS-001",
        sentence: "A user may send a developer-defined notification to another.",
        twist: || {
            on(SEND).instead(|call, world| {
                notifies(call, world, |body| {
                    text(body, "/content/event") == "shop.parcel" && body["lifetime_s"].is_null()
                })
            })
        },
    },
    Fault {
        id: "system-users-send-built-in-events",
        requirement: "SYS-001",
        sentence: "A user may send a built-in event.",
        twist: || {
            on(SEND).instead(|call, _| {
                let built_in = BUILT_IN.contains(&text(&call.json(), "/content/event"));
                built_in.then(|| reply(200, &json!({})).into())
            })
        },
    },
    Fault {
        id: "system-users-send-online-only",
        requirement: "SYS-001",
        sentence: "A user may send a system message of lifetime 0.",
        twist: || {
            on(SEND).instead(|call, world| notifies(call, world, |body| body["lifetime_s"] == 0))
        },
    },
    Fault {
        id: "system-users-notify-themselves",
        requirement: "SYS-001",
        sentence: "A user may send a system message to themselves.",
        twist: || {
            on(SEND).instead(|call, world| {
                let oneself = text(&call.json(), "/to") == world.who(call).user();
                oneself.then(|| notifies(call, world, |_| true)).flatten()
            })
        },
    },
    Fault {
        id: "system-administrator-sends-as-message",
        requirement: "SYS-001",
        sentence: "A message of the administrator may be a notification.",
        twist: || {
            on(ADMIN_SEND).instead(|call, world| {
                notifies(call, world, |body| {
                    body["from"].is_null() && body["to"].is_string()
                })
            })
        },
    },
    Fault {
        id: "system-administrator-sends-to-many",
        requirement: "SYS-001",
        sentence: "A batch of the administrator may be a notification.",
        twist: || {
            on(ADMIN_SEND)
                .instead(|call, world| notifies(call, world, |body| body["to_users"].is_array()))
        },
    },
    Fault {
        id: "system-administrator-imitates-as-user",
        requirement: "SYS-001",
        sentence: "A built-in event may be sent in a user's name.",
        twist: || {
            on(ADMIN_SEND).instead(|call, _| {
                let body = call.json();
                let built_in = BUILT_IN.contains(&text(&body, "/content/event"));
                (built_in && body["from"].is_string()).then(|| reply(200, &json!({})).into())
            })
        },
    },
    Fault {
        id: "system-type-refused-under-another-field",
        requirement: "SYS-001",
        sentence: "The refusal of a system message names the field `content`.",
        twist: || {
            on("*").error(|body| {
                if body["field"] == "content.type" {
                    set(body, "/field", "content");
                }
            })
        },
    },
    Fault {
        id: "system-type-refused-as-admins",
        requirement: "SYS-001",
        sentence: "A user's system message is refused with `admin_required`.",
        twist: || on(SEND).confuses(ErrorCode::InvalidField, ErrorCode::AdminRequired),
    },
    Fault {
        id: "system-refused-message-kept",
        requirement: "SYS-001",
        sentence: "A refused system message stands in the history all the same.",
        twist: || {
            on(ANY_SEND).outcome(|call, outcome, world| {
                if outcome.json()["field"] == "content.type" {
                    notifies(call, world, |_| true);
                }
            })
        },
    },
    Fault {
        id: "system-name-of-65-bytes",
        requirement: "SYS-003",
        sentence: "An event name of 65 bytes is cut to 64 and accepted.",
        twist: || renames(|name| name.chars().take(64).collect()),
    },
    Fault {
        id: "system-name-of-64-bytes-refused",
        requirement: "SYS-003",
        sentence: "An event name of 64 bytes is refused.",
        twist: || refuses_name(|name| name.len() == 64),
    },
    Fault {
        id: "system-name-begins-with-a-letter",
        requirement: "SYS-003",
        sentence: "An event name that begins with a dot is refused.",
        twist: || refuses_name(|name| name.starts_with('.')),
    },
    Fault {
        id: "system-empty-name",
        requirement: "SYS-003",
        sentence: "An empty event name is accepted.",
        twist: || {
            renames(|name| {
                if name.is_empty() {
                    "unnamed".into()
                } else {
                    name.into()
                }
            })
        },
    },
    Fault {
        id: "system-missing-name",
        requirement: "SYS-003",
        sentence: "A notification without `event` is accepted.",
        twist: || {
            on(NOTIFY).body(|body| {
                if body["event"].is_null() {
                    set(body, "/event", "unnamed");
                }
            })
        },
    },
    Fault {
        id: "system-name-in-capitals",
        requirement: "SYS-003",
        sentence: "An event name in capitals is taken for the same in small letters.",
        twist: || renames(str::to_ascii_lowercase),
    },
    Fault {
        id: "system-name-trimmed",
        requirement: "SYS-003",
        sentence: "White space round an event name is passed over.",
        twist: || renames(|name| name.trim().into()),
    },
    Fault {
        id: "system-name-with-space",
        requirement: "SYS-003",
        sentence: "An event name may have spaces.",
        twist: || renames(|name| name.replace(' ', "_")),
    },
    Fault {
        id: "system-name-with-slash",
        requirement: "SYS-003",
        sentence: "An event name may have slashes.",
        twist: || renames(|name| name.replace('/', "_")),
    },
    Fault {
        id: "system-name-with-any-letter",
        requirement: "SYS-003",
        sentence: "An event name may have letters of any script.",
        twist: || renames(|name| name.replace(|c: char| !c.is_ascii(), "_")),
    },
    Fault {
        id: "system-name-ends-at-nul",
        requirement: "SYS-003",
        sentence: "An event name ends at a NUL.",
        twist: || renames(|name| name.split('\0').next().unwrap_or_default().into()),
    },
    Fault {
        id: "system-friend-added-imitated",
        requirement: "SYS-003",
        sentence: "The administrator may send a `friend_added`.",
        twist: || renames(|name| name.replace("friend_added", "friend_added.x")),
    },
    Fault {
        id: "system-friend-removed-imitated",
        requirement: "SYS-003",
        sentence: "The administrator may send a `friend_removed`.",
        twist: || renames(|name| name.replace("friend_removed", "friend_removed.x")),
    },
    Fault {
        id: "system-profile-changed-imitated",
        requirement: "SYS-003",
        sentence: "The administrator may send a `profile_changed`.",
        twist: || renames(|name| name.replace("profile_changed", "profile_changed.x")),
    },
    Fault {
        id: "system-profile-changed-imitated-live",
        requirement: "SYS-003",
        sentence: "The administrator may send a `profile_changed` of lifetime 0.",
        twist: || {
            on(NOTIFY).body(|body| {
                if body["lifetime_s"] == 0 && body["event"] == "profile_changed" {
                    set(body, "/event", "profile_changed.x");
                }
            })
        },
    },
    Fault {
        id: "system-names-like-built-in-ones-refused",
        requirement: "SYS-003",
        sentence: "An event name that begins like a built-in one is refused.",
        twist: || refuses_name(|name| BUILT_IN.iter().any(|built_in| name.starts_with(built_in))),
    },
    Fault {
        id: "system-name-refused-under-another-field",
        requirement: "SYS-003",
        sentence: "The refusal of an event name names the field `content.event`.",
        twist: || {
            on(NOTIFY).error(|body| {
                if body["field"] == "event" {
                    set(body, "/field", "content.event");
                }
            })
        },
    },
    Fault {
        id: "system-refused-name-kept",
        requirement: "SYS-003",
        sentence: "A notification refused for its name stands in the history all the same.",
        twist: || {
            on(NOTIFY).outcome(|call, outcome, world| {
                if outcome.json()["field"] == "event" {
                    let mut kept = call.clone();
                    let mut body = call.json();
                    set(&mut body, "/event", "refused");
                    kept.set_json(&body);
                    world.ask(&kept);
                }
            })
        },
    },
];

/// A message with a system content goes out as a notification, when `when`.
fn notifies(call: &Call, world: &mut World<'_>, when: fn(&Value) -> bool) -> Option<Outcome> {
    let mut body = call.json();
    if text(&body, "/content/type") != "system" || !when(&body) {
        return None;
    }
    let content = remove(&mut body, "/content")?;
    remove(&mut body, "/from");
    set(&mut body, "/event", content["event"].clone());
    set(&mut body, "/data", content["data"].clone());
    let app = world.who(call).app().to_owned();
    let outcome = world.as_admin(call, &app, "POST", "/v1/admin/notifications", &body);
    (outcome.reply.status == 200).then_some(outcome)
}

/// The name is taken for another one.
fn renames(edit: fn(&str) -> String) -> Twist {
    on(NOTIFY).body(move |body| {
        if let Some(name) = body["event"].as_str() {
            body["event"] = edit(name).into();
        }
    })
}

fn refuses_name(when: fn(&str) -> bool) -> Twist {
    on(NOTIFY).instead(move |call, _| {
        let refused = when(text(&call.json(), "/event"));
        refused.then(|| error_at(ErrorCode::InvalidField, "event").into())
    })
}
