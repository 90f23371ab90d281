//! The error table of the protocol: code, HTTP status, sentence (spec: errors).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:literal;)*) => {
        /// Every error code of this version, each with its one status (ERR-002).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum ErrorCode {
            $($(#[$doc])* #[serde(rename = $code)] $variant,)*
        }

        impl ErrorCode {
            /// All codes, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The code as it stands in an error body.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The HTTP status that goes with the code.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// Looks a code up.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($code => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

error_codes! {
    /// The body is not a JSON object the server can read.
    MalformedJson = "malformed_json", 400;
    /// A field is missing, of the wrong type, out of range or reserved.
    InvalidField = "invalid_field", 400;
    /// `lifetime_s` is negative, fractional or not a number.
    InvalidLifetime = "invalid_lifetime", 400;
    /// More targets than `batch_max`.
    TooManyTargets = "too_many_targets", 400;
    /// An acknowledgement above the highest issued cursor.
    InvalidCursor = "invalid_cursor", 400;
    /// A push vendor that the app does not declare.
    PushVendorUnknown = "push_vendor_unknown", 400;
    /// A push token that is empty or over 256 bytes.
    PushTokenInvalid = "push_token_invalid", 400;
    /// An upload without a byte.
    MediaEmpty = "media_empty", 400;
    /// No bearer token.
    CredentialMissing = "credential_missing", 401;
    /// An unknown token, or one that does not fit the user.
    CredentialInvalid = "credential_invalid", 401;
    /// The token of a session that has ended.
    SessionEnded = "session_ended", 401;
    /// The endpoint wants the operator token.
    OperatorRequired = "operator_required", 403;
    /// The endpoint, or `from`, wants the app's admin token.
    AdminRequired = "admin_required", 403;
    /// The endpoint wants a session token.
    SessionRequired = "session_required", 403;
    /// Login wants a user's credential.
    CredentialRequired = "credential_required", 403;
    /// Neither user has the other as a friend.
    NotFriends = "not_friends", 403;
    /// The recipient's friend list lacks the sender.
    NotInRecipientList = "not_in_recipient_list", 403;
    /// The sender's friend list lacks the recipient.
    RecipientNotInList = "recipient_not_in_list", 403;
    /// The recipient blocks the sender, and the app says so.
    BlockedByRecipient = "blocked_by_recipient", 403;
    /// No such path.
    NotFound = "not_found", 404;
    /// No such app.
    AppNotFound = "app_not_found", 404;
    /// No such user.
    UserNotFound = "user_not_found", 404;
    /// No such upload.
    MediaNotFound = "media_not_found", 404;
    /// The path exists, the method does not.
    MethodNotAllowed = "method_not_allowed", 405;
    /// The idempotency key was used with another body.
    IdempotencyConflict = "idempotency_conflict", 409;
    /// One cannot befriend a user one blocks.
    PeerBlocked = "peer_blocked", 409;
    /// The list is full.
    RelationLimit = "relation_limit", 409;
    /// The app runs on the real clock.
    ClockNotManual = "clock_not_manual", 409;
    /// The request body is over `request_bytes_max`.
    BodyTooLarge = "body_too_large", 413;
    /// The message is over `message_bytes_max`.
    MessageTooLarge = "message_too_large", 413;
    /// The media is over the limit of its kind.
    MediaTooLarge = "media_too_large", 413;
    /// The requested range lies outside the media.
    RangeNotSatisfiable = "range_not_satisfiable", 416;
    /// Too many requests; try again later.
    RateLimited = "rate_limited", 429;
    /// The server failed.
    Internal = "internal", 500;
    /// The endpoint belongs to a feature the server does not declare.
    Unsupported = "unsupported", 501;
}

/// Open: a later version may answer with other codes, which a reader treats by their status.
impl JsonSchema for ErrorCode {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ErrorCode".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "What is wrong, from the table of errors; an open list.",
            "type": "string",
            "pattern": "^[a-z0-9_]+$",
            "examples": Self::ALL
        })
    }
}

/// An error answer: `{code, message, field?, retry_after_ms?}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApiError {
    /// The code, from the table.
    pub code: ErrorCode,
    /// What is wrong and how to mend it, for people.
    #[schemars(length(min = 1))]
    pub message: String,
    /// The dotted path of the offending body field, or the name of the query or path parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// With `rate_limited`: how long to wait, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

impl ApiError {
    /// An error without a field.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: None,
            retry_after_ms: None,
        }
    }

    /// An error about one field, which it names (ERR-003).
    pub fn at(code: ErrorCode, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            field: Some(field.into()),
            retry_after_ms: None,
        }
    }

    /// `invalid_field`, the most frequent one.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::at(ErrorCode::InvalidField, field, message)
    }
}
