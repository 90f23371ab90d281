//! HTTP: the order of lists, and their pages.

use duologue_core::ErrorCode;
use duologue_core::id::parse_decimal;
use serde_json::Value;

use crate::call::Call;
use crate::fault::Fault;
use crate::json::{list, set};
use crate::limits::limit;
use crate::routes::{ADMIN_CONVERSATIONS, CONVERSATIONS, FRIENDS, HISTORY};
use crate::twist::{Twist, error_at, on};
use crate::world::{Outcome, World};

const BLOCKLIST: &str = "GET /v1/blocklist";
const FRIENDS_AND_HISTORY: &str = "GET /v1/friends | GET /v1/conversations/*/messages";
const EVERY_LIST: &str =
    "GET /v1/friends | GET /v1/blocklist | GET /v1/conversations | GET /v1/admin/conversations/*";

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "http-list-descends",
        requirement: "HTT-011",
        sentence: "A page is in descending order.",
        twist: || orders(|ids| ids.reverse()),
    },
    Fault {
        id: "http-list-without-case",
        requirement: "HTT-011",
        sentence: "A list is in an order in which capitals do not count.",
        twist: || orders(|ids| ids.sort_by_key(|id| id.to_string().to_lowercase())),
    },
    Fault {
        id: "http-list-with-signs-last",
        requirement: "HTT-011",
        sentence: "An underscore or a hyphen comes after all letters.",
        twist: || {
            orders(|ids| {
                ids.sort_by_key(|id| id.to_string().replace(['_', '-'], "\u{10ffff}"));
            })
        },
    },
    Fault {
        id: "http-after-is-included",
        requirement: "HTT-011",
        sentence: "A page begins with the id in `after`, if it is in the list.",
        twist: || on(EVERY_LIST).outcome(begin_with_after),
    },
    Fault {
        id: "http-after-must-be-in-the-list",
        requirement: "HTT-011",
        sentence: "An `after` that is not in the list is taken for none.",
        twist: || on(FRIENDS).request(forget_unknown_after),
    },
    Fault {
        id: "http-after-skips-one",
        requirement: "HTT-011",
        sentence: "The first entry after the id in `after` is left out.",
        twist: || {
            on(EVERY_LIST).outcome(|call, outcome, _| {
                if call.parameter("after").is_some() {
                    outcome.edit(without_first);
                }
            })
        },
    },
    Fault {
        id: "http-after-ignored",
        requirement: "HTT-011",
        sentence: "Every page is the first.",
        twist: || on(EVERY_LIST).request(|call, _| call.set_parameter("after", None)),
    },
    Fault {
        id: "http-list-always-complete",
        requirement: "HTT-012",
        sentence: "Every page says that it is the last.",
        twist: || on(EVERY_LIST).answer(|answer| set(answer, "/complete", true)),
    },
    Fault {
        id: "http-full-page-never-complete",
        requirement: "HTT-012",
        sentence: "A page with as many entries as were asked for says that there are more.",
        twist: || on(EVERY_LIST).outcome(full_means_more),
    },
    Fault {
        id: "http-empty-list-not-complete",
        requirement: "HTT-012",
        sentence: "An empty list says that there is more.",
        twist: || {
            on(EVERY_LIST).answer(|answer| {
                if entries(answer).is_some_and(|ids| ids.is_empty()) {
                    set(answer, "/complete", false);
                }
            })
        },
    },
    Fault {
        id: "http-later-page-not-complete",
        requirement: "HTT-012",
        sentence: "A page after the first never says that it is the last.",
        twist: || {
            on(EVERY_LIST).outcome(|call, outcome, _| {
                if call.parameter("after").is_some() {
                    outcome.edit(|answer| set(answer, "/complete", false));
                }
            })
        },
    },
    Fault {
        id: "http-page-one-too-long",
        requirement: "HTT-013",
        sentence: "A page may hold one entry more than `history_page_max`.",
        twist: || limit("history_page_max", |entries| entries + 1),
    },
    Fault {
        id: "http-page-one-too-short",
        requirement: "HTT-013",
        sentence: "A page holds at most one entry less than `history_page_max`.",
        twist: || limit("history_page_max", |entries| entries - 1),
    },
    Fault {
        id: "http-page-of-fifty",
        requirement: "HTT-013",
        sentence: "Without a `limit` a page holds 50 entries.",
        twist: || {
            on(FRIENDS_AND_HISTORY).request(|call, _| {
                if call.parameter("limit").is_none() {
                    add(call, "limit=50");
                }
            })
        },
    },
    Fault {
        id: "http-page-of-one",
        requirement: "HTT-013",
        sentence: "Without a `limit` a page of friends holds one entry.",
        twist: || {
            on(FRIENDS).request(|call, _| {
                if call.parameter("limit").is_none() {
                    add(call, "limit=1");
                }
            })
        },
    },
    Fault {
        id: "http-large-limit-refused",
        requirement: "HTT-013",
        sentence: "A `limit` above `history_page_max` is refused.",
        twist: || {
            on(FRIENDS_AND_HISTORY).instead(|call, world| {
                let asked: u64 = call.parameter("limit")?.parse().ok()?;
                let max = world.limit(call, "history_page_max")?;
                (asked > max).then(|| error_at(ErrorCode::InvalidField, "limit").into())
            })
        },
    },
    Fault {
        id: "http-limit-ignored",
        requirement: "HTT-013",
        sentence: "A page of friends is as long as it may be, whatever `limit` says.",
        twist: || on(FRIENDS).request(|call, _| call.set_parameter("limit", None)),
    },
    Fault {
        id: "http-limit-0-is-none",
        requirement: "HTT-014",
        sentence: "A `limit` of 0 is taken for none.",
        twist: || takes_limit(FRIENDS, |limit| limit == "0"),
    },
    Fault {
        id: "http-negative-limit-is-none",
        requirement: "HTT-014",
        sentence: "A negative `limit` is taken for none.",
        twist: || takes_limit(FRIENDS_AND_HISTORY, |limit| limit.starts_with('-')),
    },
    Fault {
        id: "http-limit-with-a-fraction",
        requirement: "HTT-014",
        sentence: "A `limit` with a fraction is taken for none.",
        twist: || takes_limit(FRIENDS_AND_HISTORY, |limit| limit.contains('.')),
    },
    Fault {
        id: "http-limit-in-words",
        requirement: "HTT-014",
        sentence: "A `limit` that is a word is taken for none.",
        twist: || {
            takes_limit(FRIENDS_AND_HISTORY, |limit| {
                limit.starts_with(|first: char| first.is_ascii_alphabetic())
            })
        },
    },
    Fault {
        id: "http-empty-limit-is-none",
        requirement: "HTT-014",
        sentence: "An empty `limit` is taken for none.",
        twist: || takes_limit(FRIENDS_AND_HISTORY, str::is_empty),
    },
    Fault {
        id: "http-limit-of-a-blocklist-unchecked",
        requirement: "HTT-014",
        sentence: "A blocklist takes a `limit` of 0.",
        twist: || takes_limit(BLOCKLIST, |limit| limit == "0"),
    },
    Fault {
        id: "http-limit-of-conversations-unchecked",
        requirement: "HTT-014",
        sentence: "The list of conversations takes a `limit` of 0.",
        twist: || takes_limit(CONVERSATIONS, |limit| limit == "0"),
    },
    Fault {
        id: "http-limit-of-history-unchecked",
        requirement: "HTT-014",
        sentence: "History takes a `limit` of 0.",
        twist: || takes_limit(HISTORY, |limit| limit == "0"),
    },
    Fault {
        id: "http-limit-of-the-administrator-unchecked",
        requirement: "HTT-014",
        sentence: "The administrator's list of conversations takes a `limit` of 0.",
        twist: || takes_limit(ADMIN_CONVERSATIONS, |limit| limit == "0"),
    },
    Fault {
        id: "http-limit-not-named",
        requirement: "HTT-014",
        sentence: "The refusal of a `limit` names the query and not the parameter.",
        twist: || {
            on("*").error(|error| {
                if error["field"] == "limit" {
                    set(error, "/field", "query.limit");
                }
            })
        },
    },
    Fault {
        id: "http-history-page-one-too-large",
        requirement: "HTT-013",
        sentence: "A page of history lists a message more than `history_page_max`.",
        twist: || limit("history_page_max", |max| max + 1),
    },
    Fault {
        id: "http-malformed-history-limit-is-absent",
        requirement: "HTT-014",
        sentence: "A `limit` of history that is no number counts as absent.",
        twist: || {
            on(HISTORY).request(|call, _| {
                if call
                    .parameter("limit")
                    .is_some_and(|limit| parse_decimal(limit).is_err())
                {
                    call.set_parameter("limit", None);
                }
            })
        },
    },
];

/// The entries of a list, whatever they are.
fn entries(answer: &mut Value) -> Option<&mut Vec<Value>> {
    let names = ["/friends", "/blocklist", "/conversations"];
    let name = names
        .into_iter()
        .find(|name| answer.pointer(name).is_some())?;
    list(answer, name)
}

/// The id of an entry.
fn id(entry: &Value) -> &Value {
    entry.get("peer").unwrap_or(entry)
}

fn orders(edit: fn(&mut Vec<Value>)) -> Twist {
    on("GET /v1/friends | GET /v1/blocklist").answer(move |answer| {
        if let Some(ids) = entries(answer) {
            edit(ids);
        }
    })
}

fn add(call: &mut Call, pair: &str) {
    call.query = format!("{}&{pair}", call.query);
}

/// The entry that `after` names, if there is one.
fn named_by_after(call: &Call, world: &mut World<'_>) -> Option<Value> {
    let after = call.parameter("after")?;
    let mut whole = call.clone();
    whole.query = String::new();
    let mut answer = world.ask(&whole).json();
    let found = entries(&mut answer)?
        .iter()
        .find(|entry| *id(entry) == after);
    found.cloned()
}

fn begin_with_after(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    if let Some(entry) = named_by_after(call, world) {
        outcome.edit(|answer| {
            if let Some(ids) = entries(answer) {
                ids.insert(0, entry);
            }
        });
    }
}

fn without_first(answer: &mut Value) {
    if let Some(ids) = entries(answer).filter(|ids| !ids.is_empty()) {
        ids.remove(0);
    }
}

fn forget_unknown_after(call: &mut Call, world: &mut World<'_>) {
    if named_by_after(call, world).is_none() {
        call.set_parameter("after", None);
    }
}

fn full_means_more(call: &Call, outcome: &mut Outcome, _: &mut World<'_>) {
    let asked: Option<usize> = call.parameter("limit").and_then(|limit| limit.parse().ok());
    outcome.edit(|answer| {
        if asked == entries(answer).map(|ids| ids.len()) {
            set(answer, "/complete", false);
        }
    });
}

/// A `limit` that `test` holds of is taken for none.
fn takes_limit(pattern: &'static str, test: fn(&str) -> bool) -> Twist {
    on(pattern).request(move |call, _| {
        if call.parameter("limit").is_some_and(test) {
            call.set_parameter("limit", None);
        }
    })
}
