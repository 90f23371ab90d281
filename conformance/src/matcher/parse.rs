//! Reading matchers: JSON in which an object with `$…` keys is an operator.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::Matcher;
use crate::template::{Generator, Template, Text};

const OPERATORS: &[&str] = &[
    "$any",
    "$absent",
    "$type",
    "$regex",
    "$gte",
    "$lte",
    "$length",
    "$contains",
    "$unordered",
    "$ref",
    "$not",
    "$all",
    "$text_of_bytes",
    "$string_of_bytes",
    "$repeat",
    "$nested",
    "$numbered",
    "$literal",
];

impl<'de> Deserialize<'de> for Matcher {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MatcherVisitor)
    }
}

struct MatcherVisitor;

impl<'de> Visitor<'de> for MatcherVisitor {
    type Value = Matcher;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a matcher")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Matcher, E> {
        Ok(Matcher::Equal(Template::Null))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Matcher, E> {
        Ok(Matcher::Equal(Template::Bool(value)))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Matcher, E> {
        Ok(Matcher::Equal(Template::Number(value.into())))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Matcher, E> {
        Ok(Matcher::Equal(Template::Number(value.into())))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Matcher, E> {
        let number = serde_json::Number::from_f64(value)
            .ok_or_else(|| E::custom("the number is not finite"))?;
        Ok(Matcher::Equal(Template::Number(number)))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Matcher, E> {
        Text::parse(value)
            .map(|text| Matcher::Equal(Template::Text(text)))
            .map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Matcher, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Matcher::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Matcher, A::Error> {
        let mut members = BTreeMap::new();
        let mut operators = Vec::new();
        while let Some(name) = entries.next_key::<String>()? {
            if name.starts_with('$') {
                operators.push(operator(&name, &mut entries)?);
                continue;
            }
            let twice = format!("the key `{name}` stands here twice");
            if members.insert(name, entries.next_value()?).is_some() {
                return Err(de::Error::custom(twice));
            }
        }
        combine(members, operators).map_err(de::Error::custom)
    }
}

/// Reads the argument of one operator.
fn operator<'de, A: MapAccess<'de>>(name: &str, entries: &mut A) -> Result<Matcher, A::Error> {
    let flag = |entries: &mut A, matcher| match entries.next_value()? {
        true => Ok(matcher),
        false => Err(de::Error::custom(format!(
            "`{name}` takes only true; leave it out otherwise"
        ))),
    };
    match name {
        "$any" => flag(entries, Matcher::Any),
        "$absent" => flag(entries, Matcher::Absent),
        "$type" => entries.next_value().map(Matcher::Type),
        "$regex" => {
            let text: Text = entries.next_value()?;
            if let Some(pattern) = text.literal() {
                regex::Regex::new(pattern).map_err(|error| {
                    // The last line of the several says what is wrong.
                    let error = error.to_string();
                    let reason = error.lines().last().unwrap_or_default();
                    let reason = reason.trim_start_matches("error: ");
                    de::Error::custom(format!("`{pattern}` is no regular expression: {reason}"))
                })?;
            }
            Ok(Matcher::Regex(text))
        }
        "$gte" => Ok(Matcher::Range {
            min: Some(bound(name, entries)?),
            max: None,
        }),
        "$lte" => Ok(Matcher::Range {
            min: None,
            max: Some(bound(name, entries)?),
        }),
        "$length" => {
            let inner: Box<Matcher> = entries.next_value()?;
            if let Matcher::Equal(template) = &*inner
                && !can_be_length(template)
            {
                let message = "`$length` takes an integer, 0 or more, or a matcher of one";
                return Err(de::Error::custom(message));
            }
            Ok(Matcher::Length(inner))
        }
        "$contains" => entries.next_value().map(Matcher::Contains),
        "$unordered" => entries.next_value().map(Matcher::Unordered),
        "$not" => entries.next_value().map(Matcher::Not),
        "$all" => match entries.next_value::<Vec<Matcher>>()? {
            none if none.is_empty() => Err(de::Error::custom(
                "`$all` takes at least one matcher; `$any` matches everything",
            )),
            all => Ok(Matcher::All(all)),
        },
        "$ref" => {
            let path: String = entries.next_value()?;
            if path.contains("${") {
                let message = "`$ref` takes a path without `${` and `}`, such as `m1.seq`";
                return Err(de::Error::custom(message));
            }
            let text = Text::parse(&format!("${{{path}}}")).map_err(de::Error::custom)?;
            Ok(Matcher::Equal(Template::Text(text)))
        }
        "$literal" => {
            let value: Value = entries.next_value()?;
            Ok(Matcher::Equal(Template::Generated(Generator::Literal(
                value,
            ))))
        }
        _ => Template::generator(name, entries.next_value()?)
            .ok_or_else(|| {
                let all: Vec<String> = OPERATORS.iter().map(|name| format!("`{name}`")).collect();
                let all = all.join(", ");
                de::Error::custom(format!("unknown operator `{name}`, expected one of {all}"))
            })?
            .map(Matcher::Equal)
            .map_err(de::Error::custom),
    }
}

/// A bound of a range: a number, or a reference to one.
fn bound<'de, A: MapAccess<'de>>(name: &str, entries: &mut A) -> Result<Box<Template>, A::Error> {
    let bound: Box<Template> = entries.next_value()?;
    let number = match &*bound {
        Template::Number(_) => true,
        Template::Text(text) => text.literal().is_none(),
        Template::Null
        | Template::Bool(_)
        | Template::Array(_)
        | Template::Object(_)
        | Template::Generated(_) => false,
    };
    if number {
        Ok(bound)
    } else {
        Err(de::Error::custom(format!(
            "`{name}` takes a number or a `${{…}}` of one"
        )))
    }
}

fn can_be_length(template: &Template) -> bool {
    match template {
        Template::Number(number) => number.is_u64(),
        Template::Text(text) => text.literal().is_none(),
        Template::Null
        | Template::Bool(_)
        | Template::Array(_)
        | Template::Object(_)
        | Template::Generated(_) => false,
    }
}

/// Operators stand alone in their object; only `$gte` and `$lte` go together.
fn combine(
    members: BTreeMap<String, Matcher>,
    operators: Vec<Matcher>,
) -> Result<Matcher, &'static str> {
    if operators.is_empty() {
        return Ok(Matcher::Object(members));
    }
    if !members.is_empty() {
        return Err("an operator cannot stand beside ordinary members; use $all");
    }
    let several = operators.len() > 1;
    let mut range = (None, None);
    for operator in operators {
        if let Matcher::Range { min, max } = operator {
            range = (range.0.or(min), range.1.or(max));
        } else if several {
            return Err("only $gte and $lte can stand together; use $all");
        } else {
            return Ok(operator);
        }
    }
    if let (Some(Template::Number(min)), Some(Template::Number(max))) =
        (range.0.as_deref(), range.1.as_deref())
        && min.as_f64() > max.as_f64()
    {
        return Err("no number is in this range; `$gte` must not be above `$lte`");
    }
    Ok(Matcher::Range {
        min: range.0,
        max: range.1,
    })
}
