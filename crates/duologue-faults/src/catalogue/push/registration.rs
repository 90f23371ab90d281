//! Vendors and registrations: which are taken, and how long they last.

use std::collections::{BTreeMap, BTreeSet};

use duologue_core::ErrorCode;
use serde_json::{Value, json};

use super::beside::also_pushed;
use crate::call::Call;
use crate::fault::Fault;
use crate::json::{remove, set, text};
use crate::routes::{CREATE_APP, REGISTER, UNREGISTER};
use crate::twist::{error, on, pushes};
use crate::world::{Outcome, World, reply};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "push-one-vendor-not-declared",
        requirement: "PSH-001",
        sentence: "An app without a list of its own does not have `meizu`.",
        twist: || on(CREATE_APP).body(without_meizu),
    },
    Fault {
        id: "push-unknown-vendor-accepted",
        requirement: "PSH-002",
        sentence: "A registration with a vendor the app does not have is accepted.",
        twist: || on(REGISTER).accepts(ErrorCode::PushVendorUnknown, 204, Value::Null),
    },
    Fault {
        id: "push-unknown-vendor-is-a-field-of-the-token",
        requirement: "PSH-002",
        sentence: "The refusal of an unknown vendor names the field `token`.",
        twist: || {
            on(REGISTER).error(|body| {
                if body["code"] == ErrorCode::PushVendorUnknown.as_str() {
                    set(body, "/field", "token");
                }
            })
        },
    },
    Fault {
        id: "push-own-list-adds-to-the-six",
        requirement: "PSH-002",
        sentence: "An app with a list of its own takes the six reserved vendors as well.",
        twist: || {
            on(REGISTER).outcome(|call, outcome, _| {
                let six = ["apns", "huawei", "xiaomi", "oppo", "vivo", "meizu"];
                let known = six.contains(&text(&call.json(), "/vendor"));
                if known && outcome.is_refused(ErrorCode::PushVendorUnknown) {
                    outcome.reply = reply(204, &Value::Null);
                }
            })
        },
    },
    Fault {
        id: "push-empty-token-accepted",
        requirement: "PSH-003",
        sentence: "An empty push token is accepted.",
        twist: || {
            on(REGISTER).body(|body| {
                if body["token"] == "" {
                    set(body, "/token", "none");
                }
            })
        },
    },
    Fault {
        id: "push-long-token-accepted",
        requirement: "PSH-003",
        sentence: "A push token of more than 256 bytes is cut and accepted.",
        twist: || {
            on(REGISTER).body(|body| {
                let short: String = text(body, "/token").chars().take(256).collect();
                set(body, "/token", short);
            })
        },
    },
    Fault {
        id: "push-longest-token-refused",
        requirement: "PSH-003",
        sentence: "A push token of exactly 256 bytes is refused.",
        twist: || {
            on(REGISTER).instead(|call, _| {
                let longest = text(&call.json(), "/token").len() == 256;
                longest.then(|| error(ErrorCode::PushTokenInvalid).into())
            })
        },
    },
    Fault {
        id: "push-bad-token-is-an-invalid-field",
        requirement: "PSH-003",
        sentence: "A push token of a wrong length is refused as `invalid_field`.",
        twist: || on(REGISTER).confuses(ErrorCode::PushTokenInvalid, ErrorCode::InvalidField),
    },
    Fault {
        id: "push-first-registration-stays",
        requirement: "PSH-004",
        sentence: "A second registration of a session is acknowledged and has no effect.",
        twist: || {
            let mut sessions = BTreeSet::new();
            on("* /v1/push-token").instead(move |call, _| keep_first(&mut sessions, call))
        },
    },
    Fault {
        id: "push-replaced-registration-is-pushed-to",
        requirement: "PSH-004",
        sentence: "A second registration of a session stands beside the first.",
        twist: || also_pushed(|case, _| case.is_for_the_recipient() && case.to.replaced),
    },
    Fault {
        id: "push-opt-out-outlives-its-registration",
        requirement: "PSH-004",
        sentence: "A registration without `push` keeps the opt-out of the one before.",
        twist: || {
            let mut opted = BTreeMap::new();
            on(REGISTER).request(move |call, _| keep_opt_out(&mut opted, call))
        },
    },
    Fault {
        id: "push-token-of-two-sessions",
        requirement: "PSH-005",
        sentence: "A push token that another session registers stays with the first one, too.",
        twist: || {
            let mut count = 0;
            on(REGISTER)
                .body(move |body| {
                    count += 1;
                    let unlike = format!("{}#{count}", text(body, "/token"));
                    set(body, "/token", unlike);
                })
                .and(pushes(|mut push| {
                    let token = text(&push, "/token").rsplit_once('#');
                    let token = token.map(|(token, _)| token.to_owned());
                    set(&mut push, "/token", token);
                    vec![push]
                }))
        },
    },
    Fault {
        id: "push-token-taken-from-another-vendor",
        requirement: "PSH-005",
        sentence: "A push token is taken from the other session though its vendor is another.",
        twist: || {
            let mut holders = BTreeMap::new();
            on(REGISTER).outcome(move |call, outcome, world| {
                if outcome.reply.status == 204 {
                    take_from_any_vendor(&mut holders, call, world);
                }
            })
        },
    },
    Fault {
        id: "push-deletion-has-no-effect",
        requirement: "PSH-006",
        sentence: "Deleting a registration is acknowledged and has no effect.",
        twist: || on(UNREGISTER).does_nothing(204, Value::Null),
    },
    Fault {
        id: "push-ended-session-is-pushed-to",
        requirement: "PSH-006",
        sentence: "The registration of a session that has ended is pushed to.",
        twist: || {
            also_pushed(|case, world| {
                case.is_for_the_recipient() && case.status_of_session(world) == 401
            })
        },
    },
    Fault {
        id: "push-registration-passes-to-the-next-session",
        requirement: "PSH-006",
        sentence: "A device that logs in again has the registration of its last session.",
        twist: || {
            let mut known = BTreeMap::new();
            on("PUT /v1/push-token | POST /v1/sessions")
                .outcome(move |call, outcome, world| pass_on(&mut known, call, outcome, world))
        },
    },
];

fn without_meizu(body: &mut Value) {
    if body["push"].is_object() && body["push"]["vendors"].is_null() {
        let five = json!(["apns", "huawei", "xiaomi", "oppo", "vivo"]);
        set(body, "/push/vendors", five);
    }
}

fn session(call: &Call) -> String {
    call.token().unwrap_or_default().to_owned()
}

fn keep_first(sessions: &mut BTreeSet<String>, call: &Call) -> Option<Outcome> {
    let again = if call.is(REGISTER) {
        !sessions.insert(session(call))
    } else {
        sessions.remove(&session(call));
        false
    };
    again.then(|| reply(204, &Value::Null).into())
}

fn keep_opt_out(opted: &mut BTreeMap<String, Value>, call: &mut Call) {
    let mut body = call.json();
    match opted.get(&session(call)) {
        Some(push) if body["push"].is_null() => set(&mut body, "/push", push.clone()),
        _ => {}
    }
    if !body["push"].is_null() {
        opted.insert(session(call), body["push"].clone());
    }
    call.set_json(&body);
}

fn take_from_any_vendor(
    holders: &mut BTreeMap<String, String>,
    call: &Call,
    world: &mut World<'_>,
) {
    let token = text(&call.json(), "/token").to_owned();
    let older = holders.insert(token, session(call));
    if let Some(older) = older.filter(|older| *older != session(call)) {
        world.with_token(call, &older, "DELETE", "/v1/push-token", &Value::Null);
    }
}

fn pass_on(
    known: &mut BTreeMap<(String, String, String), Value>,
    call: &Call,
    outcome: &Outcome,
    world: &mut World<'_>,
) {
    let who = world.who(call);
    let mut answer = outcome.json();
    let token = remove(&mut answer, "/session_token");
    let device = match &token {
        Some(_) => text(&answer, "/device_id"),
        None => who.device(),
    };
    let key = (
        who.app().to_owned(),
        who.user().to_owned(),
        device.to_owned(),
    );
    if let Some(Value::String(token)) = token {
        if let Some(body) = known.get(&key) {
            world.with_token(call, &token, "PUT", "/v1/push-token", body);
        }
    } else if outcome.reply.status == 204 {
        known.insert(key, call.json());
    }
}
