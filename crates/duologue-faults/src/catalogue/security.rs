//! Security: values of other users, logins that tell too much, secrets in answers.

use std::collections::BTreeMap;

use duologue_core::ErrorCode;
use duologue_core::server::Reply;
use serde_json::Value;

use super::devices::show_out;
use crate::book::Who;
use crate::call::Call;
use crate::fault::Fault;
use crate::json::{list, set, text};
use crate::routes::{
    ACK, BEFRIEND, BLOCK, GET_USER, LOGIN, PRESENCE, PUT_USER, SERVER, UNBLOCK, UNFRIEND,
    UNREGISTER,
};
use crate::twist::{Twist, error, on};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "security-acknowledged-for-everybody",
        requirement: "SEC-001",
        sentence: "An acknowledgement removes entries up to its cursor from every mailbox of the app.",
        twist: || everybody(ACK),
    },
    Fault {
        id: "security-device-ids-shared",
        requirement: "SEC-001",
        sentence: "A login ends the session of another user whose device has the same id.",
        twist: || on(LOGIN).outcome(end_namesakes),
    },
    Fault {
        id: "security-unfriended-for-everybody",
        requirement: "SEC-001",
        sentence: "Removing a friend removes it from every friend list of the app.",
        twist: || everybody(UNFRIEND),
    },
    Fault {
        id: "security-unblocked-for-everybody",
        requirement: "SEC-001",
        sentence: "Unblocking a user takes it from every blocklist of the app.",
        twist: || everybody(UNBLOCK),
    },
    Fault {
        id: "security-befriended-for-everybody",
        requirement: "SEC-001",
        sentence: "Adding a friend adds it to every friend list of the app.",
        twist: || everybody(BEFRIEND),
    },
    Fault {
        id: "security-blocked-for-everybody",
        requirement: "SEC-001",
        sentence: "Blocking a user adds it to every blocklist of the app.",
        twist: || everybody(BLOCK),
    },
    Fault {
        id: "security-push-registration-deleted-for-everybody",
        requirement: "SEC-001",
        sentence: "Deleting a push registration deletes those of all users of the app.",
        twist: || everybody(UNREGISTER),
    },
    Fault {
        id: "security-login-as-anybody",
        requirement: "SEC-002",
        sentence: "Any credential logs in the user the body names, of another app if there is one.",
        twist: || on(LOGIN).request(as_the_named),
    },
    Fault {
        id: "security-login-as-another-is-forbidden",
        requirement: "SEC-002",
        sentence: "A login as another user who exists is answered 403.",
        twist: || refused_login(|named| named.exists.then(|| error(ErrorCode::CredentialRequired))),
    },
    Fault {
        id: "security-login-tells-who-exists",
        requirement: "SEC-002",
        sentence: "A login as a user who does not exist is answered `user_not_found`.",
        twist: || {
            refused_login(|named| {
                let unknown = !named.exists && !named.user.starts_with('@');
                unknown.then(|| error(ErrorCode::UserNotFound))
            })
        },
    },
    Fault {
        id: "security-login-as-a-reserved-id-is-invalid",
        requirement: "SEC-002",
        sentence: "A login as `@admin` is answered 400.",
        twist: || {
            refused_login(|named| {
                let reserved = named.user.starts_with('@');
                reserved.then(|| error(ErrorCode::InvalidField))
            })
        },
    },
    Fault {
        id: "security-login-says-whose-credential-it-is-not",
        requirement: "SEC-002",
        sentence: "The message of a refused login repeats the user id that does not fit the credential.",
        twist: || {
            refused_login(|named| {
                let mut refusal = Outcome::from(error(ErrorCode::CredentialInvalid));
                let message = format!("this is not the credential of {}", named.user);
                refusal.edit(|body| set(body, "/message", message));
                Some(refusal.reply)
            })
        },
    },
    Fault {
        id: "security-login-names-the-field",
        requirement: "SEC-002",
        sentence: "The refusal of a login as another user names the field `user_id`.",
        twist: || {
            on(LOGIN).outcome(|call, outcome, world| {
                let known = matches!(world.who(call), Who::Credential { .. });
                if known && outcome.is_refused(ErrorCode::CredentialInvalid) {
                    outcome.edit(|body| set(body, "/field", "user_id"));
                }
            })
        },
    },
    Fault {
        id: "security-unknown-token-repeated",
        requirement: "SEC-003",
        sentence: "The refusal of an unknown token repeats it.",
        twist: || repeats_token(ErrorCode::CredentialInvalid),
    },
    Fault {
        id: "security-ended-token-repeated",
        requirement: "SEC-003",
        sentence: "The refusal of the token of an ended session repeats it.",
        twist: || repeats_token(ErrorCode::SessionEnded),
    },
    Fault {
        id: "security-gateway-shown-to-users",
        requirement: "SEC-003",
        sentence: "A user who asks what the server is sees the push gateway of the app.",
        twist: || {
            let mut gateways = BTreeMap::new();
            on("POST /v1/apps | GET /v1/server").outcome(move |call, outcome, world| {
                show_gateway(&mut gateways, call, outcome, world);
            })
        },
    },
    Fault {
        id: "security-admin-token-shown",
        requirement: "SEC-003",
        sentence: "The administrator who asks what the server is sees the token again.",
        twist: || {
            on(SERVER).outcome(|call, outcome, world| {
                if let Who::Admin { app } = world.who(call) {
                    let token = world.book.admin_token(&app);
                    outcome.edit(|body| {
                        set(body, "/app/admin_token", token);
                    });
                }
            })
        },
    },
    Fault {
        id: "security-credential-shown",
        requirement: "SEC-003",
        sentence: "The administrator who looks a user up sees the credential.",
        twist: || {
            on(GET_USER).outcome(|call, outcome, world| show_credential(call, outcome, world))
        },
    },
    Fault {
        id: "security-credential-shown-at-every-update",
        requirement: "SEC-003",
        sentence: "The administrator who updates a user is answered with the old credential.",
        twist: || {
            on(PUT_USER).outcome(|call, outcome, world| show_credential(call, outcome, world))
        },
    },
    Fault {
        id: "security-session-token-shown",
        requirement: "SEC-003",
        sentence: "The administrator who asks for a user's presence sees session tokens.",
        twist: || {
            on(PRESENCE).outcome(|call, outcome, world| {
                let app = world.who(call).app().to_owned();
                let mut tokens = world.book.sessions_of(&app, &call.segment(4));
                edit_sessions(outcome, |session| {
                    set(session, "/session_token", tokens.pop());
                });
            })
        },
    },
    Fault {
        id: "security-push-token-shown",
        requirement: "SEC-003",
        sentence: "The administrator who asks for a user's presence sees push tokens.",
        twist: || {
            let mut tokens = BTreeMap::new();
            on("PUT /v1/push-token | GET /v1/admin/users/*/presence").outcome(
                move |call, outcome, world| show_push_token(&mut tokens, call, outcome, world),
            )
        },
    },
];

/// What one user asks for is done for every user of the app.
fn everybody(pattern: &'static str) -> Twist {
    on(pattern).outcome(|call, outcome, world| {
        let mine = world.who(call);
        let here = world.book.tokens().map(|(_, who)| who);
        let here = here.filter(|who| who.app() == mine.app() && !who.device().is_empty());
        let mut others: Vec<String> = here.map(|who| who.user().to_owned()).collect();
        others.sort_unstable();
        others.dedup();
        others.retain(|user| user != mine.user());
        for other in others {
            let user = (mine.app(), other.as_str());
            let done = world.as_user(call, user, &call.method, &call.path, &call.json());
            let effects = done.map(|done| done.effects);
            outcome.effects.extend(effects.into_iter().flatten());
        }
    })
}

fn end_namesakes(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    let mine = world.who(call);
    let login = outcome.json();
    let namesakes = world.book.tokens().filter(|(_, who)| {
        who.app() == mine.app()
            && who.user() != mine.user()
            && who.device() == text(&login, "/device_id")
    });
    let namesakes: Vec<String> = namesakes.map(|(token, _)| token.to_owned()).collect();
    for token in namesakes {
        outcome.effects.extend(show_out(call, &token, world));
    }
}

fn as_the_named(call: &mut Call, world: &mut World<'_>) {
    let Who::Credential { app: mine, .. } = world.who(call) else {
        return;
    };
    let body = call.json();
    let named =
        |who: &Who| matches!(who, Who::Credential { user, .. } if body["user_id"] == user.as_str());
    let credentials = world.book.tokens().filter(|(_, who)| named(who));
    // Elsewhere first.
    let found = credentials.min_by_key(|(_, who)| who.app() == mine);
    if let Some((token, _)) = found {
        call.set_token(token);
    }
}

/// The user that a refused login names.
struct Named {
    user: String,
    exists: bool,
}

/// A login that is refused though the credential is one.
fn refused_login(answer: fn(&Named) -> Option<Reply>) -> Twist {
    on(LOGIN).outcome(move |call, outcome, world| {
        let Who::Credential { app, .. } = world.who(call) else {
            return;
        };
        if !outcome.is_refused(ErrorCode::CredentialInvalid) {
            return;
        }
        let user = text(&call.json(), "/user_id").to_owned();
        let exists = world.user(call, &app, &user).is_some();
        if let Some(reply) = answer(&Named { user, exists }) {
            outcome.reply = reply;
        }
    })
}

fn edit_sessions(outcome: &mut Outcome, mut each: impl FnMut(&mut Value)) {
    outcome.edit(|body| {
        let sessions = list(body, "/sessions");
        sessions.into_iter().flatten().for_each(&mut each);
    });
}

fn repeats_token(code: ErrorCode) -> Twist {
    on("*").outcome(move |call, outcome, _| {
        if outcome.is_refused(code) {
            let token = call.token().unwrap_or_default();
            let message = format!("the token {token} opens nothing here");
            outcome.edit(|body| set(body, "/message", message));
        }
    })
}

fn show_gateway(
    gateways: &mut BTreeMap<String, Value>,
    call: &Call,
    outcome: &mut Outcome,
    world: &World<'_>,
) {
    let app = outcome.json();
    if !call.is(SERVER) {
        let id = text(&app, "/app_id").to_owned();
        gateways.insert(id, app["push_gateway_url"].clone());
    } else if let Who::Session { app, .. } = world.who(call) {
        let url = gateways.get(&app).cloned();
        outcome.edit(|body| {
            set(body, "/app/push_gateway_url", url);
        });
    }
}

fn show_credential(call: &Call, outcome: &mut Outcome, world: &World<'_>) {
    let (app, user) = (world.who(call).app().to_owned(), call.segment(4));
    let wanted = Who::Credential { app, user };
    let mut tokens = world.book.tokens();
    let found = tokens.find(|(_, who)| **who == wanted);
    if let Some((token, _)) = found.filter(|_| outcome.reply.status == 200) {
        outcome.edit(|body| set(body, "/credential", token));
    }
}

fn show_push_token(
    tokens: &mut BTreeMap<(String, String), Value>,
    call: &Call,
    outcome: &mut Outcome,
    world: &World<'_>,
) {
    let who = world.who(call);
    if !call.is(PRESENCE) {
        let key = who.owner();
        tokens.insert(key, call.json()["token"].clone());
        return;
    }
    let token = tokens.get(&(who.app().to_owned(), call.segment(4)));
    let token = token.cloned().unwrap_or_default();
    edit_sessions(outcome, |session| {
        set(session, "/push_token", token.clone());
    });
}
