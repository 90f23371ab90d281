//! Errors: checks that come in another order.

use std::collections::BTreeSet;

use duologue_core::ErrorCode;
use serde_json::Value;

use super::harmless;
use crate::call::Call;
use crate::fault::Fault;
use crate::json::{remove, set, text};
use crate::routes::{ADMIN_SEND, ANY_SEND, HISTORY, NOTIFY, SEND};
use crate::sending::passing;
use crate::twist::{Twist, error, error_at, on};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "errors-body-before-token",
        requirement: "ERR-007",
        sentence: "A body is parsed before the token is looked at.",
        twist: || on("*").outcome(|call, outcome, _| parse_first(401, call, outcome)),
    },
    Fault {
        id: "errors-body-before-class",
        requirement: "ERR-007",
        sentence: "A body is parsed before it is asked whether the token is of the right class.",
        twist: || on("*").outcome(|call, outcome, _| parse_first(403, call, outcome)),
    },
    Fault {
        id: "errors-json-before-size",
        requirement: "ERR-007",
        sentence: "A body is parsed before its size is looked at.",
        twist: || on("*").outcome(|call, outcome, _| parse_first(413, call, outcome)),
    },
    Fault {
        id: "errors-peer-before-query",
        requirement: "ERR-007",
        sentence: "It is looked up whether a peer exists before the query is checked.",
        twist: || {
            instead_of(HISTORY, ErrorCode::InvalidField, |call| {
                let mut bare = call.clone();
                bare.query = String::new();
                bare
            })
        },
    },
    Fault {
        id: "errors-accounts-before-schema",
        requirement: "ERR-007",
        sentence: "It is looked up whether a recipient exists before the content is checked.",
        twist: || instead_of(ANY_SEND, ErrorCode::InvalidField, harmless),
    },
    Fault {
        id: "errors-accounts-before-event",
        requirement: "ERR-007",
        sentence: "It is looked up whether a notification's recipient exists before its event is checked.",
        twist: || {
            instead_of(NOTIFY, ErrorCode::InvalidField, |call| {
                passing(call).with_body(|body| set(body, "/event", "shop.open"))
            })
        },
    },
    Fault {
        id: "errors-from-before-schema",
        requirement: "ERR-007",
        sentence: "`from` is compared with the caller before the content is checked.",
        twist: || {
            on(SEND).outcome(|call, outcome, world| {
                if matches!(outcome.reply.status, 400 | 413) {
                    replace_if(ErrorCode::AdminRequired, &harmless(call), outcome, world);
                }
            })
        },
    },
    Fault {
        id: "errors-accounts-before-from",
        requirement: "ERR-007",
        sentence: "It is looked up whether a recipient exists before `from` is compared with the caller.",
        twist: || {
            instead_of(SEND, ErrorCode::AdminRequired, |call| {
                passing(call).with_body(|body| drop(remove(body, "/from")))
            })
        },
    },
    Fault {
        id: "errors-key-before-schema",
        requirement: "ERR-007",
        sentence: "A used key is refused before the content is checked.",
        twist: || {
            let mut used = BTreeSet::new();
            on(SEND).outcome(move |call, outcome, _| tell_used_key(&mut used, call, outcome))
        },
    },
    Fault {
        id: "errors-accounts-before-key",
        requirement: "ERR-007",
        sentence: "It is looked up whether a recipient exists before the key is looked up.",
        twist: || tried_first(ErrorCode::UserNotFound),
    },
    Fault {
        id: "errors-block-before-key",
        requirement: "ERR-007",
        sentence: "The blocklist is looked at before the key.",
        twist: || tried_first(ErrorCode::BlockedByRecipient),
    },
    Fault {
        id: "errors-friends-before-key",
        requirement: "ERR-007",
        sentence: "Friend lists are looked at before the key.",
        twist: || tried_first(ErrorCode::NotFriends),
    },
    Fault {
        id: "errors-recipient-before-sender",
        requirement: "ERR-007",
        sentence: "It is looked up whether the recipient exists before it is looked up whether the sender does.",
        twist: || {
            instead_of(ADMIN_SEND, ErrorCode::UserNotFound, |call| {
                passing(call).with_body(|body| drop(remove(body, "/from")))
            })
        },
    },
    Fault {
        id: "errors-friends-before-accounts",
        requirement: "ERR-007",
        sentence: "Where only friends may write, somebody who does not exist is no friend.",
        twist: || on(SEND).outcome(strangers_are_no_friends),
    },
    Fault {
        id: "errors-block-before-friends",
        requirement: "ERR-007",
        sentence: "The blocklist is looked at before friend lists.",
        twist: || on(SEND).outcome(block_first),
    },
];

/// A body that is no JSON is told in place of another refusal.
fn parse_first(status: u16, call: &Call, outcome: &mut Outcome) {
    let broken = !call.body.is_empty() && serde_json::from_slice::<Value>(&call.body).is_err();
    if broken && outcome.reply.status == status {
        *outcome = error(ErrorCode::MalformedJson).into();
    }
}

/// In place of a refusal with `code`: that of the request `mended`, if it is an unknown user.
fn instead_of(pattern: &'static str, code: ErrorCode, mended: fn(&Call) -> Call) -> Twist {
    on(pattern).outcome(move |call, outcome, world| {
        if outcome.is_refused(code) {
            replace_if(ErrorCode::UserNotFound, &mended(call), outcome, world);
        }
    })
}

fn replace_if(code: ErrorCode, other: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    let other = world.ask(other);
    if other.is_refused(code) {
        *outcome = other;
    }
}

/// A send is refused with `code` if it would be without its key.
fn tried_first(code: ErrorCode) -> Twist {
    on(SEND).instead(move |call, world| {
        let outcome = world.ask(&passing(call));
        outcome.is_refused(code).then_some(outcome)
    })
}

fn tell_used_key(
    used: &mut BTreeSet<(Option<String>, String)>,
    call: &Call,
    outcome: &mut Outcome,
) {
    let body = call.json();
    let key = (
        call.authorization.clone(),
        text(&body, "/client_msg_id").to_owned(),
    );
    if key.1.is_empty() {
        return;
    }
    if outcome.reply.status == 200 {
        used.insert(key);
    } else if used.contains(&key) {
        *outcome = error_at(ErrorCode::IdempotencyConflict, "client_msg_id").into();
    }
}

fn strangers_are_no_friends(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    if !outcome.is_refused(ErrorCode::UserNotFound) {
        return;
    }
    let policy = world.policy(call);
    if policy["messaging"] == "friends_only" {
        *outcome = error(ErrorCode::NotFriends).into();
    }
}

fn block_first(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    if outcome.reply.status != 403 {
        return;
    }
    let caller = world.who(call);
    let (recipient, caller_id) = (call.recipient(), caller.user());
    if world.lists(call, (caller.app(), &recipient), "blocklist", caller_id) {
        *outcome = error(ErrorCode::BlockedByRecipient).into();
    }
}
