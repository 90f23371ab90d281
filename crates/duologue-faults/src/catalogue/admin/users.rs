//! Users: creation, change and credentials.

use std::collections::{BTreeMap, BTreeSet};

use duologue_core::ErrorCode;
use serde_json::{Value, json};

use crate::call::Call;
use crate::fault::Fault;
use crate::json::{number, remove, set, text};
use crate::routes::{DELETE_USER, GET_USER, LOGIN, LOGOUT, PRESENCE, PUT_USER};
use crate::twist::{Twist, on};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "admin-creation-answered-200",
        requirement: "ADM-001",
        sentence: "The creation of a user is answered 200.",
        twist: || on(PUT_USER).status(200),
    },
    Fault {
        id: "admin-creation-without-credential",
        requirement: "ADM-001",
        sentence: "A user created under an id that was deleted gets no credential.",
        twist: || created_anew(|user| drop(remove(user, "/credential"))),
    },
    Fault {
        id: "admin-creation-with-useless-credential",
        requirement: "ADM-001",
        sentence: "A user created under an id that was deleted gets a credential that nobody knows.",
        twist: || created_anew(|user| set(user, "/credential", "dlc_useless")),
    },
    Fault {
        id: "admin-creation-without-time",
        requirement: "ADM-001",
        sentence: "A user created under an id that was deleted has no `created_ms`.",
        twist: || created_anew(|user| drop(remove(user, "/created_ms"))),
    },
    Fault {
        id: "admin-creation-without-nulls",
        requirement: "ADM-001",
        sentence: "A user created without nickname and picture is shown without these fields.",
        twist: || {
            created_anew(|user| {
                if let Some(user) = user.as_object_mut() {
                    user.retain(|_, value| !value.is_null());
                }
            })
        },
    },
    Fault {
        id: "admin-creation-without-profile",
        requirement: "ADM-001",
        sentence: "Nickname and picture are not taken on at creation.",
        twist: || {
            on(PUT_USER).request(|call, world| {
                if !exists(call, world) {
                    call.set_json(&json!({}));
                }
            })
        },
    },
    Fault {
        id: "admin-update-answered-201",
        requirement: "ADM-002",
        sentence: "The change of a user is answered 201.",
        twist: || on(PUT_USER).status(201),
    },
    Fault {
        id: "admin-update-shows-the-credential",
        requirement: "ADM-002",
        sentence: "The change of a user shows the credential.",
        twist: || shows_credential(PUT_USER),
    },
    Fault {
        id: "admin-reading-shows-the-credential",
        requirement: "ADM-002",
        sentence: "Reading a user shows the credential.",
        twist: || shows_credential(GET_USER),
    },
    Fault {
        id: "admin-update-answers-the-former-user",
        requirement: "ADM-002",
        sentence: "The change of a user answers the user as they were before.",
        twist: || {
            on(PUT_USER).instead(|call, world| {
                let before = reads(call, world);
                let mut outcome = world.ask(call);
                if outcome.reply.status == 200 {
                    outcome.reply = before.reply;
                }
                Some(outcome)
            })
        },
    },
    Fault {
        id: "admin-update-clears-what-is-absent",
        requirement: "ADM-002",
        sentence: "A change of a user clears the picture that it does not name.",
        twist: || {
            on(PUT_USER).body(|body| {
                if body.get("avatar_url").is_none() {
                    set(body, "/avatar_url", Value::Null);
                }
            })
        },
    },
    Fault {
        id: "admin-update-keeps-what-is-null",
        requirement: "ADM-002",
        sentence: "A null in the change of a user clears nothing.",
        twist: || {
            on(PUT_USER).body(|body| {
                if let Some(body) = body.as_object_mut() {
                    body.retain(|_, value| !value.is_null());
                }
            })
        },
    },
    Fault {
        id: "admin-update-begins-a-new-time",
        requirement: "ADM-002",
        sentence: "A change of a user changes `created_ms`.",
        twist: || {
            on(PUT_USER).outcome(|_, outcome, _| {
                if outcome.reply.status == 200 {
                    let mut user = outcome.json();
                    let created = number(&user, "/created_ms");
                    set(&mut user, "/created_ms", created + 1);
                    outcome.set_json(&user);
                }
            })
        },
    },
    Fault {
        id: "admin-rotation-ignored",
        requirement: "ADM-003",
        sentence: "`rotate_credential` is passed over.",
        twist: || on(PUT_USER).body(|body| drop(remove(body, "/rotate_credential"))),
    },
    Fault {
        id: "admin-rotation-answered-201",
        requirement: "ADM-003",
        sentence: "The rotation of a credential is answered 201.",
        twist: || on(PUT_USER).status(201),
    },
    Fault {
        id: "admin-rotation-shows-the-old-credential",
        requirement: "ADM-003",
        sentence: "The rotation of a credential answers with the one that is there.",
        twist: || {
            let mut credentials: BTreeMap<(String, String), Value> = BTreeMap::new();
            on(PUT_USER).instead(move |call, world| {
                let key = user_of(call, world);
                let mut body = call.json();
                remove(&mut body, "/rotate_credential");
                let mut kept = call.clone();
                kept.set_json(&body);
                let mut outcome = world.ask(&kept);
                let mut user = outcome.json();
                if outcome.reply.status == 201 {
                    credentials.insert(key, user["credential"].clone());
                } else if call.json()["rotate_credential"] == true {
                    set(&mut user, "/credential", credentials.get(&key)?.clone());
                    outcome.set_json(&user);
                }
                Some(outcome)
            })
        },
    },
    Fault {
        id: "admin-rotated-credential-lives-on",
        requirement: "ADM-003",
        sentence: "A credential that was replaced still logs its user in.",
        twist: old_credential_lives,
    },
    Fault {
        id: "admin-rotation-ends-sessions",
        requirement: "ADM-003",
        sentence: "The rotation of a credential ends all sessions of the user.",
        twist: || {
            on(PUT_USER).outcome(|call, outcome, world| {
                let rotated = call.json()["rotate_credential"] == true;
                if rotated && outcome.reply.status == 200 {
                    ends_sessions(call, outcome, world);
                }
            })
        },
    },
    Fault {
        id: "admin-unknown-user-read",
        requirement: "ADM-004",
        sentence: "An id that is no user is read as a user without anything.",
        twist: || {
            let nobody = json!({
                "user_id": "nobody", "nickname": null, "avatar_url": null, "created_ms": 0
            });
            on(GET_USER).accepts(ErrorCode::UserNotFound, 200, nobody)
        },
    },
    Fault {
        id: "admin-unknown-user-deleted",
        requirement: "ADM-004",
        sentence: "Deleting an id that is no user is answered 204.",
        twist: || on(DELETE_USER).accepts(ErrorCode::UserNotFound, 204, Value::Null),
    },
    Fault {
        id: "admin-unknown-user-offline",
        requirement: "ADM-004",
        sentence: "An id that is no user has the presence of a user who is away.",
        twist: || {
            let away = json!({"user_id": "nobody", "open_streams": 0, "sessions": []});
            on(PRESENCE).accepts(ErrorCode::UserNotFound, 200, away)
        },
    },
    Fault {
        id: "admin-unknown-user-told-as-unknown-path",
        requirement: "ADM-004",
        sentence: "An id that is no user is told as `not_found`.",
        twist: || {
            let users = on("* /v1/admin/users/* | * /v1/admin/users/*/presence");
            users.confuses(ErrorCode::UserNotFound, ErrorCode::NotFound)
        },
    },
    Fault {
        id: "admin-deleted-user-still-read",
        requirement: "ADM-004",
        sentence: "A deleted user is read as before.",
        twist: || {
            let mut last: BTreeMap<(String, String), Outcome> = BTreeMap::new();
            on("*").instead(move |call, world| {
                let key = user_of(call, world);
                if call.is(DELETE_USER) {
                    last.insert(key, reads(call, world));
                    return None;
                }
                let was = last.get(&key).filter(|_| call.is(GET_USER))?;
                let outcome = world.ask(call);
                let gone = outcome.is_refused(ErrorCode::UserNotFound);
                Some(if gone { was.clone() } else { outcome })
            })
        },
    },
];

/// The app and the user in the path.
fn user_of(call: &Call, world: &World<'_>) -> (String, String) {
    (world.who(call).app().to_owned(), call.segment(4))
}

/// The user in the path, as the administrator reads them.
fn reads(call: &Call, world: &mut World<'_>) -> Outcome {
    let (app, user) = user_of(call, world);
    let path = format!("/v1/admin/users/{user}");
    world.as_admin(call, &app, "GET", &path, &Value::Null)
}

fn exists(call: &Call, world: &mut World<'_>) -> bool {
    reads(call, world).reply.status == 200
}

/// The answer to the creation of a user whose id has been deleted says something else.
fn created_anew(edit: fn(&mut Value)) -> Twist {
    let mut deleted = BTreeSet::new();
    on("*").outcome(move |call, outcome, world| {
        let key = user_of(call, world);
        if call.is(DELETE_USER) {
            deleted.insert(key);
        } else if call.is(PUT_USER) && outcome.reply.status == 201 && deleted.contains(&key) {
            let mut user = outcome.json();
            edit(&mut user);
            outcome.set_json(&user);
        }
    })
}

/// Answers show the credential that was shown last.
fn shows_credential(pattern: &'static str) -> Twist {
    let mut credentials: BTreeMap<(String, String), Value> = BTreeMap::new();
    on("*").outcome(move |call, outcome, world| {
        let (key, mut user) = (user_of(call, world), outcome.json());
        if call.is(PUT_USER) && user["credential"].is_string() {
            credentials.insert(key, user["credential"].clone());
        } else if call.is(pattern)
            && let Some(credential) = credentials.get(&key)
        {
            set(&mut user, "/credential", credential.clone());
            outcome.set_json(&user);
        }
    })
}

/// A login with a former credential is taken for one with the present credential.
fn old_credential_lives() -> Twist {
    let mut present: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut owners: BTreeMap<String, (String, String)> = BTreeMap::new();
    on("*").instead(move |call, world| {
        if call.is(LOGIN) {
            let owner = owners.get(call.token()?)?;
            let credential = present.get(owner)?;
            call.set_token(credential);
            return None;
        }
        call.is(PUT_USER).then(|| {
            let (key, outcome) = (user_of(call, world), world.ask(call));
            let credential = text(&outcome.json(), "/credential").to_owned();
            if !credential.is_empty() {
                owners.insert(credential.clone(), key.clone());
                present.insert(key, credential);
            }
            outcome
        })
    })
}

/// Logs every device of the user in the path out.
fn ends_sessions(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    let (app, user) = user_of(call, world);
    let path = LOGOUT.trim_start_matches("DELETE ");
    while let Some(ended) = world.as_user(call, (&app, &user), "DELETE", path, &Value::Null) {
        outcome.effects.extend(ended.effects);
    }
}
