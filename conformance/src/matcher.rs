//! What a scenario demands of a JSON value, and the report of what differs.

mod check;
mod parse;

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::template::{Template, Text};

pub(crate) use check::escape;

/// A demand on a JSON value. In an object only the named members are looked at.
#[derive(Debug, Clone, PartialEq)]
pub enum Matcher {
    /// A scalar or generated value: equal.
    Equal(Template),
    /// The members named, each matched; others are ignored.
    Object(BTreeMap<String, Matcher>),
    /// As many elements, each matched, in order.
    Array(Vec<Matcher>),
    /// `{"$any": true}`: there is a value.
    Any,
    /// `{"$absent": true}`: there is none.
    Absent,
    /// `{"$type": "string"}`.
    Type(JsonType),
    /// `{"$regex": "^…$"}`: a string in which the expression is found.
    Regex(Text),
    /// `{"$gte": n, "$lte": m}`: a number in the range.
    Range {
        /// At least this.
        min: Option<Box<Template>>,
        /// At most this.
        max: Option<Box<Template>>,
    },
    /// `{"$length": n}`: elements of an array, characters of a string, members of an object.
    Length(Box<Matcher>),
    /// `{"$contains": x}`: an array has such an element, a string this part.
    Contains(Box<Matcher>),
    /// `{"$unordered": […]}`: as many elements, matched in any order.
    Unordered(Vec<Matcher>),
    /// `{"$not": x}`.
    Not(Box<Matcher>),
    /// `{"$all": […]}`: all of these.
    All(Vec<Matcher>),
}

/// The types of JSON; an integer is a number too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum JsonType {
    /// A string.
    String,
    /// A number without fraction and exponent.
    Integer,
    /// Any number.
    Number,
    /// A boolean.
    Boolean,
    /// An array.
    Array,
    /// An object.
    Object,
    /// null.
    Null,
}

/// One place where a value is not what was expected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mismatch {
    /// JSON pointer from the root of the matched value; empty: the whole.
    pub pointer: String,
    /// What was expected, in words or as JSON.
    pub expected: String,
    /// What was there; none: nothing.
    #[serde(
        default,
        deserialize_with = "null_is_something",
        skip_serializing_if = "Option::is_none"
    )]
    pub actual: Option<Value>,
}

/// Reads a null that is there as a null, not as nothing.
fn null_is_something<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Matcher {
    /// A matcher that any object satisfies.
    #[must_use]
    pub fn any_object() -> Self {
        Self::Object(BTreeMap::new())
    }

    /// Calls `visit` with every text in the matcher.
    pub fn each_text<'a>(&'a self, visit: &mut dyn FnMut(&'a Text)) {
        match self {
            Self::Any | Self::Absent | Self::Type(_) => {}
            Self::Equal(template) => template.each_text(visit),
            Self::Regex(text) => visit(text),
            Self::Object(members) => members.values().for_each(|member| member.each_text(visit)),
            Self::Array(items) | Self::Unordered(items) | Self::All(items) => {
                items.iter().for_each(|item| item.each_text(visit));
            }
            Self::Range { min, max } => {
                [min, max]
                    .into_iter()
                    .flatten()
                    .for_each(|bound| bound.each_text(visit));
            }
            Self::Length(inner) | Self::Contains(inner) | Self::Not(inner) => {
                inner.each_text(visit);
            }
        }
    }
}

impl JsonSchema for Matcher {
    fn schema_name() -> Cow<'static, str> {
        "Matcher".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A JSON value to equal (objects: the named members), or one of `$any`, `$absent`, \
                `$type`, `$regex`, `$gte`/`$lte`, `$length`, `$contains`, `$unordered`, `$ref`, `$not`, `$all`."
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_is_not_nothing() {
        let mismatch = |actual: Value| {
            let text = json!({ "pointer": "/a", "expected": "1", "actual": actual }).to_string();
            serde_json::from_str::<Mismatch>(&text).unwrap().actual
        };
        assert_eq!(mismatch(json!(null)), Some(Value::Null));
        let absent: Mismatch = serde_json::from_str(r#"{"pointer":"","expected":"1"}"#).unwrap();
        assert_eq!(absent.actual, None);
    }
}
