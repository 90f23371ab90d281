//! Users who are seen from another app, and users of one id who are taken for one.

use duologue_core::ErrorCode;
use duologue_core::server::{Body, Effect};
use serde_json::{Value, json};

use crate::call::Call;
use crate::fault::Fault;
use crate::routes::{
    ADMIN_CONVERSATIONS, ADMIN_SEND, BEFRIEND, BLOCK, DELETE_USER, EVENTS, GET_PROFILE, GET_USER,
    HISTORY, LOOK_UP, PUT_USER, RECENTS, SEND,
};
use crate::twist::{Twist, error, on};
use crate::world::{Outcome, World, reply};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "model-send-into-another-app",
        requirement: "MOD-001",
        sentence: "A user may write to a user of another app.",
        twist: || {
            if_elsewhere(SEND, Call::recipient, |call, app, world| {
                let body = call.json();
                let body = json!({"to": body["to"], "content": body["content"]});
                world.as_admin(call, app, "POST", "/v1/admin/messages", &body)
            })
        },
    },
    Fault {
        id: "model-administrator-sends-into-another-app",
        requirement: "MOD-001",
        sentence: "The administrator may write to a user of another app.",
        twist: || {
            if_elsewhere(ADMIN_SEND, Call::recipient, |call, app, world| {
                world.as_admin(call, app, "POST", "/v1/admin/messages", &call.json())
            })
        },
    },
    Fault {
        id: "model-profile-of-another-app",
        requirement: "MOD-001",
        sentence: "The profile of a user of another app can be looked up.",
        twist: || {
            if_elsewhere(
                LOOK_UP,
                |call| call.segment(3),
                |call, app, world| {
                    let user = world.user(call, app, &call.segment(3)).unwrap_or_default();
                    let nickname = &user["nickname"];
                    let profile = json!({"user_id": user["user_id"], "nickname": nickname,
                    "avatar_url": user["avatar_url"]});
                    reply(200, &profile).into()
                },
            )
        },
    },
    Fault {
        id: "model-friend-in-another-app",
        requirement: "MOD-001",
        sentence: "A user of another app can be listed as a friend.",
        twist: || {
            let none = |_: &Call, _: &str, _: &mut World<'_>| reply(204, &Value::Null).into();
            if_elsewhere(BEFRIEND, |call| call.segment(3), none)
        },
    },
    Fault {
        id: "model-administrator-sees-another-app",
        requirement: "MOD-001",
        sentence: "The administrator can look up a user of another app.",
        twist: || {
            if_elsewhere(
                GET_USER,
                |call| call.segment(4),
                |call, app, world| world.as_admin(call, app, "GET", &call.path, &Value::Null),
            )
        },
    },
    Fault {
        id: "model-administrator-deletes-in-another-app",
        requirement: "MOD-001",
        sentence: "The administrator can delete a user of another app.",
        twist: || {
            if_elsewhere(
                DELETE_USER,
                |call| call.segment(4),
                |call, app, world| world.as_admin(call, app, "DELETE", &call.path, &Value::Null),
            )
        },
    },
    Fault {
        id: "model-user-of-another-app-is-forbidden",
        requirement: "MOD-001",
        sentence: "A send to a user of another app is answered `admin_required` in place of `user_not_found`.",
        twist: || {
            let forbidden =
                |_: &Call, _: &str, _: &mut World<'_>| error(ErrorCode::AdminRequired).into();
            if_elsewhere(SEND, Call::recipient, forbidden)
        },
    },
    Fault {
        id: "model-profile-shared-by-apps",
        requirement: "MOD-002",
        sentence: "Users of one id have one profile in all apps.",
        twist: || {
            in_both(
                PUT_USER,
                |call| call.segment(4),
                |call, app, world| {
                    let body = call.json();
                    let body = json!({"nickname": body["nickname"]});
                    world.as_admin(call, app, "PUT", &call.path, &body);
                },
            )
        },
    },
    Fault {
        id: "model-deletion-shared-by-apps",
        requirement: "MOD-002",
        sentence: "The deletion of a user deletes the users of that id in all apps.",
        twist: || {
            in_both(
                DELETE_USER,
                |call| call.segment(4),
                |call, app, world| {
                    world.as_admin(call, app, "DELETE", &call.path, &Value::Null);
                },
            )
        },
    },
    Fault {
        id: "model-views-shared-by-apps",
        requirement: "MOD-002",
        sentence: "The administrator sees the views of users of that id in all apps.",
        twist: || {
            on(ADMIN_CONVERSATIONS).outcome(|call, outcome, world| {
                for app in apps_with(call, world, &call.segment(4)) {
                    let other = world.as_admin(call, &app, "GET", &call.path, &Value::Null);
                    let other = other.json()["conversations"].take();
                    outcome.edit_list("/conversations", |conversations| {
                        conversations.extend(other.as_array().into_iter().flatten().cloned());
                    });
                }
            })
        },
    },
    Fault {
        id: "model-streams-shared-by-apps",
        requirement: "MOD-002",
        sentence: "What goes live to a user goes live to the users of that id in all apps.",
        twist: || {
            on(SEND).effects(|effect, world| {
                let Effect::Deliver { stream, frame } = &effect else {
                    return vec![effect];
                };
                let reader = world.listener(*stream);
                let apps: Vec<String> = world.book.apps().map(str::to_owned).collect();
                let streams = apps
                    .iter()
                    .flat_map(|app| world.book.streams_of(app, reader.user()));
                let live = |stream| Effect::Deliver {
                    stream,
                    frame: frame.clone(),
                };
                streams.map(live).collect()
            })
        },
    },
    Fault {
        id: "model-friends-shared-by-apps",
        requirement: "MOD-002",
        sentence: "A friend is listed for the users of that id in all apps.",
        twist: || {
            on(BEFRIEND).outcome(|call, _, world| {
                let user = world.who(call).user().to_owned();
                for app in apps_with(call, world, &user) {
                    world.as_user(call, (&app, &user), "PUT", &call.path, &Value::Null);
                }
            })
        },
    },
    Fault {
        id: "model-blocklist-shared-by-apps",
        requirement: "MOD-002",
        sentence: "A block holds for the users of that id in all apps.",
        twist: || {
            on(BLOCK).outcome(|call, _, world| {
                let user = world.who(call).user().to_owned();
                for app in apps_with(call, world, &user) {
                    world.as_user(call, (&app, &user), "PUT", &call.path, &Value::Null);
                }
            })
        },
    },
    Fault {
        id: "model-history-shared-by-apps",
        requirement: "MOD-002",
        sentence: "A history shows what users of the same ids said in other apps.",
        twist: || in_all(HISTORY, "/messages"),
    },
    Fault {
        id: "model-recents-shared-by-apps",
        requirement: "MOD-002",
        sentence: "Recent contacts show those of the users of that id in all apps.",
        twist: || in_all(RECENTS, "/recents"),
    },
    Fault {
        id: "model-mailbox-shared-by-apps",
        requirement: "MOD-002",
        sentence: "A sync begins with the mailboxes of the users of that id in other apps.",
        twist: mailboxes_of_all,
    },
    Fault {
        id: "model-sessions-shared-by-apps",
        requirement: "MOD-002",
        sentence: "A login in one app shows the profile of the user of that id in another.",
        twist: || {
            on(GET_PROFILE).outcome(|call, outcome, world| {
                let user = world.who(call).user().to_owned();
                if let Some(app) = apps_with(call, world, &user).first() {
                    let found = world.user(call, app, &user).unwrap_or_default();
                    outcome.edit(|profile| {
                        profile["nickname"] = found["nickname"].clone();
                    });
                }
            })
        },
    },
];

/// The other apps that have a user of this id.
fn apps_with(call: &Call, world: &mut World<'_>, user: &str) -> Vec<String> {
    let own = world.who(call).app().to_owned();
    let mut apps: Vec<String> = world.book.apps().map(str::to_owned).collect();
    apps.retain(|app| *app != own && world.user(call, app, user).is_some());
    apps
}

/// Instead of "no such user", `answer` for one who is in another app.
fn if_elsewhere(
    pattern: &'static str,
    user: fn(&Call) -> String,
    answer: fn(&Call, &str, &mut World<'_>) -> Outcome,
) -> Twist {
    on(pattern).outcome(move |call, outcome, world| {
        if outcome.is_refused(ErrorCode::UserNotFound)
            && let Some(app) = apps_with(call, world, &user(call)).first()
        {
            *outcome = answer(call, app, world);
        }
    })
}

/// A list in an answer goes on with those that the users of the caller's id get in other apps.
fn in_all(pattern: &'static str, field: &'static str) -> Twist {
    on(pattern).outcome(move |call, outcome, world| {
        let user = world.who(call).user().to_owned();
        for app in apps_with(call, world, &user) {
            let theirs = world.as_user(call, (&app, &user), "GET", &call.path, &Value::Null);
            let theirs = theirs.map(|answer| answer.json()).unwrap_or_default();
            let theirs = theirs.pointer(field).and_then(Value::as_array);
            outcome.edit_list(field, |own| {
                own.extend(theirs.into_iter().flatten().cloned());
            });
        }
    })
}

/// The other mailboxes are found by opening streams that nobody reads.
fn mailboxes_of_all() -> Twist {
    on(EVENTS).outcome(|call, outcome, world| {
        let Body::Stream { stream, .. } = outcome.reply.body else {
            return;
        };
        let user = world.who(call).user().to_owned();
        for app in apps_with(call, world, &user) {
            let theirs = world.as_user(call, (&app, &user), "GET", &call.path, &Value::Null);
            let theirs = theirs.into_iter().flat_map(|opened| opened.effects);
            let theirs = theirs.filter_map(|effect| match effect {
                Effect::Deliver { frame, .. } if frame.id.is_some() => {
                    Some(Effect::Deliver { stream, frame })
                }
                Effect::Deliver { .. }
                | Effect::Close { .. }
                | Effect::Push { .. }
                | Effect::DropMedia(_) => None,
            });
            outcome.effects.splice(0..0, theirs);
        }
    })
}

/// What was done is done in the other apps with a user of this id, too.
fn in_both(
    pattern: &'static str,
    user: fn(&Call) -> String,
    repeat: fn(&Call, &str, &mut World<'_>),
) -> Twist {
    on(pattern).outcome(move |call, outcome, world| {
        if outcome.reply.status < 300 {
            for app in apps_with(call, world, &user(call)) {
                repeat(call, &app, world);
            }
        }
    })
}
