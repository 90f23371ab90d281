//! Sends to many: targets, results, keys.

use std::collections::BTreeMap;

use duologue_core::ErrorCode;
use serde_json::{Value, json};

use crate::call::Call;
use crate::fault::Fault;
use crate::json::{list, remove, set, text};
use crate::limits::limit;
use crate::routes::{ADMIN_SEND, NOTIFY};
use crate::twist::{Twist, error, on};
use crate::world::{Outcome, World, reply};

const BATCH: &str = "POST /v1/admin/messages | POST /v1/admin/notifications";

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "admin-message-to-nobody",
        requirement: "ADM-016",
        sentence: "A message of the administrator without a target is accepted.",
        twist: || targetless(ADMIN_SEND),
    },
    Fault {
        id: "admin-notification-to-nobody",
        requirement: "ADM-016",
        sentence: "A notification without a target is accepted.",
        twist: || targetless(NOTIFY),
    },
    Fault {
        id: "admin-message-to-both",
        requirement: "ADM-016",
        sentence: "Of `to` and `to_users` in one message the first counts.",
        twist: || first_target(ADMIN_SEND),
    },
    Fault {
        id: "admin-notification-to-both",
        requirement: "ADM-016",
        sentence: "Of `to` and `to_users` in one notification the first counts.",
        twist: || first_target(NOTIFY),
    },
    Fault {
        id: "admin-target-refused-under-another-field",
        requirement: "ADM-016",
        sentence: "The refusal of a send without a target names the field `to_users`.",
        twist: || on(BATCH).renames_field("to", "to_users"),
    },
    Fault {
        id: "admin-targets-refused-under-another-field",
        requirement: "ADM-016",
        sentence: "The refusal of a batch for its targets names the field `to`.",
        twist: || on(BATCH).renames_field("to_users", "to"),
    },
    Fault {
        id: "admin-empty-batch-accepted",
        requirement: "ADM-016",
        sentence: "A batch without targets is answered with no results.",
        twist: || {
            on(BATCH).instead(|call, _| {
                let empty = call.json()["to_users"] == json!([]);
                empty.then(|| reply(200, &json!({"results": []})).into())
            })
        },
    },
    Fault {
        id: "admin-target-named-twice-counts-once",
        requirement: "ADM-016",
        sentence: "A target named twice in a batch gets one message.",
        twist: || on(BATCH).body(drop_repeats),
    },
    Fault {
        id: "admin-malformed-target-fails-alone",
        requirement: "ADM-016",
        sentence: "A malformed id in a batch is refused for itself.",
        twist: || {
            on(BATCH).body(|body| {
                for target in list(body, "/to_users").into_iter().flatten() {
                    if text(target, "").contains(' ') {
                        *target = "@malformed".into();
                    }
                }
            })
        },
    },
    Fault {
        id: "admin-batch-refused-for-repeat-is-sent",
        requirement: "ADM-016",
        sentence: "A batch refused for a target named twice is sent all the same.",
        twist: || {
            on(BATCH).outcome(|call, outcome, world| {
                let mut body = call.json();
                drop_repeats(&mut body);
                if body != call.json() && outcome.json()["field"] == "to_users" {
                    world.again(call, drop_repeats);
                }
            })
        },
    },
    Fault {
        id: "admin-batch-takes-one-more",
        requirement: "ADM-016",
        sentence: "A batch may have one target more than `batch_max`.",
        twist: || limit("batch_max", |max| max + 1),
    },
    Fault {
        id: "admin-batch-takes-one-less",
        requirement: "ADM-016",
        sentence: "A batch of `batch_max` targets is refused.",
        twist: || limit("batch_max", |max| max - 1),
    },
    Fault {
        id: "admin-large-batch-told-as-invalid",
        requirement: "ADM-016",
        sentence: "A batch with too many targets is told as `invalid_field`.",
        twist: || on(BATCH).confuses(ErrorCode::TooManyTargets, ErrorCode::InvalidField),
    },
    Fault {
        id: "admin-large-batch-sent-in-part",
        requirement: "ADM-016",
        sentence: "A batch with too many targets is refused and sent to the first of them.",
        twist: || {
            on(BATCH).outcome(|call, outcome, world| {
                if outcome.is_refused(ErrorCode::TooManyTargets) {
                    world.again(call, |body| {
                        if let Some(targets) = list(body, "/to_users") {
                            targets.truncate(1);
                        }
                    });
                }
            })
        },
    },
    Fault {
        id: "admin-batch-answered-207",
        requirement: "ADM-017",
        sentence: "A batch with refused targets is answered 207.",
        twist: || {
            on(BATCH).outcome(|_, outcome, _| {
                if refusals(&outcome.json()) > 0 {
                    outcome.reply.status = 207;
                }
            })
        },
    },
    Fault {
        id: "admin-batch-refused-for-one",
        requirement: "ADM-017",
        sentence: "A batch with a target that is no user is refused as a whole.",
        twist: || refused_for_one(ADMIN_SEND),
    },
    Fault {
        id: "admin-notifications-refused-for-one",
        requirement: "ADM-017",
        sentence: "A batch of notifications with a target that is no user is refused as a whole.",
        twist: || refused_for_one(NOTIFY),
    },
    Fault {
        id: "admin-batch-refused-for-reserved-target",
        requirement: "ADM-017",
        sentence: "A batch with `@system` among its targets is refused as a whole.",
        twist: || {
            on(BATCH).instead(|call, _| {
                let body = call.json();
                let targets = body["to_users"].as_array()?;
                let refused = targets.iter().any(|target| target == "@system");
                refused.then(|| error(ErrorCode::InvalidField).into())
            })
        },
    },
    Fault {
        id: "admin-batch-stops-at-a-refusal",
        requirement: "ADM-017",
        sentence: "A batch ends at the first target that is refused.",
        twist: || {
            on(BATCH).instead(|call, world| {
                let (app, body) = (world.who(call).app().to_owned(), call.json());
                let targets = body["to_users"].as_array()?;
                let mut unknown =
                    |target: &Value| world.user(call, &app, text(target, "")).is_none();
                let first = targets.iter().position(&mut unknown)?;
                let tried = targets[..=first].to_vec();
                Some(world.again(call, |body| set(body, "/to_users", tried)))
            })
        },
    },
    Fault {
        id: "admin-batch-results-reversed",
        requirement: "ADM-017",
        sentence: "The results of a batch come in reverse order.",
        twist: || results(|all| all.reverse()),
    },
    Fault {
        id: "admin-batch-results-sorted",
        requirement: "ADM-017",
        sentence: "In the results of a batch the accepted targets come first.",
        twist: || results(|all| all.sort_by_key(|result| !result["error"].is_null())),
    },
    Fault {
        id: "admin-batch-results-of-the-accepted",
        requirement: "ADM-017",
        sentence: "A batch is answered without results for refused targets.",
        twist: || results(|all| all.retain(|result| result["error"].is_null())),
    },
    Fault {
        id: "admin-batch-shares-one-id",
        requirement: "ADM-017",
        sentence: "All messages of a batch are answered with the same id.",
        twist: || {
            results(|all| {
                let accepted = all.iter().find(|result| result["error"].is_null());
                let id = accepted.map(|result| result["message"]["message_id"].clone());
                for result in all.iter_mut().filter(|result| result["error"].is_null()) {
                    set(result, "/message/message_id", id.clone());
                }
            })
        },
    },
    Fault {
        id: "admin-batch-not-live",
        requirement: "ADM-017",
        sentence: "The messages of a batch are stored and shown to no stream.",
        twist: || {
            on(BATCH).outcome(|call, outcome, _| {
                if call.json()["to_users"].is_array() {
                    outcome.effects.clear();
                }
            })
        },
    },
    Fault {
        id: "admin-unknown-sender-fails-target-by-target",
        requirement: "ADM-017",
        sentence: "A batch in the name of nobody is answered with a refusal for each target.",
        twist: || {
            on(ADMIN_SEND).outcome(|call, outcome, _| {
                let body = call.json();
                if outcome.json()["field"] == "from"
                    && let Some(targets) = body["to_users"].as_array()
                {
                    let results = targets.iter().map(refusal).collect::<Vec<_>>();
                    *outcome = reply(200, &json!({"results": results})).into();
                }
            })
        },
    },
    Fault {
        id: "admin-unknown-sender-reaches-the-first",
        requirement: "ADM-017",
        sentence: "A batch in the name of nobody is refused after it has gone out as `@admin`.",
        twist: || {
            on(ADMIN_SEND).outcome(|call, outcome, world| {
                if outcome.json()["field"] == "from" {
                    world.again(call, |body| drop(remove(body, "/from")));
                }
            })
        },
    },
    Fault {
        id: "admin-batch-key-ignored",
        requirement: "ADM-018",
        sentence: "A repeated batch is sent again.",
        twist: || {
            on(BATCH).body(|body| {
                if body["to_users"].is_array() {
                    remove(body, "/client_msg_id");
                }
            })
        },
    },
    Fault {
        id: "admin-batch-repeat-reaches-the-refused",
        requirement: "ADM-018",
        sentence: "A repeated batch is sent to the targets that were refused before.",
        twist: || {
            reused(true, |call, world, first| {
                let refused = first["results"].as_array().into_iter().flatten();
                let refused = refused.filter(|result| !result["error"].is_null());
                let refused: Vec<Value> = refused.map(|result| result["to"].clone()).collect();
                world.again(call, |body| {
                    remove(body, "/client_msg_id");
                    set(body, "/to_users", refused);
                });
                Some(reply(200, first).into())
            })
        },
    },
    Fault {
        id: "admin-batch-repeat-answers-the-accepted",
        requirement: "ADM-018",
        sentence: "A repeated batch is answered without the refusals.",
        twist: || {
            reused(true, |call, world, _| {
                let mut outcome = world.ask(call);
                outcome.edit_list("/results", |all| {
                    all.retain(|result| result["error"].is_null());
                });
                Some(outcome)
            })
        },
    },
    Fault {
        id: "admin-batch-key-of-nobody-kept",
        requirement: "ADM-018",
        sentence: "A batch that reached nobody occupies its key.",
        twist: || reused(true, |_, _, first| Some(reply(200, first).into())),
    },
    Fault {
        id: "admin-batch-key-with-another-body",
        requirement: "ADM-018",
        sentence: "A batch with the key of another is answered as its repeat.",
        twist: || on(BATCH).accepts(ErrorCode::IdempotencyConflict, 200, json!({"results": []})),
    },
    Fault {
        id: "admin-batch-key-with-other-targets",
        requirement: "ADM-018",
        sentence: "A batch with the key of another that differs in its targets is no conflict.",
        twist: || {
            reused(false, |call, _, first| {
                let all = first["results"].as_array()?;
                let body = call.json();
                let other = body["to_users"].as_array()?.len() != all.len();
                other.then(|| reply(200, first).into())
            })
        },
    },
];

fn targetless(send: &'static str) -> Twist {
    on(send).instead(|call, _| {
        let body = call.json();
        let none = body["to"].is_null() && body["to_users"].is_null();
        none.then(|| reply(200, &json!({"results": []})).into())
    })
}

fn first_target(send: &'static str) -> Twist {
    on(send).body(|body| {
        if body["to"].is_string() {
            remove(body, "/to_users");
        }
    })
}

/// Takes repeated targets out.
fn drop_repeats(body: &mut Value) {
    let mut seen = Vec::new();
    if let Some(targets) = list(body, "/to_users") {
        targets.retain(|target| {
            let is_new = !seen.contains(target);
            seen.push(target.clone());
            is_new
        });
    }
}

fn refusals(body: &Value) -> usize {
    let all = body["results"].as_array().into_iter().flatten();
    all.filter(|result| !result["error"].is_null()).count()
}

fn refusal(target: &Value) -> Value {
    json!({"to": target, "error": {"code": "user_not_found", "message": "no such user"}})
}

fn refused_for_one(send: &'static str) -> Twist {
    on(send).outcome(|_, outcome, _| {
        if refusals(&outcome.json()) > 0 {
            *outcome = error(ErrorCode::UserNotFound).into();
        }
    })
}

fn results(edit: fn(&mut Vec<Value>)) -> Twist {
    on(BATCH).outcome(move |_, outcome, _| outcome.edit_list("/results", edit))
}

type Repeat = fn(&mut Call, &mut World<'_>, &Value) -> Option<Outcome>;

/// What becomes of a batch under a key that was used before, with the same body or another one, given
/// the first answer.
fn reused(same_body: bool, answer: Repeat) -> Twist {
    let mut answers: BTreeMap<(String, String), (Value, Value)> = BTreeMap::new();
    on(ADMIN_SEND).instead(move |call, world| {
        let body = call.json();
        let key = body["client_msg_id"].as_str()?.to_owned();
        let key = (world.who(call).app().to_owned(), key);
        if let Some((first_body, first)) = answers.get(&key) {
            let same = body == *first_body;
            return (same == same_body)
                .then(|| answer(call, world, first))
                .flatten();
        }
        let outcome = world.ask(call);
        answers.insert(key, (body, outcome.json()));
        Some(outcome)
    })
}
