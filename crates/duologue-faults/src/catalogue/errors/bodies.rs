//! Errors: bodies that are no JSON objects.

use duologue_core::ErrorCode;
use serde_json::Value;

use crate::fault::Fault;
use crate::limits::limit;
use crate::twist::{Twist, error, on};

/// Every endpoint with a JSON body.
const WITH_BODY: &str =
    "POST /v1/messages | POST /v1/admin/messages | PUT /v1/profile | PUT /v1/admin/policy";

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "errors-empty-body-is-an-empty-object",
        requirement: "ERR-004",
        sentence: "An empty body is taken for `{}`.",
        twist: || reads(|body| body.is_empty().then(|| "{}".into())),
    },
    Fault {
        id: "errors-blank-body-is-an-empty-object",
        requirement: "ERR-004",
        sentence: "A body of white space alone is taken for `{}`.",
        twist: || {
            reads(|body| {
                let blank = !body.is_empty() && body.trim().is_empty();
                blank.then(|| "{}".into())
            })
        },
    },
    Fault {
        id: "errors-body-in-another-encoding",
        requirement: "ERR-004",
        sentence: "Bytes of a body that are no UTF-8 are taken for U+FFFD.",
        twist: || {
            on(WITH_BODY).request(|call, _| {
                call.body = String::from_utf8_lossy(&call.body)
                    .into_owned()
                    .into_bytes();
            })
        },
    },
    Fault {
        id: "errors-rest-of-a-body-ignored",
        requirement: "ERR-004",
        sentence: "What follows the JSON of a body is ignored.",
        twist: || reads(first_value),
    },
    Fault {
        id: "errors-comma-before-a-brace",
        requirement: "ERR-004",
        sentence: "A comma before a closing brace is allowed.",
        twist: || reads(|body| Some(body.replace(",}", "}"))),
    },
    Fault {
        id: "errors-single-quotes",
        requirement: "ERR-004",
        sentence: "Strings may stand in single quotes.",
        twist: || reads(|body| body.starts_with("{'").then(|| body.replace('\'', "\""))),
    },
    Fault {
        id: "errors-nan-is-null",
        requirement: "ERR-004",
        sentence: "`NaN` is taken for null.",
        twist: || reads(|body| Some(body.replace("NaN", "null"))),
    },
    Fault {
        id: "errors-body-cut-off",
        requirement: "ERR-004",
        sentence: "A body that was cut off is read as if it were closed.",
        twist: || {
            reads(|body| {
                let closed = format!("{body}}}");
                let broken = serde_json::from_str::<Value>(body).is_err();
                (broken && serde_json::from_str::<Value>(&closed).is_ok()).then_some(closed)
            })
        },
    },
    Fault {
        id: "errors-form-is-read",
        requirement: "ERR-004",
        sentence: "A form is read as if it were JSON.",
        twist: || {
            reads(|body| {
                let form = !body.starts_with(['{', '[', '"']) && body.contains('=');
                form.then(|| "{}".into())
            })
        },
    },
    Fault {
        id: "errors-first-of-a-list",
        requirement: "ERR-004",
        sentence: "Of a body that is a list the first element is read.",
        twist: || {
            reads(|body| {
                let list: Vec<Value> = serde_json::from_str(body).ok()?;
                Some(list.first()?.to_string())
            })
        },
    },
    Fault {
        id: "errors-empty-list-is-an-empty-object",
        requirement: "ERR-004",
        sentence: "`[]` is taken for `{}`.",
        twist: || reads(|body| (body == "[]").then(|| "{}".into())),
    },
    Fault {
        id: "errors-no-object-is-an-invalid-field",
        requirement: "ERR-004",
        sentence: "A body that is JSON and no object is answered `invalid_field`.",
        twist: || {
            on("*").instead(|call, _| {
                let body: Value = serde_json::from_slice(&call.body).ok()?;
                let other = !body.is_object();
                other.then(|| error(ErrorCode::InvalidField).into())
            })
        },
    },
    Fault {
        id: "errors-malformed-is-an-invalid-field",
        requirement: "ERR-004",
        sentence: "A body that is no JSON is answered `invalid_field`.",
        twist: || on("*").confuses(ErrorCode::MalformedJson, ErrorCode::InvalidField),
    },
    Fault {
        id: "errors-half-a-surrogate-pair",
        requirement: "ERR-004",
        sentence: "Half a surrogate pair becomes U+FFFD.",
        twist: || reads(|body| Some(with_whole_pairs(body))),
    },
    Fault {
        id: "errors-no-surrogate-pairs",
        requirement: "ERR-004",
        sentence: "A surrogate pair in escapes is as malformed as half of one.",
        twist: || {
            on("*").instead(|call, _| {
                let escaped = String::from_utf8_lossy(&call.body).contains("\\ud8");
                escaped.then(|| error(ErrorCode::MalformedJson).into())
            })
        },
    },
    Fault {
        id: "errors-a-level-too-deep",
        requirement: "ERR-004",
        sentence: "A body may nest one level deeper than `json_depth_max`.",
        twist: || limit("json_depth_max", |levels| levels + 1),
    },
];

/// A body is read as another one, where `edit` has one.
fn reads(edit: fn(&str) -> Option<String>) -> Twist {
    on(WITH_BODY).request(move |call, _| {
        if let Ok(body) = std::str::from_utf8(&call.body)
            && let Some(read) = edit(body)
        {
            call.body = read.into_bytes();
        }
    })
}

fn first_value(body: &str) -> Option<String> {
    let mut values = serde_json::Deserializer::from_str(body).into_iter::<Value>();
    Some(values.next()?.ok()?.to_string())
}

/// Replaces each escape of a surrogate that has no other half beside it.
fn with_whole_pairs(json: &str) -> String {
    let mut read = String::new();
    let mut rest = json;
    while let Some(at) = rest.find("\\u") {
        let (before, escape) = rest.split_at(at);
        read.push_str(before);
        let (unit, next) = (unit(escape), escape.get(6..).and_then(unit_at_start));
        let (kept, length) = match (unit, next) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => (&escape[..12], 12),
            (Some(0xd800..0xe000), _) => ("\\ufffd", 6),
            _ => (&escape[..2], 2),
        };
        read.push_str(kept);
        rest = &escape[length..];
    }
    read + rest
}

fn unit_at_start(text: &str) -> Option<u16> {
    text.starts_with("\\u").then(|| unit(text)).flatten()
}

/// The code unit of `\uXXXX`.
fn unit(escape: &str) -> Option<u16> {
    u16::from_str_radix(escape.get(2..6)?, 16).ok()
}
