//! What a request step expects of the answer. There is no default: a step without one does not load.

use std::collections::BTreeMap;

use duologue_core::ErrorCode;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

use crate::matcher::Matcher;
use crate::template::Template;

/// The expected answer.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(try_from = "ExpectFields")]
#[schemars(with = "ExpectFields")]
pub struct Expect {
    /// Success, an error or alternatives.
    pub outcome: Outcome,
    /// The exact status, in place of what follows from the outcome.
    pub status: Option<u16>,
    /// Headers, by name.
    pub headers: BTreeMap<String, Matcher>,
}

/// The kinds of expectation.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The documented success status and a body that matches; null: an empty body.
    Ok(Matcher),
    /// The error's status of the error table and its body.
    Error {
        /// The code.
        code: ErrorCode,
        /// What `field` must be; `None`: not looked at.
        field: Option<Matcher>,
    },
    /// The first alternative that matches decides.
    OneOf(Vec<Alternative>),
}

/// One of several permitted answers.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(try_from = "AlternativeFields")]
#[schemars(with = "AlternativeFields")]
pub struct Alternative {
    /// The answer.
    pub expect: Expect,
    /// How it is graded.
    pub level: AlternativeLevel,
}

/// How an alternative is graded: `warn` gives a warning, the others conform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AlternativeLevel {
    /// What the specification demands.
    #[default]
    Must,
    /// What it recommends.
    Should,
    /// What it permits.
    May,
    /// Tolerated, with a warning.
    Warn,
}

/// The members of an expectation: exactly one of `ok`, `error` and `one_of`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Expect")]
#[schemars(extend("oneOf" = [{"required": ["ok"]}, {"required": ["error"]}, {"required": ["one_of"]}]))]
struct ExpectFields {
    /// The body of a success; null: an empty body, `{}`: any object.
    #[serde(default, deserialize_with = "present")]
    ok: Option<Matcher>,
    /// An error code.
    #[serde(default)]
    #[schemars(schema_with = "error_code")]
    error: Option<ErrorCode>,
    /// With `error`: its `field`.
    #[serde(default, deserialize_with = "present")]
    field: Option<Matcher>,
    /// Several permitted answers.
    #[serde(default)]
    one_of: Option<Vec<Alternative>>,
    /// The exact status.
    #[serde(default)]
    status: Option<u16>,
    /// Headers, by name.
    #[serde(default)]
    headers: BTreeMap<String, Matcher>,
}

/// The members of an alternative: an expectation and its level.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Alternative")]
#[schemars(extend("oneOf" = [{"required": ["ok"]}, {"required": ["error"]}]))]
struct AlternativeFields {
    /// The body of a success.
    #[serde(default, deserialize_with = "present")]
    ok: Option<Matcher>,
    /// An error code.
    #[serde(default)]
    #[schemars(schema_with = "error_code")]
    error: Option<ErrorCode>,
    /// With `error`: its `field`.
    #[serde(default, deserialize_with = "present")]
    field: Option<Matcher>,
    /// The exact status.
    #[serde(default)]
    status: Option<u16>,
    /// Headers, by name.
    #[serde(default)]
    headers: BTreeMap<String, Matcher>,
    /// How it is graded; absent: `must`.
    #[serde(default)]
    level: AlternativeLevel,
}

impl TryFrom<ExpectFields> for Expect {
    type Error = &'static str;

    fn try_from(fields: ExpectFields) -> Result<Self, Self::Error> {
        if fields.field.is_some() && fields.error.is_none() {
            return Err("`field` goes with `error` only");
        }
        let outcome = match (fields.ok, fields.error, fields.one_of) {
            (Some(ok), None, None) => Outcome::Ok(ok),
            (None, Some(code), None) => Outcome::Error {
                code,
                field: fields.field,
            },
            (None, None, Some(list)) => Outcome::OneOf(checked(list)?),
            _ => return Err("expect exactly one of `ok`, `error` and `one_of`"),
        };
        match (fields.status, &outcome) {
            (Some(status), _) if !(100..600).contains(&status) => {
                return Err("`status` is a number from 100 to 599");
            }
            (Some(status), Outcome::Error { .. }) if status < 400 => {
                return Err("an error has a `status` of 400 or more");
            }
            (Some(_), Outcome::OneOf(_)) => {
                return Err("`status` stands inside the alternatives of `one_of`");
            }
            (Some(_), Outcome::Ok(_) | Outcome::Error { .. }) | (None, _) => {}
        }
        Ok(Self {
            outcome,
            status: fields.status,
            headers: fields.headers,
        })
    }
}

/// A choice has alternatives, and each of them can come to decide.
fn checked(list: Vec<Alternative>) -> Result<Vec<Alternative>, &'static str> {
    if list.len() < 2 {
        return Err("`one_of` takes at least two alternatives");
    }
    let takes_all = |expect: &Expect| {
        expect.outcome == Outcome::Ok(Matcher::any_object())
            && expect.status.is_none()
            && expect.headers.is_empty()
    };
    let unreachable = list.iter().enumerate().any(|(index, later)| {
        let success =
            matches!(&later.expect.outcome, Outcome::Ok(body) if !Expect::is_empty_body(body));
        success
            && later.expect.status.is_none()
            && list[..index].iter().any(|first| takes_all(&first.expect))
    });
    if unreachable {
        return Err(
            "in `one_of` the first match decides: put `\"ok\": {}`, which takes any \
                    success, after the other successes",
        );
    }
    Ok(list)
}

impl TryFrom<AlternativeFields> for Alternative {
    type Error = &'static str;

    fn try_from(fields: AlternativeFields) -> Result<Self, Self::Error> {
        let level = fields.level;
        let expect = ExpectFields {
            ok: fields.ok,
            error: fields.error,
            field: fields.field,
            one_of: None,
            status: fields.status,
            headers: fields.headers,
        };
        Ok(Self {
            expect: expect.try_into()?,
            level,
        })
    }
}

impl Expect {
    /// Any success with any object as its body.
    #[must_use]
    pub fn any_ok() -> Self {
        Self {
            outcome: Outcome::Ok(Matcher::any_object()),
            status: None,
            headers: BTreeMap::new(),
        }
    }

    /// Whether a success is the only answer expected.
    #[must_use]
    pub fn wants_success(&self) -> bool {
        matches!(self.outcome, Outcome::Ok(_))
    }

    /// Whether the answer should have no body.
    #[must_use]
    pub fn is_empty_body(matcher: &Matcher) -> bool {
        *matcher == Matcher::Equal(Template::Null)
    }

    /// Calls `visit` with every matcher in the expectation.
    pub fn each_matcher<'a>(&'a self, visit: &mut dyn FnMut(&'a Matcher)) {
        self.headers.values().for_each(&mut *visit);
        match &self.outcome {
            Outcome::Ok(body) => visit(body),
            Outcome::Error { field, .. } => field.iter().for_each(visit),
            Outcome::OneOf(list) => {
                list.iter()
                    .for_each(|alternative| alternative.expect.each_matcher(visit));
            }
        }
    }
}

/// A scenario expects only codes of this version, though a server may know more.
fn error_code(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": ErrorCode::ALL })
}

/// Reads a member that is there, also when it is null.
pub(super) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
