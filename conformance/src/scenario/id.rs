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
    /// The immutable id of a scenario, in kebab case; of a permutation `id[name]`.
    ScenarioId, r"^[a-z0-9]+(-[a-z0-9]+)*(\[[a-z0-9]+(-[a-z0-9]+)*\])?$",
    "a kebab-case id (a-z, 0-9 and single hyphens) such as `offline-byte-cap`, or one of a permutation \
     such as `media-limit[image]`",
    is_scenario
);
name!(
    /// The id in the header of a file, in kebab case.
    FileId, r"^[a-z0-9]+(-[a-z0-9]+)*$", "a kebab-case id (a-z, 0-9 and single hyphens) such as `offline-byte-cap`", is_kebab
);
name!(
    /// The name of a permutation, in kebab case.
    PermutationName, r"^[a-z0-9]+(-[a-z0-9]+)*$", "a permutation's name in kebab case (a-z, 0-9 and single hyphens)", is_kebab
);
name!(
    /// A name that permutations bind to a value.
    BindingName, r"^[a-z][a-z0-9_]{0,19}$",
    "a name to bind (a lower-case letter, then at most 19 of a-z, 0-9 and _; not a reserved word \
     such as `limits`)",
    is_actor
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

impl ScenarioId {
    /// The id in the header of its file.
    #[must_use]
    pub fn base(&self) -> &str {
        self.0.split('[').next().unwrap_or_default()
    }

    /// The id of a permutation of this scenario.
    #[must_use]
    pub fn permuted(&self, name: &PermutationName) -> Self {
        Self(format!("{}[{name}]", self.base()))
    }

    /// Reads the id of a file, which is nobody's permutation.
    pub(super) fn of_file<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        FileId::deserialize(deserializer).map(|id| Self(id.0))
    }

    pub(super) fn all_of_file<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Self>, D::Error> {
        let ids = Vec::<FileId>::deserialize(deserializer)?;
        Ok(ids.into_iter().map(|id| Self(id.0)).collect())
    }
}

fn is_scenario(text: &str) -> bool {
    match text.split_once('[') {
        None => is_kebab(text),
        Some((base, name)) => is_kebab(base) && name.strip_suffix(']').is_some_and(is_kebab),
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_may_name_a_permutation_and_that_of_a_file_may_not() {
        let check = |text: &str, id: bool, of_file: bool| {
            assert_eq!(ScenarioId::parse(text).is_ok(), id, "{text}");
            let json = serde_json::Value::from(text);
            assert_eq!(ScenarioId::of_file(json).is_ok(), of_file, "{text}");
        };
        check("media-limit", true, true);
        check("media-limit[image-2]", true, false);
        for bad in [
            "media-limit[",
            "media[]",
            "[a]",
            "a[b]c",
            "a[b][c]",
            "a[B]",
            "a-[b]",
        ] {
            check(bad, false, false);
        }
        let id = ScenarioId::parse("media-limit").unwrap();
        let image = id.permuted(&PermutationName::parse("image").unwrap());
        assert_eq!(
            (image.as_str(), image.base()),
            ("media-limit[image]", "media-limit")
        );
    }
}
