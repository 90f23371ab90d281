//! Comparing a value with a matcher.

use regex::Regex;
use serde_json::Value;

use super::{JsonType, Matcher, Mismatch};
use crate::template::{Scope, Template, TemplateError};

impl Matcher {
    /// Compares `actual` (`None`: absent) with the matcher; an empty list means that it matches.
    ///
    /// # Errors
    /// When a reference in the matcher has no value, which is the scenario's fault.
    pub fn check(
        &self,
        actual: Option<&Value>,
        scope: &dyn Scope,
    ) -> Result<Vec<Mismatch>, TemplateError> {
        let mut found = Vec::new();
        Check {
            scope,
            found: &mut found,
        }
        .matcher(self, actual, "")?;
        Ok(found)
    }

    /// Whether `actual` matches.
    ///
    /// # Errors
    /// As [`Matcher::check`].
    pub fn matches(
        &self,
        actual: Option<&Value>,
        scope: &dyn Scope,
    ) -> Result<bool, TemplateError> {
        self.check(actual, scope).map(|found| found.is_empty())
    }
}

struct Check<'a> {
    scope: &'a dyn Scope,
    found: &'a mut Vec<Mismatch>,
}

type Checked = Result<(), TemplateError>;

impl Check<'_> {
    fn differs(&mut self, at: &str, expected: impl Into<String>, actual: Option<&Value>) {
        self.found.push(Mismatch {
            pointer: at.to_owned(),
            expected: expected.into(),
            actual: actual.cloned(),
        });
    }

    fn demand(&mut self, holds: bool, at: &str, expected: &str, actual: Option<&Value>) {
        if !holds {
            self.differs(at, expected, actual);
        }
    }

    fn matcher(&mut self, matcher: &Matcher, actual: Option<&Value>, at: &str) -> Checked {
        match matcher {
            Matcher::Equal(template) => {
                let expected = template.value(self.scope)?;
                let holds = actual.is_some_and(|actual| equal(&expected, actual));
                self.demand(holds, at, &expected.to_string(), actual);
            }
            Matcher::Object(members) => match actual {
                Some(Value::Object(map)) => {
                    for (name, member) in members {
                        self.matcher(member, map.get(name), &format!("{at}/{}", escape(name)))?;
                    }
                }
                _ => self.differs(at, "an object", actual),
            },
            Matcher::Array(items) => self.array(items, actual, at)?,
            Matcher::Any => self.demand(actual.is_some(), at, "some value", actual),
            Matcher::Absent => self.demand(actual.is_none(), at, "nothing", actual),
            Matcher::Type(kind) => {
                let holds = actual.is_some_and(|actual| kind.holds(actual));
                self.demand(
                    holds,
                    at,
                    &format!("a value of type {}", kind.name()),
                    actual,
                );
            }
            Matcher::Regex(text) => {
                let pattern = text.text(self.scope)?;
                let regex = Regex::new(&pattern)
                    .map_err(|error| TemplateError::Generator(error.to_string()))?;
                let holds = actual
                    .and_then(Value::as_str)
                    .is_some_and(|text| regex.is_match(text));
                self.demand(holds, at, &format!("a string matching {pattern}"), actual);
            }
            Matcher::Range { min, max } => {
                let min = self.bound(min.as_deref())?;
                let max = self.bound(max.as_deref())?;
                let holds = actual.and_then(Value::as_f64).is_some_and(|number| {
                    min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max)
                });
                self.demand(holds, at, &describe_range(min, max), actual);
            }
            Matcher::Length(inner) => match actual.and_then(length) {
                Some(length) => {
                    self.matcher(inner, Some(&Value::from(length)), &format!("{at} (length)"))?;
                }
                None => self.differs(at, "something with a length", actual),
            },
            Matcher::Contains(inner) => self.contains(inner, actual, at)?,
            Matcher::Unordered(items) => self.unordered(items, actual, at)?,
            Matcher::Not(inner) => {
                let holds = !inner.matches(actual, self.scope)?;
                let expected = format!("anything but {}", inner.describe(self.scope));
                self.demand(holds, at, &expected, actual);
            }
            Matcher::All(all) => {
                for matcher in all {
                    self.matcher(matcher, actual, at)?;
                }
            }
        }
        Ok(())
    }

    fn array(&mut self, items: &[Matcher], actual: Option<&Value>, at: &str) -> Checked {
        let Some(Value::Array(values)) = actual else {
            self.differs(at, "an array", actual);
            return Ok(());
        };
        if values.len() != items.len() {
            self.miscount(values.len(), at, items, "", actual);
            return Ok(());
        }
        for (index, (item, value)) in items.iter().zip(values).enumerate() {
            self.matcher(item, Some(value), &format!("{at}/{index}"))?;
        }
        Ok(())
    }

    /// Tells the counts first: with long arrays they are easier to see than what is missing.
    fn miscount(
        &mut self,
        came: usize,
        at: &str,
        items: &[Matcher],
        order: &str,
        actual: Option<&Value>,
    ) {
        let count = items.len();
        let plural = if count == 1 { "" } else { "s" };
        let list: Vec<String> = items.iter().map(|item| item.describe(self.scope)).collect();
        let expected = format!(
            "{count} element{plural}{order}, but {came} came: [{}]",
            list.join(", ")
        );
        self.differs(at, expected, actual);
    }

    fn contains(&mut self, inner: &Matcher, actual: Option<&Value>, at: &str) -> Checked {
        let holds = match actual {
            Some(Value::Array(values)) => {
                let mut any = false;
                for value in values {
                    any = any || inner.matches(Some(value), self.scope)?;
                }
                any
            }
            Some(Value::String(text)) => match inner {
                Matcher::Equal(part) => part
                    .value(self.scope)?
                    .as_str()
                    .is_some_and(|part| text.contains(part)),
                Matcher::Object(_)
                | Matcher::Array(_)
                | Matcher::Any
                | Matcher::Absent
                | Matcher::Type(_)
                | Matcher::Regex(_)
                | Matcher::Range { .. }
                | Matcher::Length(_)
                | Matcher::Contains(_)
                | Matcher::Unordered(_)
                | Matcher::Not(_)
                | Matcher::All(_) => false,
            },
            None | Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => {
                false
            }
        };
        let expected = format!("something that contains {}", inner.describe(self.scope));
        self.demand(holds, at, &expected, actual);
        Ok(())
    }

    /// Pairs matchers and values off; the first assignment found by augmenting paths decides.
    fn unordered(&mut self, items: &[Matcher], actual: Option<&Value>, at: &str) -> Checked {
        let Some(Value::Array(values)) = actual else {
            self.differs(at, "an array", actual);
            return Ok(());
        };
        if values.len() != items.len() {
            self.miscount(values.len(), at, items, " in any order", actual);
            return Ok(());
        }
        let mut fits = Vec::with_capacity(items.len());
        for item in items {
            let row: Result<Vec<bool>, _> = values
                .iter()
                .map(|value| item.matches(Some(value), self.scope))
                .collect();
            fits.push(row?);
        }
        let mut owner: Vec<Option<usize>> = vec![None; values.len()];
        for (index, item) in items.iter().enumerate() {
            if !assign(index, &fits, &mut owner, &mut vec![false; values.len()]) {
                let expected = format!("an element like {}", item.describe(self.scope));
                self.differs(at, expected, actual);
            }
        }
        Ok(())
    }

    fn bound(&self, template: Option<&Template>) -> Result<Option<f64>, TemplateError> {
        let Some(template) = template else {
            return Ok(None);
        };
        let value = template.value(self.scope)?;
        value
            .as_f64()
            .map(Some)
            .ok_or_else(|| TemplateError::Generator(format!("the bound {value} is not a number")))
    }
}

fn assign(
    item: usize,
    fits: &[Vec<bool>],
    owner: &mut [Option<usize>],
    tried: &mut Vec<bool>,
) -> bool {
    for value in 0..owner.len() {
        if !fits[item][value] || std::mem::replace(&mut tried[value], true) {
            continue;
        }
        if owner[value].is_none_or(|other| assign(other, fits, owner, tried)) {
            owner[value] = Some(item);
            return true;
        }
    }
    false
}

/// Equality by value: numbers by what they denote, expected objects by their own members.
fn equal(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => a
            .iter()
            .all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b))),
        _ => expected == actual,
    }
}

fn length(value: &Value) -> Option<usize> {
    match value {
        Value::Array(items) => Some(items.len()),
        Value::String(text) => Some(text.chars().count()),
        Value::Object(members) => Some(members.len()),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn describe_range(min: Option<f64>, max: Option<f64>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!("a number from {min} to {max}"),
        (Some(min), None) => format!("a number, at least {min}"),
        (None, Some(max)) => format!("a number, at most {max}"),
        (None, None) => "a number".into(),
    }
}

/// Escapes a member name for a JSON pointer.
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl JsonType {
    fn holds(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
            Self::Null => value.is_null(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Array => "array",
            Self::Object => "object",
            Self::Null => "null",
        }
    }
}

impl Matcher {
    /// The matcher in a line, references filled in where they can be.
    #[must_use]
    pub fn describe(&self, scope: &dyn Scope) -> String {
        let list = |items: &[Self]| {
            items
                .iter()
                .map(|item| item.describe(scope))
                .collect::<Vec<_>>()
                .join(", ")
        };
        match self {
            Self::Equal(template) => template
                .value(scope)
                .map_or_else(|_| format!("{template:?}"), |value| value.to_string()),
            Self::Object(members) => {
                let members: Vec<_> = members
                    .iter()
                    .map(|(name, member)| format!("{name:?}: {}", member.describe(scope)))
                    .collect();
                format!("{{{}}}", members.join(", "))
            }
            Self::Array(items) => format!("[{}]", list(items)),
            Self::Any => "some value".into(),
            Self::Absent => "nothing".into(),
            Self::Type(kind) => format!("a value of type {}", kind.name()),
            Self::Regex(text) => format!("a string matching {text}"),
            Self::Range { min, max } => {
                let bound = |template: &Option<Box<Template>>| {
                    template
                        .as_ref()
                        .and_then(|t| t.value(scope).ok())
                        .and_then(|v| v.as_f64())
                };
                describe_range(bound(min), bound(max))
            }
            Self::Length(inner) => format!("something of length {}", inner.describe(scope)),
            Self::Contains(inner) => format!("something that contains {}", inner.describe(scope)),
            Self::Unordered(items) => format!("in any order [{}]", list(items)),
            Self::Not(inner) => format!("anything but {}", inner.describe(scope)),
            Self::All(items) => format!("all of [{}]", list(items)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::template::descend;

    struct Known(Value);

    impl Scope for Known {
        fn lookup(&self, path: &[&str]) -> Option<Value> {
            descend(&self.0, path)
        }
    }

    fn pointers(matcher: Value, actual: &Value) -> Vec<String> {
        let scope = Known(json!({ "m1": { "seq": 3 } }));
        let matcher: Matcher = serde_json::from_value(matcher).unwrap();
        let found = matcher.check(Some(actual), &scope).unwrap();
        found.into_iter().map(|mismatch| mismatch.pointer).collect()
    }

    #[track_caller]
    fn holds(matcher: Value, actual: &Value) {
        assert_eq!(pointers(matcher, actual), Vec::<String>::new());
    }

    #[track_caller]
    fn differs(matcher: Value, actual: &Value, at: &[&str]) {
        assert_eq!(pointers(matcher, actual), at);
    }

    #[test]
    fn objects_match_by_the_named_members_only() {
        holds(json!({ "a": 1 }), &json!({ "a": 1.0, "b": 2 }));
        holds(json!({}), &json!({ "b": 2 }));
        differs(
            json!({ "a": { "b/c": 1 } }),
            &json!({ "a": { "b/c": 2 } }),
            &["/a/b~1c"],
        );
        differs(json!({ "a": null }), &json!({}), &["/a"]);
        differs(json!({}), &json!([]), &[""]);
    }

    #[test]
    fn arrays_match_element_by_element() {
        holds(json!([1, { "a": 2 }]), &json!([1, { "a": 2, "b": 3 }]));
        differs(json!([1]), &json!([1, 2]), &[""]);
        differs(json!([1, 2]), &json!([2, 2]), &["/0"]);
        holds(
            json!({ "$unordered": [{ "$any": true }, 1] }),
            &json!([1, 2]),
        );
        differs(json!({ "$unordered": [1, 1] }), &json!([1, 2]), &[""]);
    }

    #[test]
    fn a_wrong_count_is_said_before_the_elements() {
        let scope = Known(json!({}));
        let check = |matcher: Value, expected: &str| {
            let matcher: Matcher = serde_json::from_value(matcher).unwrap();
            let found = matcher.check(Some(&json!([1, 2])), &scope).unwrap();
            assert_eq!(found[0].expected, expected);
        };
        check(json!([{ "a": 1 }]), r#"1 element, but 2 came: [{"a": 1}]"#);
        check(
            json!({ "$unordered": [] }),
            "0 elements in any order, but 2 came: []",
        );
    }

    #[test]
    fn operators_say_what_they_want() {
        holds(json!({ "x": { "$absent": true } }), &json!({}));
        differs(
            json!({ "x": { "$absent": true } }),
            &json!({ "x": null }),
            &["/x"],
        );
        differs(json!({ "x": { "$any": true } }), &json!({}), &["/x"]);
        holds(json!({ "$type": "integer" }), &json!(3));
        differs(json!({ "$type": "integer" }), &json!(3.5), &[""]);
        holds(json!({ "$regex": "^a+$" }), &json!("aaa"));
        differs(json!({ "$regex": "^a+$" }), &json!("b"), &[""]);
        holds(json!({ "$gte": 1, "$lte": 2 }), &json!(2));
        differs(json!({ "$gte": 1, "$lte": 2 }), &json!(3), &[""]);
        holds(json!({ "$length": { "$gte": 2 } }), &json!("äö"));
        differs(json!({ "$length": 3 }), &json!([1]), &[" (length)"]);
        holds(
            json!({ "$contains": { "a": 1 } }),
            &json!([{ "a": 2 }, { "a": 1 }]),
        );
        holds(json!({ "$contains": "ell" }), &json!("hello"));
        differs(json!({ "$contains": 4 }), &json!([1]), &[""]);
        holds(json!({ "$ref": "m1.seq" }), &json!(3));
        holds(json!("${m1.seq + 1}"), &json!(4));
        differs(json!({ "$not": { "$type": "null" } }), &json!(null), &[""]);
        differs(
            json!({ "$all": [{ "$gte": 2 }, { "$lte": 3 }] }),
            &json!(1),
            &[""],
        );
    }

    #[test]
    fn unknown_or_mixed_operators_do_not_load() {
        for bad in [
            json!({ "$exists": true }),
            json!({ "$any": false }),
            json!({ "$any": true, "a": 1 }),
            json!({ "$regex": "(" }),
            json!({ "$type": "date" }),
            json!({ "$gte": 1, "$length": 2 }),
        ] {
            assert!(
                serde_json::from_value::<Matcher>(bad.clone()).is_err(),
                "{bad}"
            );
        }
    }
}
