//! Messages: URLs and declared media sizes.

use duologue_core::ErrorCode;
use serde_json::Value;

use super::{is_text, refuses};
use crate::call::Call;
use crate::fault::Fault;
use crate::json::{number, text};
use crate::limits::limit;
use crate::routes::ANY_SEND;
use crate::twist::{Twist, error_at, on};
use crate::world::{Outcome, World};

/// An address inside the grammar.
const SOMEWHERE: &str = "https://files.example/elsewhere";
const URL: &str = "/content/url";
const THUMBNAIL: &str = "/content/thumbnail";

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "messages-any-scheme-taken",
        requirement: "MSG-011",
        sentence: "A URL of any scheme is taken.",
        twist: || takes(URL, |url| url.contains("://") && !url.starts_with("http")),
    },
    Fault {
        id: "messages-url-without-a-host-taken",
        requirement: "MSG-011",
        sentence: "`http://` with nothing after it is taken.",
        twist: || takes(URL, |url| url == "http://" || url == "https://"),
    },
    Fault {
        id: "messages-empty-url-taken",
        requirement: "MSG-011",
        sentence: "An empty URL is taken.",
        twist: || takes(URL, str::is_empty),
    },
    Fault {
        id: "messages-path-taken-for-a-url",
        requirement: "MSG-011",
        sentence: "Any path of the server is taken for the URL of a file.",
        twist: || {
            takes(URL, |url| {
                url.starts_with('/') && !url.starts_with("/v1/media")
            })
        },
    },
    Fault {
        id: "messages-media-url-without-an-id-taken",
        requirement: "MSG-011",
        sentence: "Whatever begins with `/v1/media/` is taken.",
        twist: || takes(URL, |url| url.starts_with("/v1/media/")),
    },
    Fault {
        id: "messages-white-space-round-a-url",
        requirement: "MSG-011",
        sentence: "White space round a URL is cut off.",
        twist: || on(ANY_SEND).reads(URL, |url| Some(url.as_str()?.trim().into())),
    },
    Fault {
        id: "messages-url-in-any-script",
        requirement: "MSG-011",
        sentence: "A URL may have other characters than ASCII.",
        twist: || takes(URL, |url| !url.is_ascii()),
    },
    Fault {
        id: "messages-thumbnail-is-not-checked",
        requirement: "MSG-011",
        sentence: "Any string is taken for the URL of a thumbnail.",
        twist: || takes(THUMBNAIL, |url| !url.starts_with("http")),
    },
    Fault {
        id: "messages-thumbnail-of-any-length",
        requirement: "MSG-011",
        sentence: "`url_bytes_max` does not hold for a thumbnail.",
        twist: || takes(THUMBNAIL, |url| url.len() > 90),
    },
    Fault {
        id: "messages-url-a-byte-too-long-taken",
        requirement: "MSG-011",
        sentence: "A URL may be one byte longer than `url_bytes_max`.",
        twist: || limit("url_bytes_max", |bytes| bytes + 1),
    },
    Fault {
        id: "messages-url-of-the-limit-refused",
        requirement: "MSG-011",
        sentence: "A URL of exactly `url_bytes_max` bytes is refused.",
        twist: || limit("url_bytes_max", |bytes| bytes - 1),
    },
    Fault {
        id: "messages-local-address-refused",
        requirement: "MSG-012",
        sentence: "A URL on this machine is refused.",
        twist: || refuses(URL, |url| is_text(url, |url| url.contains("127.0.0.1"))),
    },
    Fault {
        id: "messages-host-without-a-dot-refused",
        requirement: "MSG-012",
        sentence: "A URL whose host has no dot is refused.",
        twist: || {
            refuses(URL, |url| {
                is_text(url, |url| !url.contains('.') && !url.starts_with('/'))
            })
        },
    },
    Fault {
        id: "messages-media-url-must-have-been-uploaded",
        requirement: "MSG-012",
        sentence: "The URL of a file that nobody has uploaded is refused.",
        twist: || on(ANY_SEND).instead(refuse_unless_uploaded),
    },
    Fault {
        id: "messages-media-url-refused",
        requirement: "MSG-012",
        sentence: "Only `http` and `https` URLs are taken.",
        twist: || refuses(URL, |url| is_text(url, |url| url.starts_with("/v1/media/"))),
    },
    Fault {
        id: "messages-fragment-refused",
        requirement: "MSG-012",
        sentence: "A URL with a fragment is refused.",
        twist: || refuses(URL, |url| is_text(url, |url| url.contains('#'))),
    },
    Fault {
        id: "messages-image-a-byte-too-large-taken",
        requirement: "MSG-013",
        sentence: "An image may be declared one byte larger than `image_bytes_max`.",
        twist: || limit("image_bytes_max", |bytes| bytes + 1),
    },
    Fault {
        id: "messages-audio-a-byte-too-large-taken",
        requirement: "MSG-013",
        sentence: "A voice message may be declared one byte larger than `audio_bytes_max`.",
        twist: || limit("audio_bytes_max", |bytes| bytes + 1),
    },
    Fault {
        id: "messages-file-of-the-limit-refused",
        requirement: "MSG-013",
        sentence: "A file declared to have exactly `file_bytes_max` bytes is refused.",
        twist: || limit("file_bytes_max", |bytes| bytes - 1),
    },
    Fault {
        id: "messages-video-of-the-limit-refused",
        requirement: "MSG-013",
        sentence: "A video declared to have exactly `video_bytes_max` bytes is refused.",
        twist: || limit("video_bytes_max", |bytes| bytes - 1),
    },
    Fault {
        id: "messages-one-size-limit-for-all",
        requirement: "MSG-013",
        sentence: "Media of every type are held to `image_bytes_max`.",
        twist: || on(ANY_SEND).instead(refuse_above_an_image),
    },
    Fault {
        id: "messages-too-large-is-an-invalid-field",
        requirement: "MSG-013",
        sentence: "A declared size over the limit is answered `invalid_field`.",
        twist: || on(ANY_SEND).confuses(ErrorCode::MediaTooLarge, ErrorCode::InvalidField),
    },
    Fault {
        id: "messages-programs-refused",
        requirement: "MSG-014",
        sentence: "A file whose name ends in `.exe` is refused.",
        twist: || {
            refuses("/content/name", |name| {
                is_text(name, |name| name.ends_with(".exe"))
            })
        },
    },
    Fault {
        id: "messages-name-without-ending-refused",
        requirement: "MSG-014",
        sentence: "A file whose name has no ending is refused.",
        twist: || {
            refuses("/content/name", |name| {
                is_text(name, |name| !name.contains('.'))
            })
        },
    },
    Fault {
        id: "messages-name-with-slash-refused",
        requirement: "MSG-014",
        sentence: "A file with a slash in its name is refused.",
        twist: || {
            refuses("/content/name", |name| {
                is_text(name, |name| name.contains('/'))
            })
        },
    },
    Fault {
        id: "messages-unheard-of-format-refused",
        requirement: "MSG-014",
        sentence: "A format the server has not heard of is refused.",
        twist: || {
            refuses("/content/format", |format| {
                is_text(format, |format| format.contains("x-"))
            })
        },
    },
    Fault {
        id: "messages-name-of-at-most-255-bytes",
        requirement: "MSG-014",
        sentence: "A file whose name is longer than 255 bytes is refused.",
        twist: || {
            refuses("/content/name", |name| {
                is_text(name, |name| name.len() > 255)
            })
        },
    },
];

/// A string outside the grammar that `test` holds of is sent as another.
fn takes(pointer: &'static str, test: fn(&str) -> bool) -> Twist {
    on(ANY_SEND).reads(pointer, move |url| {
        is_text(url, test).then(|| SOMEWHERE.into())
    })
}

fn refuse_unless_uploaded(call: &mut Call, world: &mut World<'_>) -> Option<Outcome> {
    let body = call.json();
    let url = body.pointer(URL)?.as_str()?;
    if !url.starts_with("/v1/media/") {
        return None;
    }
    let mut asked = call.clone();
    asked.method = "GET".into();
    asked.path = url.into();
    let found = world.ask(&asked).reply.status == 200;
    (!found).then(|| error_at(ErrorCode::InvalidField, "content.url").into())
}

fn refuse_above_an_image(call: &mut Call, world: &mut World<'_>) -> Option<Outcome> {
    let body: Value = call.json();
    let media = matches!(text(&body, "/content/type"), "audio" | "file" | "video");
    let over = number(&body, "/content/bytes") > world.limit(call, "image_bytes_max")?;
    (media && over).then(|| error_at(ErrorCode::MediaTooLarge, "content.bytes").into())
}
