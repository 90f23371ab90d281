//! Reading request bodies: typed access to a JSON object with precise error paths.

use serde_json::{Map, Value};

use crate::error::{ApiError, ErrorCode};

/// Parses a request body: a JSON object no deeper than `depth_max` (ERR-004).
pub(crate) fn parse_object(body: &[u8], depth_max: u64) -> Result<Map<String, Value>, ApiError> {
    let Value::Object(map) = parse_value(body, depth_max)? else {
        return Err(malformed("the body must be a JSON object".into()));
    };
    Ok(map)
}

/// Parses a JSON value no deeper than `depth_max`; an object or array is depth 1.
pub(crate) fn parse_value(json: &[u8], depth_max: u64) -> Result<Value, ApiError> {
    let value: Value = serde_json::from_slice(json)
        .map_err(|error| malformed(format!("the body is not JSON: {error}")))?;
    match nesting(&value) {
        depth if depth > depth_max => Err(malformed(format!(
            "the body is {depth} levels deep; {depth_max} are allowed"
        ))),
        _ => Ok(value),
    }
}

fn malformed(what: String) -> ApiError {
    ApiError::new(ErrorCode::MalformedJson, what)
}

/// How deep a value is nested: each object or array adds one, scalars add nothing (LIM-008).
fn nesting(value: &Value) -> u64 {
    match value {
        Value::Array(items) => 1 + items.iter().map(nesting).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(nesting).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// A JSON object and its dotted path from the root of the body. A member that nobody asks for is
/// never looked at (VER-002).
#[derive(Debug, Clone)]
pub(crate) struct Object<'a> {
    map: &'a Map<String, Value>,
    path: String,
}

impl<'a> Object<'a> {
    pub(crate) fn root(map: &'a Map<String, Value>) -> Self {
        Self {
            map,
            path: String::new(),
        }
    }

    /// The path of a member, for error answers (ERR-003).
    pub(crate) fn at(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.into()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// The error of a member of another type (MSG-007).
    fn wrong(&self, name: &str, expected: &str) -> ApiError {
        ApiError::invalid(
            self.at(name),
            format!("`{}` must be {expected}", self.at(name)),
        )
    }

    /// A required member's error (MSG-007).
    pub(crate) fn missing(&self, name: &str) -> ApiError {
        ApiError::invalid(self.at(name), format!("`{}` is required", self.at(name)))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name)
    }

    pub(crate) fn is_null(&self, name: &str) -> bool {
        self.get(name).is_some_and(Value::is_null)
    }

    /// Present and not null.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| !value.is_null())
    }

    /// A string of any code points but U+0000 (MSG-010).
    pub(crate) fn opt_string(&self, name: &str) -> Result<Option<&'a str>, ApiError> {
        let text = match self.get(name) {
            None => return Ok(None),
            Some(value) => value.as_str().ok_or_else(|| self.wrong(name, "a string"))?,
        };
        if text.contains('\0') {
            return Err(self.wrong(name, "a string without U+0000"));
        }
        Ok(Some(text))
    }

    pub(crate) fn string(&self, name: &str) -> Result<&'a str, ApiError> {
        self.opt_string(name)?.ok_or_else(|| self.missing(name))
    }

    /// A string of at least one byte (MSG-008).
    pub(crate) fn non_empty(&self, name: &str) -> Result<&'a str, ApiError> {
        match self.string(name)? {
            "" => Err(self.wrong(name, "a non-empty string")),
            text => Ok(text),
        }
    }

    /// Absent: `None`; null: `Some(None)`.
    pub(crate) fn nullable_string(&self, name: &str) -> Result<Option<Option<&'a str>>, ApiError> {
        if self.is_null(name) {
            Ok(Some(None))
        } else {
            Ok(self.opt_string(name)?.map(Some))
        }
    }

    pub(crate) fn opt_bool(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => value
                .as_bool()
                .map(Some)
                .ok_or_else(|| self.wrong(name, "true or false")),
        }
    }

    /// An integer without fraction and exponent (MSG-009), both bounds included (MSG-008).
    pub(crate) fn opt_integer(
        &self,
        name: &str,
        min: u64,
        max: u64,
    ) -> Result<Option<u64>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => value
                .as_u64()
                .filter(|number| (min..=max).contains(number))
                .map(Some)
                .ok_or_else(|| self.wrong(name, &format!("an integer from {min} to {max}"))),
        }
    }

    pub(crate) fn integer(&self, name: &str, min: u64, max: u64) -> Result<u64, ApiError> {
        self.opt_integer(name, min, max)?
            .ok_or_else(|| self.missing(name))
    }

    /// A number written in any way, both bounds included (MSG-008).
    pub(crate) fn number(&self, name: &str, min: f64, max: f64) -> Result<f64, ApiError> {
        self.get(name)
            .ok_or_else(|| self.missing(name))?
            .as_f64()
            .filter(|number| (min..=max).contains(number))
            .ok_or_else(|| self.wrong(name, &format!("a number from {min} to {max}")))
    }

    pub(crate) fn opt_object(&self, name: &str) -> Result<Option<Self>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(Self {
                map,
                path: self.at(name),
            })),
            Some(_) => Err(self.wrong(name, "an object")),
        }
    }

    pub(crate) fn object(&self, name: &str) -> Result<Self, ApiError> {
        self.opt_object(name)?.ok_or_else(|| self.missing(name))
    }

    pub(crate) fn opt_strings(&self, name: &str) -> Result<Option<Vec<&'a str>>, ApiError> {
        let wrong = || self.wrong(name, "an array of strings");
        match self.get(name) {
            None => Ok(None),
            Some(value) => value
                .as_array()
                .ok_or_else(wrong)?
                .iter()
                .map(|item| item.as_str().ok_or_else(wrong))
                .collect::<Result<_, _>>()
                .map(Some),
        }
    }
}
