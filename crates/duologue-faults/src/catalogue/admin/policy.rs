//! The policy: reading, changing, defaults.

use duologue_core::ErrorCode;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::json::{remove, set};
use crate::routes::{CREATE_APP, GET_POLICY, PUT_POLICY};
use crate::twist::{Twist, on};

/// The fields with their values, the default first.
const FIELDS: [(&str, [&str; 2]); 3] = [
    ("messaging", ["anyone", "friends_only"]),
    ("block_visibility", ["silent", "explicit"]),
    ("multi_login", ["all", "single"]),
];

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "admin-policy-change-answers-what-was-given",
        requirement: "ADM-010",
        sentence: "A change of policy is answered with the fields that were given.",
        twist: || {
            on(PUT_POLICY).outcome(|call, outcome, _| {
                if outcome.reply.status == 200 {
                    outcome.set_json(&call.json());
                }
            })
        },
    },
    Fault {
        id: "admin-policy-read-without-multi-login",
        requirement: "ADM-010",
        sentence: "The policy is read without `multi_login`.",
        twist: || on(GET_POLICY).answer(|policy| drop(remove(policy, "/multi_login"))),
    },
    Fault {
        id: "admin-policy-change-resets-the-rest",
        requirement: "ADM-010",
        sentence: "A change of policy sets to its default what it does not name.",
        twist: || {
            on(PUT_POLICY).body(|body| {
                for (field, [default, _]) in FIELDS {
                    if body.get(field).is_none() {
                        set(body, &format!("/{field}"), default);
                    }
                }
            })
        },
    },
    Fault {
        id: "admin-empty-policy-change-resets-all",
        requirement: "ADM-010",
        sentence: "A change of policy that names nothing sets everything to its default.",
        twist: || {
            on(PUT_POLICY).body(|body| {
                if *body == json!({}) {
                    *body = json!({
                        "messaging": "anyone", "block_visibility": "silent", "multi_login": "all"
                    });
                }
            })
        },
    },
    Fault {
        id: "admin-policy-change-not-taken-on",
        requirement: "ADM-010",
        sentence: "A change of policy is answered, and lost.",
        twist: || {
            on(PUT_POLICY).instead(|call, world| {
                let app = world.who(call).app().to_owned();
                let former = world.as_admin(call, &app, "GET", "/v1/admin/policy", &Value::Null);
                let outcome = world.ask(call);
                world.again(call, |body| *body = former.json());
                Some(outcome)
            })
        },
    },
    Fault {
        id: "admin-unknown-messaging-means-anyone",
        requirement: "ADM-010",
        sentence: "An unknown value of `messaging` is taken for `anyone`.",
        twist: || takes_for_default("messaging"),
    },
    Fault {
        id: "admin-unknown-visibility-means-silent",
        requirement: "ADM-010",
        sentence: "An unknown value of `block_visibility` is taken for `silent`.",
        twist: || takes_for_default("block_visibility"),
    },
    Fault {
        id: "admin-unknown-multi-login-means-all",
        requirement: "ADM-010",
        sentence: "A `multi_login` that is no string is taken for `all`.",
        twist: || takes_for_default("multi_login"),
    },
    Fault {
        id: "admin-unknown-policy-not-named",
        requirement: "ADM-010",
        sentence: "The refusal of a policy names the field `policy`.",
        twist: || on(PUT_POLICY).error(|body| set(body, "/field", "policy")),
    },
    Fault {
        id: "admin-refused-policy-half-taken-on",
        requirement: "ADM-010",
        sentence: "A policy that is refused for one field is taken on in the others.",
        twist: || {
            on(PUT_POLICY).outcome(|call, outcome, world| {
                if outcome.is_refused(ErrorCode::InvalidField) {
                    let field = outcome.json()["field"].clone();
                    world.again(call, |body| {
                        remove(body, &format!("/{}", field.as_str().unwrap_or_default()));
                    });
                }
            })
        },
    },
    Fault {
        id: "admin-messaging-by-default-friends-only",
        requirement: "ADM-024",
        sentence: "An app is `friends_only` unless its creator chose otherwise.",
        twist: || defaults_to_the_other(0),
    },
    Fault {
        id: "admin-blocks-by-default-explicit",
        requirement: "ADM-024",
        sentence: "Blocks of an app are `explicit` unless its creator chose otherwise.",
        twist: || defaults_to_the_other(1),
    },
    Fault {
        id: "admin-login-by-default-single",
        requirement: "ADM-024",
        sentence: "An app has a single login unless its creator chose otherwise.",
        twist: || defaults_to_the_other(2),
    },
    Fault {
        id: "admin-half-a-policy-has-other-defaults",
        requirement: "ADM-024",
        sentence: "Where the creator of an app chose part of the policy, the rest is strict.",
        twist: || {
            on(CREATE_APP).body(|body| {
                if body["policy"].is_object() {
                    for (field, [_, other]) in FIELDS {
                        if body["policy"][field].is_null() {
                            set(body, &format!("/policy/{field}"), other);
                        }
                    }
                }
            })
        },
    },
];

fn takes_for_default(name: &'static str) -> Twist {
    on(PUT_POLICY).body(move |body| {
        for (field, [default, other]) in FIELDS {
            let given = body[field].clone();
            if field == name && !given.is_null() && given != default && given != other {
                set(body, &format!("/{field}"), default);
            }
        }
    })
}

fn defaults_to_the_other(field: usize) -> Twist {
    on(CREATE_APP).body(move |body| {
        let (field, [_, other]) = FIELDS[field];
        if body["policy"].is_null() {
            set(body, "/policy", json!({}));
        }
        if body["policy"][field].is_null() {
            set(body, &format!("/policy/{field}"), other);
        }
    })
}
