//! Identifiers: validated newtypes, one grammar each (spec: identifiers).

use std::fmt;

use thiserror::Error;

/// Why a string is not the identifier it was meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum IdError {
    /// The string is empty.
    #[error("must not be empty")]
    Empty,
    /// The string is longer than the grammar allows; the number is the limit in bytes.
    #[error("must be at most {0} bytes long")]
    TooLong(usize),
    /// A character outside the grammar.
    #[error("contains the character {0:?}, which is not allowed there")]
    BadCharacter(char),
    /// The identifier is reserved for the server.
    #[error("ids beginning with '@' are reserved")]
    Reserved,
    /// A cursor or sequence number that is not a plain decimal number.
    #[error("must be a decimal number without sign or leading zero")]
    NotDecimal,
}

/// The grammar of ids: an alphabet, and a length in bytes (IDN-001, IDN-007).
fn check(text: &str, max: usize, allowed: fn(char) -> bool) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.starts_with('@') {
        return Err(IdError::Reserved);
    }
    if text.len() > max {
        return Err(IdError::TooLong(max));
    }
    match text.chars().find(|&c| !allowed(c)) {
        Some(bad) => Err(IdError::BadCharacter(bad)),
        None => Ok(()),
    }
}

fn is_id_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

fn is_platform_char(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-'
}

fn is_client_key_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | ':' | '-')
}

fn is_event_name_char(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '-')
}

macro_rules! string_id {
    ($(#[$doc:meta])* $name:ident, $pattern:literal, max $max:literal, $allowed:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema)]
        #[serde(transparent)]
        pub struct $name(#[schemars(regex(pattern = $pattern))] std::sync::Arc<str>);

        impl $name {
            /// Parses the identifier; the only way in.
            pub fn parse(text: &str) -> Result<Self, $crate::id::IdError> {
                $crate::id::check(text, $max, $allowed)?;
                Ok(Self(text.into()))
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{:?}", &self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::id::IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

string_id!(
    /// A user of an app: 1–32 bytes of `[A-Za-z0-9_-]`.
    UserId, r"^[A-Za-z0-9_-]{1,32}$", max 32, is_id_char
);
string_id!(
    /// A device of a user: 1–64 bytes of `[A-Za-z0-9_-]`.
    DeviceId, r"^[A-Za-z0-9_-]{1,64}$", max 64, is_id_char
);
string_id!(
    /// The kind of a device, an open list: 1–32 bytes of `[a-z0-9_-]`.
    Platform, r"^[a-z0-9_-]{1,32}$", max 32, is_platform_char
);
string_id!(
    /// An app, the tenant; opaque, chosen by the server.
    AppId, r"^[A-Za-z0-9_-]{1,64}$", max 64, is_id_char
);
string_id!(
    /// The shared identity of a message; opaque, chosen by the server.
    MessageId, r"^[A-Za-z0-9_-]{1,64}$", max 64, is_id_char
);
string_id!(
    /// An uploaded file; opaque, chosen by the server, at least 128 random bits.
    MediaId, r"^[A-Za-z0-9_-]{1,64}$", max 64, is_id_char
);
string_id!(
    /// The idempotency key of a send: 1–64 bytes of `[A-Za-z0-9._:-]`.
    ClientMsgId, r"^[A-Za-z0-9._:-]{1,64}$", max 64, is_client_key_char
);
string_id!(
    /// The name of a system event: 1–64 bytes of `[a-z0-9_.-]`.
    SystemEventName, r"^[a-z0-9_.-]{1,64}$", max 64, is_event_name_char
);
string_id!(
    /// A push vendor: 1–32 bytes of `[a-z0-9_-]`, declared by the app.
    PushVendor, r"^[a-z0-9_-]{1,32}$", max 32, is_platform_char
);

/// The other end of a view: a user, or one of the two that are not users. Ordered as text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum PeerId {
    /// `@admin`, the app administrator.
    Admin,
    /// `@system`, the sender of system notifications.
    System,
    /// A user.
    User(UserId),
}

impl PeerId {
    /// Parses a user id, `@admin` or `@system`.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        match text {
            "@admin" => Ok(Self::Admin),
            "@system" => Ok(Self::System),
            _ => UserId::parse(text).map(Self::User),
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Admin => "@admin",
            Self::System => "@system",
            Self::User(user) => user.as_str(),
        }
    }

    /// The user, if the peer is one.
    #[must_use]
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::User(user) => Some(user),
            Self::Admin | Self::System => None,
        }
    }
}

impl Ord for PeerId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for PeerId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl From<UserId> for PeerId {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

impl serde::Serialize for PeerId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for PeerId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for PeerId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PeerId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A user id, `@admin` or `@system`.",
            "type": "string",
            "pattern": r"^([A-Za-z0-9_-]{1,32}|@admin|@system)$"
        })
    }
}

/// Parses a decimal number without sign or leading zero: cursors and sequence numbers.
pub fn parse_decimal(text: &str) -> Result<u64, IdError> {
    if is_decimal(text) && text.len() <= 19 {
        text.parse().map_err(|_| IdError::NotDecimal)
    } else {
        Err(IdError::NotDecimal)
    }
}

/// Whether it is a decimal number without sign or leading zero, of any length.
pub(crate) fn is_decimal(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'))
}

/// The place of an entry in a user's mailbox; decimal digits on the wire (spec: stream).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor(pub u64);

impl Cursor {
    /// Parses 1–19 decimal digits (IDN-010).
    pub fn parse(text: &str) -> Result<Self, IdError> {
        parse_decimal(text).map(Self)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of a message in one view: 1, 2, 3 … without gaps at acceptance.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct Seq(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_ids_end_at_32_bytes_and_at_the_alphabet() {
        assert!(UserId::parse(&"a".repeat(32)).is_ok());
        assert_eq!(UserId::parse(&"a".repeat(33)), Err(IdError::TooLong(32)));
        assert_eq!(UserId::parse(""), Err(IdError::Empty));
        assert_eq!(UserId::parse("a b"), Err(IdError::BadCharacter(' ')));
        assert_eq!(UserId::parse("@admin"), Err(IdError::Reserved));
    }

    #[test]
    fn cursors_are_plain_decimals() {
        assert_eq!(Cursor::parse("0"), Ok(Cursor(0)));
        assert_eq!(Cursor::parse("17"), Ok(Cursor(17)));
        for bad in ["", "017", "-1", "+1", "1.0", " 1", "12345678901234567890"] {
            assert_eq!(Cursor::parse(bad), Err(IdError::NotDecimal), "{bad:?}");
        }
    }
}
