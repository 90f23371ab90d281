//! A string with `${…}` references.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::expression::Expression;
use super::{Scope, TemplateError, type_name};

/// A string that may contain `${…}`; `$${` stands for a literal `${`.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    source: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Reference(Expression),
    /// `${page.cursors.${i}}`: the inner references are filled in first.
    Nested(Text),
}

impl Text {
    /// Parses a text.
    ///
    /// # Errors
    /// When a `${` is not closed or does not hold a reference.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = source;
        while let Some(dollar) = rest.find('$') {
            literal.push_str(&rest[..dollar]);
            rest = &rest[dollar..];
            if let Some(after) = rest.strip_prefix("$${") {
                literal.push_str("${");
                rest = after;
            } else if let Some(after) = rest.strip_prefix("${") {
                let end = closing_brace(after)
                    .ok_or_else(|| TemplateError::Unclosed(source.to_owned()))?;
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                parts.push(Part::parse(&after[..end])?);
                rest = &after[end + 1..];
            } else {
                literal.push('$');
                rest = &rest[1..];
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self {
            source: source.to_owned(),
            parts,
        })
    }

    /// The text as it stands in the scenario.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The text, if it refers to nothing.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether the text is one reference and nothing else.
    #[must_use]
    pub fn is_reference(&self) -> bool {
        matches!(
            self.parts.as_slice(),
            [Part::Reference(_) | Part::Nested(_)]
        )
    }

    /// The first segment of every path in the text, those with nested references left out.
    pub fn roots(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().flat_map(Part::roots)
    }

    /// Fills the text in. A text that is one reference keeps the JSON type of its value.
    ///
    /// # Errors
    /// When a reference has no value.
    pub fn value(&self, scope: &dyn Scope) -> Result<Value, TemplateError> {
        match self.parts.as_slice() {
            [only] => only.value(scope),
            _ => self.text(scope).map(Value::String),
        }
    }

    /// Fills the text in as a string.
    ///
    /// # Errors
    /// When a reference has no value or one that is neither a string nor a number.
    pub fn text(&self, scope: &dyn Scope) -> Result<String, TemplateError> {
        self.text_with(scope, &|piece| piece)
    }

    /// Fills the text in as a string; what references yield goes through `encode`.
    ///
    /// # Errors
    /// As [`Text::text`].
    pub fn text_with(
        &self,
        scope: &dyn Scope,
        encode: &dyn Fn(String) -> String,
    ) -> Result<String, TemplateError> {
        let mut text = String::new();
        for part in &self.parts {
            if let Part::Literal(piece) = part {
                text.push_str(piece);
                continue;
            }
            match part.value(scope)? {
                Value::String(piece) => text.push_str(&encode(piece)),
                Value::Number(number) => text.push_str(&number.to_string()),
                other @ (Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
                    return Err(TemplateError::NotText(
                        self.source.clone(),
                        type_name(&other),
                    ));
                }
            }
        }
        Ok(text)
    }
}

impl Part {
    fn parse(inside: &str) -> Result<Self, TemplateError> {
        if inside.contains("${") {
            Text::parse(inside).map(Self::Nested)
        } else {
            Expression::parse(inside).map(Self::Reference)
        }
    }

    fn roots(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Literal(_) => Box::new(std::iter::empty()),
            Self::Reference(expression) => Box::new(expression.roots()),
            Self::Nested(text) => Box::new(text.parts.iter().flat_map(Part::roots)),
        }
    }

    fn value(&self, scope: &dyn Scope) -> Result<Value, TemplateError> {
        match self {
            Self::Literal(text) => Ok(Value::String(text.clone())),
            Self::Reference(expression) => expression.evaluate(scope),
            Self::Nested(text) => Expression::parse(&text.text(scope)?)?.evaluate(scope),
        }
    }
}

/// The index of the `}` that closes a `${` whose inside begins at 0.
fn closing_brace(inside: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(index),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.source)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let source = String::deserialize(deserializer)?;
        Self::parse(&source).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A string; `${…}` refers to actors, saved answers, `limits`, `app` and loop indices.",
            "type": "string"
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::descend;
    use super::*;

    struct Known(Value);

    impl Scope for Known {
        fn lookup(&self, path: &[&str]) -> Option<Value> {
            descend(&self.0, path)
        }
    }

    fn check(text: &str, expected: &Value) {
        let scope = Known(json!({
            "i": 2, "bob": "bob-1", "limits": {"page": 100},
            "m2": {"seq": 7}, "page": {"cursors": ["4", "5", "6"]}, "huge": "9999999999999999998"
        }));
        assert_eq!(
            Text::parse(text).unwrap().value(&scope).unwrap(),
            *expected,
            "{text}"
        );
    }

    #[test]
    fn a_lone_reference_keeps_its_type_and_others_become_text() {
        check("plain", &json!("plain"));
        check("${m2.seq}", &json!(7));
        check("seq ${m2.seq} of ${bob}", &json!("seq 7 of bob-1"));
        check("${limits.page + 1}", &json!(101));
        check("${m2.seq - 1}", &json!(6));
        check("${i * 3}", &json!(6));
        check("${page.cursors.2 + 1}", &json!(7));
        check("${huge + 1}", &json!(9_999_999_999_999_999_999_u64));
        check("${m2.seq + ${1000 * ${limits.page + 1}}}", &json!(101_007));
    }

    #[test]
    fn references_nest_and_can_be_escaped() {
        check("${m${i}.seq}", &json!(7));
        check("${page.cursors.${i}}", &json!("6"));
        check("$${bob} costs $5", &json!("${bob} costs $5"));
    }

    #[test]
    fn broken_texts_do_not_load() {
        for bad in ["${", "${}", "${a b}", "${a / b}", "${a..b}", "x ${bob"] {
            assert!(Text::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn unknown_names_are_named() {
        let error = Text::parse("${nobody.x}")
            .unwrap()
            .value(&Known(json!({})))
            .unwrap_err();
        assert_eq!(error, TemplateError::Unknown("nobody.x".into()));
    }
}
