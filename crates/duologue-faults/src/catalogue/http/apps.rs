//! HTTP: the description of the server and of an app, and the life of an app.

use std::collections::BTreeMap;

use duologue_core::ErrorCode;
use serde_json::{Value, json};

use crate::book::Who;
use crate::fault::Fault;
use crate::json::{remove, set, text};
use crate::routes::{CREATE_APP, DELETE_APP, SERVER};
use crate::twist::{Twist, error, on};
use crate::world::Outcome;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "http-server-wants-a-token",
        requirement: "HTT-015",
        sentence: "`GET /v1/server` wants a token.",
        twist: || {
            on(SERVER).instead(|call, _| {
                let nobody = call.authorization.is_none();
                nobody.then(|| error(ErrorCode::CredentialMissing).into())
            })
        },
    },
    Fault {
        id: "http-server-without-features",
        requirement: "HTT-015",
        sentence: "Without a token `features` is left out.",
        twist: || to_nobody(|server| drop(remove(server, "/features"))),
    },
    Fault {
        id: "http-server-without-implementation",
        requirement: "HTT-015",
        sentence: "Without a token the implementation has no name.",
        twist: || to_nobody(|server| set(server, "/implementation/name", "")),
    },
    Fault {
        id: "http-server-shows-defaults-to-everybody",
        requirement: "HTT-015",
        sentence: "`defaults` are shown without a token.",
        twist: || to_nobody(|server| set(server, "/defaults", json!({"profile": "default"}))),
    },
    Fault {
        id: "http-session-sees-no-app",
        requirement: "HTT-016",
        sentence: "A session token does not get the description of its app.",
        twist: || hides_app(|who| matches!(who, Who::Session { .. })),
    },
    Fault {
        id: "http-credential-sees-no-app",
        requirement: "HTT-016",
        sentence: "A credential does not get the description of its app.",
        twist: || hides_app(|who| matches!(who, Who::Credential { .. })),
    },
    Fault {
        id: "http-administrator-sees-no-app",
        requirement: "HTT-016",
        sentence: "The admin token does not get the description of its app.",
        twist: || hides_app(|who| matches!(who, Who::Admin { .. })),
    },
    Fault {
        id: "http-session-sees-fewer-limits",
        requirement: "HTT-016",
        sentence: "A session token does not see the limits that concern the administrator.",
        twist: || {
            on(SERVER).outcome(|call, outcome, world| {
                if matches!(world.who(call), Who::Session { .. }) {
                    outcome.edit(|server| drop(remove(server, "/app/limits/batch_max")));
                }
            })
        },
    },
    Fault {
        id: "http-policy-of-the-creation",
        requirement: "HTT-016",
        sentence: "The description of an app shows the policy it was created with.",
        twist: || {
            let mut created = BTreeMap::new();
            on("POST /v1/apps | GET /v1/server").outcome(move |call, outcome, _| {
                remember_or_show(&mut created, call.is(CREATE_APP), outcome);
            })
        },
    },
    Fault {
        id: "http-limits-of-the-profile",
        requirement: "HTT-016",
        sentence: "The description of an app shows the limits of its profile and not those granted.",
        twist: || {
            on(SERVER).answer(|server| {
                if server.pointer("/app/limits/sessions_max").is_some() {
                    set(server, "/app/limits/sessions_max", 10);
                }
            })
        },
    },
    Fault {
        id: "http-no-defaults",
        requirement: "HTT-017",
        sentence: "The operator is not shown `defaults`.",
        twist: || on(SERVER).answer(|server| drop(remove(server, "/defaults"))),
    },
    Fault {
        id: "http-defaults-without-vendors",
        requirement: "HTT-017",
        sentence: "`defaults` does not name the push vendors.",
        twist: || on(SERVER).answer(|server| drop(remove(server, "/defaults/push_vendors"))),
    },
    Fault {
        id: "http-defaults-that-nobody-gets",
        requirement: "HTT-017",
        sentence: "`defaults` shows a limit that an app does not get.",
        twist: || on(SERVER).answer(|server| set(server, "/defaults/limits/sessions_max", 11)),
    },
    Fault {
        id: "http-policy-that-nobody-gets",
        requirement: "HTT-017",
        sentence: "An app created without wishes has another policy than `defaults` says.",
        twist: || {
            on(CREATE_APP).body(|wishes| {
                if wishes.get("policy").is_none() {
                    set(wishes, "/policy", json!({"messaging": "friends_only"}));
                }
            })
        },
    },
    Fault {
        id: "http-app-without-a-clock",
        requirement: "HTT-018",
        sentence: "The answer to the creation of an app does not tell its clock.",
        twist: || on(CREATE_APP).answer(|app| drop(remove(app, "/clock"))),
    },
    Fault {
        id: "http-app-without-gateway",
        requirement: "HTT-018",
        sentence: "The answer to the creation of an app without a gateway has no `push_gateway_url`.",
        twist: || {
            on(CREATE_APP).answer(|app| {
                if app["push_gateway_url"].is_null() {
                    remove(app, "/push_gateway_url");
                }
            })
        },
    },
    Fault {
        id: "http-gateway-not-shown",
        requirement: "HTT-018",
        sentence: "The answer to the creation of an app does not show its gateway.",
        twist: || on(CREATE_APP).answer(|app| set(app, "/push_gateway_url", ())),
    },
    Fault {
        id: "http-vendors-of-the-server",
        requirement: "HTT-018",
        sentence: "An app has all vendors of the server, whichever were asked for.",
        twist: || on(CREATE_APP).body(|wishes| drop(remove(wishes, "/push/vendors"))),
    },
    Fault {
        id: "http-policy-not-granted",
        requirement: "HTT-018",
        sentence: "The policy that is asked for at the creation of an app is ignored.",
        twist: || on(CREATE_APP).body(|wishes| drop(remove(wishes, "/policy"))),
    },
    Fault {
        id: "http-profile-not-granted",
        requirement: "HTT-018",
        sentence: "The profile that is asked for at the creation of an app is ignored.",
        twist: || on(CREATE_APP).body(|wishes| drop(remove(wishes, "/profile"))),
    },
    Fault {
        id: "http-deleted-app-lives-on",
        requirement: "HTT-019",
        sentence: "The deletion of an app is answered 204 and does nothing.",
        twist: || on(DELETE_APP).does_nothing(204, Value::Null),
    },
    Fault {
        id: "http-app-deleted-twice",
        requirement: "HTT-019",
        sentence: "The deletion of an app that has been deleted is answered 204.",
        twist: || on(DELETE_APP).accepts(ErrorCode::AppNotFound, 204, Value::Null),
    },
    Fault {
        id: "http-unknown-app-is-not-found",
        requirement: "HTT-019",
        sentence: "The deletion of an app that does not exist is answered `not_found`.",
        twist: || on(DELETE_APP).confuses(ErrorCode::AppNotFound, ErrorCode::NotFound),
    },
    Fault {
        id: "http-app-deleted-with-200",
        requirement: "HTT-019",
        sentence: "The deletion of an app is answered 200.",
        twist: || on(DELETE_APP).status(200),
    },
];

/// What `GET /v1/server` answers without a token.
fn to_nobody(edit: fn(&mut Value)) -> Twist {
    on(SERVER).outcome(move |call, outcome, _| {
        if call.authorization.is_none() {
            outcome.edit(edit);
        }
    })
}

fn hides_app(from: fn(&Who) -> bool) -> Twist {
    on(SERVER).outcome(move |call, outcome, world| {
        if from(&world.who(call)) {
            outcome.edit(|server| drop(remove(server, "/app")));
        }
    })
}

/// Keeps the policy of a new app and shows it ever after.
fn remember_or_show(created: &mut BTreeMap<String, Value>, creates: bool, outcome: &mut Outcome) {
    let answer = outcome.json();
    if creates {
        created.insert(
            text(&answer, "/app_id").to_owned(),
            answer["policy"].clone(),
        );
    } else if let Some(policy) = created.get(text(&answer, "/app/app_id")) {
        outcome.edit(|server| set(server, "/app/policy", policy.clone()));
    }
}
