//! The limits a server declares and the named profiles (spec: limits).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Largest integer that every JSON reader keeps exactly.
pub const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// The reference server grants no message or request body above this many bytes.
pub const REQUEST_BYTES_CEILING: u64 = 1 << 20;

/// A named set of defaults.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Both offline caps: 30 KiB and 100 messages.
    #[default]
    Default,
    /// The Japanese source document: 30 KiB, no message count.
    SeedJa,
    /// The Korean source document: 100 messages, no byte count.
    SeedKo,
}

impl Profile {
    /// All profiles.
    pub const ALL: [Self; 3] = [Self::Default, Self::SeedJa, Self::SeedKo];

    /// The name on the wire and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::SeedJa => "seed-ja",
            Self::SeedKo => "seed-ko",
        }
    }

    /// Looks a profile up by name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.as_str() == text)
    }

    /// The limits of the profile (LIM-002).
    #[must_use]
    pub fn limits(self) -> Limits {
        let both = Limits::default();
        match self {
            Self::Default => both,
            Self::SeedJa => Limits {
                offline_messages_max: None,
                ..both
            },
            Self::SeedKo => Limits {
                offline_bytes_max: None,
                ..both
            },
        }
    }
}

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $default:expr, min $min:expr, max $max:expr;)*) => {
        /// The declared limits of one app. Sizes in bytes, `_s` in seconds, `_ms` in milliseconds.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub struct Limits {
            $($(#[$doc])* pub $name: $type,)*
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl Limits {
            /// The names, in the order of the table.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];

            /// Replaces what `fields` names (LIM-006); above the ceiling the ceiling is granted
            /// (LIM-003).
            pub(crate) fn update(&mut self, fields: &crate::json::Object<'_>) -> Result<(), crate::ApiError> {
                $(if let Some(value) = LimitValue::read(fields, stringify!($name), $min, $max)? {
                    self.$name = value;
                })*
                Ok(())
            }
        }
    };
}

/// How a limit is asked for: an integer not below its least value, and null only where there may be
/// no such cap (LIM-004).
trait LimitValue: Sized {
    fn read(
        fields: &crate::json::Object<'_>,
        name: &str,
        min: u64,
        max: u64,
    ) -> Result<Option<Self>, crate::ApiError>;
}

impl LimitValue for u64 {
    fn read(
        fields: &crate::json::Object<'_>,
        name: &str,
        min: u64,
        max: u64,
    ) -> Result<Option<Self>, crate::ApiError> {
        Ok(fields
            .opt_integer(name, min, MAX_SAFE_INTEGER)?
            .map(|value| value.min(max)))
    }
}

impl LimitValue for Option<u64> {
    fn read(
        fields: &crate::json::Object<'_>,
        name: &str,
        min: u64,
        max: u64,
    ) -> Result<Option<Self>, crate::ApiError> {
        if fields.is_null(name) {
            return Ok(Some(None));
        }
        u64::read(fields, name, min, max).map(|value| value.map(Some))
    }
}

limits! {
    /// Peers in a user's recent contacts.
    recent_contacts_max: u64 = 100, min 1, max MAX_SAFE_INTEGER;
    /// How long the offline cache keeps a message.
    offline_ttl_s: u64 = 604_800, min 1, max MAX_SAFE_INTEGER;
    /// Chat bytes (`stored_bytes`) in an offline cache; null: no such cap.
    offline_bytes_max: Option<u64> = Some(30_720), min 1, max MAX_SAFE_INTEGER;
    /// Chat messages in an offline cache; null: no such cap.
    offline_messages_max: Option<u64> = Some(100), min 1, max MAX_SAFE_INTEGER;
    /// System messages in an offline cache.
    offline_system_messages_max: u64 = 100, min 1, max MAX_SAFE_INTEGER;
    /// How long the roaming store keeps a message.
    roaming_ttl_s: u64 = 604_800, min 1, max MAX_SAFE_INTEGER;
    /// Largest `stored_bytes` of a message.
    message_bytes_max: u64 = 12_288, min 1, max REQUEST_BYTES_CEILING;
    /// Largest image.
    image_bytes_max: u64 = 29_360_128, min 1, max MAX_SAFE_INTEGER;
    /// Largest audio file.
    audio_bytes_max: u64 = 29_360_128, min 1, max MAX_SAFE_INTEGER;
    /// Largest file.
    file_bytes_max: u64 = 104_857_600, min 1, max MAX_SAFE_INTEGER;
    /// Largest video.
    video_bytes_max: u64 = 104_857_600, min 1, max MAX_SAFE_INTEGER;
    /// Entries on a page of history or of a list.
    history_page_max: u64 = 100, min 1, max MAX_SAFE_INTEGER;
    /// Targets of one admin request.
    batch_max: u64 = 500, min 1, max MAX_SAFE_INTEGER;
    /// Entries in a friend list.
    friends_max: u64 = 3000, min 1, max MAX_SAFE_INTEGER;
    /// Entries in a blocklist.
    blocklist_max: u64 = 1000, min 1, max MAX_SAFE_INTEGER;
    /// Sessions of a user.
    sessions_max: u64 = 10, min 1, max MAX_SAFE_INTEGER;
    /// How long an idempotency key is kept.
    dedup_window_s: u64 = 600, min 600, max MAX_SAFE_INTEGER;
    /// Longest silence on an event stream.
    heartbeat_ms: u64 = 15_000, min 50, max MAX_SAFE_INTEGER;
    /// Longest nickname.
    nickname_bytes_max: u64 = 128, min 1, max MAX_SAFE_INTEGER;
    /// Longest URL.
    url_bytes_max: u64 = 1024, min 1, max MAX_SAFE_INTEGER;
    /// Deepest nesting of a request body; the body itself is depth 1.
    json_depth_max: u64 = 16, min 4, max 64;
    /// Largest JSON request body.
    request_bytes_max: u64 = 65_536, min 1024, max REQUEST_BYTES_CEILING;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_profiles_differ_only_in_their_offline_caps() {
        let (ja, ko) = (Profile::SeedJa.limits(), Profile::SeedKo.limits());
        assert_eq!(
            (ja.offline_bytes_max, ja.offline_messages_max),
            (Some(30_720), None)
        );
        assert_eq!(
            (ko.offline_bytes_max, ko.offline_messages_max),
            (None, Some(100))
        );
        assert_eq!(
            Limits {
                offline_bytes_max: None,
                offline_messages_max: Some(100),
                ..ja
            },
            ko
        );
    }
}
