//! A JSON value with references and generators in it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use super::{Generator, Scope, TemplateError, Text};

/// The keys that make an object a generator.
const TEMPLATE_OPERATORS: &[&str] = &[
    "$text_of_bytes",
    "$string_of_bytes",
    "$repeat",
    "$nested",
    "$numbered",
    "$literal",
];

/// A JSON value to be filled in when its step runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Template {
    /// null.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string, perhaps with references.
    Text(Text),
    /// An array.
    Array(Vec<Template>),
    /// An object.
    Object(BTreeMap<String, Template>),
    /// A generated value.
    Generated(Generator),
}

impl Template {
    /// Fills the template in.
    ///
    /// # Errors
    /// When a reference has no value or a generator cannot make its own.
    pub fn value(&self, scope: &dyn Scope) -> Result<Value, TemplateError> {
        Ok(match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Text(text) => text.value(scope)?,
            Self::Array(items) => Value::Array(
                items
                    .iter()
                    .map(|item| item.value(scope))
                    .collect::<Result<_, _>>()?,
            ),
            Self::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, member)| Ok((name.clone(), member.value(scope)?)))
                    .collect::<Result<_, TemplateError>>()?,
            ),
            Self::Generated(generator) => generator.value(scope)?,
        })
    }

    /// Calls `visit` with every text in the template.
    pub fn each_text<'a>(&'a self, visit: &mut dyn FnMut(&'a Text)) {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) => {}
            Self::Text(text) => visit(text),
            Self::Array(items) => items.iter().for_each(|item| item.each_text(visit)),
            Self::Object(members) => members.values().for_each(|member| member.each_text(visit)),
            Self::Generated(generator) => {
                generator
                    .templates()
                    .into_iter()
                    .for_each(|part| part.each_text(visit));
            }
        }
    }

    /// Reads `{"$…": …}`, `None` when the key is no generator.
    pub(crate) fn generator(name: &str, argument: Self) -> Option<Result<Self, String>> {
        let generated =
            |generator: Generator| Some(generator.check().map(|()| Self::Generated(generator)));
        match name {
            "$text_of_bytes" => generated(Generator::TextOfBytes(Box::new(argument))),
            "$string_of_bytes" => generated(Generator::StringOfBytes(Box::new(argument))),
            "$nested" => generated(Generator::Nested(Box::new(argument))),
            "$repeat" | "$numbered" => {
                let wrong = || Some(Err(format!("{name} takes an object {{text, times}}")));
                let Self::Object(mut members) = argument else {
                    return wrong();
                };
                let (text, times) = (members.remove("text"), members.remove("times"));
                let (Some(text), Some(times), true) = (text, times, members.is_empty()) else {
                    return wrong();
                };
                let (text, times) = (Box::new(text), Box::new(times));
                generated(if name == "$repeat" {
                    Generator::Repeat { text, times }
                } else {
                    Generator::Numbered { text, times }
                })
            }
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TemplateVisitor)
    }
}

struct TemplateVisitor;

impl<'de> Visitor<'de> for TemplateVisitor {
    type Value = Template;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Template, E> {
        Ok(Template::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Template, E> {
        Ok(Template::Bool(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Template, E> {
        Ok(Template::Number(value.into()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Template, E> {
        Ok(Template::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Template, E> {
        Number::from_f64(value)
            .map(Template::Number)
            .ok_or_else(|| E::custom("the number is not finite"))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Template, E> {
        Text::parse(value).map(Template::Text).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Template, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Template::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Template, A::Error> {
        let mut members = BTreeMap::new();
        while let Some(name) = entries.next_key::<String>()? {
            if !name.starts_with('$') {
                if members.contains_key(&name) {
                    return Err(de::Error::custom(format!(
                        "the key `{name}` stands here twice"
                    )));
                }
                members.insert(name, entries.next_value()?);
                continue;
            }
            let generated = if name == "$literal" {
                Template::Generated(Generator::Literal(entries.next_value()?))
            } else {
                Template::generator(&name, entries.next_value()?)
                    .ok_or_else(|| {
                        let all: Vec<String> = TEMPLATE_OPERATORS
                            .iter()
                            .map(|name| format!("`{name}`"))
                            .collect();
                        let all = all.join(", ");
                        de::Error::custom(format!(
                            "unknown generator `{name}`, expected one of {all}"
                        ))
                    })?
                    .map_err(de::Error::custom)?
            };
            if !members.is_empty() || entries.next_key::<String>()?.is_some() {
                return Err(de::Error::custom(format!(
                    "`{name}` must stand alone in its object"
                )));
            }
            return Ok(generated);
        }
        Ok(Template::Object(members))
    }
}

impl JsonSchema for Template {
    fn schema_name() -> Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A JSON value; strings may hold `${…}`, and `{\"$text_of_bytes\": n}`, \
                `{\"$string_of_bytes\": n}`, `{\"$repeat\": {text, times}}`, `{\"$nested\": n}`, \
                `{\"$numbered\": {text, times}}`, `{\"$literal\": x}` make values."
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Nothing;

    impl Scope for Nothing {
        fn lookup(&self, _: &[&str]) -> Option<Value> {
            None
        }
    }

    fn filled(template: Value) -> Value {
        serde_json::from_value::<Template>(template)
            .unwrap()
            .value(&Nothing)
            .unwrap()
    }

    #[test]
    fn generated_values_have_exactly_the_size_asked_for() {
        for bytes in [26, 100, 12_288] {
            let content = filled(json!({ "$text_of_bytes": bytes }));
            assert_eq!(serde_json::to_string(&content).unwrap().len(), bytes);
        }
        assert_eq!(filled(json!({ "$string_of_bytes": 3 })), json!("xxx"));
        assert_eq!(
            filled(json!({ "$repeat": { "text": "é", "times": 2 } })),
            json!("éé")
        );
        assert_eq!(filled(json!({ "$nested": 3 })), json!([[[]]]));
        assert_eq!(
            filled(json!({ "$numbered": { "text": "a", "times": 2 } })),
            json!(["a1", "a2"])
        );
        assert_eq!(
            filled(json!({ "a": { "$literal": "${x}" } })),
            json!({ "a": "${x}" })
        );
    }

    #[test]
    fn unknown_generators_do_not_load() {
        for bad in [
            json!({ "$texts": 3 }),
            json!({ "$repeat": 1 }),
            json!({ "$numbered": 1 }),
            json!({ "$nested": 0 }),
            json!({"$literal": 1, "b": 2}),
        ] {
            assert!(
                serde_json::from_value::<Template>(bad.clone()).is_err(),
                "{bad}"
            );
        }
    }
}
