//! Downloads: who may, what comes back, for how long, and how it is labelled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use duologue_core::ErrorCode;
use duologue_core::server::{Body, StoredMedia};
use http::{HeaderValue, StatusCode, header, response};
use serde_json::Value;

use super::answer;
use crate::call::Call;
use crate::fault::Fault;
use crate::json::{number, text};
use crate::routes::{DOWNLOAD, UPLOAD};
use crate::twist::{Twist, error, on};
use crate::wire::{Asked, Wire};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "media-type-lost",
        requirement: "MED-005",
        sentence: "Every file comes back as `application/octet-stream`.",
        twist: || stored(|file| file.content_type = "application/octet-stream".into()),
    },
    Fault {
        id: "media-parameters-of-the-type-lost",
        requirement: "MED-005",
        sentence: "A file comes back without the parameters of its type.",
        twist: || {
            stored(|file| {
                if let Some((bare, _)) = file.content_type.split_once(';') {
                    file.content_type = bare.to_owned();
                }
            })
        },
    },
    Fault {
        id: "media-cut-at-64-kibibytes",
        requirement: "MED-005",
        sentence: "A file comes back without what lies behind its first 64 KiB.",
        twist: || stored(|file| file.bytes = file.bytes.min(1 << 16)),
    },
    Fault {
        id: "media-bytes-above-127-lost",
        requirement: "MED-005",
        sentence: "Bytes above 127 come back as question marks.",
        twist: || {
            Wire::on_piece(|asked, piece| {
                if is_download(asked) {
                    for byte in piece.iter_mut().filter(|byte| !byte.is_ascii()) {
                        *byte = b'?';
                    }
                }
                true
            })
            .into()
        },
    },
    Fault {
        id: "media-only-for-sessions-that-upload",
        requirement: "MED-005",
        sentence: "Only a session that has uploaded something can read files.",
        twist: || only_for(|call, _| call.token().unwrap_or_default().to_owned()),
    },
    Fault {
        id: "media-only-for-users-who-upload",
        requirement: "MED-005",
        sentence: "Only a user who has uploaded something can read files.",
        twist: || only_for(|call, world| world.who(call).user().to_owned()),
    },
    Fault {
        id: "media-of-any-app",
        requirement: "MED-006",
        sentence: "A file can be read by the sessions of every app.",
        twist: || {
            let mut uploaders = BTreeSet::new();
            on("* /v1/media | GET /v1/media/*").outcome(move |call, outcome, world| {
                read_as_any(&mut uploaders, call, outcome, world);
            })
        },
    },
    Fault {
        id: "media-malformed-id-is-an-invalid-field",
        requirement: "MED-006",
        sentence: "A malformed media id is answered 400.",
        twist: || {
            on(DOWNLOAD).outcome(|call, outcome, _| {
                let id = call.segment(3);
                let odd = |c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-';
                if outcome.reply.status == 404 && (id.len() > 64 || id.contains(odd)) {
                    outcome.reply = error(ErrorCode::InvalidField);
                }
            })
        },
    },
    Fault {
        id: "media-unknown-is-just-not-found",
        requirement: "MED-006",
        sentence: "An unknown media id is answered `not_found`.",
        twist: || on(DOWNLOAD).confuses(ErrorCode::MediaNotFound, ErrorCode::NotFound),
    },
    Fault {
        id: "media-kept-for-the-offline-time",
        requirement: "MED-008",
        sentence: "A file is gone when `offline_ttl_s` is over.",
        twist: || kept_for(|limits| 1000 * number(limits, "/offline_ttl_s")),
    },
    Fault {
        id: "media-kept-for-a-second-less",
        requirement: "MED-008",
        sentence: "A file is gone a second before `roaming_ttl_s` is over.",
        twist: || kept_for(|limits| 1000 * number(limits, "/roaming_ttl_s").saturating_sub(1)),
    },
    Fault {
        id: "media-type-may-be-guessed",
        requirement: "MED-009",
        sentence: "A download has no `X-Content-Type-Options`.",
        twist: || labelled(|_| true, header::X_CONTENT_TYPE_OPTIONS, None),
    },
    Fault {
        id: "media-type-of-a-part-may-be-guessed",
        requirement: "MED-009",
        sentence: "A part of a file has no `X-Content-Type-Options`.",
        twist: || labelled(is_part, header::X_CONTENT_TYPE_OPTIONS, None),
    },
    Fault {
        id: "media-served-inline",
        requirement: "MED-009",
        sentence: "A download has the `Content-Disposition` of `inline`.",
        twist: || labelled(|_| true, header::CONTENT_DISPOSITION, Some("inline")),
    },
    Fault {
        id: "media-part-is-no-attachment",
        requirement: "MED-009",
        sentence: "A part of a file has no `Content-Disposition`.",
        twist: || labelled(is_part, header::CONTENT_DISPOSITION, None),
    },
];

fn stored(edit: fn(&mut StoredMedia)) -> Twist {
    on(DOWNLOAD).outcome(move |_, outcome, _| {
        if let Body::Download(file) = &mut outcome.reply.body {
            edit(file);
        }
    })
}

fn only_for(whose: fn(&Call, &World<'_>) -> String) -> Twist {
    let mut uploaders = BTreeSet::new();
    on("POST /v1/media | GET /v1/media/*").outcome(move |call, outcome, world| {
        let whose = whose(call, world);
        if call.is(UPLOAD) {
            uploaders.insert(whose);
        } else if outcome.reply.status == 200 && !uploaders.contains(&whose) {
            outcome.reply = error(ErrorCode::MediaNotFound);
        }
    })
}

fn read_as_any(
    uploaders: &mut BTreeSet<String>,
    call: &Call,
    outcome: &mut Outcome,
    world: &mut World<'_>,
) {
    if call.is(UPLOAD) {
        uploaders.extend(call.token().map(str::to_owned));
    }
    if !outcome.is_refused(ErrorCode::MediaNotFound) {
        return;
    }
    let found = uploaders.iter().find_map(|token| {
        let file = world.with_token(call, token, "GET", &call.path, &Value::Null);
        (file.reply.status == 200).then_some(file)
    });
    if let Some(found) = found {
        *outcome = found;
    }
}

/// How far the manual clock of an app has been moved, and how far it was when a file came.
#[derive(Default)]
struct Ages {
    moved: BTreeMap<String, u64>,
    app: String,
    born: BTreeMap<String, u64>,
}

/// A file is there until it is as old as `lasts` makes of the app's limits, in milliseconds.
fn kept_for(lasts: fn(&Value) -> u64) -> Twist {
    let ages: Arc<Mutex<Ages>> = Arc::default();
    let (arriving, born) = (Arc::clone(&ages), Arc::clone(&ages));
    let arrives = Twist {
        upload: vec![Box::new(move |permit, _, _| {
            let mut ages = arriving.lock().unwrap_or_else(PoisonError::into_inner);
            ages.app = permit.app.to_string();
        })],
        ..Twist::default()
    };
    let uploaded = answer(move |body| {
        let mut ages = born.lock().unwrap_or_else(PoisonError::into_inner);
        let now = ages.moved.get(&ages.app).copied().unwrap_or_default();
        ages.born.insert(text(body, "/media_id").to_owned(), now);
    });
    let later =
        on("POST /v1/admin/clock | GET /v1/media/*").outcome(move |call, outcome, world| {
            let mut ages = ages.lock().unwrap_or_else(PoisonError::into_inner);
            let app = world.who(call).app().to_owned();
            if !call.is(DOWNLOAD) {
                if outcome.reply.status == 200 {
                    *ages.moved.entry(app).or_default() += number(&call.json(), "/advance_ms");
                }
                return;
            }
            let info = world.as_admin(call, &app, "GET", "/v1/server", &Value::Null);
            let limits = info.json()["app"]["limits"].clone();
            let now = ages.moved.get(&app).copied().unwrap_or_default();
            let born = ages.born.get(&call.segment(3)).copied().unwrap_or(now);
            if now - born >= lasts(&limits) {
                outcome.reply = error(ErrorCode::MediaNotFound);
            }
        });
    arrives.and(uploaded).and(later)
}

pub(super) fn is_download(asked: &Asked) -> bool {
    asked.method == http::Method::GET && asked.path.starts_with("/v1/media/")
}

fn is_part(head: &response::Parts) -> bool {
    head.status == StatusCode::PARTIAL_CONTENT
}

/// A header of some downloads says something else, or is not there.
fn labelled(
    which: fn(&response::Parts) -> bool,
    name: header::HeaderName,
    value: Option<&'static str>,
) -> Twist {
    Wire::on_leaving(move |asked, head| {
        if !is_download(asked) || !which(head) || !head.headers.contains_key(&name) {
            return;
        }
        match value {
            Some(value) => drop(
                head.headers
                    .insert(name.clone(), HeaderValue::from_static(value)),
            ),
            None => drop(head.headers.remove(&name)),
        }
    })
    .into()
}
