//! Whom a send is for: one user, or for the administrator several (spec: administration).

use std::collections::BTreeSet;

use serde::Serialize;

use crate::error::{ApiError, ErrorCode};
use crate::id::UserId;
use crate::json::Object;
use crate::limits::Limits;

/// Well-formed recipients. Ids beginning with `@` pass here and are found to be nobody later.
#[derive(Debug, Clone, Serialize)]
pub(super) enum Target {
    One(String),
    Several(Vec<String>),
}

impl Target {
    /// A user's send: `to`.
    pub(super) fn read_one(fields: &Object<'_>) -> Result<Self, ApiError> {
        recipient(fields.string("to")?, "to").map(Self::One)
    }

    /// The administrator's send: exactly one of `to` and `to_users` (ADM-016).
    pub(super) fn read(fields: &Object<'_>, limits: &Limits) -> Result<Self, ApiError> {
        match (fields.opt_string("to")?, fields.opt_strings("to_users")?) {
            (Some(to), None) => recipient(to, "to").map(Self::One),
            (None, Some(targets)) => Self::several(&targets, limits),
            (None, None) | (Some(_), Some(_)) => {
                Err(ApiError::invalid("to", "give either `to` or `to_users`"))
            }
        }
    }

    /// At least one and at most `batch_max` targets, each named once (ADM-016).
    fn several(targets: &[&str], limits: &Limits) -> Result<Self, ApiError> {
        if targets.len() as u64 > limits.batch_max {
            return Err(ApiError::at(
                ErrorCode::TooManyTargets,
                "to_users",
                format!(
                    "{} targets are over the limit of {}",
                    targets.len(),
                    limits.batch_max
                ),
            ));
        }
        let distinct: BTreeSet<_> = targets.iter().collect();
        if targets.is_empty() || distinct.len() < targets.len() {
            return Err(ApiError::invalid(
                "to_users",
                "name at least one user, each only once",
            ));
        }
        let read = targets
            .iter()
            .map(|to| recipient(to, "to_users"))
            .collect::<Result<_, _>>()?;
        Ok(Self::Several(read))
    }
}

/// Reads a recipient: malformed ids are refused (IDN-004), reserved ones found to be nobody when
/// they are looked up (IDN-003).
fn recipient(text: &str, field: &str) -> Result<String, ApiError> {
    if !text.starts_with('@') {
        UserId::parse(text).map_err(|error| ApiError::invalid(field, error.to_string()))?;
    }
    Ok(text.into())
}
