//! Ids that clients choose: devices, platforms, keys of sends, cursors handed back.

use serde_json::{Value, json};

use super::{invalid, is_bad};
use crate::fault::Fault;
use crate::json::text;
use crate::routes::{ACK, LOGIN, SEND};
use crate::twist::{Twist, error, on};
use crate::wire::Wire;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "identifiers-empty-device-named",
        requirement: "IDN-007",
        sentence: "A login with an empty `device_id` is given one.",
        twist: || {
            reads(LOGIN, "/device_id", |id| {
                (id == "").then(|| "device".into())
            })
        },
    },
    Fault {
        id: "identifiers-long-device-cut",
        requirement: "IDN-007",
        sentence: "A `device_id` is cut to 64 bytes.",
        twist: || reads(LOGIN, "/device_id", |id| cut(id, 64)),
    },
    Fault {
        id: "identifiers-device-trimmed",
        requirement: "IDN-007",
        sentence: "White space is trimmed off a `device_id`.",
        twist: || reads(LOGIN, "/device_id", |id| Some(id.as_str()?.trim().into())),
    },
    Fault {
        id: "identifiers-device-with-a-space",
        requirement: "IDN-007",
        sentence: "A space in a `device_id` becomes a hyphen.",
        twist: || {
            reads(LOGIN, "/device_id", |id| {
                Some(id.as_str()?.replace(' ', "-"))
            })
        },
    },
    Fault {
        id: "identifiers-device-with-a-dot",
        requirement: "IDN-007",
        sentence: "A dot in a `device_id` becomes an underscore.",
        twist: || {
            reads(LOGIN, "/device_id", |id| {
                Some(id.as_str()?.replace('.', "_"))
            })
        },
    },
    Fault {
        id: "identifiers-device-with-an-at-sign",
        requirement: "IDN-007",
        sentence: "An `@` before a `device_id` is dropped.",
        twist: || {
            reads(LOGIN, "/device_id", |id| {
                Some(id.as_str()?.replace('@', ""))
            })
        },
    },
    Fault {
        id: "identifiers-device-with-any-letter",
        requirement: "IDN-007",
        sentence: "Letters beyond ASCII in a `device_id` become others.",
        twist: || {
            reads(LOGIN, "/device_id", |id| {
                Some(id.as_str()?.replace('é', "e"))
            })
        },
    },
    Fault {
        id: "identifiers-device-ends-at-nul",
        requirement: "IDN-007",
        sentence: "A `device_id` ends before U+0000.",
        twist: || {
            reads(LOGIN, "/device_id", |id| {
                Some(id.as_str()?.replace('\0', ""))
            })
        },
    },
    Fault {
        id: "identifiers-number-as-a-device",
        requirement: "IDN-007",
        sentence: "A number is taken for a `device_id`.",
        twist: || {
            reads(LOGIN, "/device_id", |id| {
                id.as_u64().map(|id| id.to_string())
            })
        },
    },
    Fault {
        id: "identifiers-device-of-one-byte-refused",
        requirement: "IDN-007",
        sentence: "A `device_id` of one byte is refused.",
        twist: || refuses(LOGIN, "device_id", |id| id.len() == 1),
    },
    Fault {
        id: "identifiers-longest-device-refused",
        requirement: "IDN-007",
        sentence: "A `device_id` of 64 bytes is refused.",
        twist: || refuses(LOGIN, "device_id", |id| id.len() > 63),
    },
    Fault {
        id: "identifiers-bad-device-under-another-field",
        requirement: "IDN-007",
        sentence: "A bad `device_id` is told as the field `device`.",
        twist: || {
            on(LOGIN).outcome(|_, outcome, _| {
                if is_bad(outcome, "device_id") {
                    *outcome = invalid("device");
                }
            })
        },
    },
    Fault {
        id: "identifiers-empty-platform-named",
        requirement: "IDN-007",
        sentence: "An empty `platform` counts as `other`.",
        twist: || reads(LOGIN, "/platform", |id| (id == "").then(|| "other".into())),
    },
    Fault {
        id: "identifiers-no-platform-named",
        requirement: "IDN-007",
        sentence: "A `platform` of null counts as `other`.",
        twist: || {
            reads(LOGIN, "/platform", |id| {
                id.is_null().then(|| "other".into())
            })
        },
    },
    Fault {
        id: "identifiers-platform-in-small-letters",
        requirement: "IDN-007",
        sentence: "Capital letters in a `platform` become small ones.",
        twist: || {
            reads(LOGIN, "/platform", |id| {
                Some(id.as_str()?.to_ascii_lowercase())
            })
        },
    },
    Fault {
        id: "identifiers-long-platform-cut",
        requirement: "IDN-007",
        sentence: "A `platform` is cut to 32 bytes.",
        twist: || reads(LOGIN, "/platform", |id| cut(id, 32)),
    },
    Fault {
        id: "identifiers-platform-with-a-space",
        requirement: "IDN-007",
        sentence: "A space in a `platform` becomes a hyphen.",
        twist: || {
            reads(LOGIN, "/platform", |id| {
                Some(id.as_str()?.replace(' ', "-"))
            })
        },
    },
    Fault {
        id: "identifiers-unknown-platform-refused",
        requirement: "IDN-007",
        sentence: "A `platform` that the server does not know is refused.",
        twist: || refuses(LOGIN, "platform", |id| id.starts_with("toaster")),
    },
    Fault {
        id: "identifiers-longest-platform-refused",
        requirement: "IDN-007",
        sentence: "A `platform` of 32 bytes is refused.",
        twist: || refuses(LOGIN, "platform", |id| id.len() > 31),
    },
    Fault {
        id: "identifiers-empty-key-taken",
        requirement: "IDN-007",
        sentence: "An empty `client_msg_id` is taken for `-`.",
        twist: || reads(SEND, "/client_msg_id", |id| (id == "").then(|| "-".into())),
    },
    Fault {
        id: "identifiers-key-without-spaces",
        requirement: "IDN-007",
        sentence: "Spaces are dropped from a `client_msg_id`.",
        twist: || {
            reads(SEND, "/client_msg_id", |id| {
                Some(id.as_str()?.replace(' ', ""))
            })
        },
    },
    Fault {
        id: "identifiers-key-trimmed",
        requirement: "IDN-007",
        sentence: "White space is trimmed off a `client_msg_id`.",
        twist: || {
            reads(SEND, "/client_msg_id", |id| {
                Some(id.as_str()?.trim().into())
            })
        },
    },
    Fault {
        id: "identifiers-key-with-a-slash",
        requirement: "IDN-007",
        sentence: "A slash in a `client_msg_id` becomes a colon.",
        twist: || {
            reads(SEND, "/client_msg_id", |id| {
                Some(id.as_str()?.replace('/', ":"))
            })
        },
    },
    Fault {
        id: "identifiers-key-with-an-at-sign",
        requirement: "IDN-007",
        sentence: "An `@` before a `client_msg_id` is dropped.",
        twist: || {
            reads(SEND, "/client_msg_id", |id| {
                Some(id.as_str()?.replace('@', ""))
            })
        },
    },
    Fault {
        id: "identifiers-key-with-any-letter",
        requirement: "IDN-007",
        sentence: "Letters beyond ASCII in a `client_msg_id` become others.",
        twist: || {
            reads(SEND, "/client_msg_id", |id| {
                Some(id.as_str()?.replace('é', "e"))
            })
        },
    },
    Fault {
        id: "identifiers-key-ends-at-nul",
        requirement: "IDN-007",
        sentence: "A `client_msg_id` ends before U+0000.",
        twist: || {
            reads(SEND, "/client_msg_id", |id| {
                Some(id.as_str()?.replace('\0', ""))
            })
        },
    },
    Fault {
        id: "identifiers-long-key-cut",
        requirement: "IDN-007",
        sentence: "A `client_msg_id` is cut to 64 bytes.",
        twist: || reads(SEND, "/client_msg_id", |id| cut(id, 64)),
    },
    Fault {
        id: "identifiers-number-as-a-key",
        requirement: "IDN-007",
        sentence: "A number is taken for a `client_msg_id`.",
        twist: || {
            reads(SEND, "/client_msg_id", |id| {
                id.as_u64().map(|id| id.to_string())
            })
        },
    },
    Fault {
        id: "identifiers-key-of-a-colon-refused",
        requirement: "IDN-007",
        sentence: "A `client_msg_id` without a letter or a digit is refused.",
        twist: || {
            refuses(SEND, "client_msg_id", |id| {
                !id.contains(|c: char| c.is_ascii_alphanumeric())
            })
        },
    },
    Fault {
        id: "identifiers-longest-key-refused",
        requirement: "IDN-007",
        sentence: "A `client_msg_id` of 64 bytes is refused.",
        twist: || refuses(SEND, "client_msg_id", |id| id.len() > 63),
    },
    Fault {
        id: "identifiers-cursor-with-a-zero",
        requirement: "IDN-010",
        sentence: "The SSE `id` of an event begins with a zero.",
        twist: || Wire::on_frame(|frame| frame.replace("\nid: ", "\nid: 0")).into(),
    },
    Fault {
        id: "identifiers-cursor-with-a-letter",
        requirement: "IDN-010",
        sentence: "The SSE `id` of an event begins with a letter.",
        twist: || Wire::on_frame(|frame| frame.replace("\nid: ", "\nid: c")).into(),
    },
    Fault {
        id: "identifiers-cursor-with-a-leading-zero-taken",
        requirement: "IDN-010",
        sentence: "An acknowledgement may have zeros before its cursor.",
        twist: || {
            reads(ACK, "/cursor", |id| {
                Some(id.as_str()?.trim_start_matches('0').into())
            })
        },
    },
    Fault {
        id: "identifiers-cursor-with-a-plus-taken",
        requirement: "IDN-010",
        sentence: "An acknowledgement may have a plus before its cursor.",
        twist: || {
            reads(ACK, "/cursor", |id| {
                Some(id.as_str()?.strip_prefix('+')?.into())
            })
        },
    },
    Fault {
        id: "identifiers-cursor-trimmed",
        requirement: "IDN-010",
        sentence: "White space is trimmed off the cursor of an acknowledgement.",
        twist: || reads(ACK, "/cursor", |id| Some(id.as_str()?.trim().into())),
    },
    Fault {
        id: "identifiers-cursor-with-a-fraction-taken",
        requirement: "IDN-010",
        sentence: "The cursor of an acknowledgement may have a fraction of zero.",
        twist: || {
            reads(ACK, "/cursor", |id| {
                Some(id.as_str()?.strip_suffix(".0")?.into())
            })
        },
    },
    Fault {
        id: "identifiers-negative-cursor-is-0",
        requirement: "IDN-010",
        sentence: "A negative cursor of an acknowledgement counts as 0.",
        twist: || {
            reads(ACK, "/cursor", |id| {
                id.as_str()?.starts_with('-').then(|| "0".into())
            })
        },
    },
    Fault {
        id: "identifiers-hexadecimal-cursor-taken",
        requirement: "IDN-010",
        sentence: "The cursor of an acknowledgement may be hexadecimal.",
        twist: || {
            reads(ACK, "/cursor", |id| {
                let digits = id.as_str()?.strip_prefix("0x")?;
                Some(u64::from_str_radix(digits, 16).ok()?.to_string())
            })
        },
    },
    Fault {
        id: "identifiers-empty-cursor-is-0",
        requirement: "IDN-010",
        sentence: "An empty cursor of an acknowledgement counts as 0.",
        twist: || reads(ACK, "/cursor", |id| (id == "").then(|| "0".into())),
    },
    Fault {
        id: "identifiers-cursor-in-any-digits",
        requirement: "IDN-010",
        sentence: "The cursor of an acknowledgement may be written in any digits.",
        twist: || {
            reads(ACK, "/cursor", |id| {
                let foreign = id
                    .as_str()?
                    .chars()
                    .all(|c| c.is_numeric() && !c.is_ascii());
                (foreign && id != "").then(|| "3".into())
            })
        },
    },
    Fault {
        id: "identifiers-long-cursor-is-unknown",
        requirement: "IDN-010",
        sentence: "A cursor of 20 digits is refused as one that was never issued.",
        twist: || {
            on(ACK).instead(|call, _| {
                let digits = text(&call.json(), "/cursor").len();
                (digits == 20).then(|| error(duologue_core::ErrorCode::InvalidCursor).into())
            })
        },
    },
    Fault {
        id: "identifiers-number-as-a-cursor",
        requirement: "IDN-010",
        sentence: "The cursor of an acknowledgement may be a number.",
        twist: || reads(ACK, "/cursor", |id| id.as_u64().map(|id| id.to_string())),
    },
    Fault {
        id: "identifiers-null-cursor-is-0",
        requirement: "IDN-010",
        sentence: "A cursor of null in an acknowledgement counts as 0.",
        twist: || reads(ACK, "/cursor", |id| id.is_null().then(|| "0".into())),
    },
    Fault {
        id: "identifiers-refused-cursor-acknowledges",
        requirement: "IDN-010",
        sentence: "An acknowledgement with a bad cursor is refused, and what it seems to mean removed.",
        twist: || {
            on(ACK).outcome(|call, outcome, world| {
                let cursor = call.json()["cursor"].take();
                let meant = text(&cursor, "").trim_start_matches(['0', '+']);
                if is_bad(outcome, "cursor") {
                    let mut lenient = call.clone();
                    lenient.set_json(&json!({"cursor": meant}));
                    world.ask(&lenient);
                }
            })
        },
    },
];

fn cut(id: &Value, max: usize) -> Option<String> {
    Some(id.as_str()?.chars().take(max).collect())
}

/// A field that `picks` picks is refused.
fn refuses(pattern: &'static str, field: &'static str, picks: fn(&str) -> bool) -> Twist {
    on(pattern).instead(move |call, _| {
        let body = call.json();
        let id = body[field].as_str()?;
        picks(id).then(|| invalid(field))
    })
}

/// An id is read as what `read` has for it, if anything.
fn reads(
    pattern: &'static str,
    pointer: &'static str,
    read: fn(&Value) -> Option<String>,
) -> Twist {
    on(pattern).reads(pointer, move |id| read(id).map(Value::from))
}
