//! Errors: how they look, which body is read, which check comes first, what a refusal leaves behind.

pub(super) mod bodies;
pub(super) mod form;
pub(super) mod order;
pub(super) mod traces;

use serde_json::json;

use crate::call::Call;
use crate::json::{remove, set};

/// The same send for nobody but who listens now, and under no key: it shows whether its sender may
/// write to its recipient, and leaves nothing behind.
fn passing(send: &Call) -> Call {
    let mut body = send.json();
    remove(&mut body, "/client_msg_id");
    set(&mut body, "/lifetime_s", 0);
    with_body(send, &body)
}

/// Such a send with a content that nobody would refuse.
fn harmless(send: &Call) -> Call {
    let mut body = passing(send).json();
    set(&mut body, "/content", json!({"type": "text", "text": "x"}));
    with_body(send, &body)
}

fn with_body(call: &Call, body: &serde_json::Value) -> Call {
    let mut call = call.clone();
    call.set_json(body);
    call
}
