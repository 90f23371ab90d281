//! Messages: strings and numbers that do not arrive as they were sent.

use duologue_core::content::Content;
use serde_json::{Value, json};

use super::{content, each_message, rewrites};
use crate::fault::Fault;
use crate::json::{remove, set, text};
use crate::routes::{ANY_SEND, HISTORY};
use crate::twist::{Twist, on};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "messages-text-trimmed",
        requirement: "MSG-003",
        sentence: "White space round a text is cut off.",
        twist: || rewrites("/content/text", |text| text.trim().to_owned()),
    },
    Fault {
        id: "messages-text-composed",
        requirement: "MSG-003",
        sentence: "A letter and its accent become one character.",
        twist: || rewrites("/content/text", |text| text.replace("e\u{301}", "\u{e9}")),
    },
    Fault {
        id: "messages-text-with-other-line-ends",
        requirement: "MSG-003",
        sentence: "Every line of a text ends in a line feed alone.",
        twist: || rewrites("/content/text", |text| text.replace("\r\n", "\n")),
    },
    Fault {
        id: "messages-text-without-control-characters",
        requirement: "MSG-003",
        sentence: "Control characters are taken out of a text.",
        twist: || rewrites("/content/text", without_controls),
    },
    Fault {
        id: "messages-text-without-invisible-characters",
        requirement: "MSG-003",
        sentence: "Joiners and marks without width are taken out of a text.",
        twist: || rewrites("/content/text", without_invisibles),
    },
    Fault {
        id: "messages-text-escaped-for-html",
        requirement: "MSG-003",
        sentence: "A `<` in a text becomes `&lt;`.",
        twist: || rewrites("/content/text", |text| text.replace('<', "&lt;")),
    },
    Fault {
        id: "messages-only-the-basic-plane",
        requirement: "MSG-003",
        sentence: "A character above U+FFFF becomes U+FFFD.",
        twist: || rewrites("/content/text", basic_plane),
    },
    Fault {
        id: "messages-live-text-on-one-line",
        requirement: "MSG-003",
        sentence: "On a stream the line feeds of a text become spaces.",
        twist: || on(ANY_SEND).messages(|event| on_one_line(&mut event.message.content)),
    },
    Fault {
        id: "messages-face-data-rewritten",
        requirement: "MSG-003",
        sentence: "The `data` of a face is read as JSON and written anew.",
        twist: || data_written_anew("face"),
    },
    Fault {
        id: "messages-custom-data-rewritten",
        requirement: "MSG-003",
        sentence: "The `data` of a custom content is read as JSON and written anew.",
        twist: || data_written_anew("custom"),
    },
    Fault {
        id: "messages-data-beside-the-content-rewritten",
        requirement: "MSG-003",
        sentence: "`custom_data` is read as JSON and written anew.",
        twist: || rewrites("/custom_data", written_anew),
    },
    Fault {
        id: "messages-empty-custom-data-left-out",
        requirement: "MSG-003",
        sentence: "An empty `custom_data` is taken for none.",
        twist: || {
            on(ANY_SEND).body(|body| {
                if body["custom_data"] == "" {
                    remove(body, "/custom_data");
                }
            })
        },
    },
    Fault {
        id: "messages-coordinates-in-single-precision",
        requirement: "MSG-003",
        sentence: "Coordinates are kept with 24 bits.",
        twist: || single_precision("/content/longitude").and(single_precision("/content/latitude")),
    },
    Fault {
        id: "messages-title-trimmed",
        requirement: "MSG-003",
        sentence: "White space round a title is cut off.",
        twist: || rewrites("/content/title", |title| title.trim().to_owned()),
    },
    Fault {
        id: "messages-width-and-height-swapped",
        requirement: "MSG-003",
        sentence: "History shows the width of an image as its height and the height as its width.",
        twist: || {
            on(HISTORY).answer(|answer| {
                each_message(answer, |message| {
                    swap(message, "/content/width", "/content/height");
                });
            })
        },
    },
    Fault {
        id: "messages-duration-in-whole-seconds",
        requirement: "MSG-003",
        sentence: "The duration of a voice message is kept in whole seconds.",
        twist: || {
            on(ANY_SEND).reads("/content/duration_ms", |ms| {
                Some((ms.as_u64()? / 1000 * 1000).into())
            })
        },
    },
    Fault {
        id: "messages-name-without-its-path",
        requirement: "MSG-003",
        sentence: "Of the name of a file only what follows the last slash is kept.",
        twist: || rewrites("/content/name", |name| last_after(name, '/')),
    },
    Fault {
        id: "messages-name-without-its-ending",
        requirement: "MSG-003",
        sentence: "The stream shows the name of a file without its ending.",
        twist: || on(ANY_SEND).messages(|event| without_ending(&mut event.message.content)),
    },
    Fault {
        id: "messages-thumbnail-lost",
        requirement: "MSG-003",
        sentence: "The thumbnail of a video is not kept.",
        twist: || content(|content| drop(remove(content, "/thumbnail"))),
    },
];

fn without_controls(text: &str) -> String {
    let white = |c: char| matches!(c, '\n' | '\r' | '\t');
    let kept = text.chars().filter(|c| !c.is_control() || white(*c));
    kept.collect()
}

fn without_invisibles(text: &str) -> String {
    let invisible = |c: &char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}');
    text.chars().filter(|c| !invisible(c)).collect()
}

fn basic_plane(text: &str) -> String {
    let narrowed = text
        .chars()
        .map(|c| if c > '\u{ffff}' { '\u{fffd}' } else { c });
    narrowed.collect()
}

fn on_one_line(content: &mut Content) {
    if let Content::Text { text } = content {
        *text = text.replace('\n', " ");
    }
}

fn without_ending(content: &mut Content) {
    if let Content::File { name, .. } = content
        && let Some((stem, _)) = name.rsplit_once('.')
    {
        *name = stem.to_owned();
    }
}

fn written_anew(json: &str) -> String {
    let value: Result<Value, _> = serde_json::from_str(json);
    value.map_or_else(|_| json.to_owned(), |value| value.to_string())
}

fn data_written_anew(kind: &'static str) -> Twist {
    content(move |content| {
        if text(content, "/type") == kind && content["data"].is_string() {
            let anew = written_anew(text(content, "/data"));
            set(content, "/data", anew);
        }
    })
}

fn single_precision(pointer: &'static str) -> Twist {
    on(ANY_SEND).reads(pointer, |degrees| {
        let rounded = f64::from(degrees.as_f64()? as f32);
        Some(json!(rounded))
    })
}

fn swap(of: &mut Value, one: &str, other: &str) {
    let (Some(first), Some(second)) = (of.pointer(one).cloned(), of.pointer(other).cloned()) else {
        return;
    };
    set(of, one, second);
    set(of, other, first);
}

fn last_after(text: &str, separator: char) -> String {
    let last = text.rsplit_once(separator).map_or(text, |(_, last)| last);
    last.to_owned()
}
