//! Uploads: the answer, the kinds, their limits.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use duologue_core::ErrorCode;
use duologue_core::server::{Body, UploadPermit};
use serde_json::Value;

use super::answer;
use crate::call::Call;
use crate::fault::Fault;
use crate::json::{number, remove, set, text};
use crate::limits::limit;
use crate::routes::{DOWNLOAD, UPLOAD};
use crate::twist::{Twist, error, on, uploads, uploads_answered_200};
use crate::world::json_of;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "media-upload-answered-with-200",
        requirement: "MED-001",
        sentence: "An upload is answered 200.",
        twist: uploads_answered_200,
    },
    Fault {
        id: "media-answer-with-the-bare-id-as-url",
        requirement: "MED-001",
        sentence: "`url` in the answer to an upload is the id without a path.",
        twist: || answer(|body| set(body, "/url", body["media_id"].clone())),
    },
    Fault {
        id: "media-answer-always-says-file",
        requirement: "MED-001",
        sentence: "`kind` in the answer to an upload is `file` for every kind.",
        twist: || answer(|body| set(body, "/kind", "file")),
    },
    Fault {
        id: "media-answer-in-kibibytes",
        requirement: "MED-001",
        sentence: "`bytes` in the answer to an upload counts kibibytes.",
        twist: || answer(|body| set(body, "/bytes", number(body, "/bytes").div_ceil(1024))),
    },
    Fault {
        id: "media-answer-without-type",
        requirement: "MED-001",
        sentence: "The answer to an upload has no `content_type`.",
        twist: || answer(|body| drop(remove(body, "/content_type"))),
    },
    Fault {
        id: "media-untyped-upload-is-text",
        requirement: "MED-001",
        sentence: "An upload without a `Content-Type` is taken for `text/plain`.",
        twist: || {
            arriving(|_, _, content_type| {
                if content_type == "application/octet-stream" {
                    *content_type = "text/plain".into();
                }
            })
        },
    },
    Fault {
        id: "media-missing-kind-is-a-file",
        requirement: "MED-002",
        sentence: "An upload without `kind` is taken for a file.",
        twist: || kind(|kind| kind.is_none()),
    },
    Fault {
        id: "media-empty-kind-is-a-file",
        requirement: "MED-002",
        sentence: "An upload with an empty `kind` is taken for a file.",
        twist: || kind(|kind| kind == Some("")),
    },
    Fault {
        id: "media-unknown-kind-is-a-file",
        requirement: "MED-002",
        sentence: "An upload of an unknown kind is taken for a file.",
        twist: || {
            kind(|kind| {
                let known = ["", "image", "audio", "file", "video"];
                kind.is_some_and(|kind| !known.contains(&kind))
            })
        },
    },
    Fault {
        id: "media-kind-in-any-case",
        requirement: "MED-002",
        sentence: "Upper case letters in `kind` are taken for lower case.",
        twist: || on(UPLOAD).request(|call, _| call.query = call.query.to_ascii_lowercase()),
    },
    Fault {
        id: "media-kind-refused-without-field",
        requirement: "MED-002",
        sentence: "The refusal of a `kind` names no field.",
        twist: || on(UPLOAD).error(|body| drop(remove(body, "/field"))),
    },
    Fault {
        id: "media-image-of-one-byte-more",
        requirement: "MED-003",
        sentence: "An image may have one byte more than `image_bytes_max`.",
        twist: || limit("image_bytes_max", |max| max + 1),
    },
    Fault {
        id: "media-image-of-the-limit-refused",
        requirement: "MED-003",
        sentence: "An image of exactly `image_bytes_max` is refused.",
        twist: || limit("image_bytes_max", |max| max - 1),
    },
    Fault {
        id: "media-audio-of-one-byte-more",
        requirement: "MED-003",
        sentence: "An audio may have one byte more than `audio_bytes_max`.",
        twist: || limit("audio_bytes_max", |max| max + 1),
    },
    Fault {
        id: "media-file-of-one-byte-more",
        requirement: "MED-003",
        sentence: "A file may have one byte more than `file_bytes_max`.",
        twist: || limit("file_bytes_max", |max| max + 1),
    },
    Fault {
        id: "media-video-of-one-byte-more",
        requirement: "MED-003",
        sentence: "A video may have one byte more than `video_bytes_max`.",
        twist: || limit("video_bytes_max", |max| max + 1),
    },
    Fault {
        id: "media-video-of-the-limit-refused",
        requirement: "MED-003",
        sentence: "A video of exactly `video_bytes_max` is refused.",
        twist: || limit("video_bytes_max", |max| max - 1),
    },
    Fault {
        id: "media-undeclared-length-unlimited",
        requirement: "MED-003",
        sentence: "An upload of undeclared length may have any size.",
        twist: || {
            permit(|call, permit| {
                if call.content_length.is_none() {
                    permit.bytes_max = u64::MAX;
                }
            })
        },
    },
    Fault {
        id: "media-too-large-is-a-body-too-large",
        requirement: "MED-003",
        sentence: "An upload over the limit of its kind is refused as `body_too_large`.",
        twist: || on(UPLOAD).confuses(ErrorCode::MediaTooLarge, ErrorCode::BodyTooLarge),
    },
    Fault {
        id: "media-empty-upload-accepted",
        requirement: "MED-004",
        sentence: "An upload of no bytes is accepted.",
        twist: || arriving(|_, bytes, _| *bytes = (*bytes).max(1)),
    },
    Fault {
        id: "media-single-byte-is-empty",
        requirement: "MED-004",
        sentence: "An upload of a single byte is refused as empty.",
        twist: || arriving(|_, bytes, _| *bytes = if *bytes == 1 { 0 } else { *bytes }),
    },
    Fault {
        id: "media-empty-upload-is-an-invalid-field",
        requirement: "MED-004",
        sentence: "An upload of no bytes is refused as `invalid_field`.",
        twist: || {
            uploads(|answer| {
                if json_of(answer)["code"] == ErrorCode::MediaEmpty.as_str() {
                    *answer = error(ErrorCode::InvalidField);
                }
            })
        },
    },
    Fault {
        id: "media-same-size-same-id",
        requirement: "MED-007",
        sentence: "An upload of the same size and type as one before gets the id of that one.",
        twist: || {
            let mut known: BTreeMap<String, Value> = BTreeMap::new();
            answer(move |body| {
                let same = format!("{} {}", body["bytes"], body["content_type"]);
                *body = known.entry(same).or_insert(body.clone()).clone();
            })
        },
    },
    Fault {
        id: "media-ids-are-short",
        requirement: "MED-007",
        sentence: "Media ids have 21 characters.",
        twist: short_ids,
    },
];

/// What the server takes an upload for that has arrived.
fn arriving(edit: fn(&mut UploadPermit, &mut u64, &mut String)) -> Twist {
    Twist {
        upload: vec![Box::new(edit)],
        ..Twist::default()
    }
}

fn kind(is_a_file: fn(Option<&str>) -> bool) -> Twist {
    on(UPLOAD).request(move |call, _| {
        if is_a_file(call.parameter("kind")) {
            call.query = "kind=file".into();
        }
    })
}

fn permit(edit: fn(&Call, &mut UploadPermit)) -> Twist {
    on(UPLOAD).outcome(move |call, outcome, _| {
        if let Body::Upload(permit) = &mut outcome.reply.body {
            edit(call, permit);
        }
    })
}

fn short_ids() -> Twist {
    let given: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
    let known = Arc::clone(&given);
    let shown = answer(move |body| {
        let long = text(body, "/media_id").to_owned();
        let short: String = long.chars().take(21).collect();
        set(body, "/url", format!("/v1/media/{short}"));
        set(body, "/media_id", short.clone());
        let mut given = given.lock().unwrap_or_else(PoisonError::into_inner);
        given.insert(short, long);
    });
    shown.and(on(DOWNLOAD).request(move |call, _| {
        let known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(long) = known.get(&call.segment(3)) {
            call.path = format!("/v1/media/{long}");
        }
    }))
}
