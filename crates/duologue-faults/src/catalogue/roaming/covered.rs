//! What a page of history says of its window and its view.

use duologue_core::answer::{Covered, History};
use duologue_core::id::Seq;

use super::each_page;
use super::pages::bound;
use crate::fault::Fault;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "roaming-covers-what-it-lists",
        requirement: "ROA-007",
        sentence: "A page covers the seqs from its first message to its last.",
        twist: || each_page(|_, page, _| page.covered = listed(page)),
    },
    Fault {
        id: "roaming-covers-nothing-without-messages",
        requirement: "ROA-007",
        sentence: "A page without messages covers nothing.",
        twist: || {
            each_page(|_, page, _| {
                page.covered = page.covered.filter(|_| !page.messages.is_empty());
            })
        },
    },
    Fault {
        id: "roaming-covers-its-bounds",
        requirement: "ROA-007",
        sentence: "A complete page covers its `before` and `after`, too.",
        twist: || {
            each_page(|call, page, _| {
                if let Some(covered) = page.covered.as_mut().filter(|_| page.complete) {
                    covered.from = bound(call, "after").map_or(covered.from, Seq);
                    covered.to = bound(call, "before").map_or(covered.to, Seq);
                }
            })
        },
    },
    Fault {
        id: "roaming-covers-zero-in-an-empty-window",
        requirement: "ROA-007",
        sentence: "A page of an empty window covers the seq 0.",
        twist: || {
            each_page(|_, page, _| {
                page.covered = page.covered.or(Some(Covered {
                    from: Seq(0),
                    to: Seq(0),
                }));
            })
        },
    },
    Fault {
        id: "roaming-covers-the-whole-window",
        requirement: "ROA-007",
        sentence: "A page covers its whole window, complete or not.",
        twist: || {
            each_page(|call, page, _| {
                if let Some(covered) = &mut page.covered {
                    let before = bound(call, "before").unwrap_or(u64::MAX);
                    covered.from = Seq(bound(call, "after").map_or(1, |after| after + 1));
                    covered.to = Seq(page.last_seq.0.min(before - 1));
                }
            })
        },
    },
    Fault {
        id: "roaming-covers-no-hole-at-the-upper-edge",
        requirement: "ROA-007",
        sentence: "A page that is not complete covers nothing above its last message.",
        twist: || {
            each_page(|_, page, _| {
                if let (Some(covered), Some(listed)) = (page.covered, listed(page))
                    && !page.complete
                {
                    page.covered = Some(Covered {
                        to: listed.to,
                        ..covered
                    });
                }
            })
        },
    },
    Fault {
        id: "roaming-covers-no-hole-at-the-lower-edge",
        requirement: "ROA-007",
        sentence: "A page that is not complete covers nothing below its first message.",
        twist: || {
            each_page(|_, page, _| {
                if let (Some(covered), Some(listed)) = (page.covered, listed(page))
                    && !page.complete
                {
                    page.covered = Some(Covered {
                        from: listed.from,
                        ..covered
                    });
                }
            })
        },
    },
    Fault {
        id: "roaming-first-and-last-of-the-page",
        requirement: "ROA-009",
        sentence: "`first_seq` and `last_seq` are those of the page's messages.",
        twist: || {
            each_page(|_, page, _| {
                if let Some(listed) = listed(page) {
                    page.first_seq = Some(listed.from);
                    page.last_seq = listed.to;
                }
            })
        },
    },
    Fault {
        id: "roaming-first-and-last-of-the-window",
        requirement: "ROA-009",
        sentence: "In an empty window `first_seq` is null and `last_seq` 0.",
        twist: || {
            each_page(|_, page, _| {
                if page.covered.is_none() {
                    page.first_seq = None;
                    page.last_seq = Seq(0);
                }
            })
        },
    },
    Fault {
        id: "roaming-last-seq-falls",
        requirement: "ROA-009",
        sentence: "`last_seq` is 0 when all messages of the view have expired.",
        twist: || {
            each_page(|_, page, _| {
                if page.first_seq.is_none() {
                    page.last_seq = Seq(0);
                }
            })
        },
    },
    Fault {
        id: "roaming-last-seq-of-an-unexpired-message",
        requirement: "ROA-009",
        sentence: "`last_seq` is that of the newest unexpired message on a complete page.",
        twist: || {
            each_page(|_, page, _| {
                if let Some(listed) = listed(page).filter(|_| page.complete) {
                    page.last_seq = listed.to;
                }
            })
        },
    },
    Fault {
        id: "roaming-first-seq-is-one",
        requirement: "ROA-009",
        sentence: "`first_seq` is 1 once there was a message, expired or not.",
        twist: || each_page(|_, page, _| page.first_seq = (page.last_seq.0 > 0).then_some(Seq(1))),
    },
    Fault {
        id: "roaming-first-seq-zero",
        requirement: "ROA-009",
        sentence: "`first_seq` is 0 when there is no unexpired message.",
        twist: || each_page(|_, page, _| page.first_seq = page.first_seq.or(Some(Seq(0)))),
    },
];

/// From the first message of a page to its last.
pub(super) fn listed(page: &History) -> Option<Covered> {
    Some(Covered {
        from: page.messages.first()?.seq?,
        to: page.messages.last()?.seq?,
    })
}
