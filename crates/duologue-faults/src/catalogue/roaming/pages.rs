//! Pages of history: which messages, which window.

use std::collections::BTreeMap;

use duologue_core::ErrorCode;
use duologue_core::answer::History;
use duologue_core::id::{Seq, parse_decimal};

use super::covered::listed;
use super::{each_page, page_of, peers};
use crate::call::Call;
use crate::fault::Fault;
use crate::routes::HISTORY;
use crate::twist::{Twist, on};
use crate::world::World;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "roaming-oldest-page-first",
        requirement: "ROA-003",
        sentence: "A page without bounds lists the oldest messages.",
        twist: || {
            on(HISTORY).request(|call, _| {
                if bound(call, "before").is_none() && bound(call, "after").is_none() {
                    call.set_parameter("after", Some("0"));
                }
            })
        },
    },
    Fault {
        id: "roaming-before-is-inclusive",
        requirement: "ROA-003",
        sentence: "A page lists the message of its `before`.",
        twist: || {
            on(HISTORY).request(|call, _| {
                if let Some(before) = bound(call, "before") {
                    call.set_parameter("before", Some(&(before + 1).to_string()));
                }
            })
        },
    },
    Fault {
        id: "roaming-oldest-between-two-bounds",
        requirement: "ROA-003",
        sentence: "A page between two bounds lists the oldest messages.",
        twist: || each_page(oldest_between),
    },
    Fault {
        id: "roaming-nothing-before-the-future",
        requirement: "ROA-003",
        sentence: "A page with a `before` above the newest message is empty.",
        twist: || {
            each_page(|call, page, _| {
                if bound(call, "before").is_some_and(|before| before > page.last_seq.0 + 1) {
                    page.messages.clear();
                    page.covered = None;
                }
            })
        },
    },
    Fault {
        id: "roaming-all-peers-on-a-page",
        requirement: "ROA-003",
        sentence: "A page lists what the user exchanged with everybody.",
        twist: || each_page(everybody),
    },
    Fault {
        id: "roaming-limit-counts-holes",
        requirement: "ROA-003",
        sentence: "Expired messages count towards `limit`.",
        twist: || {
            each_page(|call, page, _| {
                let limit = bound(call, "limit").unwrap_or(u64::MAX);
                let high = page.covered.map_or(0, |covered| covered.to.0);
                page.messages.retain(|message| {
                    message
                        .seq
                        .is_some_and(|Seq(seq)| seq.saturating_add(limit) > high)
                });
            })
        },
    },
    Fault {
        id: "roaming-pages-by-offset",
        requirement: "ROA-003",
        sentence: "A page with `before` skips as many of the newest messages as lay above it when the page before was asked for.",
        twist: || {
            let mut lasts = BTreeMap::new();
            on(HISTORY).request(move |call, world| page_by_offset(&mut lasts, call, world))
        },
    },
    Fault {
        id: "roaming-after-gives-the-newest",
        requirement: "ROA-004",
        sentence: "A page with `after` alone lists the newest messages.",
        twist: || {
            on(HISTORY).request(|call, _| {
                if bound(call, "after").is_some() && bound(call, "before").is_none() {
                    call.set_parameter("before", Some(&u32::MAX.to_string()));
                }
            })
        },
    },
    Fault {
        id: "roaming-after-is-inclusive",
        requirement: "ROA-004",
        sentence: "A page lists the message of its `after`.",
        twist: || {
            on(HISTORY).request(|call, _| {
                if let Some(after) = bound(call, "after") {
                    let less = after.checked_sub(1).map(|after| after.to_string());
                    call.set_parameter("after", less.as_deref());
                }
            })
        },
    },
    Fault {
        id: "roaming-newest-message-first",
        requirement: "ROA-005",
        sentence: "The messages of a page descend.",
        twist: || each_page(|_, page, _| page.messages.reverse()),
    },
    Fault {
        id: "roaming-forward-pages-descend",
        requirement: "ROA-005",
        sentence: "The messages of a page with `after` alone descend.",
        twist: || {
            each_page(|call, page, _| {
                if bound(call, "after").is_some() && bound(call, "before").is_none() {
                    page.messages.reverse();
                }
            })
        },
    },
    Fault {
        id: "roaming-last-message-twice",
        requirement: "ROA-005",
        sentence: "The last message of a page that is not complete is on it twice.",
        twist: || {
            each_page(|_, page, _| {
                if !page.complete {
                    page.messages.extend(page.messages.last().cloned());
                }
            })
        },
    },
    Fault {
        id: "roaming-full-page-is-not-complete",
        requirement: "ROA-006",
        sentence: "A page of `limit` messages is not complete.",
        twist: || {
            each_page(|call, page, _| {
                let limit = bound(call, "limit");
                page.complete &= Some(page.messages.len() as u64) != limit;
            })
        },
    },
    Fault {
        id: "roaming-complete-speaks-of-the-view",
        requirement: "ROA-006",
        sentence: "A page is complete if it lists every unexpired message of the view.",
        twist: || {
            each_page(|_, page, _| {
                let first = page.messages.first().and_then(|message| message.seq);
                page.complete &= first == page.first_seq;
            })
        },
    },
    Fault {
        id: "roaming-empty-page-is-not-complete",
        requirement: "ROA-006",
        sentence: "A page without messages is not complete.",
        twist: || each_page(|_, page, _| page.complete &= !page.messages.is_empty()),
    },
    Fault {
        id: "roaming-always-complete",
        requirement: "ROA-006",
        sentence: "Every page is complete.",
        twist: || each_page(|_, page, _| page.complete = true),
    },
    Fault {
        id: "roaming-malformed-before-is-absent",
        requirement: "ROA-010",
        sentence: "A `before` that is no number counts as absent.",
        twist: || without_malformed("before"),
    },
    Fault {
        id: "roaming-malformed-after-is-absent",
        requirement: "ROA-010",
        sentence: "An `after` that is no number counts as absent.",
        twist: || without_malformed("after"),
    },
    Fault {
        id: "roaming-empty-bound-is-absent",
        requirement: "ROA-010",
        sentence: "An empty `before` or `after` counts as absent.",
        twist: || {
            on(HISTORY).request(|call, _| {
                for name in ["before", "after"] {
                    if call.parameter(name) == Some("") {
                        call.set_parameter(name, None);
                    }
                }
            })
        },
    },
    Fault {
        id: "roaming-negative-bound-is-zero",
        requirement: "ROA-010",
        sentence: "A negative `before` or `after` counts as 0.",
        twist: || {
            on(HISTORY).request(|call, _| {
                for name in ["before", "after"] {
                    if call
                        .parameter(name)
                        .is_some_and(|bound| bound.starts_with('-'))
                    {
                        call.set_parameter(name, Some("0"));
                    }
                }
            })
        },
    },
    Fault {
        id: "roaming-malformed-bound-is-not-named",
        requirement: "ROA-010",
        sentence: "The refusal of a malformed `before` or `after` does not name it.",
        twist: || on(HISTORY).without_field(ErrorCode::InvalidField),
    },
];

/// A parameter that is a number.
pub(super) fn bound(call: &Call, name: &str) -> Option<u64> {
    parse_decimal(call.parameter(name)?).ok()
}

fn without_malformed(name: &'static str) -> Twist {
    on(HISTORY).request(move |call, _| {
        if bound(call, name).is_none() {
            call.set_parameter(name, None);
        }
    })
}

fn oldest_between(call: &Call, page: &mut History, world: &mut World<'_>) {
    if bound(call, "before").is_none() || bound(call, "after").is_none() || page.complete {
        return;
    }
    let mut whole = call.clone();
    whole.set_parameter("limit", None);
    let Some(whole) = page_of(&whole, world) else {
        return;
    };
    page.messages = whole.messages[..page.messages.len()].to_vec();
    page.covered = listed(page);
}

fn everybody(call: &Call, page: &mut History, world: &mut World<'_>) {
    for peer in peers(call, world) {
        let mut other = call.clone();
        other.path = format!("/v1/conversations/{peer}/messages");
        if peer.as_str() != call.segment(3) {
            page.messages.extend(
                page_of(&other, world)
                    .into_iter()
                    .flat_map(|page| page.messages),
            );
        }
    }
    page.messages.sort_by_key(|message| message.seq);
}

fn page_by_offset(lasts: &mut BTreeMap<String, u64>, call: &mut Call, world: &mut World<'_>) {
    let Some(page) = page_of(call, world) else {
        return;
    };
    let view = format!("{:?} {}", call.authorization, call.path);
    let last = page.last_seq.0;
    let then = lasts.insert(view, last).unwrap_or(last);
    if let Some(before) = bound(call, "before") {
        call.set_parameter("before", Some(&(before + last - then).to_string()));
    }
}
