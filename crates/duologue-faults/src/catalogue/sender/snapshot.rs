//! The snapshot: what a message says of its sender.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::fault::Fault;
use crate::json::{remove, set, text};
use crate::routes::{ADMIN_HISTORY, ADMIN_SEND, EVENTS, HISTORY, RECENTS, SEND};
use crate::told::{each, retell, told};
use crate::twist::{Twist, on};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "sender-answer-without-a-name",
        requirement: "SDR-001",
        sentence: "The answer to a send leaves the nickname out.",
        twist: || on(SEND).answer(|message| drop(remove(message, "/sender/nickname"))),
    },
    Fault {
        id: "sender-live-without-a-picture",
        requirement: "SDR-001",
        sentence: "A live message leaves the picture out.",
        twist: || on(SEND).messages(|event| event.message.sender.avatar_url = None),
    },
    Fault {
        id: "sender-history-without-a-name",
        requirement: "SDR-001",
        sentence: "The history leaves the nickname out.",
        twist: || {
            on(HISTORY).answer(|page| {
                each(page, &mut |message| {
                    drop(remove(message, "/sender/nickname"));
                });
            })
        },
    },
    Fault {
        id: "sender-recents-without-a-picture",
        requirement: "SDR-001",
        sentence: "Recent contacts leave the picture out.",
        twist: || {
            on(RECENTS).answer(|recents| {
                each(recents, &mut |message| {
                    drop(remove(message, "/sender/avatar_url"));
                });
            })
        },
    },
    Fault {
        id: "sender-id-in-place-of-a-name",
        requirement: "SDR-001",
        sentence: "The user id stands in for a nickname that is not set.",
        twist: || {
            told("*", |_, _, message, _| {
                if message["sender"]["role"] == "user" && message["sender"]["nickname"].is_null() {
                    let from = text(message, "/from").to_owned();
                    set(message, "/sender/nickname", from);
                }
            })
        },
    },
    Fault {
        id: "sender-null-in-place-of-a-picture",
        requirement: "SDR-001",
        sentence: "The answer to a send has null for a picture that is not set.",
        twist: || {
            on(SEND).answer(|message| {
                if message["sender"]["avatar_url"].is_null() {
                    set(message, "/sender/avatar_url", Value::Null);
                }
            })
        },
    },
    Fault {
        id: "sender-cleared-name-goes-along",
        requirement: "SDR-001",
        sentence: "A nickname that was cleared still goes along with messages.",
        twist: || keeps_cleared("nickname"),
    },
    Fault {
        id: "sender-cleared-picture-goes-along",
        requirement: "SDR-001",
        sentence: "A picture that was cleared still goes along with messages.",
        twist: || keeps_cleared("avatar_url"),
    },
    Fault {
        id: "sender-snapshot-of-the-login",
        requirement: "SDR-001",
        sentence: "A message carries the nickname and picture its sender had at the last login.",
        twist: || {
            let mut at_login = BTreeMap::new();
            on("POST /v1/sessions | POST /v1/messages").outcome(move |call, outcome, world| {
                let app = world.who(call).app().to_owned();
                if call.is(SEND) {
                    retell(outcome, call, world, |_, message, _| {
                        let sender = (app.clone(), text(message, "/from").to_owned());
                        if let Some(profile) = at_login.get(&sender) {
                            show(message, profile);
                        }
                    });
                } else if outcome.reply.status == 201 {
                    let user = text(&outcome.json(), "/user_id").to_owned();
                    let profile = world.user(call, &app, &user).unwrap_or_default();
                    at_login.insert((app, user), profile);
                }
            })
        },
    },
    Fault {
        id: "sender-changed-in-the-history",
        requirement: "SDR-002",
        sentence: "The history shows the nickname and picture of today.",
        twist: || of_today(HISTORY),
    },
    Fault {
        id: "sender-changed-in-recents",
        requirement: "SDR-002",
        sentence: "Recent contacts show the nickname and picture of today.",
        twist: || of_today(RECENTS),
    },
    Fault {
        id: "sender-changed-in-the-mailbox",
        requirement: "SDR-002",
        sentence: "A sync shows the nickname and picture of today.",
        twist: || of_today(EVENTS),
    },
    Fault {
        id: "sender-changed-in-the-download",
        requirement: "SDR-002",
        sentence: "The administrator's download shows the nickname and picture of today.",
        twist: || of_today(ADMIN_HISTORY),
    },
    Fault {
        id: "sender-changed-in-the-answer-to-a-repeat",
        requirement: "SDR-002",
        sentence: "The answer to a repeat shows the nickname and picture of today.",
        twist: || of_today(SEND),
    },
    Fault {
        id: "sender-taken-from-the-request",
        requirement: "SDR-003",
        sentence: "A user's message carries the nickname and picture of the `sender` in the request.",
        twist: || {
            told(SEND, |call, _, message, _| {
                show(message, &call.json()["sender"]);
            })
        },
    },
    Fault {
        id: "sender-taken-from-the-request-if-not-set",
        requirement: "SDR-003",
        sentence: "The `sender` in a request fills in for a nickname that is not set.",
        twist: || {
            told(SEND, |call, _, message, _| {
                if message["sender"]["nickname"].is_null() {
                    show(message, &call.json()["sender"]);
                }
            })
        },
    },
    Fault {
        id: "sender-taken-from-the-administrators-request",
        requirement: "SDR-003",
        sentence: "A message in a user's name carries the `sender` of the administrator's request.",
        twist: || {
            told(ADMIN_SEND, |call, _, message, _| {
                show(message, &call.json()["sender"]);
            })
        },
    },
    Fault {
        id: "sender-role-taken-from-the-request",
        requirement: "SDR-004",
        sentence: "A user's message has the role that the `sender` in the request says.",
        twist: || {
            told(SEND, |call, _, message, _| {
                if let Some(role) = call.json()["sender"]["role"].as_str() {
                    set(message, "/sender/role", role);
                }
            })
        },
    },
    Fault {
        id: "sender-administrator-is-a-user",
        requirement: "SDR-004",
        sentence: "A message of `@admin` has the role `user`.",
        twist: || of_admin("*", |message| set(message, "/sender/role", "user")),
    },
    Fault {
        id: "sender-administrator-has-a-name",
        requirement: "SDR-004",
        sentence: "A message of `@admin` has a nickname.",
        twist: || {
            of_admin(ADMIN_SEND, |message| {
                set(message, "/sender/nickname", "Administrator");
            })
        },
    },
    Fault {
        id: "sender-administrator-has-a-picture",
        requirement: "SDR-004",
        sentence: "In the history a message of `@admin` has a picture.",
        twist: || {
            of_admin(HISTORY, |message| {
                set(message, "/sender/avatar_url", "https://admin.example/a.png");
            })
        },
    },
    Fault {
        id: "sender-administrator-is-system-on-streams",
        requirement: "SDR-004",
        sentence: "A live message of `@admin` has the role `system`.",
        twist: || {
            on(ADMIN_SEND).messages(|event| {
                if event.message.from.user().is_none() {
                    event.message.sender.role = duologue_core::message::Role::System;
                }
            })
        },
    },
    Fault {
        id: "sender-in-a-users-name-as-admin",
        requirement: "SDR-005",
        sentence: "A message the administrator sends in a user's name has the role `admin`.",
        twist: || in_a_users_name(|message| set(message, "/sender/role", "admin")),
    },
    Fault {
        id: "sender-in-a-users-name-without-a-name",
        requirement: "SDR-005",
        sentence: "A message the administrator sends in a user's name has no nickname.",
        twist: || in_a_users_name(|message| drop(remove(message, "/sender/nickname"))),
    },
    Fault {
        id: "sender-in-a-users-name-live-without-a-picture",
        requirement: "SDR-005",
        sentence: "A live message the administrator sends in a user's name has no picture.",
        twist: || on(ADMIN_SEND).messages(|event| event.message.sender.avatar_url = None),
    },
    Fault {
        id: "sender-in-a-users-name-with-an-old-face",
        requirement: "SDR-005",
        sentence: "The administrator's messages in a user's name keep the snapshot of the first.",
        twist: || {
            let mut first = BTreeMap::new();
            told(ADMIN_SEND, move |_, reader, message, _| {
                let user = (reader.app().to_owned(), text(message, "/from").to_owned());
                let sender = message["sender"].clone();
                set(
                    message,
                    "/sender",
                    first.entry(user).or_insert(sender).clone(),
                );
            })
        },
    },
    Fault {
        id: "sender-role-as-claimed",
        requirement: "SDR-004",
        sentence: "A user's message has the role that the request claims beside its content.",
        twist: || {
            told(SEND, |call, _, message, _| {
                if let Some(role) = call.json()["role"].as_str() {
                    set(message, "/sender/role", role);
                }
            })
        },
    },
];

/// What `profile` has of nickname and picture replaces what the message has of them.
fn show(message: &mut Value, profile: &Value) {
    for field in ["nickname", "avatar_url"] {
        let pointer = format!("/sender/{field}");
        match profile.get(field) {
            Some(Value::Null) => drop(remove(message, &pointer)),
            Some(value) => set(message, &pointer, value.clone()),
            None => {}
        }
    }
}

fn of_today(pattern: &'static str) -> Twist {
    told(pattern, |call, _, message, world| {
        let app = world.who(call).app().to_owned();
        let profile = world.user(call, &app, text(message, "/from"));
        show(message, &profile.unwrap_or_default());
    })
}

/// A field of the profile that was cleared goes on being sent.
fn keeps_cleared(field: &'static str) -> Twist {
    let mut last = BTreeMap::new();
    on("PUT /v1/profile | PUT /v1/admin/users/* | POST /v1/messages").outcome(
        move |call, outcome, world| {
            let app = world.who(call).app().to_owned();
            if !call.is(SEND) {
                let profile = outcome.json();
                let user = text(&profile, "/user_id").to_owned();
                if profile[field].is_string() {
                    last.insert((app, user), profile[field].clone());
                }
                return;
            }
            retell(outcome, call, world, |_, message, _| {
                let sender = (app.clone(), text(message, "/from").to_owned());
                if let Some(value) = last.get(&sender) {
                    set(message, &format!("/sender/{field}"), value.clone());
                }
            });
        },
    )
}

fn of_admin(pattern: &'static str, edit: fn(&mut Value)) -> Twist {
    told(pattern, move |_, _, message, _| {
        if message["from"] == "@admin" {
            edit(message);
        }
    })
}

fn in_a_users_name(edit: fn(&mut Value)) -> Twist {
    told(ADMIN_SEND, move |_, _, message, _| {
        if message["from"] != "@admin" {
            edit(message);
        }
    })
}
