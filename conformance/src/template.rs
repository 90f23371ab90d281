//! The small language of values in scenarios: `${…}` references and generated values.
//!
//! A [`Text`] is a string that may refer to what is known while a scenario runs; a [`Template`] is a
//! JSON value whose strings are such texts and in which an object with one `$…` key is a
//! [`Generator`]. Both are checked when a scenario is loaded and filled in when a step runs.

mod expression;
mod generator;
mod text;
mod value;

use serde_json::Value;
use thiserror::Error;

pub use generator::Generator;
pub use text::Text;
pub use value::Template;

/// Where `${path}` looks.
pub trait Scope {
    /// The value at a path such as `m1.message_id`, split at the dots; `None` if there is none.
    fn lookup(&self, path: &[&str]) -> Option<Value>;
}

/// Why a template has no value. Always a defect of the scenario.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TemplateError {
    /// The text between `${` and `}` is not an expression.
    #[error("`${{{expression}}}` is not a reference: {reason}")]
    Syntax {
        /// What stands between the braces.
        expression: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A `${` without its `}`.
    #[error("`{0}` has a `${{` without a `}}`")]
    Unclosed(String),
    /// Nothing goes by the name.
    #[error("`${{{0}}}` refers to nothing that is known at this step")]
    Unknown(String),
    /// Arithmetic with something else than integers.
    #[error("`${{{0}}}` calculates with something that is not an integer")]
    NotInteger(String),
    /// The result does not fit.
    #[error("`${{{0}}}` is too large a number")]
    Overflow(String),
    /// A string was expected.
    #[error("`{0}` must be a string or a number, but is {1}")]
    NotText(String, &'static str),
    /// A generator cannot make what it is asked for.
    #[error("{0}")]
    Generator(String),
}

/// Follows `segments` into a JSON value: member names of objects, indices of arrays.
#[must_use]
pub fn descend(value: &Value, segments: &[&str]) -> Option<Value> {
    let mut current = value;
    for segment in segments {
        current = match current {
            Value::Object(map) => map.get(*segment)?,
            Value::Array(items) => items.get(segment.parse::<usize>().ok()?)?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
        };
    }
    Some(current.clone())
}

/// The JSON type of a value, with an article.
#[must_use]
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
