//! Reading conversations: the list, the download, its range.

use std::collections::BTreeMap;

use duologue_core::ErrorCode;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::json::{number, remove, set, text};
use crate::routes::{ADMIN_CONVERSATIONS, ADMIN_HISTORY};
use crate::twist::{Twist, error, on};
use crate::world::reply;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "admin-list-without-admin",
        requirement: "ADM-019",
        sentence: "The list of an owner's conversations leaves `@admin` out.",
        twist: || conversations(|all| all.retain(|one| one["peer"] != "@admin")),
    },
    Fault {
        id: "admin-list-without-system",
        requirement: "ADM-019",
        sentence: "The list of an owner's conversations leaves `@system` out.",
        twist: || conversations(|all| all.retain(|one| one["peer"] != "@system")),
    },
    Fault {
        id: "admin-list-in-reverse",
        requirement: "ADM-019",
        sentence: "The list of an owner's conversations descends.",
        twist: || conversations(|all| all.reverse()),
    },
    Fault {
        id: "admin-list-begins-at-one",
        requirement: "ADM-019",
        sentence: "In the list of an owner's conversations every `first_seq` is 1.",
        twist: || conversations(|all| all.iter_mut().for_each(|one| set(one, "/first_seq", 1))),
    },
    Fault {
        id: "admin-list-counts-messages",
        requirement: "ADM-019",
        sentence: "In the list of an owner's conversations `last_seq` counts what is not expired.",
        twist: || {
            conversations(|all| {
                for one in all {
                    let count = number(one, "/last_seq") + 1 - number(one, "/first_seq");
                    set(one, "/last_seq", count);
                }
            })
        },
    },
    Fault {
        id: "admin-list-in-seconds",
        requirement: "ADM-019",
        sentence: "In the list of an owner's conversations `last_time_ms` is in seconds.",
        twist: || {
            conversations(|all| {
                for one in all {
                    let seconds = number(one, "/last_time_ms") / 1_000;
                    set(one, "/last_time_ms", seconds);
                }
            })
        },
    },
    Fault {
        id: "admin-list-with-expired",
        requirement: "ADM-019",
        sentence: "The list of an owner's conversations keeps those that have expired.",
        twist: expired_stay,
    },
    Fault {
        id: "admin-list-in-one-page",
        requirement: "ADM-019",
        sentence: "The list of an owner's conversations passes `limit` over.",
        twist: || on(ADMIN_CONVERSATIONS).request(|call, _| call.edit_parameter("limit", |_| None)),
    },
    Fault {
        id: "admin-list-begins-anew",
        requirement: "ADM-019",
        sentence: "The list of an owner's conversations passes `after` over.",
        twist: || on(ADMIN_CONVERSATIONS).request(|call, _| call.edit_parameter("after", |_| None)),
    },
    Fault {
        id: "admin-list-never-complete",
        requirement: "ADM-019",
        sentence: "The list of an owner's conversations is never complete.",
        twist: || on(ADMIN_CONVERSATIONS).answer(|page| set(page, "/complete", false)),
    },
    Fault {
        id: "admin-list-always-complete",
        requirement: "ADM-019",
        sentence: "Every page of an owner's conversations says that it is the last.",
        twist: || on(ADMIN_CONVERSATIONS).answer(|page| set(page, "/complete", true)),
    },
    Fault {
        id: "admin-messages-of-the-peer",
        requirement: "ADM-020",
        sentence: "An owner's messages are those of the peer's view.",
        twist: || {
            on(ADMIN_HISTORY).request(|call, _| {
                let (owner, peer) = (call.segment(4), call.segment(5));
                call.path = format!("/v1/admin/conversations/{peer}/{owner}/messages");
            })
        },
    },
    Fault {
        id: "admin-messages-descend",
        requirement: "ADM-020",
        sentence: "An owner's messages descend by `seq`.",
        twist: || messages(|all| all.reverse()),
    },
    Fault {
        id: "admin-messages-received-only",
        requirement: "ADM-020",
        sentence: "Of an owner's messages those that the owner sent are left out.",
        twist: || {
            on(ADMIN_HISTORY).outcome(|call, outcome, _| {
                let owner = call.segment(4);
                outcome.edit_list("/messages", |all| {
                    all.retain(|it| it["from"] != *owner);
                });
            })
        },
    },
    Fault {
        id: "admin-range-begins-late",
        requirement: "ADM-020",
        sentence: "A message at `from_ms` is left out.",
        twist: || skews("from_ms", |from| from + 1),
    },
    Fault {
        id: "admin-range-begins-early",
        requirement: "ADM-020",
        sentence: "A message one millisecond before `from_ms` is in the range.",
        twist: || skews("from_ms", |from| from - 1),
    },
    Fault {
        id: "admin-range-ends-late",
        requirement: "ADM-020",
        sentence: "A message at `to_ms` is in the range.",
        twist: || skews("to_ms", |to| to + 1),
    },
    Fault {
        id: "admin-range-ends-early",
        requirement: "ADM-020",
        sentence: "A message one millisecond before `to_ms` is left out.",
        twist: || skews("to_ms", |to| to - 1),
    },
    Fault {
        id: "admin-range-without-begin",
        requirement: "ADM-020",
        sentence: "`from_ms` is passed over.",
        twist: || on(ADMIN_HISTORY).request(|call, _| call.edit_parameter("from_ms", |_| None)),
    },
    Fault {
        id: "admin-range-without-end",
        requirement: "ADM-020",
        sentence: "`to_ms` is passed over.",
        twist: || on(ADMIN_HISTORY).request(|call, _| call.edit_parameter("to_ms", |_| None)),
    },
    Fault {
        id: "admin-range-in-seconds",
        requirement: "ADM-020",
        sentence: "`from_ms` is cut to whole seconds.",
        twist: || skews("from_ms", |from| from / 1_000 * 1_000),
    },
    Fault {
        id: "admin-page-begins-with-after",
        requirement: "ADM-020",
        sentence: "A page begins with the message of the `seq` in `after`.",
        twist: || skews("after", |after| after.saturating_sub(1)),
    },
    Fault {
        id: "admin-page-begins-anew",
        requirement: "ADM-020",
        sentence: "`after` is passed over.",
        twist: || on(ADMIN_HISTORY).request(|call, _| call.edit_parameter("after", |_| None)),
    },
    Fault {
        id: "admin-page-of-one-more",
        requirement: "ADM-020",
        sentence: "A page has one message more than `limit`.",
        twist: || skews("limit", |limit| limit + 1),
    },
    Fault {
        id: "admin-page-always-complete",
        requirement: "ADM-020",
        sentence: "Every page of messages says that it is the last.",
        twist: || on(ADMIN_HISTORY).answer(|page| set(page, "/complete", true)),
    },
    Fault {
        id: "admin-full-page-incomplete",
        requirement: "ADM-020",
        sentence: "A page of `limit` messages says that another follows, also when it is the last.",
        twist: || {
            on(ADMIN_HISTORY).outcome(|call, outcome, _| {
                let limit = call.parameter("limit").and_then(|limit| limit.parse().ok());
                let mut page = outcome.json();
                if page["messages"].as_array().map(Vec::len) == limit && limit.is_some() {
                    set(&mut page, "/complete", false);
                    outcome.set_json(&page);
                }
            })
        },
    },
    Fault {
        id: "admin-unknown-owner-has-no-conversations",
        requirement: "ADM-021",
        sentence: "The conversations of an owner who is no user are an empty list.",
        twist: || {
            let none = json!({"conversations": [], "complete": true});
            on(ADMIN_CONVERSATIONS).accepts(ErrorCode::UserNotFound, 200, none)
        },
    },
    Fault {
        id: "admin-unknown-owner-has-no-messages",
        requirement: "ADM-021",
        sentence: "The messages of an owner who is no user are an empty page.",
        twist: || unknown_has_none(true),
    },
    Fault {
        id: "admin-unknown-peer-has-no-messages",
        requirement: "ADM-021",
        sentence: "The messages with a peer who is no user and never wrote are an empty page.",
        twist: || unknown_has_none(false),
    },
    Fault {
        id: "admin-unknown-owner-told-as-unknown-path",
        requirement: "ADM-021",
        sentence: "An owner who is no user is told as `not_found`.",
        twist: || {
            let reading =
                on("GET /v1/admin/conversations/* | GET /v1/admin/conversations/*/*/messages");
            reading.confuses(ErrorCode::UserNotFound, ErrorCode::NotFound)
        },
    },
    Fault {
        id: "admin-deleted-peer-not-found",
        requirement: "ADM-021",
        sentence: "The messages with a deleted peer are not found.",
        twist: || {
            on(ADMIN_HISTORY).outcome(|call, outcome, world| {
                let (app, peer) = (world.who(call).app().to_owned(), call.segment(5));
                let path = format!("/v1/admin/users/{peer}");
                let user = world.as_admin(call, &app, "GET", &path, &Value::Null);
                if user.reply.status == 404 {
                    *outcome = error(ErrorCode::UserNotFound).into();
                }
            })
        },
    },
    Fault {
        id: "admin-silent-peer-not-found",
        requirement: "ADM-021",
        sentence: "The messages with a user who never wrote are not found.",
        twist: || {
            on(ADMIN_HISTORY).outcome(|_, outcome, _| {
                if outcome.json()["messages"] == json!([]) {
                    *outcome = error(ErrorCode::UserNotFound).into();
                }
            })
        },
    },
    Fault {
        id: "admin-malformed-begin-ignored",
        requirement: "ADM-023",
        sentence: "A `from_ms` that is no number is passed over.",
        twist: || malformed("from_ms", |_| None),
    },
    Fault {
        id: "admin-malformed-end-ignored",
        requirement: "ADM-023",
        sentence: "A `to_ms` that is no number is passed over.",
        twist: || malformed("to_ms", |_| None),
    },
    Fault {
        id: "admin-malformed-after-ignored",
        requirement: "ADM-023",
        sentence: "An `after` that is no number is passed over.",
        twist: || malformed("after", |_| None),
    },
    Fault {
        id: "admin-negative-range-means-zero",
        requirement: "ADM-023",
        sentence: "A negative bound of the range is taken for 0.",
        twist: || bounds(|value| value.starts_with('-').then(|| "0".into())),
    },
    Fault {
        id: "admin-fractional-range-cut",
        requirement: "ADM-023",
        sentence: "A fractional bound of the range is cut to a whole number.",
        twist: || bounds(|value| Some(value.split_once('.')?.0.into())),
    },
    Fault {
        id: "admin-empty-range-means-none",
        requirement: "ADM-023",
        sentence: "An empty bound of the range is taken for 0.",
        twist: || bounds(|value| value.is_empty().then(|| "0".into())),
    },
    Fault {
        id: "admin-malformed-range-not-named",
        requirement: "ADM-023",
        sentence: "The refusal of a malformed range names no field.",
        twist: || on(ADMIN_HISTORY).error(|body| drop(remove(body, "/field"))),
    },
    Fault {
        id: "admin-malformed-end-told-as-begin",
        requirement: "ADM-023",
        sentence: "The refusal of a malformed `to_ms` names `from_ms`.",
        twist: || {
            on(ADMIN_HISTORY).error(|body| {
                if body["field"] == "to_ms" {
                    set(body, "/field", "from_ms");
                }
            })
        },
    },
];

fn conversations(edit: fn(&mut Vec<Value>)) -> Twist {
    on(ADMIN_CONVERSATIONS).outcome(move |_, outcome, _| outcome.edit_list("/conversations", edit))
}

fn messages(edit: fn(&mut Vec<Value>)) -> Twist {
    on(ADMIN_HISTORY).outcome(move |_, outcome, _| outcome.edit_list("/messages", edit))
}

/// Conversations that were listed once are listed for good.
fn expired_stay() -> Twist {
    let mut listed: BTreeMap<(String, String), Vec<Value>> = BTreeMap::new();
    on(ADMIN_CONVERSATIONS).outcome(move |call, outcome, world| {
        let key = (world.who(call).app().to_owned(), call.segment(4));
        outcome.edit_list("/conversations", |all| {
            let known = listed.entry(key).or_default();
            known.retain(|one| !all.iter().any(|other| other["peer"] == one["peer"]));
            all.append(known);
            all.sort_by_key(|one| text(one, "/peer").to_owned());
            known.clone_from(all);
        });
    })
}

fn skews(name: &'static str, edit: fn(u64) -> u64) -> Twist {
    on(ADMIN_HISTORY).request(move |call, _| {
        call.edit_parameter(name, |value| {
            let number = value.parse().map(edit);
            Some(number.map_or_else(|_| value.to_owned(), |number| number.to_string()))
        });
    })
}

/// Of a parameter that is no decimal integer the server makes something else.
fn malformed(name: &'static str, edit: fn(&str) -> Option<String>) -> Twist {
    on(ADMIN_HISTORY).request(move |call, _| {
        call.edit_parameter(name, |value| match value.parse::<u64>() {
            Ok(_) => Some(value.to_owned()),
            Err(_) => edit(value),
        });
    })
}

/// A bound is taken for what `edit` makes of it, if anything.
fn bounds(edit: fn(&str) -> Option<String>) -> Twist {
    on(ADMIN_HISTORY).request(move |call, _| {
        for name in ["from_ms", "to_ms", "after"] {
            call.edit_parameter(name, |value| edit(value).or_else(|| Some(value.to_owned())));
        }
    })
}

/// An unknown owner, or an unknown peer of a known one, has an empty page.
fn unknown_has_none(owner: bool) -> Twist {
    on(ADMIN_HISTORY).outcome(move |call, outcome, world| {
        let app = world.who(call).app().to_owned();
        let known = world.user(call, &app, &call.segment(4)).is_some();
        if outcome.is_refused(ErrorCode::UserNotFound) && known != owner {
            *outcome = reply(200, &json!({"messages": [], "complete": true})).into();
        }
    })
}
