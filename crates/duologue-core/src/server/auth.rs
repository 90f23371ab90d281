//! Tokens: who calls, and whether the endpoint is for them (spec: HTTP binding, security).

use crate::error::{ApiError, ErrorCode};
use crate::id::{AppId, UserId};
use crate::server::SessionId;

/// Whom a token of an app stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Principal {
    Admin,
    Credential(UserId),
    Session(SessionId),
    /// A session that is over; its token is remembered, so that it is told from an unknown one
    /// (HTT-008).
    EndedSession,
}

/// A token's class, as error codes name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Operator,
    Admin,
    Credential,
    Session,
}

impl Class {
    /// The refusal of a valid token of another class (HTT-009).
    pub(super) fn required(self) -> ApiError {
        let (code, whose) = match self {
            Self::Operator => (ErrorCode::OperatorRequired, "the operator token"),
            Self::Admin => (ErrorCode::AdminRequired, "the app's admin token"),
            Self::Credential => (ErrorCode::CredentialRequired, "a user's credential"),
            Self::Session => (ErrorCode::SessionRequired, "a session token"),
        };
        ApiError::new(code, format!("this endpoint takes {whose}"))
    }
}

/// The bearer token of an `Authorization` header, the only place where a token counts (HTT-006).
pub(super) fn bearer(authorization: Option<&str>) -> Result<&str, ApiError> {
    authorization
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty())
        .ok_or_else(|| {
            ApiError::new(
                ErrorCode::CredentialMissing,
                "send `Authorization: Bearer <token>`",
            )
        })
}

/// 401 for a token that opens nothing (HTT-007).
pub(super) fn invalid_token() -> ApiError {
    ApiError::new(
        ErrorCode::CredentialInvalid,
        "this token opens nothing here",
    )
}

/// A new token: its class for the reader, its app for the server, and 128 random bits (SEC-004).
pub(super) fn new_token(class: Class, app: &AppId, random: &str) -> String {
    let class = match class {
        Class::Operator => "op",
        Class::Admin => "admin",
        Class::Credential => "cred",
        Class::Session => "sess",
    };
    format!("{class}.{app}.{random}")
}

/// The app a token belongs to.
pub(super) fn app_of(token: &str) -> Option<AppId> {
    AppId::parse(token.split('.').nth(1)?).ok()
}
