//! Identifiers: which are accepted, which are refused and how, and what the server makes itself.

pub(super) mod clients;
pub(super) mod grammar;
pub(super) mod paths;
pub(super) mod server;
pub(super) mod users;

use duologue_core::ErrorCode;
use serde_json::{Value, json};

use crate::world::{Outcome, reply};

/// The refusal of a bad field.
fn invalid(field: &str) -> Outcome {
    let body = json!({"code": "invalid_field", "message": "bad", "field": field});
    reply(400, &body).into()
}

/// "No such user", which names a field only in a body.
fn nobody(field: &str) -> Outcome {
    let mut body = json!({"code": ErrorCode::UserNotFound.as_str(), "message": "nobody"});
    if field != "peer" && field != "user_id" {
        body["field"] = Value::from(field);
    }
    reply(404, &body).into()
}

/// Whether it is a refusal of this field.
fn is_bad(outcome: &Outcome, field: &str) -> bool {
    outcome.is_refused(ErrorCode::InvalidField) && outcome.json()["field"] == field
}
