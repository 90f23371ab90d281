//! What a stream looks like on the wire.

use std::sync::atomic::{AtomicBool, Ordering};

use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::fault::Fault;
use crate::limits::limit;
use crate::twist::Twist;
use crate::wire::Wire;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "stream-content-type-json",
        requirement: "STR-001",
        sentence: "An event stream has the content type of JSON lines.",
        twist: || {
            head(|head| {
                drop(head.insert(
                    CONTENT_TYPE,
                    HeaderValue::from_static("application/x-ndjson"),
                ));
            })
        },
    },
    Fault {
        id: "stream-may-be-cached",
        requirement: "STR-001",
        sentence: "An event stream has no `Cache-Control`.",
        twist: || head(|head| drop(head.remove(CACHE_CONTROL))),
    },
    Fault {
        id: "stream-must-be-revalidated-only",
        requirement: "STR-001",
        sentence: "An event stream says `no-cache`, which lets a cache keep it.",
        twist: || {
            head(|head| drop(head.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"))))
        },
    },
    Fault {
        id: "stream-line-feeds-are-not-escaped",
        requirement: "STR-002",
        sentence: "A line feed in a text stands in the frame as it is.",
        twist: || data(|data| data.replace("\\n", "\n")),
    },
    Fault {
        id: "stream-carriage-returns-are-not-escaped",
        requirement: "STR-002",
        sentence: "A carriage return in a text stands in the frame as it is.",
        twist: || data(|data| data.replace("\\r", "\r")),
    },
    Fault {
        id: "stream-line-breaks-are-unified",
        requirement: "STR-002",
        sentence: "Carriage returns in a text become line feeds.",
        twist: || data(|data| data.replace("\\r\\n", "\\n").replace("\\r", "\\n")),
    },
    Fault {
        id: "stream-line-breaks-become-spaces",
        requirement: "STR-002",
        sentence: "Line feeds in a text become spaces.",
        twist: || data(|data| data.replace("\\n", " ")),
    },
    Fault {
        id: "stream-data-in-several-lines",
        requirement: "STR-002",
        sentence: "The JSON of an event is spread over several `data` lines.",
        twist: || data(|data| data.replacen(',', ",\ndata: ", 1)),
    },
    Fault {
        id: "stream-messages-without-event-line",
        requirement: "STR-002",
        sentence: "A `message` event has no `event` line.",
        twist: || frame(|frame| frame.replacen("event: message\n", "", 1)),
    },
    Fault {
        id: "stream-id-line-twice",
        requirement: "STR-002",
        sentence: "An event has an empty `id` line before that with its cursor.",
        twist: || frame(|frame| frame.replacen("\nid: ", "\nid:\nid: ", 1)),
    },
    Fault {
        id: "stream-message-without-envelope",
        requirement: "STR-003",
        sentence: "The `data` of a `message` event is the message itself.",
        twist: || data(bare_message),
    },
    Fault {
        id: "stream-recents-as-a-list",
        requirement: "STR-003",
        sentence: "The `data` of a `recents` event is a list.",
        twist: || {
            data(|data| match data.strip_prefix("{\"recents\":") {
                Some(list) => list.trim_end().trim_end_matches('}').to_owned(),
                None => data.to_owned(),
            })
        },
    },
    Fault {
        id: "stream-sync-done-is-null",
        requirement: "STR-003",
        sentence: "The `data` of a `sync_done` event is null.",
        twist: || {
            data(|data| {
                if data == "{}" {
                    "null".into()
                } else {
                    data.to_owned()
                }
            })
        },
    },
    Fault {
        id: "stream-path-in-capitals",
        requirement: "STR-003",
        sentence: "The `path` of a live message is `Live`.",
        twist: || data(|data| data.replacen("{\"path\":\"live\"", "{\"path\":\"Live\"", 1)),
    },
    Fault {
        id: "stream-no-heartbeat",
        requirement: "STR-004",
        sentence: "A silent stream carries nothing.",
        twist: || {
            frame(|frame| {
                if frame.starts_with(':') {
                    String::new()
                } else {
                    frame.into()
                }
            })
        },
    },
    Fault {
        id: "stream-heartbeat-once",
        requirement: "STR-004",
        sentence: "A comment comes once and not again.",
        twist: || {
            let beaten = AtomicBool::new(false);
            Wire::on_frame(move |frame| {
                let again = frame.starts_with(':') && beaten.swap(true, Ordering::Relaxed);
                if again { String::new() } else { frame.into() }
            })
            .into()
        },
    },
    Fault {
        id: "stream-heartbeat-too-slow",
        requirement: "STR-004",
        sentence: "A comment comes at every third heartbeat.",
        // The server beats twice as fast as it must.
        twist: || limit("heartbeat_ms", |ms| ms * 6),
    },
];

fn head(edit: fn(&mut http::HeaderMap)) -> Twist {
    let edit = move |head: &mut http::response::Parts| edit(&mut head.headers);
    Wire::on_leaving(move |asked, head| {
        if asked.is_stream() {
            edit(head);
        }
    })
    .into()
}

fn frame(edit: fn(&str) -> String) -> Twist {
    Wire::on_frame(edit).into()
}

/// Changes what stands in the `data` line of a frame.
fn data(edit: fn(&str) -> String) -> Twist {
    Wire::on_frame(move |frame| match frame.split_once("data: ") {
        Some((head, data)) => format!("{head}data: {}\n\n", edit(data.trim_end())),
        None => frame.to_owned(),
    })
    .into()
}

fn bare_message(data: &str) -> String {
    let event: serde_json::Value = serde_json::from_str(data).unwrap_or_default();
    let message = event.get("message").map(ToString::to_string);
    message.unwrap_or_else(|| data.to_owned())
}
