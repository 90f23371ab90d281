//! Values made to measure, so that a scenario can say "a text of exactly 1000 bytes".

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use super::{Scope, Template, TemplateError};

/// Bytes of the canonical JSON of a text content round its text: `{"text":"","type":"text"}`.
const TEXT_OVERHEAD: usize = 25;

/// A generated value. Sizes may be references.
#[derive(Debug, Clone, PartialEq)]
pub enum Generator {
    /// `{"$text_of_bytes": n}`: a text content with exactly n `stored_bytes`.
    TextOfBytes(Box<Template>),
    /// `{"$string_of_bytes": n}`: a string of n ASCII bytes.
    StringOfBytes(Box<Template>),
    /// `{"$repeat": {"text": "x", "times": n}}`: the text n times in a row.
    Repeat {
        /// What is repeated.
        text: Box<Template>,
        /// How often.
        times: Box<Template>,
    },
    /// `{"$nested": n}`: n arrays, one in the other, the innermost empty.
    Nested(Box<Template>),
    /// `{"$numbered": {"text": "x", "times": n}}`: the list of `x1` to `xn`.
    Numbered {
        /// What stands before the number.
        text: Box<Template>,
        /// How many.
        times: Box<Template>,
    },
    /// `{"$literal": x}`: x as it stands, even if it looks like something else.
    Literal(Value),
}

impl Generator {
    pub(super) fn value(&self, scope: &dyn Scope) -> Result<Value, TemplateError> {
        match self {
            Self::TextOfBytes(bytes) => {
                let bytes = size("$text_of_bytes", bytes, scope)?;
                let letters = bytes
                    .checked_sub(TEXT_OVERHEAD)
                    .filter(|&n| n > 0)
                    .ok_or_else(|| {
                        let least = TEXT_OVERHEAD + 1;
                        TemplateError::Generator(format!(
                            "$text_of_bytes must be at least {least}, but is {bytes}"
                        ))
                    })?;
                Ok(json!({ "type": "text", "text": "x".repeat(letters) }))
            }
            Self::StringOfBytes(bytes) => Ok(Value::String("x".repeat(size(
                "$string_of_bytes",
                bytes,
                scope,
            )?))),
            Self::Repeat { text, times } => {
                let text = string("$repeat.text", text, scope)?;
                let times = size("$repeat.times", times, scope)?;
                Ok(Value::String(text.repeat(times)))
            }
            Self::Nested(depth) => {
                let depth = bounded("$nested", depth, 1..=DEPTH_MAX, scope)?;
                Ok((1..depth).fold(json!([]), |inner, _| json!([inner])))
            }
            Self::Numbered { text, times } => {
                let text = string("$numbered.text", text, scope)?;
                let times = bounded("$numbered.times", times, 0..=NUMBERED_MAX, scope)?;
                Ok((1..=times).map(|n| format!("{text}{n}")).collect())
            }
            Self::Literal(value) => Ok(value.clone()),
        }
    }

    /// Tries the generator if it refers to nothing, so that a wrong size is told when loading.
    pub(super) fn check(&self) -> Result<(), String> {
        let mut constant = true;
        for template in self.templates() {
            template.each_text(&mut |text| constant &= text.literal().is_some());
        }
        if constant {
            self.value(&Nothing).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    pub(super) fn templates(&self) -> Vec<&Template> {
        match self {
            Self::TextOfBytes(size) | Self::StringOfBytes(size) | Self::Nested(size) => vec![size],
            Self::Repeat { text, times } | Self::Numbered { text, times } => vec![text, times],
            Self::Literal(_) => vec![],
        }
    }
}

/// What a generator without references can refer to.
struct Nothing;

impl Scope for Nothing {
    fn lookup(&self, _: &[&str]) -> Option<Value> {
        None
    }
}

/// No scenario needs a generated string above this many bytes.
const SIZE_MAX: u64 = 64 << 20;
/// Deeper values are a danger to whoever walks them.
const DEPTH_MAX: u64 = 1000;
const NUMBERED_MAX: u64 = 10_000;

fn string(name: &str, template: &Template, scope: &dyn Scope) -> Result<String, TemplateError> {
    let Value::String(text) = template.value(scope)? else {
        return Err(TemplateError::Generator(format!("{name} must be a string")));
    };
    Ok(text)
}

fn size(name: &str, template: &Template, scope: &dyn Scope) -> Result<usize, TemplateError> {
    bounded(name, template, 0..=SIZE_MAX, scope)
}

fn bounded(
    name: &str,
    template: &Template,
    range: RangeInclusive<u64>,
    scope: &dyn Scope,
) -> Result<usize, TemplateError> {
    let value = template.value(scope)?;
    value
        .as_u64()
        .filter(|size| range.contains(size))
        .and_then(|size| usize::try_from(size).ok())
        .ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            TemplateError::Generator(format!(
                "{name} must be an integer from {least} to {most}, but is {value}"
            ))
        })
}
