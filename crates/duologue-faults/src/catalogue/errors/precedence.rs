//! Checks of a send in another order than the specification's.

use duologue_core::ErrorCode;
use serde_json::{Value, json};

use crate::call::Call;
use crate::fault::Fault;
use crate::json::{list, remove, set};
use crate::twist::{Twist, error, on};
use crate::world::{Outcome, World, reply};

const SEND: &str = "POST /v1/messages";

pub(in crate::catalogue) const FAULTS: &[Fault] = &[
    Fault {
        id: "errors-body-before-token",
        requirement: "ERR-007",
        sentence: "A send whose body is no JSON is told so, whoever asks.",
        twist: || {
            on(SEND).instead(|call, _| {
                let broken = serde_json::from_slice::<Value>(&call.body).is_err();
                broken.then(|| error(ErrorCode::MalformedJson).into())
            })
        },
    },
    Fault {
        id: "errors-class-after-body",
        requirement: "ERR-007",
        sentence: "A send with a token of the wrong class is told of its broken JSON first.",
        twist: || {
            on(SEND).outcome(|call, outcome, _| {
                let broken = serde_json::from_slice::<Value>(&call.body).is_err();
                if broken && outcome.is_refused(ErrorCode::SessionRequired) {
                    *outcome = error(ErrorCode::MalformedJson).into();
                }
            })
        },
    },
    Fault {
        id: "errors-fields-before-json",
        requirement: "ERR-007",
        sentence: "A send that is no JSON is refused for a field that could be read of it.",
        twist: || {
            on(SEND).refused(ErrorCode::MalformedJson, |refusal| {
                let body = json!({"code": "invalid_field", "message": "bad", "field": "to"});
                *refusal = reply(400, &body);
            })
        },
    },
    Fault {
        id: "errors-from-before-content",
        requirement: "ERR-007",
        sentence: "A foreign `from` is refused before the content is looked at.",
        twist: || {
            rather(
                ErrorCode::InvalidField,
                fix_content,
                ErrorCode::AdminRequired,
            )
        },
    },
    Fault {
        id: "errors-from-before-size",
        requirement: "ERR-007",
        sentence: "A foreign `from` is refused before the message is measured.",
        twist: || {
            rather(
                ErrorCode::MessageTooLarge,
                fix_content,
                ErrorCode::AdminRequired,
            )
        },
    },
    Fault {
        id: "errors-key-before-content",
        requirement: "ERR-007",
        sentence: "A used key is a conflict before the content is looked at.",
        twist: || {
            let same = ErrorCode::IdempotencyConflict;
            rather(ErrorCode::InvalidField, fix_content, same)
        },
    },
    Fault {
        id: "errors-key-before-size",
        requirement: "ERR-007",
        sentence: "A used key is a conflict before the message is measured.",
        twist: || {
            let same = ErrorCode::IdempotencyConflict;
            rather(ErrorCode::MessageTooLarge, fix_content, same)
        },
    },
    Fault {
        id: "errors-recipient-before-from",
        requirement: "ERR-007",
        sentence: "A user who writes in another's name is told first that the recipient does not exist.",
        twist: || {
            rather(
                ErrorCode::AdminRequired,
                forget_from,
                ErrorCode::UserNotFound,
            )
        },
    },
    Fault {
        id: "errors-speaker-before-from",
        requirement: "ERR-007",
        sentence: "A user who writes in the name of nobody is told that there is no such user.",
        twist: || {
            on(SEND).outcome(|call, outcome, world| {
                let app = world.who(call).app().to_owned();
                let body = call.json();
                let path = format!(
                    "/v1/admin/users/{}",
                    body["from"].as_str().unwrap_or_default()
                );
                if outcome.is_refused(ErrorCode::AdminRequired) {
                    let found = world.as_admin(call, &app, "GET", &path, &Value::Null);
                    if found.reply.status == 404 {
                        let body =
                            json!({"code": "user_not_found", "message": "?", "field": "from"});
                        outcome.reply = reply(404, &body);
                    }
                }
            })
        },
    },
    Fault {
        id: "errors-recipient-before-speaker",
        requirement: "ERR-007",
        sentence: "Of two unknown users in the administrator's send the recipient is named first.",
        twist: || {
            on("POST /v1/admin/messages").outcome(|call, outcome, world| {
                let trial = trial(call, world, forget_from);
                if outcome.json()["field"] == "from" && trial.is_refused(ErrorCode::UserNotFound) {
                    outcome.reply = trial.reply;
                }
            })
        },
    },
    Fault {
        id: "errors-block-before-friends",
        requirement: "ERR-007",
        sentence: "A blocked sender who is no friend is told of the block.",
        twist: || on(SEND).outcome(tell_of_the_block),
    },
];

fn fix_content(body: &mut Value) {
    set(body, "/content", json!({"type": "text", "text": "fixed"}));
}

fn forget_from(body: &mut Value) {
    remove(body, "/from");
}

/// What would become of the send with another body; one of lifetime 0 leaves nothing behind.
fn trial(call: &Call, world: &mut World<'_>, fix: fn(&mut Value)) -> Outcome {
    let mut body = call.json();
    fix(&mut body);
    set(&mut body, "/lifetime_s", 0);
    let mut trial = call.clone();
    trial.set_json(&body);
    world.ask(&trial)
}

/// What is refused with `first`, and without that flaw would be refused with `then`, is refused with
/// `then`.
fn rather(first: ErrorCode, fix: fn(&mut Value), then: ErrorCode) -> Twist {
    on(SEND).outcome(move |call, outcome, world| {
        if outcome.is_refused(first) {
            let trial = trial(call, world, fix);
            if trial.is_refused(then) {
                outcome.reply = trial.reply;
            }
        }
    })
}

fn tell_of_the_block(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    let stranger = [
        ErrorCode::NotFriends,
        ErrorCode::NotInRecipientList,
        ErrorCode::RecipientNotInList,
    ];
    if !stranger.iter().any(|code| outcome.is_refused(*code)) {
        return;
    }
    let who = world.who(call);
    let body = call.json();
    let to = body["to"].as_str().unwrap_or_default();
    let his = (who.app(), to);
    let blocked = world.as_user(call, his, "GET", "/v1/blocklist", &Value::Null);
    let mut blocked = blocked.map(|outcome| outcome.json()).unwrap_or_default();
    let names_him = |list: &mut Vec<Value>| list.iter().any(|user| user == who.user());
    if list(&mut blocked, "/blocklist").is_some_and(names_him) {
        outcome.reply = error(ErrorCode::BlockedByRecipient);
    }
}
