//! Media: uploads, downloads and ranges of them.

pub(super) mod download;
pub(super) mod range;
pub(super) mod upload;

use serde_json::Value;

use crate::twist::{Twist, uploads};
use crate::world::{json_of, reply};

/// The answer to an upload says something else.
fn answer(mut edit: impl FnMut(&mut Value) + Send + 'static) -> Twist {
    uploads(move |answer| {
        if answer.status == 201 {
            let mut body = json_of(answer);
            edit(&mut body);
            *answer = reply(answer.status, &body);
        }
    })
}
