//! Comparing an answer with what a step expects, and with the schema of its endpoint.

use duologue_core::ErrorCode;
use serde_json::Value;

use super::call::Answer;
use super::stop::Stop;
use super::unreadable::why_not_json;
use crate::matcher::{Matcher, Mismatch};
use crate::scenario::{AlternativeLevel, Expect, Outcome};
use crate::template::Scope;
use crate::wire_check::violations;

/// How an answer that conforms is graded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Grade {
    #[default]
    Pass,
    /// Tolerated, for the reason given.
    Warn(String),
}

impl Grade {
    pub(super) fn and(self, later: Self) -> Self {
        match self {
            Self::Pass => later,
            Self::Warn(_) => self,
        }
    }
}

/// Judges an answer by the expectation, then by the protocol's schemas.
pub(super) fn judge(expect: &Expect, answer: &Answer, scope: &dyn Scope) -> Result<Grade, Stop> {
    let grade = by_expectation(expect, answer, scope)?;
    by_schema(answer)?;
    Ok(grade)
}

fn by_expectation(expect: &Expect, answer: &Answer, scope: &dyn Scope) -> Result<Grade, Stop> {
    let Outcome::OneOf(alternatives) = &expect.outcome else {
        let found = compare(expect, answer, scope)?;
        return if found.is_empty() {
            Ok(Grade::Pass)
        } else {
            Err(Stop::mismatch(unexpected(answer), found))
        };
    };
    let mut all = Vec::new();
    for (index, alternative) in alternatives.iter().enumerate() {
        let found = compare(&alternative.expect, answer, scope)?;
        if found.is_empty() {
            let tolerated = || {
                format!(
                    "{} {} answered {}",
                    answer.method,
                    answer.path,
                    answer.brief()
                ) + ", which is only tolerated"
            };
            return Ok(match alternative.level {
                AlternativeLevel::Warn => Grade::Warn(tolerated()),
                AlternativeLevel::Must | AlternativeLevel::Should | AlternativeLevel::May => {
                    Grade::Pass
                }
            });
        }
        all.extend(found.into_iter().map(|mismatch| Mismatch {
            expected: format!("alternative {}: {}", index + 1, mismatch.expected),
            ..mismatch
        }));
    }
    Err(Stop::mismatch(unexpected(answer), all))
}

fn unexpected(answer: &Answer) -> String {
    format!(
        "unexpected answer to {} {}: {}",
        answer.method,
        answer.path,
        answer.brief()
    )
}

/// Where an answer is not what was expected.
fn compare(expect: &Expect, answer: &Answer, scope: &dyn Scope) -> Result<Vec<Mismatch>, Stop> {
    let mut found = Vec::new();
    let statuses = match (&expect.status, &expect.outcome) {
        (Some(status), _) => vec![*status],
        (None, Outcome::Error { code, .. }) => vec![code.status()],
        (None, Outcome::Ok(_) | Outcome::OneOf(_)) => success_statuses(answer),
    };
    let status_fits = if statuses.is_empty() {
        answer.is_success()
    } else {
        statuses.contains(&answer.status)
    };
    if !status_fits {
        let wanted = if statuses.is_empty() {
            "a 2xx status".to_owned()
        } else {
            let list: Vec<String> = statuses.iter().map(ToString::to_string).collect();
            format!("status {}", list.join(" or "))
        };
        found.push(whole("(status)", wanted, Some(Value::from(answer.status))));
    }
    for (name, matcher) in &expect.headers {
        let value = answer.header(name).map(Value::from);
        for mismatch in matcher.check(value.as_ref(), scope)? {
            found.push(Mismatch {
                pointer: format!("(header {name})"),
                ..mismatch
            });
        }
    }
    // With the wrong status the body is of another kind; comparing it says nothing more.
    if status_fits {
        body(expect, answer, scope, &mut found)?;
    }
    Ok(found)
}

fn body(
    expect: &Expect,
    answer: &Answer,
    scope: &dyn Scope,
    found: &mut Vec<Mismatch>,
) -> Result<(), Stop> {
    match &expect.outcome {
        Outcome::Ok(matcher) if Expect::is_empty_body(matcher) => {
            if !answer.bytes.is_empty() {
                let actual = String::from_utf8_lossy(&answer.bytes).into_owned();
                found.push(whole("", "an empty body", Some(Value::String(actual))));
            }
        }
        Outcome::Ok(matcher) => match (&answer.json, matcher) {
            (Some(json), _) => found.extend(matcher.check(Some(json), scope)?),
            // An endpoint without a body, of which the scenario asks nothing in particular.
            (None, Matcher::Object(members)) if members.is_empty() && answer.status == 204 => {}
            (None, _) => {
                let actual = String::from_utf8_lossy(&answer.bytes).into_owned();
                let why = why_not_json(&answer.headers, &answer.bytes);
                let expected = format!("a JSON body; {why}");
                found.push(whole("", expected, Some(Value::String(actual))));
            }
        },
        Outcome::Error { code, field } => error_body(*code, field.as_ref(), answer, scope, found)?,
        Outcome::OneOf(_) => {}
    }
    Ok(())
}

fn error_body(
    code: ErrorCode,
    field: Option<&Matcher>,
    answer: &Answer,
    scope: &dyn Scope,
    found: &mut Vec<Mismatch>,
) -> Result<(), Stop> {
    let Some(json) = &answer.json else {
        let actual = String::from_utf8_lossy(&answer.bytes).into_owned();
        let why = why_not_json(&answer.headers, &answer.bytes);
        let expected = format!("an error body in JSON; {why}");
        found.push(whole("", expected, Some(Value::String(actual))));
        return Ok(());
    };
    if json["code"] != code.as_str() {
        let expected = format!("{:?}", code.as_str());
        found.push(whole("/code", expected, json.get("code").cloned()));
    }
    if json["message"].as_str().is_none_or(str::is_empty) {
        found.push(whole(
            "/message",
            "a non-empty string",
            json.get("message").cloned(),
        ));
    }
    if let Some(field) = field {
        for mismatch in field.check(json.get("field"), scope)? {
            found.push(Mismatch {
                pointer: "/field".into(),
                ..mismatch
            });
        }
    }
    Ok(())
}

fn whole(at: &str, expected: impl Into<String>, actual: Option<Value>) -> Mismatch {
    Mismatch {
        pointer: at.into(),
        expected: expected.into(),
        actual,
    }
}

/// The statuses the endpoint documents for success; empty: it is not in the table.
fn success_statuses(answer: &Answer) -> Vec<u16> {
    duologue_schema::operation(&answer.method, &answer.path)
        .map(|operation| operation.statuses.to_vec())
        .unwrap_or_default()
}

/// Compares the body of any answer with the schema of its endpoint.
pub(super) fn by_schema(answer: &Answer) -> Result<(), Stop> {
    let Some(name) = schema_of(answer) else {
        return Ok(());
    };
    let place = || {
        format!(
            "the answer {} to {} {}",
            answer.brief(),
            answer.method,
            answer.path
        )
    };
    let Some(json) = &answer.json else {
        let actual = String::from_utf8_lossy(&answer.bytes).into_owned();
        let mismatch = whole(
            "",
            format!("a JSON body ({name})"),
            Some(Value::String(actual)),
        );
        return Err(Stop::broken_wire(
            format!(
                "{} is not JSON: {}",
                place(),
                why_not_json(&answer.headers, &answer.bytes)
            ),
            vec![mismatch],
        ));
    };
    let found = violations(name, json);
    if found.is_empty() {
        return Ok(());
    }
    Err(Stop::broken_wire(
        format!("{} breaks the schema of {name}", place()),
        found,
    ))
}

fn schema_of(answer: &Answer) -> Option<&'static str> {
    let name = duologue_schema::answer_schema(&answer.method, &answer.path, answer.status)?;
    let several = answer
        .json
        .as_ref()
        .is_some_and(|json| json.get("results").is_some());
    // A HEAD request has no body, and a 416 or an error of a proxy may have none either: those are
    // judged by what the step expects.
    if answer.method == "HEAD" {
        return None;
    }
    Some(if name == "Message" && several {
        "BatchResults"
    } else {
        name
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;
    use serde_json::json;

    use super::*;

    struct Nothing;

    impl Scope for Nothing {
        fn lookup(&self, _: &[&str]) -> Option<Value> {
            None
        }
    }

    fn answer(method: &str, path: &str, status: u16, body: &Value) -> Answer {
        let bytes = if body.is_null() {
            Bytes::new()
        } else {
            Bytes::from(body.to_string())
        };
        let json = (!body.is_null()).then(|| body.clone());
        let headers = HeaderMap::new();
        Answer {
            method: method.into(),
            path: path.into(),
            status,
            headers,
            bytes,
            json,
        }
    }

    fn judged(expect: Value, answer: &Answer) -> Result<Grade, Stop> {
        judge(&serde_json::from_value(expect).unwrap(), answer, &Nothing)
    }

    fn fails(expect: Value, answer: &Answer) -> Vec<String> {
        match judged(expect, answer) {
            Err(Stop::Fail(finding)) => finding
                .mismatches
                .into_iter()
                .map(|found| found.pointer)
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn success_is_the_documented_status_and_a_body_that_matches() {
        let clock = answer("POST", "/v1/admin/clock", 200, &json!({ "now_ms": 5 }));
        assert_eq!(
            judged(json!({ "ok": { "now_ms": 5 } }), &clock),
            Ok(Grade::Pass)
        );
        assert_eq!(fails(json!({ "ok": { "now_ms": 6 } }), &clock), ["/now_ms"]);
        let created = answer("POST", "/v1/admin/clock", 201, &json!({ "now_ms": 5 }));
        assert_eq!(fails(json!({ "ok": {} }), &created), ["(status)"]);
        let gone = answer("DELETE", "/v1/sessions/current", 204, &Value::Null);
        assert_eq!(judged(json!({ "ok": null }), &gone), Ok(Grade::Pass));
        assert_eq!(judged(json!({ "ok": {} }), &gone), Ok(Grade::Pass));
        assert_eq!(fails(json!({ "ok": null }), &clock), [""]);
    }

    #[test]
    fn errors_have_their_status_code_message_and_field() {
        let body = |code: &str| json!({ "code": code, "message": "no", "field": "to" });
        let refused = answer("POST", "/v1/messages", 404, &body("user_not_found"));
        let expect = json!({ "error": "user_not_found", "field": "to" });
        assert_eq!(judged(expect.clone(), &refused), Ok(Grade::Pass));
        assert_eq!(
            fails(
                json!({ "error": "user_not_found", "field": "from" }),
                &refused
            ),
            ["/field"]
        );
        assert_eq!(
            fails(json!({ "error": "app_not_found" }), &refused),
            ["/code"]
        );
        let other = answer("POST", "/v1/messages", 400, &body("user_not_found"));
        assert_eq!(fails(expect, &other), ["(status)"]);
    }

    #[test]
    fn the_first_alternative_that_fits_decides() {
        let expect = json!({ "one_of": [
            { "error": "media_too_large" }, { "error": "body_too_large", "level": "warn" }
        ] });
        let too_large = |code: &str| {
            answer(
                "POST",
                "/v1/media",
                413,
                &json!({ "code": code, "message": "no" }),
            )
        };
        assert_eq!(
            judged(expect.clone(), &too_large("media_too_large")),
            Ok(Grade::Pass)
        );
        let tolerated = judged(expect.clone(), &too_large("body_too_large"));
        assert!(matches!(tolerated, Ok(Grade::Warn(_))), "{tolerated:?}");
        assert_eq!(fails(expect, &too_large("internal")).len(), 2);
    }

    #[test]
    fn a_body_that_breaks_its_schema_fails_whatever_the_step_expects() {
        let clock = answer("POST", "/v1/admin/clock", 200, &json!({ "now_ms": "soon" }));
        assert_eq!(fails(json!({ "ok": {} }), &clock), ["/now_ms"]);
        let bare = answer("GET", "/v1/nowhere", 500, &Value::Null);
        assert_eq!(fails(json!({ "error": "internal" }), &bare), [""]);
    }
}
