//! Messages: contents that a send refuses, or refuses though it should not.

use duologue_core::ErrorCode;
use serde_json::{Value, json};

use super::{content, is_text, refuses, rewrites};
use crate::call::Call;
use crate::fault::Fault;
use crate::json::{remove, set, text};
use crate::routes::{ANY_SEND, SEND};
use crate::twist::{Twist, error, on};
use crate::world::Outcome;

/// The largest integer of the specification.
const LARGEST: u64 = (1 << 53) - 1;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "messages-first-of-a-list-taken",
        requirement: "MSG-006",
        sentence: "Of a list of contents the first is sent.",
        twist: || on(ANY_SEND).reads("/content", |content| content.get(0).cloned()),
    },
    Fault {
        id: "messages-string-taken-for-a-text",
        requirement: "MSG-006",
        sentence: "A content that is a string is taken for a text.",
        twist: || {
            on(ANY_SEND).reads("/content", |content| {
                Some(json!({"type": "text", "text": content.as_str()?}))
            })
        },
    },
    Fault {
        id: "messages-no-object-named-by-its-type",
        requirement: "MSG-006",
        sentence: "The refusal of a content that is no object names its type.",
        twist: || on(SEND).renames_field("content", "content.type"),
    },
    Fault {
        id: "messages-type-guessed",
        requirement: "MSG-006",
        sentence: "A content with a `text` and no type is taken for a text.",
        twist: || {
            content(|content| {
                if content["text"].is_string() && content.get("type").is_none() {
                    set(content, "/type", "text");
                }
            })
        },
    },
    Fault {
        id: "messages-type-in-any-case",
        requirement: "MSG-006",
        sentence: "A type may be written in capitals.",
        twist: || rewrites("/content/type", str::to_ascii_lowercase),
    },
    Fault {
        id: "messages-type-with-white-space",
        requirement: "MSG-006",
        sentence: "White space round a type is cut off.",
        twist: || rewrites("/content/type", |kind| kind.trim().to_owned()),
    },
    Fault {
        id: "messages-unknown-type-sent-as-custom",
        requirement: "MSG-006",
        sentence: "A content of an unknown type is sent as a custom one.",
        twist: || on(ANY_SEND).reads("/content", unknown_as_custom),
    },
    Fault {
        id: "messages-unknown-type-without-its-path",
        requirement: "MSG-006",
        sentence: "The refusal of an unknown type names the content as a whole.",
        twist: || on(SEND).renames_field("content.type", "content"),
    },
    Fault {
        id: "messages-missing-number-is-zero",
        requirement: "MSG-007",
        sentence: "A missing index or coordinate is taken for 0.",
        twist: || content(with_missing_numbers),
    },
    Fault {
        id: "messages-missing-data-is-empty",
        requirement: "MSG-007",
        sentence: "Missing `data` is taken for empty.",
        twist: || {
            content(|content| {
                let named = matches!(text(content, "/type"), "face" | "custom");
                if named && content.get("data").is_none() {
                    set(content, "/data", "");
                }
            })
        },
    },
    Fault {
        id: "messages-missing-field-without-its-path",
        requirement: "MSG-007",
        sentence: "The refusal of a content names its fields without `content.`.",
        twist: || {
            on(ANY_SEND).error(|error| {
                let field = text(error, "/field").to_owned();
                if let Some(name) = field.strip_prefix("content.") {
                    set(error, "/field", name);
                }
            })
        },
    },
    Fault {
        id: "messages-number-taken-for-a-string",
        requirement: "MSG-007",
        sentence: "A text that is a number is taken for its digits.",
        twist: || {
            on(ANY_SEND).reads("/content/text", |text| {
                text.is_number().then(|| text.to_string().into())
            })
        },
    },
    Fault {
        id: "messages-digits-taken-for-a-number",
        requirement: "MSG-007",
        sentence: "An integer may be written as a string.",
        twist: || digits("/content/index").and(digits("/content/bytes")),
    },
    Fault {
        id: "messages-optional-field-of-a-wrong-type-dropped",
        requirement: "MSG-007",
        sentence: "A `format`, `description` or `ext` of a wrong type is dropped.",
        twist: || {
            content(|content| {
                for field in ["/format", "/description", "/ext"] {
                    if content
                        .pointer(field)
                        .is_some_and(|value| !value.is_string())
                    {
                        remove(content, field);
                    }
                }
            })
        },
    },
    Fault {
        id: "messages-object-taken-for-its-json",
        requirement: "MSG-007",
        sentence: "`data` that is an object is sent as its JSON text.",
        twist: || {
            on(ANY_SEND).reads("/content/data", |data| {
                data.is_object().then(|| data.to_string().into())
            })
        },
    },
    Fault {
        id: "messages-empty-text-taken",
        requirement: "MSG-008",
        sentence: "An empty text is sent as a space.",
        twist: || filled("/content/text"),
    },
    Fault {
        id: "messages-empty-title-taken",
        requirement: "MSG-008",
        sentence: "An empty title is sent as a space.",
        twist: || filled("/content/title"),
    },
    Fault {
        id: "messages-empty-name-taken",
        requirement: "MSG-008",
        sentence: "An empty name of a file is sent as a space.",
        twist: || filled("/content/name"),
    },
    Fault {
        id: "messages-empty-optional-string-refused",
        requirement: "MSG-008",
        sentence: "An empty `format` of an image or a file is refused.",
        twist: || {
            refuses("/content", |content| {
                content["format"] == "" && !is_video(content)
            })
        },
    },
    Fault {
        id: "messages-longitude-180-refused",
        requirement: "MSG-008",
        sentence: "A longitude of 180 is refused.",
        twist: || {
            refuses("/content/longitude", |degrees| {
                degrees.as_f64() == Some(180.0)
            })
        },
    },
    Fault {
        id: "messages-longitude-wraps-round",
        requirement: "MSG-008",
        sentence: "A longitude beyond 180 goes on in the west.",
        twist: || {
            on(ANY_SEND).reads("/content/longitude", |degrees| {
                let degrees = degrees.as_f64().filter(|degrees| degrees.abs() > 180.0)?;
                Some(json!((degrees + 180.0).rem_euclid(360.0) - 180.0))
            })
        },
    },
    Fault {
        id: "messages-latitude-beyond-the-pole",
        requirement: "MSG-008",
        sentence: "A latitude beyond a pole is taken for that of the pole.",
        twist: || {
            on(ANY_SEND).reads("/content/latitude", |degrees| {
                Some(json!(degrees.as_f64()?.clamp(-90.0, 90.0)))
            })
        },
    },
    Fault {
        id: "messages-index-0-refused",
        requirement: "MSG-008",
        sentence: "A face of index 0 is refused.",
        twist: || refuses("/content/index", |index| *index == 0),
    },
    Fault {
        id: "messages-index-too-large-taken",
        requirement: "MSG-008",
        sentence: "An index above 2147483647 is lowered to it.",
        twist: || lowered("/content/index", i32::MAX as u64),
    },
    Fault {
        id: "messages-negative-number-taken",
        requirement: "MSG-008",
        sentence: "A negative index or duration is taken for 0.",
        twist: || not_negative("/content/index").and(not_negative("/content/duration_ms")),
    },
    Fault {
        id: "messages-duration-0-refused",
        requirement: "MSG-008",
        sentence: "A duration of 0 is refused.",
        twist: || refuses("/content/duration_ms", |ms| *ms == 0),
    },
    Fault {
        id: "messages-duration-in-32-bits",
        requirement: "MSG-008",
        sentence: "A duration of more than 2^32 milliseconds is refused.",
        twist: || refuses("/content/duration_ms", over_32_bits),
    },
    Fault {
        id: "messages-duration-too-large-taken",
        requirement: "MSG-008",
        sentence: "A duration above 2^53 - 1 is lowered to it.",
        twist: || lowered("/content/duration_ms", LARGEST),
    },
    Fault {
        id: "messages-size-0-taken",
        requirement: "MSG-008",
        sentence: "A declared size of 0 is taken for 1.",
        twist: || on(ANY_SEND).reads("/content/bytes", |bytes| (*bytes == 0).then(|| 1.into())),
    },
    Fault {
        id: "messages-dimensions-in-32-bits",
        requirement: "MSG-008",
        sentence: "A width or height of more than 2^32 - 1 pixels is refused.",
        twist: || {
            refuses("/content/width", over_32_bits).and(refuses("/content/height", over_32_bits))
        },
    },
    Fault {
        id: "messages-width-too-large-taken",
        requirement: "MSG-008",
        sentence: "A width above 2^53 - 1 is lowered to it.",
        twist: || lowered("/content/width", LARGEST),
    },
    Fault {
        id: "messages-title-of-at-most-1000-bytes",
        requirement: "MSG-008",
        sentence: "A title of more than 1000 bytes is refused.",
        twist: || {
            refuses("/content/title", |title| {
                is_text(title, |title| title.len() > 1000)
            })
        },
    },
    Fault {
        id: "messages-whole-number-in-any-spelling",
        requirement: "MSG-009",
        sentence: "An integer may be written with a fraction of 0 or an exponent.",
        twist: || content(|content| each_integer(content, |float| float.fract() == 0.0)),
    },
    Fault {
        id: "messages-fraction-cut-off",
        requirement: "MSG-009",
        sentence: "The fraction of a number that should be an integer is cut off.",
        twist: || content(|content| each_integer(content, |float| float.fract() != 0.0)),
    },
    Fault {
        id: "messages-longitude-without-exponent",
        requirement: "MSG-009",
        sentence: "A longitude with an exponent or a fraction of 0 is refused, as if it were an integer.",
        twist: || {
            refuses("/content/longitude", |degrees| {
                degrees.is_f64() && degrees.as_f64().is_some_and(|float| float.fract() == 0.0)
            })
        },
    },
    Fault {
        id: "messages-u0000-taken-out",
        requirement: "MSG-010",
        sentence: "U+0000 is taken out of a text, and the rest is sent.",
        twist: || rewrites("/content/text", without_nul),
    },
    Fault {
        id: "messages-u0000-in-optional-fields",
        requirement: "MSG-010",
        sentence: "`description` and `ext` are not searched for U+0000.",
        twist: || {
            rewrites("/content/description", without_nul).and(rewrites("/content/ext", without_nul))
        },
    },
    Fault {
        id: "messages-u0000-in-custom-data",
        requirement: "MSG-010",
        sentence: "`custom_data` is not searched for U+0000.",
        twist: || rewrites("/custom_data", without_nul),
    },
    Fault {
        id: "messages-u0000-is-no-json",
        requirement: "MSG-010",
        sentence: "A send with U+0000 in it is answered `malformed_json`.",
        twist: || on(ANY_SEND).instead(|call, _| has_nul(call).then(malformed)),
    },
];

fn unknown_as_custom(content: &Value) -> Option<Value> {
    let kind = text(content, "/type");
    let known = [
        "text", "face", "location", "image", "audio", "file", "video", "custom", "system",
    ];
    let unknown = !kind.is_empty() && !known.contains(&kind);
    unknown.then(|| json!({"type": "custom", "data": content.to_string()}))
}

fn with_missing_numbers(content: &mut Value) {
    let needed: &[&str] = match text(content, "/type") {
        "face" => &["/index"],
        "location" => &["/longitude", "/latitude"],
        _ => return,
    };
    for field in needed {
        if content.pointer(field).is_none() {
            set(content, field, 0);
        }
    }
}

fn digits(pointer: &'static str) -> Twist {
    on(ANY_SEND).reads(pointer, |value| {
        let number: u64 = value.as_str()?.parse().ok()?;
        Some(number.into())
    })
}

fn filled(pointer: &'static str) -> Twist {
    on(ANY_SEND).reads(pointer, |value| (*value == "").then(|| " ".into()))
}

fn is_video(content: &Value) -> bool {
    text(content, "/type") == "video"
}

fn lowered(pointer: &'static str, max: u64) -> Twist {
    on(ANY_SEND).reads(pointer, move |value| Some(value.as_u64()?.min(max).into()))
}

fn not_negative(pointer: &'static str) -> Twist {
    on(ANY_SEND).reads(pointer, |value| Some(value.as_i64()?.max(0).into()))
}

fn over_32_bits(value: &Value) -> bool {
    value
        .as_u64()
        .is_some_and(|number| number > u32::MAX.into())
}

/// Reads the numbers that should be integers, `picks` decides which of the others as what.
fn each_integer(content: &mut Value, picks: fn(f64) -> bool) {
    for field in ["/index", "/width", "/height", "/bytes", "/duration_ms"] {
        let found = content.pointer(field).filter(|value| value.is_f64());
        if let Some(float) = found.and_then(Value::as_f64).filter(|float| picks(*float)) {
            set(content, field, float as i64);
        }
    }
}

fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

fn has_nul(call: &Call) -> bool {
    String::from_utf8_lossy(&call.body).contains("\\u0000")
}

fn malformed() -> Outcome {
    error(ErrorCode::MalformedJson).into()
}
