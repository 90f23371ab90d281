//! The names a scenario gives and uses, each with its grammar.

use std::borrow::{Borrow, Cow};
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $pattern:literal, $grammar:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Parses the name; the only way in.
            ///
            /// # Errors
            /// A sentence that states the grammar.
            pub fn parse(text: &str) -> Result<Self, String> {
                if $check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(format!("`{text}` is not {}", $grammar))
                }
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}

name!(
    /// The immutable id of a scenario, in kebab case.
    ScenarioId, r"^[a-z0-9]+(-[a-z0-9]+)*$", "a kebab-case id (a-z, 0-9 and single hyphens) such as `offline-byte-cap`", is_kebab
);
name!(
    /// The id of a requirement of the specification.
    RequirementId, r"^[A-Z]{3}-[0-9]{3}$", "a requirement id such as `OFF-004`", is_requirement
);
name!(
    /// The name of an actor: a lower-case word of at most 20 bytes.
    ActorName, r"^[a-z][a-z0-9_]{0,19}$",
    "an actor's name (a lower-case letter, then at most 19 of a-z, 0-9 and _; not a reserved word \
     such as `admin`)",
    is_actor
);

fn is_kebab(text: &str) -> bool {
    text.split('-').all(|word| {
        !word.is_empty()
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

fn is_requirement(text: &str) -> bool {
    text.split_once('-').is_some_and(|(prefix, number)| {
        prefix.len() == 3
            && prefix.bytes().all(|b| b.is_ascii_uppercase())
            && number.len() == 3
            && number.bytes().all(|b| b.is_ascii_digit())
    })
}

fn is_actor(text: &str) -> bool {
    let reserved = [
        "admin", "operator", "nobody", "limits", "app", "token", "host",
    ];
    text.len() <= 20
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && !reserved.contains(&text)
}

/// The version of the scenario format this runner reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormatVersion;

impl<'de> Deserialize<'de> for FormatVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            1 => Ok(Self),
            other => Err(serde::de::Error::custom(format!(
                "this runner reads scenario format 1, not {other}"
            ))),
        }
    }
}

impl JsonSchema for FormatVersion {
    fn schema_name() -> Cow<'static, str> {
        "FormatVersion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "const": 1 })
    }
}
