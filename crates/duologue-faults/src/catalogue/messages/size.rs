//! Messages: what a message weighs and how heavy it may be.

use duologue_core::ErrorCode;
use duologue_core::content::Content;
use serde_json::Value;

use super::{is_text, refuses};
use crate::fault::Fault;
use crate::frames::messages_of;
use crate::json::{remove, set, text};
use crate::limits::limit;
use crate::routes::{ADMIN_SEND, ANY_SEND};
use crate::twist::{Twist, error_at, on};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "messages-characters-counted",
        requirement: "MSG-015",
        sentence: "`stored_bytes` counts characters of a text, not bytes.",
        twist: || weighs(|sent, bytes| bytes - in_utf8_and_in(sent, |text| text.chars().count())),
    },
    Fault {
        id: "messages-utf-16-counted",
        requirement: "MSG-015",
        sentence: "`stored_bytes` counts UTF-16 units of a text.",
        twist: || {
            weighs(|sent, bytes| bytes - in_utf8_and_in(sent, |text| text.encode_utf16().count()))
        },
    },
    Fault {
        id: "messages-custom-data-not-counted",
        requirement: "MSG-015",
        sentence: "`stored_bytes` does not count `custom_data`.",
        twist: || weighs(|sent, bytes| bytes - length(sent, "/custom_data")),
    },
    Fault {
        id: "messages-custom-data-counted-as-json",
        requirement: "MSG-015",
        sentence: "`stored_bytes` counts `custom_data` with the escapes of JSON.",
        twist: || weighs(|sent, bytes| bytes + escapes(sent, "/custom_data")),
    },
    Fault {
        id: "messages-only-the-text-counted",
        requirement: "MSG-015",
        sentence: "`stored_bytes` of a text counts nothing but its characters.",
        twist: || {
            weighs(|sent, bytes| match text(sent, "/content/type") {
                "text" => length(sent, "/content/text"),
                _ => bytes,
            })
        },
    },
    Fault {
        id: "messages-line-break-is-one-byte",
        requirement: "MSG-015",
        sentence: "`stored_bytes` counts escapes in a text as one byte each.",
        twist: || weighs(|sent, bytes| bytes - escapes(sent, "/content/text")),
    },
    Fault {
        id: "messages-slash-is-two-bytes",
        requirement: "MSG-015",
        sentence: "`stored_bytes` counts a `/` in a string as if it were escaped.",
        twist: || weighs(|sent, bytes| bytes + sent["content"].to_string().matches('/').count()),
    },
    Fault {
        id: "messages-unknown-fields-counted",
        requirement: "MSG-015",
        sentence: "`stored_bytes` counts the fields of the content that are dropped.",
        twist: || weighs(|sent, bytes| bytes.max(sent["content"].to_string().len())),
    },
    Fault {
        id: "messages-numbers-counted-as-written",
        requirement: "MSG-015",
        sentence: "`stored_bytes` counts a whole coordinate with its `.0`.",
        twist: || {
            weighs(|sent, bytes| bytes + sent["content"].to_string().matches(".0,").count() * 2)
        },
    },
    Fault {
        id: "messages-media-count-nothing-but-the-url",
        requirement: "MSG-015",
        sentence: "`stored_bytes` of a content with a URL counts the URL alone.",
        twist: || {
            weighs(|sent, bytes| match length(sent, "/content/url") {
                0 => bytes,
                url => url,
            })
        },
    },
    Fault {
        id: "messages-a-byte-too-large-taken",
        requirement: "MSG-016",
        sentence: "A message may weigh one byte more than `message_bytes_max`.",
        twist: || limit("message_bytes_max", |bytes| bytes + 1),
    },
    Fault {
        id: "messages-of-the-limit-refused",
        requirement: "MSG-016",
        sentence: "A message of exactly `message_bytes_max` is refused.",
        twist: || limit("message_bytes_max", |bytes| bytes - 1),
    },
    Fault {
        id: "messages-limit-without-custom-data",
        requirement: "MSG-016",
        sentence: "`custom_data` does not count towards `message_bytes_max`.",
        twist: || limits_the_size_without(|sent| length(sent, "/custom_data")),
    },
    Fault {
        id: "messages-limit-in-characters",
        requirement: "MSG-016",
        sentence: "`message_bytes_max` is held against characters, not bytes.",
        twist: || limits_the_size_without(|sent| in_utf8_and_in(sent, |text| text.chars().count())),
    },
    Fault {
        id: "messages-limit-without-escapes",
        requirement: "MSG-016",
        sentence: "What JSON escapes counts one byte towards `message_bytes_max`.",
        twist: || limits_the_size_without(|sent| escapes(sent, "/content/text")),
    },
    Fault {
        id: "messages-too-large-names-the-text",
        requirement: "MSG-016",
        sentence: "The refusal of a message that is too large names `content.text`.",
        twist: || {
            on(ANY_SEND).error(|error| {
                if error["code"] == "message_too_large" {
                    set(error, "/field", "content.text");
                }
            })
        },
    },
    Fault {
        id: "messages-custom-data-of-at-most-4096-bytes",
        requirement: "MSG-016",
        sentence: "A `custom_data` of more than 4096 bytes is refused.",
        twist: || {
            refuses("/custom_data", |data| {
                is_text(data, |data| data.len() > 4096)
            })
        },
    },
    Fault {
        id: "messages-custom-data-of-any-type",
        requirement: "MSG-017",
        sentence: "A `custom_data` that is no string is sent as its JSON text.",
        twist: || {
            on(ANY_SEND).reads("/custom_data", |data| {
                (!data.is_string()).then(|| data.to_string().into())
            })
        },
    },
    Fault {
        id: "messages-null-custom-data-is-none",
        requirement: "MSG-017",
        sentence: "A `custom_data` that is null is taken for none.",
        twist: || {
            on(ANY_SEND).body(|body| {
                if body.get("custom_data") == Some(&Value::Null) {
                    remove(body, "/custom_data");
                }
            })
        },
    },
    Fault {
        id: "messages-administrators-custom-data-of-any-type",
        requirement: "MSG-017",
        sentence: "An administrator's `custom_data` that is no string is sent as its JSON text.",
        twist: || {
            on(ADMIN_SEND).reads("/custom_data", |data| {
                (!data.is_string()).then(|| data.to_string().into())
            })
        },
    },
];

/// What `edit` makes of the body of a send and its `stored_bytes` is shown as `stored_bytes`, in the
/// answer and live.
fn weighs(edit: fn(&Value, usize) -> usize) -> Twist {
    on(ANY_SEND).outcome(move |call, outcome, _| {
        let sent = call.json();
        let Some(right) = outcome.json()["stored_bytes"].as_u64() else {
            return;
        };
        let wrong = edit(&sent, usize::try_from(right).unwrap_or_default()) as u64;
        outcome.edit(|answer| set(answer, "/stored_bytes", wrong));
        for message in messages_of(outcome) {
            message.stored_bytes = wrong;
        }
    })
}

/// By how much the text of a send is longer in UTF-8 than `count` says.
fn in_utf8_and_in(sent: &Value, count: fn(&str) -> usize) -> usize {
    let text = text(sent, "/content/text");
    text.len() - count(text)
}

/// The bytes of a string.
fn length(sent: &Value, pointer: &str) -> usize {
    text(sent, pointer).len()
}

/// By how much a string is longer in JSON, quotes left aside.
fn escapes(sent: &Value, pointer: &str) -> usize {
    let text = text(sent, pointer);
    Value::from(text).to_string().len() - text.len() - 2
}

/// `message_bytes_max` is held against the message less the bytes that `left_out` finds in a send.
fn limits_the_size_without(left_out: fn(&Value) -> usize) -> Twist {
    let acts = limit("message_bytes_max", |bytes| bytes * 4);
    acts.and(on(ANY_SEND).instead(move |call, world| {
        let sent = call.json();
        let content: Content = serde_json::from_value(sent["content"].clone()).ok()?;
        let counted = content.stored_bytes(sent["custom_data"].as_str()) - left_out(&sent) as u64;
        let over = counted > world.limit(call, "message_bytes_max")? / 4;
        over.then(|| error_at(ErrorCode::MessageTooLarge, "content").into())
    }))
}
