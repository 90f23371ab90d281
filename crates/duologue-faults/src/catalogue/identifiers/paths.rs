//! Paths that are decoded before they are split.

use super::{invalid, nobody};
use crate::fault::Fault;
use crate::routes::{BEFRIEND, UNFRIEND};
use crate::twist::{Twist, error, on};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "identifiers-escaped-slash-splits",
        requirement: "IDN-006",
        sentence: "An escaped slash splits a path.",
        twist: || path_as(|path| path.replace("%2F", "/").replace("%2f", "/")),
    },
    Fault {
        id: "identifiers-escaped-slash-and-dots-resolved",
        requirement: "IDN-006",
        sentence: "An escaped slash splits a path, and dot segments are resolved.",
        twist: || path_as(|path| resolved(&path.replace("%2F", "/").replace("%2f", "/"))),
    },
    Fault {
        id: "identifiers-escaped-slash-at-the-end-dropped",
        requirement: "IDN-006",
        sentence: "An escaped slash at the end of a path is dropped.",
        twist: || path_as(|path| path.trim_end_matches("%2F").into()),
    },
    Fault {
        id: "identifiers-dot-segments-resolved",
        requirement: "IDN-006",
        sentence: "Dot segments in a path are resolved.",
        twist: || path_as(resolved),
    },
    Fault {
        id: "identifiers-escaped-dot-segments-resolved",
        requirement: "IDN-006",
        sentence: "Escaped dot segments in a path are resolved.",
        twist: || {
            path_as(|path| {
                if path.contains("%2e") {
                    resolved(&path.replace("%2e", "."))
                } else {
                    path.into()
                }
            })
        },
    },
    Fault {
        id: "identifiers-path-ends-at-nul",
        requirement: "IDN-006",
        sentence: "An id in a path ends before U+0000.",
        twist: || path_as(|path| path.replace("%00", "")),
    },
    Fault {
        id: "identifiers-broken-utf8-dropped",
        requirement: "IDN-006",
        sentence: "Bytes that are no UTF-8 are dropped from a path.",
        twist: || path_as(|path| path.replace("%FF", "")),
    },
    Fault {
        id: "identifiers-broken-utf8-is-nobody",
        requirement: "IDN-006",
        sentence: "An id in a path that is no UTF-8 is taken for an unknown user.",
        twist: || {
            on(BEFRIEND).instead(|call, _| {
                let broken = call.segment(3).contains(char::REPLACEMENT_CHARACTER);
                broken.then(|| nobody("peer"))
            })
        },
    },
    Fault {
        id: "identifiers-overlong-utf8-splits",
        requirement: "IDN-006",
        sentence: "A slash in overlong UTF-8 splits a path.",
        twist: || path_as(|path| path.replace("%C0%AF", "/")),
    },
    Fault {
        id: "identifiers-path-decoded-twice",
        requirement: "IDN-006",
        sentence: "A path is decoded twice.",
        twist: || path_as(|path| path.replace("%25", "%")),
    },
    Fault {
        id: "identifiers-escaped-slash-is-an-unknown-path",
        requirement: "IDN-006",
        sentence: "A path with an escaped slash is unknown.",
        twist: || {
            on("*").instead(|call, _| {
                let escaped = call.path.contains("%2F");
                escaped.then(|| error(duologue_core::ErrorCode::NotFound).into())
            })
        },
    },
    Fault {
        id: "identifiers-escaped-slash-under-another-field",
        requirement: "IDN-006",
        sentence: "An escaped slash in an id is told as the field `path`.",
        twist: || {
            on(UNFRIEND).instead(|call, _| call.path.contains("%2F").then(|| invalid("path")))
        },
    },
];

/// The server reads a path as what `read` makes of it.
fn path_as(read: fn(&str) -> String) -> Twist {
    on("*").request(move |call, _| call.path = read(&call.path))
}

fn resolved(path: &str) -> String {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            ".." => drop(segments.pop()),
            "." => {}
            segment => segments.push(segment),
        }
    }
    segments.join("/")
}
