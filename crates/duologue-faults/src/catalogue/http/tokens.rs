//! HTTP: how tokens come, and what each class of them may.

use duologue_core::ErrorCode;
use http::{HeaderValue, header};
use serde_json::Value;

use crate::book::Who;
use crate::call::Call;
use crate::fault::Fault;
use crate::routes::{
    ADMIN_CONVERSATIONS, CREATE_APP, DOWNLOAD, EVENTS, GET_POLICY, GET_PROFILE, GET_USER, LOGIN,
    LOGOUT, PUT_POLICY, PUT_USER, SERVER,
};
use crate::twist::{Twist, error, on};
use crate::wire::Wire;
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "http-token-in-the-query",
        requirement: "HTT-006",
        sentence: "A token may stand in the query.",
        twist: || {
            on("*").request(|call, _| {
                if call.authorization.is_none() {
                    let token = call.parameter("access_token");
                    call.authorization = token.map(|token| format!("Bearer {token}"));
                }
            })
        },
    },
    Fault {
        id: "http-token-without-scheme",
        requirement: "HTT-006",
        sentence: "A token may stand alone in the header.",
        twist: || {
            on("*").request(|call, _| {
                if let Some(token) = bare(call).map(str::to_owned) {
                    call.set_token(&token);
                }
            })
        },
    },
    Fault {
        id: "http-scheme-run-together",
        requirement: "HTT-006",
        sentence: "No space is needed between `Bearer` and the token.",
        twist: || {
            on("*").request(|call, _| {
                let token = bare(call).and_then(|text| text.strip_prefix("Bearer"));
                if let Some(token) = token.map(str::to_owned) {
                    call.set_token(&token);
                }
            })
        },
    },
    Fault {
        id: "http-any-scheme",
        requirement: "HTT-006",
        sentence: "A token is taken under any scheme.",
        twist: || {
            on("*").request(|call, _| {
                if let Some(token) = call.token().map(str::to_owned) {
                    call.set_token(&token);
                }
            })
        },
    },
    Fault {
        id: "http-scheme-as-it-is-written",
        requirement: "HTT-006",
        sentence: "The scheme `bearer` in small letters is taken for no token.",
        twist: || {
            on("*").request(|call, _| {
                let header = call.authorization.take();
                call.authorization = header.filter(|header| header.starts_with("Bearer"));
            })
        },
    },
    Fault {
        id: "http-no-token-is-an-unknown-one",
        requirement: "HTT-006",
        sentence: "A request without a token is answered `credential_invalid`.",
        twist: || on("*").confuses(ErrorCode::CredentialMissing, ErrorCode::CredentialInvalid),
    },
    Fault {
        id: "http-token-in-a-cookie",
        requirement: "HTT-006",
        sentence: "A token may come in a cookie.",
        twist: || Wire::on_arrival(cookie_for_token).into(),
    },
    Fault {
        id: "http-media-for-everybody",
        requirement: "HTT-006",
        sentence: "A file is shown to whoever knows its address.",
        twist: || {
            let mut known = None;
            on("* /v1/media/* | POST /v1/media").request(move |call, _| {
                if call.method == "POST" {
                    known.clone_from(&call.authorization);
                } else if call.authorization.is_none() {
                    call.authorization.clone_from(&known);
                }
            })
        },
    },
    Fault {
        id: "http-login-without-a-token",
        requirement: "HTT-006",
        sentence: "A login without a credential is told that it needs one and not that it has none.",
        twist: || on(LOGIN).confuses(ErrorCode::CredentialMissing, ErrorCode::CredentialRequired),
    },
    Fault {
        id: "http-unknown-token-sees-the-server",
        requirement: "HTT-007",
        sentence: "`GET /v1/server` takes an unknown token for none.",
        twist: || answers_as_nobody(ErrorCode::CredentialInvalid),
    },
    Fault {
        id: "http-unknown-token-is-missing",
        requirement: "HTT-007",
        sentence: "An unknown token is answered `credential_missing`.",
        twist: || on("*").confuses(ErrorCode::CredentialInvalid, ErrorCode::CredentialMissing),
    },
    Fault {
        id: "http-unknown-token-has-ended",
        requirement: "HTT-007",
        sentence: "An unknown token is answered `session_ended`.",
        twist: || {
            on("GET /v1/profile | GET /v1/events")
                .confuses(ErrorCode::CredentialInvalid, ErrorCode::SessionEnded)
        },
    },
    Fault {
        id: "http-tokens-of-a-deleted-app-have-ended",
        requirement: "HTT-007",
        sentence: "The session tokens of a deleted app are answered `session_ended`.",
        twist: || {
            on("*").outcome(|call, outcome, world| {
                if is_session(&world.who(call)) && outcome.is_refused(ErrorCode::CredentialInvalid)
                {
                    *outcome = error(ErrorCode::SessionEnded).into();
                }
            })
        },
    },
    Fault {
        id: "http-administrator-of-a-deleted-app",
        requirement: "HTT-007",
        sentence: "The admin token of a deleted app is answered `app_not_found`.",
        twist: || {
            on("*").outcome(|call, outcome, world| {
                let admin = matches!(world.who(call), Who::Admin { .. });
                if admin && outcome.is_refused(ErrorCode::CredentialInvalid) {
                    *outcome = error(ErrorCode::AppNotFound).into();
                }
            })
        },
    },
    Fault {
        id: "http-ended-session-is-unknown",
        requirement: "HTT-008",
        sentence: "The token of an ended session is answered `credential_invalid`.",
        twist: || on("*").confuses(ErrorCode::SessionEnded, ErrorCode::CredentialInvalid),
    },
    Fault {
        id: "http-ended-session-logs-out-again",
        requirement: "HTT-008",
        sentence: "A logout with the token of an ended session is answered 204.",
        twist: || on(LOGOUT).accepts(ErrorCode::SessionEnded, 204, Value::Null),
    },
    Fault {
        id: "http-ended-session-sees-the-server",
        requirement: "HTT-008",
        sentence: "`GET /v1/server` takes the token of an ended session for none.",
        twist: || answers_as_nobody(ErrorCode::SessionEnded),
    },
    Fault {
        id: "http-ended-session-needs-the-administrator",
        requirement: "HTT-008",
        sentence: "The token of an ended session is answered `admin_required` where it would have been before.",
        twist: || on(GET_POLICY).confuses(ErrorCode::SessionEnded, ErrorCode::AdminRequired),
    },
    Fault {
        id: "http-ended-session-has-no-stream",
        requirement: "HTT-008",
        sentence: "A stream for an ended session is answered `session_required`.",
        twist: || on(EVENTS).confuses(ErrorCode::SessionEnded, ErrorCode::SessionRequired),
    },
    Fault {
        id: "http-session-reads-as-the-administrator",
        requirement: "HTT-009",
        sentence: "A session may read what the administrator may.",
        twist: || on(GET_USER).request(promote),
    },
    Fault {
        id: "http-session-reads-conversations-as-the-administrator",
        requirement: "HTT-009",
        sentence: "A session may see the conversations of everybody.",
        twist: || on(ADMIN_CONVERSATIONS).request(promote),
    },
    Fault {
        id: "http-session-changes-the-policy",
        requirement: "HTT-009",
        sentence: "A session may change the policy.",
        twist: || on(PUT_POLICY).request(promote),
    },
    Fault {
        id: "http-credential-edits-its-user",
        requirement: "HTT-009",
        sentence: "With their credential a user may edit themselves as the administrator does.",
        twist: || {
            on(PUT_USER).request(|call, world| {
                if matches!(world.who(call), Who::Credential { .. }) {
                    promote(call, world);
                }
            })
        },
    },
    Fault {
        id: "http-credential-is-a-session",
        requirement: "HTT-009",
        sentence: "A credential opens what a session token does.",
        twist: || on("GET /v1/profile | POST /v1/messages").instead(as_its_session),
    },
    Fault {
        id: "http-administrator-reads-any-profile",
        requirement: "HTT-009",
        sentence: "The admin token is answered `user_not_found` where a session is wanted.",
        twist: || mistakes(GET_PROFILE, is_admin, ErrorCode::UserNotFound),
    },
    Fault {
        id: "http-administrator-downloads-media",
        requirement: "HTT-009",
        sentence: "The admin token is answered `media_not_found` where a session is wanted.",
        twist: || mistakes(DOWNLOAD, is_admin, ErrorCode::MediaNotFound),
    },
    Fault {
        id: "http-administrator-has-no-stream",
        requirement: "HTT-009",
        sentence: "A stream for the administrator is answered `credential_invalid`.",
        twist: || mistakes(EVENTS, is_admin, ErrorCode::CredentialInvalid),
    },
    Fault {
        id: "http-administrator-logs-in",
        requirement: "HTT-009",
        sentence: "A login with the admin token is answered `credential_invalid`.",
        twist: || mistakes(LOGIN, is_admin, ErrorCode::CredentialInvalid),
    },
    Fault {
        id: "http-session-logs-in",
        requirement: "HTT-009",
        sentence: "A login with a session token is answered `credential_invalid`.",
        twist: || mistakes(LOGIN, is_session, ErrorCode::CredentialInvalid),
    },
    Fault {
        id: "http-operator-is-nobody-in-an-app",
        requirement: "HTT-009",
        sentence: "Within an app the operator token is answered `credential_invalid`.",
        twist: || {
            let class = [ErrorCode::SessionRequired, ErrorCode::AdminRequired];
            on("*").outcome(move |call, outcome, world| {
                let operator = world.who(call) == Who::Unknown;
                if operator && class.into_iter().any(|code| outcome.is_refused(code)) {
                    *outcome = error(ErrorCode::CredentialInvalid).into();
                }
            })
        },
    },
    Fault {
        id: "http-every-token-creates-apps",
        requirement: "HTT-009",
        sentence: "An app is created for whoever has a token.",
        twist: || as_the_operator(CREATE_APP, |_| true),
    },
    Fault {
        id: "http-administrator-deletes-the-app",
        requirement: "HTT-009",
        sentence: "The administrator may delete apps.",
        twist: || {
            as_the_operator("POST /v1/apps | DELETE /v1/apps/*", |call| {
                call.method == "DELETE"
            })
        },
    },
    Fault {
        id: "http-401-without-a-scheme",
        requirement: "HTT-010",
        sentence: "A 401 has no `WWW-Authenticate`.",
        twist: || challenges(ErrorCode::CredentialMissing, None),
    },
    Fault {
        id: "http-unknown-token-without-a-scheme",
        requirement: "HTT-010",
        sentence: "The 401 for an unknown token has no `WWW-Authenticate`.",
        twist: || challenges(ErrorCode::CredentialInvalid, None),
    },
    Fault {
        id: "http-ended-session-without-a-scheme",
        requirement: "HTT-010",
        sentence: "The 401 for an ended session has no `WWW-Authenticate`.",
        twist: || challenges(ErrorCode::SessionEnded, None),
    },
    Fault {
        id: "http-401-with-another-scheme",
        requirement: "HTT-010",
        sentence: "A 401 names the scheme `Basic`.",
        twist: || challenges(ErrorCode::CredentialMissing, Some("Basic realm=\"chat\"")),
    },
];

/// A header that is one word.
fn bare(call: &Call) -> Option<&str> {
    call.authorization
        .as_deref()
        .filter(|text| !text.contains(' '))
}

fn cookie_for_token(head: &mut http::request::Parts) {
    let cookie = head
        .headers
        .get(header::COOKIE)
        .and_then(|cookie| cookie.to_str().ok());
    let Some(token) = cookie.and_then(|cookie| cookie.strip_prefix("token=")) else {
        return;
    };
    if let Ok(value) = HeaderValue::from_str(&format!("Bearer {token}")) {
        head.headers.entry(header::AUTHORIZATION).or_insert(value);
    }
}

/// What would be refused with `code` is answered as if there were no token.
fn answers_as_nobody(code: ErrorCode) -> Twist {
    on(SERVER).outcome(move |call, outcome, world| {
        if outcome.is_refused(code) {
            let mut bare = call.clone();
            bare.authorization = None;
            *outcome = world.ask(&bare);
        }
    })
}

fn is_admin(who: &Who) -> bool {
    matches!(who, Who::Admin { .. })
}

fn is_session(who: &Who) -> bool {
    matches!(who, Who::Session { .. })
}

/// A caller of the wrong class is answered `code`.
fn mistakes(pattern: &'static str, class: fn(&Who) -> bool, code: ErrorCode) -> Twist {
    on(pattern).outcome(move |call, outcome, world| {
        if outcome.reply.status == 403 && class(&world.who(call)) {
            *outcome = error(code).into();
        }
    })
}

fn promote(call: &mut Call, world: &mut World<'_>) {
    let app = world.who(call).app().to_owned();
    if let Some(token) = world.book.admin_token(&app) {
        call.set_token(&token);
    }
}

fn as_its_session(call: &mut Call, world: &mut World<'_>) -> Option<Outcome> {
    let Who::Credential { app, user } = world.who(call) else {
        return None;
    };
    let token = world.book.sessions_of(&app, &user).into_iter().next()?;
    call.set_token(&token);
    None
}

/// What the operator may, any app's token may too, where `test` holds of the request.
fn as_the_operator(pattern: &'static str, test: fn(&Call) -> bool) -> Twist {
    let mut operator = None;
    on(pattern).request(move |call, world| {
        if world.who(call) == Who::Unknown {
            operator.clone_from(&call.authorization);
        } else if test(call) {
            call.authorization.clone_from(&operator);
        }
    })
}

/// What a 401 with `code` says in `WWW-Authenticate`.
fn challenges(code: ErrorCode, challenge: Option<&'static str>) -> Twist {
    on("*").refused(code, move |refusal| {
        refusal
            .headers
            .retain(|(name, _)| *name != "www-authenticate");
        if let Some(challenge) = challenge {
            refusal
                .headers
                .push(("www-authenticate", challenge.to_owned()));
        }
    })
}
