//! HTTP.

use duologue_core::id::parse_decimal;

use super::roaming::pages::ask_for;
use crate::fault::Fault;
use crate::limits::limit;
use crate::twist::on;

pub(super) const FAULTS: &[Fault] = &[
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
            on("GET /v1/conversations/*/messages").request(|call, _| {
                if call
                    .parameter("limit")
                    .is_some_and(|limit| parse_decimal(limit).is_err())
                {
                    ask_for(call, "limit", None);
                }
            })
        },
    },
];
