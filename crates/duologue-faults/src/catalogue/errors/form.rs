//! Errors: status, code, message, field; unknown paths, wrong methods, missing features.

use duologue_core::ErrorCode;
use duologue_core::server::Body;
use serde_json::{Value, json};

use crate::call::Call;
use crate::fault::Fault;
use crate::json::{list, remove, set, text};
use crate::routes::{BEFRIEND, LOGIN, SEND, SERVER};
use crate::twist::{Twist, error, on};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "errors-without-message",
        requirement: "ERR-001",
        sentence: "An error has no `message`.",
        twist: || on("*").error(|error| drop(remove(error, "/message"))),
    },
    Fault {
        id: "errors-with-empty-message",
        requirement: "ERR-001",
        sentence: "The `message` of an error is empty.",
        twist: || on("*").error(|error| set(error, "/message", "")),
    },
    Fault {
        id: "errors-without-code",
        requirement: "ERR-001",
        sentence: "A missing token is told in words alone, without a `code`.",
        twist: || {
            on("*").refused(ErrorCode::CredentialMissing, |refusal| {
                refusal.body = Body::Json(json!({"message": "who are you?"}).to_string());
            })
        },
    },
    Fault {
        id: "errors-unknown-path-in-plain-words",
        requirement: "ERR-001",
        sentence: "The answer to an unknown path is no JSON.",
        twist: || on("*").refused(ErrorCode::NotFound, |refusal| refusal.body = plain_words()),
    },
    Fault {
        id: "errors-wrong-method-in-plain-words",
        requirement: "ERR-001",
        sentence: "The answer to a wrong method is no JSON.",
        twist: || {
            on("*").refused(ErrorCode::MethodNotAllowed, |refusal| {
                refusal.body = plain_words();
            })
        },
    },
    Fault {
        id: "errors-conflict-without-body",
        requirement: "ERR-001",
        sentence: "A conflict is answered with a status and nothing else.",
        twist: || on("*").refused(ErrorCode::PeerBlocked, |refusal| refusal.body = Body::Empty),
    },
    Fault {
        id: "errors-malformed-is-422",
        requirement: "ERR-002",
        sentence: "`malformed_json` comes with the status 422.",
        twist: || has_status(ErrorCode::MalformedJson, 422),
    },
    Fault {
        id: "errors-missing-token-is-403",
        requirement: "ERR-002",
        sentence: "`credential_missing` comes with the status 403.",
        twist: || has_status(ErrorCode::CredentialMissing, 403),
    },
    Fault {
        id: "errors-wrong-class-is-401",
        requirement: "ERR-002",
        sentence: "`admin_required` comes with the status 401.",
        twist: || has_status(ErrorCode::AdminRequired, 401),
    },
    Fault {
        id: "errors-unknown-user-is-400",
        requirement: "ERR-002",
        sentence: "`user_not_found` comes with the status 400.",
        twist: || has_status(ErrorCode::UserNotFound, 400),
    },
    Fault {
        id: "errors-peer-blocked-is-403",
        requirement: "ERR-002",
        sentence: "`peer_blocked` comes with the status 403.",
        twist: || has_status(ErrorCode::PeerBlocked, 403),
    },
    Fault {
        id: "errors-too-large-is-400",
        requirement: "ERR-002",
        sentence: "`message_too_large` comes with the status 400.",
        twist: || has_status(ErrorCode::MessageTooLarge, 400),
    },
    Fault {
        id: "errors-success-with-an-error-in-it",
        requirement: "ERR-002",
        sentence: "`peer_blocked` comes with the status 200.",
        twist: || has_status(ErrorCode::PeerBlocked, 200),
    },
    Fault {
        id: "errors-code-of-its-own",
        requirement: "ERR-002",
        sentence: "An unknown user is told with a code that the table does not have.",
        twist: || has_code(ErrorCode::UserNotFound, "no_such_user"),
    },
    Fault {
        id: "errors-code-in-capitals",
        requirement: "ERR-002",
        sentence: "Codes are written in capitals.",
        twist: || {
            on("*").error(|error| {
                let code = text(error, "/code").to_ascii_uppercase();
                set(error, "/code", code);
            })
        },
    },
    Fault {
        id: "errors-without-field",
        requirement: "ERR-003",
        sentence: "An error about a field of a body does not name it.",
        twist: || {
            on("POST /v1/messages | PUT /v1/profile | PUT /v1/admin/policy")
                .error(|error| drop(remove(error, "/field")))
        },
    },
    Fault {
        id: "errors-field-without-its-parents",
        requirement: "ERR-003",
        sentence: "An error names a field by the last part of its path.",
        twist: || {
            on(SEND).error(|error| {
                let field = text(error, "/field").to_owned();
                if let Some((_, last)) = field.rsplit_once('.') {
                    set(error, "/field", last);
                }
            })
        },
    },
    Fault {
        id: "errors-field-as-a-pointer",
        requirement: "ERR-003",
        sentence: "An error names a field by a JSON pointer.",
        twist: || {
            on(SEND).error(|error| {
                let field = text(error, "/field").replace('.', "/");
                if !field.is_empty() {
                    set(error, "/field", format!("/{field}"));
                }
            })
        },
    },
    Fault {
        id: "errors-path-parameter-not-named",
        requirement: "ERR-003",
        sentence: "An error about an id in the path does not say which.",
        twist: || on(BEFRIEND).error(|error| drop(remove(error, "/field"))),
    },
    Fault {
        id: "errors-path-parameter-named-as-its-value",
        requirement: "ERR-003",
        sentence: "An error about an id in the path names the id and not the parameter.",
        twist: || on(BEFRIEND).outcome(name_the_value),
    },
    Fault {
        id: "errors-field-where-there-is-none",
        requirement: "ERR-003",
        sentence: "A token of the wrong class is told as if a field `user_id` were wrong.",
        twist: || on(LOGIN).error(|error| set(error, "/field", "user_id")),
    },
    Fault {
        id: "errors-null-not-named",
        requirement: "ERR-003",
        sentence: "A null that is refused is not named.",
        twist: || on("*").outcome(forget_the_null),
    },
    Fault {
        id: "errors-null-key-not-named",
        requirement: "ERR-003",
        sentence: "A null in a send is told as malformed JSON.",
        twist: || {
            on(SEND).instead(|call, _| {
                let body = call.json();
                let mut values = body.as_object()?.values();
                let null = values.any(Value::is_null);
                null.then(|| error(ErrorCode::MalformedJson).into())
            })
        },
    },
    Fault {
        id: "errors-slash-at-the-end-ignored",
        requirement: "ERR-005",
        sentence: "A slash at the end of a path does not count.",
        twist: || on("*").request(|call, _| call.path = call.path.trim_end_matches('/').into()),
    },
    Fault {
        id: "errors-empty-segments-ignored",
        requirement: "ERR-005",
        sentence: "Two slashes in a path count as one.",
        twist: || on("*").request(|call, _| call.path = call.path.replace("//", "/")),
    },
    Fault {
        id: "errors-path-in-any-case",
        requirement: "ERR-005",
        sentence: "A path may be written in capitals.",
        twist: || on("GET /v1/*").request(|call, _| call.path = call.path.to_ascii_lowercase()),
    },
    Fault {
        id: "errors-any-version-in-the-path",
        requirement: "ERR-005",
        sentence: "A path of another major version is taken for one of this.",
        twist: || on("GET /v2/*").request(|call, _| call.path = call.path.replace("/v2", "/v1")),
    },
    Fault {
        id: "errors-more-segments-ignored",
        requirement: "ERR-005",
        sentence: "What follows a known path is ignored.",
        twist: || on("* /v1/messages/*").request(|call, _| call.path = "/v1/messages".into()),
    },
    Fault {
        id: "errors-token-before-path",
        requirement: "ERR-005",
        sentence: "An unknown path asks for a token first.",
        twist: || {
            on("*").outcome(|call, outcome, _| ask_for_token(ErrorCode::NotFound, call, outcome))
        },
    },
    Fault {
        id: "errors-unknown-token-before-path",
        requirement: "ERR-005",
        sentence: "An unknown path tells that a token is unknown.",
        twist: || {
            on("*").outcome(|call, outcome, world| {
                let stranger = call.token().is_some() && world.who(call).app().is_empty();
                if stranger && outcome.is_refused(ErrorCode::NotFound) {
                    *outcome = error(ErrorCode::CredentialInvalid).into();
                }
            })
        },
    },
    Fault {
        id: "errors-index-at-the-root",
        requirement: "ERR-005",
        sentence: "`/v1` answers with a list of endpoints.",
        twist: || on("GET /v1").does_nothing(200, json!({"endpoints": ["/v1/server"]})),
    },
    Fault {
        id: "errors-unknown-path-not-allowed",
        requirement: "ERR-005",
        sentence: "A path nobody knows is answered `method_not_allowed`.",
        twist: || on("*").confuses(ErrorCode::NotFound, ErrorCode::MethodNotAllowed),
    },
    Fault {
        id: "errors-no-allow",
        requirement: "ERR-006",
        sentence: "A wrong method is refused without an `Allow` header.",
        twist: || {
            on("*").refused(ErrorCode::MethodNotAllowed, |refusal| {
                refusal.headers.retain(|(name, _)| *name != "allow");
            })
        },
    },
    Fault {
        id: "errors-allow-names-one-method",
        requirement: "ERR-006",
        sentence: "`Allow` names only the first method of a path.",
        twist: || {
            allow(|methods| {
                let first = methods.split(',').next();
                first.unwrap_or_default().to_owned()
            })
        },
    },
    Fault {
        id: "errors-allow-names-all-methods",
        requirement: "ERR-006",
        sentence: "`Allow` names the methods of all paths.",
        twist: || allow(|_| "GET, PUT, POST, DELETE".to_owned()),
    },
    Fault {
        id: "errors-wrong-method-not-found",
        requirement: "ERR-006",
        sentence: "A wrong method is answered `not_found`.",
        twist: || on("*").confuses(ErrorCode::MethodNotAllowed, ErrorCode::NotFound),
    },
    Fault {
        id: "errors-token-before-method",
        requirement: "ERR-006",
        sentence: "A wrong method asks for a token first.",
        twist: || {
            on("*").outcome(|call, outcome, _| {
                ask_for_token(ErrorCode::MethodNotAllowed, call, outcome);
            })
        },
    },
    Fault {
        id: "errors-patch-is-put",
        requirement: "ERR-006",
        sentence: "`PATCH` is taken for `PUT`.",
        twist: || on("PATCH /v1/profile").request(|call, _| call.method = "PUT".into()),
    },
    Fault {
        id: "errors-missing-media-not-found",
        requirement: "ERR-010",
        sentence: "A server without the feature `media` answers its paths with `not_found`.",
        twist: || lacks("media", "* /v1/media | * /v1/media/*", ErrorCode::NotFound),
    },
    Fault {
        id: "errors-missing-push-not-found",
        requirement: "ERR-010",
        sentence: "A server without the feature `push` answers its paths with `not_found`.",
        twist: || lacks("push", "* /v1/push-token", ErrorCode::NotFound),
    },
    Fault {
        id: "errors-missing-clock-not-allowed",
        requirement: "ERR-010",
        sentence: "A server without the feature `manual-clock` answers its path with `method_not_allowed`.",
        twist: || {
            lacks(
                "manual-clock",
                "* /v1/admin/clock",
                ErrorCode::MethodNotAllowed,
            )
        },
    },
];

fn plain_words() -> Body {
    Body::Json("not here".into())
}

fn has_status(code: ErrorCode, status: u16) -> Twist {
    on("*").refused(code, move |refusal| refusal.status = status)
}

fn has_code(code: ErrorCode, other: &'static str) -> Twist {
    on("*").error(move |error| {
        if error["code"] == code.as_str() {
            set(error, "/code", other);
        }
    })
}

fn name_the_value(call: &Call, outcome: &mut Outcome, _: &mut World<'_>) {
    outcome.edit(|error| {
        if error["field"] == "peer" {
            set(error, "/field", call.segment(3));
        }
    });
}

fn forget_the_null(call: &Call, outcome: &mut Outcome, _: &mut World<'_>) {
    let field = text(&outcome.json(), "/field").replace('.', "/");
    if call.json().pointer(&format!("/{field}")) == Some(&Value::Null) {
        outcome.edit(|error| drop(remove(error, "/field")));
    }
}

fn ask_for_token(code: ErrorCode, call: &Call, outcome: &mut Outcome) {
    if call.token().is_none() && outcome.is_refused(code) {
        *outcome = error(ErrorCode::CredentialMissing).into();
    }
}

fn allow(edit: fn(&str) -> String) -> Twist {
    on("*").refused(ErrorCode::MethodNotAllowed, move |refusal| {
        for (name, value) in &mut refusal.headers {
            if *name == "allow" {
                *value = edit(value);
            }
        }
    })
}

/// A server without a feature, which says so wrongly at its paths.
fn lacks(feature: &'static str, paths: &'static str, says: ErrorCode) -> Twist {
    let undeclared = on(SERVER).answer(move |server| {
        if let Some(features) = list(server, "/features") {
            features.retain(|found| found != feature);
        }
    });
    undeclared.and(on(paths).refuses(says))
}
