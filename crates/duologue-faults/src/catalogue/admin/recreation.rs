//! Users created anew under the id of a deleted one, who have something of the former.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::call::Call;
use crate::fault::Fault;
use crate::json::{number, set, text};
use crate::routes::{
    ADMIN_CONVERSATIONS, DELETE_USER, GET_PROFILE, LOGIN, PRESENCE, PUT_USER, SEND,
};
use crate::stores::Store;
use crate::twist::{Twist, error, on};
use crate::world::{Outcome, World, reply};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "admin-created-anew-has-the-history",
        requirement: "ADM-008",
        sentence: "A user created anew finds a message of the former one in the history.",
        twist: || {
            keeps(
                |_, _, _| None,
                |call, outcome, former| shows(Store::View, call, outcome, former),
            )
        },
    },
    Fault {
        id: "admin-created-anew-has-the-mailbox",
        requirement: "ADM-008",
        sentence: "A user created anew finds a message to the former one in the mailbox.",
        twist: || {
            keeps(
                |_, _, _| None,
                |call, outcome, former| shows(Store::Mailbox, call, outcome, former),
            )
        },
    },
    Fault {
        id: "admin-created-anew-has-the-recents",
        requirement: "ADM-008",
        sentence: "A user created anew has a recent contact of the former one.",
        twist: || {
            keeps(
                |_, _, _| None,
                |call, outcome, former| shows(Store::Recents, call, outcome, former),
            )
        },
    },
    Fault {
        id: "admin-created-anew-has-the-conversations",
        requirement: "ADM-008",
        sentence: "The administrator finds the conversations of the former user under one created anew.",
        twist: || {
            keeps(
                |_, _, _| None,
                |call, outcome, former| {
                    if call.is(ADMIN_CONVERSATIONS) {
                        outcome.edit_list("/conversations", |all| {
                            all.extend(
                                former["conversations"]
                                    .as_array()
                                    .cloned()
                                    .unwrap_or_default(),
                            );
                        });
                    }
                },
            )
        },
    },
    Fault {
        id: "admin-created-anew-counts-on",
        requirement: "ADM-008",
        sentence: "The `seq` of a user created anew goes on where the former one's ended.",
        twist: || {
            keeps(
                |_, _, _| None,
                |call, outcome, former| {
                    let mut message = outcome.json();
                    if call.is(SEND) && message["seq"].is_u64() {
                        let last = number(former, "/conversations/0/last_seq");
                        let seq = number(&message, "/seq") + last;
                        set(&mut message, "/seq", seq);
                        outcome.set_json(&message);
                    }
                },
            )
        },
    },
    Fault {
        id: "admin-created-anew-has-the-friends",
        requirement: "ADM-008",
        sentence: "A user created anew has the friend list of the former one.",
        twist: || {
            keeps(
                |_, _, _| None,
                |call, outcome, former| lists(call, outcome, former, "friends"),
            )
        },
    },
    Fault {
        id: "admin-created-anew-has-the-blocklist",
        requirement: "ADM-008",
        sentence: "A user created anew has the blocklist of the former one.",
        twist: || {
            keeps(
                |_, _, _| None,
                |call, outcome, former| lists(call, outcome, former, "blocklist"),
            )
        },
    },
    Fault {
        id: "admin-created-anew-has-the-profile",
        requirement: "ADM-008",
        sentence: "A user created anew has the nickname of the former one.",
        twist: || {
            keeps(
                |call, world, former| {
                    let named = json!({"nickname": former["profile"]["nickname"]});
                    let mut put = call.clone();
                    put.set_json(&named);
                    call.is(PUT_USER).then(|| world.ask(&put))
                },
                |_, _, _| {},
            )
        },
    },
    Fault {
        id: "admin-created-anew-accepts-from-the-same",
        requirement: "ADM-008",
        sentence: "A user created anew has the `accept_from` of the former one.",
        twist: || {
            keeps(
                |_, _, _| None,
                |call, outcome, former| {
                    if call.is(GET_PROFILE) {
                        let mut profile = outcome.json();
                        set(
                            &mut profile,
                            "/accept_from",
                            former["profile"]["accept_from"].clone(),
                        );
                        outcome.set_json(&profile);
                    }
                },
            )
        },
    },
    Fault {
        id: "admin-created-anew-has-the-sessions",
        requirement: "ADM-008",
        sentence: "A user created anew has the sessions of the former one in the presence.",
        twist: || {
            keeps(
                |_, _, _| None,
                |call, outcome, former| {
                    if call.is(PRESENCE) {
                        let sessions = former["presence"]["sessions"].as_array().cloned();
                        outcome.edit_list("/sessions", |all| {
                            all.extend(sessions.unwrap_or_default());
                        });
                    }
                },
            )
        },
    },
    Fault {
        id: "admin-created-anew-repeats-old-keys",
        requirement: "ADM-008",
        sentence: "A user created anew who uses a key of the former one gets that one's answer.",
        twist: || old_keys(|_, answer| Some(reply(200, answer).into())),
    },
    Fault {
        id: "admin-created-anew-conflicts-with-old-keys",
        requirement: "ADM-008",
        sentence: "A user created anew who uses a key of the former one for something else is refused.",
        twist: || {
            old_keys(|call, answer| {
                let conflict = duologue_core::ErrorCode::IdempotencyConflict;
                let other = call.json()["content"] != answer["content"];
                other.then(|| error(conflict).into())
            })
        },
    },
];

/// What becomes of a request by or about a user created anew, given what the former one had.
type Before = fn(&Call, &mut World<'_>, &Value) -> Option<Outcome>;
type After = fn(&Call, &mut Outcome, &Value);

/// Remembers what a user had when deleted.
fn keeps(before: Before, after: After) -> Twist {
    let mut formers: BTreeMap<(String, String), Value> = BTreeMap::new();
    on("*").instead(move |call, world| {
        let caller = world.who(call);
        let user = match caller.user() {
            "" => call.segment(4),
            user => user.to_owned(),
        };
        let key = (caller.app().to_owned(), user);
        if call.is(DELETE_USER) {
            let former = all_of(call, world, (&key.0, &key.1));
            formers.insert(key, former);
            return None;
        }
        let former = formers.get(&key).filter(|_| !call.is(LOGIN))?;
        let answered = before(call, world, former);
        let mut outcome = answered.unwrap_or_else(|| world.ask(call));
        after(call, &mut outcome, former);
        Some(outcome)
    })
}

fn all_of(call: &Call, world: &mut World<'_>, (app, user): (&str, &str)) -> Value {
    let mut own = |path: &str| {
        let answer = world.as_user(call, (app, user), "GET", path, &Value::Null);
        answer.map(|answer| answer.json()).unwrap_or_default()
    };
    let conversations = own("/v1/conversations")["conversations"].clone();
    let peer = text(&conversations, "/0/peer").to_owned();
    let history = own(&format!("/v1/conversations/{peer}/messages"));
    let mut former = json!({
        "friends": own("/v1/friends")["friends"],
        "blocklist": own("/v1/blocklist")["blocklist"],
        "profile": own("/v1/profile"),
        "message": history["messages"][0],
        "conversations": conversations,
    });
    let path = format!("/v1/admin/users/{user}/presence");
    let presence = world.as_admin(call, app, "GET", &path, &Value::Null);
    set(&mut former, "/presence", presence.json());
    former
}

fn shows(store: Store, call: &Call, outcome: &mut Outcome, former: &Value) {
    let peer = text(former, "/conversations/0/peer");
    store.show(call, outcome, peer, &former["message"]);
}

fn lists(call: &Call, outcome: &mut Outcome, former: &Value, name: &str) {
    if call.is("GET /v1/*") && call.segment(2) == name {
        outcome.edit_list(&format!("/{name}"), |all| {
            all.extend(former[name].as_array().cloned().unwrap_or_default());
        });
    }
}

/// Keys outlive their users; `answer` says what becomes of a send with an old one.
fn old_keys(answer: fn(&Call, &Value) -> Option<Outcome>) -> Twist {
    let mut answers: BTreeMap<(String, String, String), Value> = BTreeMap::new();
    on(SEND).instead(move |call, world| {
        let caller = world.who(call);
        let key = call.json()["client_msg_id"].as_str()?.to_owned();
        let key = (caller.app().to_owned(), caller.user().to_owned(), key);
        if let Some(known) = answers.get(&key) {
            return answer(call, known);
        }
        let outcome = world.ask(call);
        if outcome.reply.status == 200 {
            answers.insert(key, outcome.json());
        }
        Some(outcome)
    })
}
