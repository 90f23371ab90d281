//! What stands between `${` and `}`: a path, or two integers and one operator.

use serde_json::{Number, Value};

use super::{Scope, TemplateError};

/// A parsed expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expression {
    source: String,
    left: Operand,
    right: Option<(Operator, Operand)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Operand {
    Integer(i64),
    Path(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Plus,
    Minus,
    Times,
}

impl Expression {
    pub(super) fn parse(source: &str) -> Result<Self, TemplateError> {
        let wrong = |reason| TemplateError::Syntax {
            expression: source.to_owned(),
            reason,
        };
        let words: Vec<&str> = source.split_whitespace().collect();
        let operand = |word: &str| Operand::parse(word).map_err(wrong);
        let (left, right) = match words.as_slice() {
            [only] => (operand(only)?, None),
            [left, operator, right] => {
                let operator = match *operator {
                    "+" => Operator::Plus,
                    "-" => Operator::Minus,
                    "*" => Operator::Times,
                    _ => return Err(wrong("the operator must be +, - or *")),
                };
                (operand(left)?, Some((operator, operand(right)?)))
            }
            [] => return Err(wrong("it is empty")),
            _ => {
                return Err(wrong(
                    "write `name`, or `a + b` with spaces and one operator",
                ));
            }
        };
        Ok(Self {
            source: source.to_owned(),
            left,
            right,
        })
    }

    /// The first segment of each path in the expression.
    pub(super) fn roots(&self) -> impl Iterator<Item = &str> {
        let right = self.right.as_ref().map(|(_, operand)| operand);
        [Some(&self.left), right]
            .into_iter()
            .flatten()
            .filter_map(|operand| match operand {
                Operand::Integer(_) => None,
                Operand::Path(path) => path.split('.').next(),
            })
    }

    pub(super) fn evaluate(&self, scope: &dyn Scope) -> Result<Value, TemplateError> {
        let Some((operator, right)) = &self.right else {
            return self.left.value(scope);
        };
        let (a, b) = (
            self.integer(&self.left, scope)?,
            self.integer(right, scope)?,
        );
        match operator {
            Operator::Plus => a.checked_add(b),
            Operator::Minus => a.checked_sub(b),
            Operator::Times => a.checked_mul(b),
        }
        .and_then(number)
        .ok_or_else(|| TemplateError::Overflow(self.source.clone()))
    }

    /// An integer operand; decimal strings (cursors) count as integers. A cursor may have more
    /// than 63 bits.
    fn integer(&self, operand: &Operand, scope: &dyn Scope) -> Result<i128, TemplateError> {
        let value = operand.value(scope)?;
        let number = value.as_number().and_then(Number::as_i128);
        number
            .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
            .ok_or_else(|| TemplateError::NotInteger(self.source.clone()))
    }
}

impl Operand {
    fn parse(word: &str) -> Result<Self, &'static str> {
        if let Ok(number) = word.parse() {
            return Ok(Self::Integer(number));
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_-/@".contains(c);
        if word
            .split('.')
            .all(|segment| !segment.is_empty() && segment.chars().all(is_name))
        {
            Ok(Self::Path(word.to_owned()))
        } else {
            Err("a path is names and indices joined by dots")
        }
    }

    fn value(&self, scope: &dyn Scope) -> Result<Value, TemplateError> {
        match self {
            Self::Integer(number) => Ok(Value::from(*number)),
            Self::Path(path) => {
                let segments: Vec<&str> = path.split('.').collect();
                scope
                    .lookup(&segments)
                    .ok_or_else(|| TemplateError::Unknown(path.clone()))
            }
        }
    }
}

fn number(integer: i128) -> Option<Value> {
    Number::from_i128(integer).map(Value::Number)
}
