//! How steps name users: by actor, by reference, or literally.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::template::Text;

/// A user in a step: an actor's name stands for the actor's id, `@…` for itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Name {
    /// An actor's name, an id beginning with `@`, or a reference.
    Text(Text),
    /// `{"$literal": x}`: x as it stands.
    Literal(Value),
}

/// Several users in a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Names {
    /// One by one.
    List(Vec<Name>),
    /// A reference to a list: `${peer}` is all ids of the actor `peer` with a count.
    Reference(Text),
    /// `{"$literal": x}`: x as it stands.
    Literal(Value),
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameVisitor)
    }
}

struct NameVisitor;

const NAME: &str = "an actor's name, a `${…}` reference or {\"$literal\": …}";

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Name, E> {
        Text::parse(text).map(Name::Text).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Name, A::Error> {
        literal(entries).map(Name::Literal)
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Names;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of actors' names, a `${…}` reference or {\"$literal\": …}")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Names, E> {
        Text::parse(text).map(Names::Reference).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Names, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = items.next_element()? {
            names.push(name);
        }
        Ok(Names::List(names))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Names, A::Error> {
        literal(entries).map(Names::Literal)
    }
}

fn literal<'de, A: MapAccess<'de>>(mut entries: A) -> Result<Value, A::Error> {
    let unknown = |key: &str| de::Error::unknown_field(key, &["$literal"]);
    let value = match entries.next_key::<String>()? {
        Some(key) if key == "$literal" => entries.next_value()?,
        Some(key) => return Err(unknown(&key)),
        None => return Err(de::Error::custom(format!("expected {NAME}"))),
    };
    match entries.next_key::<String>()? {
        None => Ok(value),
        Some(key) => Err(unknown(&key)),
    }
}

fn literal_schema() -> Value {
    serde_json::json!({
        "type": "object",
        "properties": { "$literal": {} },
        "required": ["$literal"],
        "additionalProperties": false
    })
}

impl JsonSchema for Name {
    fn schema_name() -> Cow<'static, str> {
        "Name".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An actor's name (stands for the actor's id), an id beginning with `@`, \
                a `${…}` reference, or {\"$literal\": x}.",
            "anyOf": [{ "type": "string" }, literal_schema()]
        })
    }
}

impl JsonSchema for Names {
    fn schema_name() -> Cow<'static, str> {
        "Names".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Several users: a list of names, a `${…}` reference to a list, or {\"$literal\": x}.",
            "anyOf": [
                { "type": "array", "items": generator.subschema_for::<Name>() },
                { "type": "string" },
                literal_schema()
            ]
        })
    }
}
