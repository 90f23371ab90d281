//! Limits: how long and how deep a request may be.

use duologue_core::ErrorCode;
use serde_json::Value;

use crate::fault::Fault;
use crate::limits::limit;
use crate::routes::PUT_PROFILE;
use crate::twist::{Twist, error, on};
use crate::world::World;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "limits-body-a-byte-too-long",
        requirement: "LIM-007",
        sentence: "A body may be one byte longer than `request_bytes_max`.",
        twist: || limit("request_bytes_max", |bytes| bytes + 1),
    },
    Fault {
        id: "limits-body-of-the-limit-refused",
        requirement: "LIM-007",
        sentence: "A body of exactly `request_bytes_max` is refused.",
        twist: || {
            on("*").instead(|call, world| {
                let full = world.limit(call, "request_bytes_max")? == call.body.len() as u64;
                full.then(|| error(ErrorCode::BodyTooLarge).into())
            })
        },
    },
    Fault {
        id: "limits-chunked-body-of-any-length",
        requirement: "LIM-007",
        sentence: "`request_bytes_max` holds for declared lengths only.",
        twist: || {
            let acts = limit("request_bytes_max", |bytes| bytes * 2);
            acts.and(on("*").instead(|call, world| {
                let over = call.content_length? > world.limit(call, "request_bytes_max")? / 2;
                over.then(|| error(ErrorCode::BodyTooLarge).into())
            }))
        },
    },
    Fault {
        id: "limits-chunked-body-refused",
        requirement: "LIM-007",
        sentence: "A body that does not declare its length is refused as too large.",
        twist: || {
            on("*").instead(|call, _| {
                let chunked = call.content_length.is_none() && !call.body.is_empty();
                chunked.then(|| error(ErrorCode::BodyTooLarge).into())
            })
        },
    },
    Fault {
        id: "limits-long-body-is-malformed",
        requirement: "LIM-007",
        sentence: "A body over `request_bytes_max` is answered `malformed_json`.",
        twist: || on("*").confuses(ErrorCode::BodyTooLarge, ErrorCode::MalformedJson),
    },
    Fault {
        id: "limits-depth-counts-scalars",
        requirement: "LIM-008",
        sentence: "A scalar is one more level of nesting.",
        twist: || refuses_nesting(|body| depth(body, 1)),
    },
    Fault {
        id: "limits-full-depth-refused",
        requirement: "LIM-008",
        sentence: "A body nested `json_depth_max` deep is refused.",
        twist: || refuses_nesting(|body| depth(body, 0) + 1),
    },
    Fault {
        id: "limits-depth-of-its-own",
        requirement: "LIM-008",
        sentence: "A body may nest 16 levels deep, whatever `json_depth_max` says.",
        twist: || limit("json_depth_max", |_| 16),
    },
    Fault {
        id: "limits-unknown-fields-of-any-depth",
        requirement: "LIM-008",
        sentence: "How deep an unknown field nests does not matter.",
        twist: || {
            on(PUT_PROFILE).body(|body| {
                if let Some(fields) = body.as_object_mut() {
                    fields.retain(|name, _| name != "x");
                }
            })
        },
    },
];

/// Bodies are too deep if they nest deeper than allowed by what `counts` says of them.
fn refuses_nesting(counts: fn(&Value) -> u64) -> Twist {
    on(PUT_PROFILE).instead(move |call, world: &mut World<'_>| {
        let deep = counts(&call.json()) > world.limit(call, "json_depth_max")?;
        deep.then(|| error(ErrorCode::MalformedJson).into())
    })
}

/// How deep a value nests, where a scalar is so many levels.
fn depth(value: &Value, scalar: u64) -> u64 {
    let below = |values: &mut dyn Iterator<Item = &Value>| {
        values.map(|value| depth(value, scalar)).max().unwrap_or(0)
    };
    match value {
        Value::Array(items) => 1 + below(&mut items.iter()),
        Value::Object(fields) => 1 + below(&mut fields.values()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => scalar,
    }
}
