//! Errors: how they look, which body is read, which check comes first, what a refusal leaves behind.

pub(super) mod bodies;
pub(super) mod form;
pub(super) mod order;
pub(super) mod traces;

use serde_json::json;

use crate::call::Call;
use crate::json::set;
use crate::sending::passing;

/// Such a send with a content that nobody would refuse.
fn harmless(send: &Call) -> Call {
    passing(send).with_body(|body| set(body, "/content", json!({"type": "text", "text": "x"})))
}
