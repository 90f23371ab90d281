//! What the names in a scenario refer to, and whether each step can be done and proves something.

mod header;
mod known;
mod names;
mod rules;

use serde_json::{Map, Value};

use super::locate::Places;
use super::{ClockNeed, Problem, Scenario};
use crate::matcher::escape;
use crate::requirements::Requirements;
use crate::template::Text;
use known::Known;
use rules::text;

/// Reports what is wrong in a file of legal form. `raw` is the JSON that became `scenario`, `source`
/// the text of the file.
pub(super) fn lint(
    file: &str,
    source: &str,
    raw: &Value,
    scenario: &Scenario,
    requirements: &Requirements,
) -> Vec<Problem> {
    let places = Places::new(file, source);
    let mut lint = Lint {
        places: &places,
        found: Vec::new(),
        known: Known::default(),
    };
    lint.header(raw, scenario, requirements);
    lint.known.add_actors("", raw.get("actors"));
    lint.actors(&raw["actors"], "", "/actors");
    lint.known.clock = scenario.app.clock == Some(ClockNeed::Manual);
    lint.known.push = scenario.app.push;
    lint.steps(&raw["steps"], "/steps");
    lint.found.sort();
    lint.found
}

struct Lint<'a> {
    places: &'a Places<'a>,
    found: Vec<Problem>,
    known: Known,
}

impl Lint<'_> {
    fn problem(&mut self, at: &str, message: impl Into<String>) {
        self.found.push(self.places.problem(at, message));
    }

    fn steps(&mut self, steps: &Value, at: &str) {
        for (index, step) in steps.as_array().into_iter().flatten().enumerate() {
            for (verb, fields) in step.as_object().into_iter().flatten() {
                let here = format!("{at}/{index}/{verb}");
                if let Value::Object(fields) = fields {
                    self.step(verb, fields, &here);
                } else {
                    self.problem(&here, "an array, expected an object");
                }
            }
        }
    }

    fn step(&mut self, verb: &str, fields: &Map<String, Value>, at: &str) {
        for (name, value) in fields {
            let here = format!("{at}/{}", escape(name));
            match (verb, name.as_str()) {
                (_, "why" | "steps" | "branches" | "index" | "actors" | "app") => {}
                ("login", "as") => self.device(value, &here),
                (_, "as") => self.caller(value, &here),
                (_, "on") => self.stream(value, &here),
                ("expect_push" | "expect_no_push_before", "to") => self.caller(value, &here),
                (_, "to" | "peer" | "user" | "from" | "credential_of") => self.user(value, &here),
                (_, "to_users") => {
                    for (index, user) in value.as_array().into_iter().flatten().enumerate() {
                        self.user(user, &format!("{here}/{index}"));
                    }
                }
                ("resend", "of") | ("outlive", "message") => self.resent(value, &here),
                (_, "expect" | "data" | "forbidden" | "marker" | "events" | "matches" | "id") => {
                    self.matcher(value, &here);
                }
                _ => self.references(value, &here),
            }
        }
        self.arrays(fields, at);
        self.rules(verb, fields, at);
        self.after(verb, fields);
        self.save(verb, fields, at);
    }

    /// Fields and alternatives that are arrays in place of objects.
    fn arrays(&mut self, fields: &Map<String, Value>, at: &str) {
        self.objects(fields, at, &["expect", "app"]);
        let alternatives = fields
            .get("expect")
            .and_then(|expect| expect["one_of"].as_array());
        for (index, alternative) in alternatives.into_iter().flatten().enumerate() {
            if alternative.is_array() {
                let here = format!("{at}/expect/one_of/{index}");
                self.problem(&here, "an array, expected an object");
            }
        }
    }

    /// What later steps can rely on.
    fn after(&mut self, verb: &str, fields: &Map<String, Value>) {
        let r#as = text(fields, "as");
        let refused = fields
            .get("expect")
            .is_some_and(|expect| expect.get("error").is_some());
        match verb {
            "login" if !refused => self.known.log_in(r#as),
            "register_push" if !refused => self.known.register(r#as),
            "open_stream" if !refused => match fields.get("stream").and_then(Value::as_str) {
                Some(stream) => self.known.open(stream),
                None => self.known.open_of(r#as),
            },
            "close_stream" | "cut_stream" => self.known.close(text(fields, "on")),
            _ => {}
        }
    }

    fn save(&mut self, verb: &str, fields: &Map<String, Value>, at: &str) {
        let Some(source) = fields.get("save").and_then(Value::as_str) else {
            return;
        };
        let Ok(name) = Text::parse(source) else {
            return;
        };
        let here = format!("{at}/save");
        if let Some(name) = name.literal() {
            self.new_name(name, &here);
        }
        let sends = ["send", "send_as_admin", "notify", "resend", "request"];
        if !self.known.save(&name, sends.contains(&verb)) {
            let message = format!("`{source}` is the name of an earlier answer; choose another");
            self.problem(&here, message);
        }
    }
}

/// A text without references.
fn literal(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.contains("${"))
}
