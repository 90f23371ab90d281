//! HTTP: fields and types, content types, statuses, absent fields and null in a `PUT`.

use duologue_core::server::Body;
use http::{HeaderValue, header};
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::json::{list, number, remove, set};
use crate::routes::{
    BEFRIEND, CONVERSATIONS, CREATE_APP, DELETE_USER, GET_PROFILE, LOGIN, LOGOUT, PRESENCE,
    PUT_POLICY, PUT_PROFILE, PUT_USER, SEND,
};
use crate::twist::{Twist, on, uploads_answered_200};
use crate::wire::Wire;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "http-integer-with-a-fraction",
        requirement: "HTT-001",
        sentence: "The `seq` of a message is written with a `.0`.",
        twist: || {
            on(SEND).answer(|message| {
                let seq: f64 = number(message, "/seq")
                    .to_string()
                    .parse()
                    .unwrap_or_default();
                set(message, "/seq", seq);
            })
        },
    },
    Fault {
        id: "http-time-as-a-string",
        requirement: "HTT-001",
        sentence: "The time of a login is a string.",
        twist: || {
            on(LOGIN).answer(|session| {
                let now = number(session, "/now_ms").to_string();
                set(session, "/now_ms", now);
            })
        },
    },
    Fault {
        id: "http-null-left-out",
        requirement: "HTT-001",
        sentence: "A profile without a nickname has no field `nickname`.",
        twist: || {
            on(GET_PROFILE).answer(|profile| {
                if profile["nickname"].is_null() {
                    remove(profile, "/nickname");
                }
            })
        },
    },
    Fault {
        id: "http-optional-field-as-null",
        requirement: "HTT-001",
        sentence: "A message without `custom_data` has a `custom_data` of null.",
        twist: || {
            on(SEND).answer(|message| {
                if message.get("custom_data").is_none() {
                    set(message, "/custom_data", ());
                }
            })
        },
    },
    Fault {
        id: "http-empty-optional-field",
        requirement: "HTT-001",
        sentence: "A sender without a nickname has an empty one.",
        twist: || {
            on(SEND).answer(|message| {
                if message.pointer("/sender/nickname").is_none() {
                    set(message, "/sender/nickname", "");
                }
            })
        },
    },
    Fault {
        id: "http-login-without-platform",
        requirement: "HTT-001",
        sentence: "The answer to a login has no `platform`.",
        twist: || on(LOGIN).answer(|session| drop(remove(session, "/platform"))),
    },
    Fault {
        id: "http-conversations-without-first-seq",
        requirement: "HTT-001",
        sentence: "Conversations have no `first_seq`.",
        twist: || {
            on(CONVERSATIONS).answer(|answer| {
                for conversation in list(answer, "/conversations").into_iter().flatten() {
                    remove(conversation, "/first_seq");
                }
            })
        },
    },
    Fault {
        id: "http-presence-without-streaming",
        requirement: "HTT-001",
        sentence: "Presence does not say which sessions have a stream.",
        twist: || {
            on(PRESENCE).answer(|presence| {
                for session in list(presence, "/sessions").into_iter().flatten() {
                    remove(session, "/streaming");
                }
            })
        },
    },
    Fault {
        id: "http-json-as-plain-text",
        requirement: "HTT-002",
        sentence: "Answers are called plain text.",
        twist: || calls_plain_text(|_| true),
    },
    Fault {
        id: "http-errors-as-plain-text",
        requirement: "HTT-002",
        sentence: "Errors are called plain text.",
        twist: || calls_plain_text(|status| status >= 400),
    },
    Fault {
        id: "http-unknown-path-as-plain-text",
        requirement: "HTT-002",
        sentence: "What is not found is called plain text.",
        twist: || calls_plain_text(|status| status == 404),
    },
    Fault {
        id: "http-missing-token-without-content-type",
        requirement: "HTT-002",
        sentence: "A refusal for want of a token has no content type.",
        twist: || {
            Wire::on_leaving(|_, head| {
                if head.status == 401 {
                    head.headers.remove(header::CONTENT_TYPE);
                }
            })
            .into()
        },
    },
    Fault {
        id: "http-user-created-with-200",
        requirement: "HTT-003",
        sentence: "The creation of a user is answered 200.",
        twist: || on(PUT_USER).status(200),
    },
    Fault {
        id: "http-user-updated-with-201",
        requirement: "HTT-003",
        sentence: "The update of a user is answered 201.",
        twist: || on(PUT_USER).status(201),
    },
    Fault {
        id: "http-login-with-200",
        requirement: "HTT-003",
        sentence: "A login is answered 200.",
        twist: || on(LOGIN).status(200),
    },
    Fault {
        id: "http-send-with-201",
        requirement: "HTT-003",
        sentence: "A send is answered 201.",
        twist: || on(SEND).status(201),
    },
    Fault {
        id: "http-new-app-with-200",
        requirement: "HTT-003",
        sentence: "The creation of an app is answered 200.",
        twist: || on(CREATE_APP).status(200),
    },
    Fault {
        id: "http-upload-with-200",
        requirement: "HTT-003",
        sentence: "An upload is answered 200.",
        twist: uploads_answered_200,
    },
    Fault {
        id: "http-befriending-with-201",
        requirement: "HTT-003",
        sentence: "A new friend is answered 201.",
        twist: || on(BEFRIEND).status(201),
    },
    Fault {
        id: "http-befriending-with-a-body",
        requirement: "HTT-003",
        sentence: "A new friend is answered 200 and `{}`.",
        twist: || with_a_body(BEFRIEND),
    },
    Fault {
        id: "http-deletion-with-a-body",
        requirement: "HTT-003",
        sentence: "The deletion of a user is answered 200 and `{}`.",
        twist: || with_a_body(DELETE_USER),
    },
    Fault {
        id: "http-logout-with-202",
        requirement: "HTT-003",
        sentence: "A logout is answered 202.",
        twist: || on(LOGOUT).status(202),
    },
    Fault {
        id: "http-profile-replaced",
        requirement: "HTT-004",
        sentence: "A nickname that an update of the profile does not name is cleared.",
        twist: || clears_what_is_absent(PUT_PROFILE, "nickname"),
    },
    Fault {
        id: "http-picture-replaced",
        requirement: "HTT-004",
        sentence: "A picture that an update of the profile does not name is cleared.",
        twist: || clears_what_is_absent(PUT_PROFILE, "avatar_url"),
    },
    Fault {
        id: "http-user-replaced",
        requirement: "HTT-004",
        sentence: "A picture that an administrator's update does not name is cleared.",
        twist: || clears_what_is_absent(PUT_USER, "avatar_url"),
    },
    Fault {
        id: "http-accept-from-replaced",
        requirement: "HTT-004",
        sentence: "An `accept_from` that an update of the profile does not name begins anew.",
        twist: || {
            on(PUT_PROFILE).body(|body| {
                if body.get("accept_from").is_none() {
                    set(body, "/accept_from", "policy");
                }
            })
        },
    },
    Fault {
        id: "http-policy-replaced",
        requirement: "HTT-004",
        sentence: "What an update of the policy does not name begins anew.",
        twist: || {
            on(PUT_POLICY).body(|body| {
                let mut whole = json!({
                    "messaging": "anyone", "block_visibility": "silent", "multi_login": "all"
                });
                for (name, value) in body.as_object().into_iter().flatten() {
                    set(&mut whole, &format!("/{name}"), value.clone());
                }
                *body = whole;
            })
        },
    },
    Fault {
        id: "http-null-clears-nothing",
        requirement: "HTT-005",
        sentence: "A null in an update of the profile is taken for absence.",
        twist: || nulls_left_out(PUT_PROFILE),
    },
    Fault {
        id: "http-null-of-the-administrator-clears-nothing",
        requirement: "HTT-005",
        sentence: "A null in an administrator's update of a user is taken for absence.",
        twist: || nulls_left_out(PUT_USER),
    },
    Fault {
        id: "http-null-is-a-word",
        requirement: "HTT-005",
        sentence: "A nickname of null is taken for the word `null`.",
        twist: || {
            on(PUT_PROFILE).reads("/nickname", |nickname| {
                nickname.is_null().then(|| "null".into())
            })
        },
    },
    Fault {
        id: "http-null-clears-everything",
        requirement: "HTT-005",
        sentence: "A nickname of null clears the picture as well.",
        twist: || {
            on(PUT_PROFILE).body(|body| {
                if body.get("nickname") == Some(&Value::Null) {
                    set(body, "/avatar_url", ());
                }
            })
        },
    },
];

fn calls_plain_text(picks: fn(u16) -> bool) -> Twist {
    Wire::on_leaving(move |_, head| {
        let json = head.headers.get(header::CONTENT_TYPE);
        if json.is_some_and(|found| found == "application/json") && picks(head.status.as_u16()) {
            let plain = HeaderValue::from_static("text/plain");
            head.headers.insert(header::CONTENT_TYPE, plain);
        }
    })
    .into()
}

fn with_a_body(pattern: &'static str) -> Twist {
    on(pattern).outcome(|_, outcome, _| {
        if outcome.reply.status == 204 {
            outcome.reply.status = 200;
            outcome.reply.body = Body::Json("{}".into());
        }
    })
}

fn clears_what_is_absent(pattern: &'static str, field: &'static str) -> Twist {
    on(pattern).body(move |body| {
        if body.get(field).is_none() {
            set(body, &format!("/{field}"), ());
        }
    })
}

fn nulls_left_out(pattern: &'static str) -> Twist {
    on(pattern).body(|body| {
        if let Some(fields) = body.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
    })
}
