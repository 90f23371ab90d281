//! Identifiers: which are accepted, which are refused and how, and what the server makes itself.

pub(super) mod clients;
pub(super) mod grammar;
pub(super) mod paths;
pub(super) mod server;
pub(super) mod users;

use duologue_core::ErrorCode;

use crate::twist::{error, error_at};
use crate::world::Outcome;

/// The refusal of a bad field.
fn invalid(field: &str) -> Outcome {
    error_at(ErrorCode::InvalidField, field).into()
}

/// "No such user", which names a field only in a body.
fn nobody(field: &str) -> Outcome {
    match field {
        "peer" | "user_id" => error(ErrorCode::UserNotFound).into(),
        field => error_at(ErrorCode::UserNotFound, field).into(),
    }
}

/// Whether it is a refusal of this field.
fn is_bad(outcome: &Outcome, field: &str) -> bool {
    outcome.is_refused(ErrorCode::InvalidField) && outcome.json()["field"] == field
}
