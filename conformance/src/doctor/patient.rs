//! Asking the server under examination, and telling what is wrong with an answer.

use duologue_client::{Http, RawResponse, TransportError};
use serde_json::Value;

use super::finding::{Blame, Finding};
use crate::executor::Access;
use crate::redact::Redactor;
use crate::wire_check::violations;

/// The server under examination.
pub(super) struct Patient {
    pub(super) http: Http,
    redactor: Redactor,
}

/// Why a request did not do what it should.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) what: String,
    pub(super) blame: Blame,
}

impl Trouble {
    pub(super) fn server(what: String) -> Self {
        Self {
            what,
            blame: Blame::Server,
        }
    }

    pub(super) fn finding(self, name: &'static str, mend: impl Into<String>) -> Finding {
        Finding::fail(name, self.what, mend).blaming(self.blame)
    }
}

impl Patient {
    pub(super) fn new(http: Http, access: &Access) -> Self {
        let redactor = Redactor::default();
        for token in [&access.operator, &access.admin].into_iter().flatten() {
            redactor.learn(token, "token");
        }
        Self { http, redactor }
    }

    /// Sends a request whose body, if any, is JSON.
    pub(super) async fn ask(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<RawResponse, Trouble> {
        let answer = self.http.json(method, path, token, body).await;
        answer.map_err(|error| no_answer(method, path, &error))
    }

    /// Sends a request and demands what its endpoint promises: status and schema. The answer
    /// without a body is null.
    pub(super) async fn demand(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Value, Trouble> {
        let answer = self.ask(method, path, token, body).await?;
        self.check(method, path, &answer)
    }

    /// Whether an answer is what its endpoint promises.
    pub(super) fn check(
        &self,
        method: &str,
        path: &str,
        answer: &RawResponse,
    ) -> Result<Value, Trouble> {
        let bare = path.split('?').next().unwrap_or_default();
        let wrong = |what: String| {
            let text = format!("{method} {bare} {what}");
            Trouble::server(self.redactor.text(&text))
        };
        let statuses =
            duologue_schema::operation(method, bare).map_or(&[][..], |found| found.statuses);
        if !statuses.contains(&answer.status) {
            return Err(wrong(format!("answered {}", brief(answer))));
        }
        let Some(schema) = duologue_schema::answer_schema(method, bare, answer.status) else {
            return Ok(Value::Null);
        };
        let json = answer
            .json()
            .map_err(|_| wrong(format!("answered {}, but no JSON", answer.status)))?;
        match violations(schema, &json).first() {
            None => Ok(json),
            Some(first) => Err(wrong(format!(
                "breaks the schema of {schema} at `{}`: {}",
                first.pointer, first.expected
            ))),
        }
    }
}

pub(super) fn no_answer(method: &str, path: &str, error: &TransportError) -> Trouble {
    Trouble {
        what: format!("{method} {path}: {error}"),
        blame: Blame::Environment,
    }
}

/// Status and, of an error body, its code.
pub(super) fn brief(answer: &RawResponse) -> String {
    match code(answer) {
        Some(code) => format!("{} {code}", answer.status),
        None => answer.status.to_string(),
    }
}

/// The code of an error body.
pub(super) fn code(answer: &RawResponse) -> Option<String> {
    let json = answer.json().ok()?;
    json["code"].as_str().map(str::to_owned)
}
