//! What the names in a scenario refer to: actors, saved answers, limits, requirements.

use std::collections::BTreeSet;

use duologue_core::limits::Limits;
use serde_json::{Map, Value};

use super::locate::Places;
use super::{ActorName, Problem, Scenario};
use crate::matcher::escape;
use crate::requirements::{Proof, Requirements};
use crate::template::Text;

/// Reports references to what does not exist. `source` is the text that became `scenario`.
pub(super) fn lint(
    file: &str,
    source: &str,
    scenario: &Scenario,
    requirements: &Requirements,
) -> Vec<Problem> {
    let places = Places::new(file, source);
    let found = places.duplicates().collect();
    let mut lint = Lint {
        places: &places,
        found,
        known: Known::default(),
    };
    lint.header(scenario, requirements);
    // The source has been read before, so it is JSON.
    let raw: Value = serde_json::from_str(source).unwrap_or_default();
    lint.known.add_actors("", raw.get("actors"));
    lint.friends(&raw);
    lint.known.clock = scenario.app.clock == Some(super::ClockNeed::Manual);
    lint.known.push = scenario.app.push;
    lint.steps(&raw["steps"], "/steps");
    lint.found.sort();
    lint.found
}

/// The names that mean something at a step.
#[derive(Debug, Default)]
struct Known {
    actors: BTreeSet<String>,
    /// Actors with a `count`: the bare name is the list of all, name and number is one.
    counted: BTreeSet<String>,
    /// Saved answers; a name with a reference in it stands as its fixed first part.
    saved: BTreeSet<String>,
    saved_families: BTreeSet<String>,
    indices: Vec<String>,
    streams: BTreeSet<String>,
    clock: bool,
    push: bool,
}

const ROOTS: &[&str] = &["limits", "app", "token", "host"];
const CALLERS: &[&str] = &["admin", "operator", "nobody"];

impl Known {
    fn add_actors(&mut self, prefix: &str, actors: Option<&Value>) {
        for (name, actor) in actors.and_then(Value::as_object).into_iter().flatten() {
            let name = format!("{prefix}{name}");
            if actor.get("count").is_some() {
                self.counted.insert(name);
            } else {
                self.actors.insert(name);
            }
        }
    }

    fn is_actor(&self, name: &str) -> bool {
        let family = name.trim_end_matches(|c: char| c.is_ascii_digit());
        self.actors.contains(name) || (family != name && self.counted.contains(family))
    }

    fn is_session(&self, name: &str) -> bool {
        let actor = name.split_once('.').map_or(name, |(actor, _)| actor);
        self.is_actor(actor)
    }

    fn is_root(&self, root: &str) -> bool {
        let family = root.trim_end_matches(|c: char| c.is_ascii_digit());
        ROOTS.contains(&root)
            || self.is_actor(root)
            || self.counted.contains(root)
            || self.saved.contains(root)
            || self.indices.iter().any(|index| index == root)
            || (family != root && self.saved_families.contains(family))
    }

    fn save(&mut self, name: &Text) {
        match name.literal() {
            Some(name) => self.saved.insert(name.to_owned()),
            None => {
                let source = name.source();
                let fixed = source.split("${").next().unwrap_or_default();
                self.saved_families.insert(fixed.to_owned())
            }
        };
    }
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

    fn header(&mut self, scenario: &Scenario, requirements: &Requirements) {
        if scenario.requirements.is_empty() {
            self.problem(
                "/requirements",
                "a scenario proves at least one requirement",
            );
        }
        for (index, id) in scenario.requirements.iter().enumerate() {
            let at = format!("/requirements/{index}");
            match requirements.get(id).map(|requirement| &requirement.proof) {
                Some(Proof::Scenario) => {}
                Some(Proof::Client) => {
                    self.problem(&at, format!("{id} binds clients; no scenario can prove it"));
                }
                Some(Proof::Untestable(_)) => {
                    self.problem(&at, format!("the specification calls {id} untestable"));
                }
                None => self.problem(&at, format!("the specification has no requirement {id}")),
            }
        }
        for (index, name) in scenario.requires.limits.iter().enumerate() {
            self.limit_name(name, &format!("/requires/limits/{index}"));
        }
        for name in scenario.app.limits.keys() {
            self.limit_name(name, &format!("/app/limits/{}", escape(name)));
        }
        for name in scenario.app.policy.keys() {
            if !["messaging", "block_visibility", "multi_login"].contains(&name.as_str()) {
                self.problem(&format!("/app/policy/{}", escape(name)), "no such policy");
            }
        }
    }

    fn limit_name(&mut self, name: &str, at: &str) {
        if !Limits::NAMES.contains(&name) {
            self.problem(at, format!("there is no limit `{name}`"));
        }
    }

    fn friends(&mut self, raw: &Value) {
        for (name, actor) in raw["actors"].as_object().into_iter().flatten() {
            for (index, friend) in actor["friends"]
                .as_array()
                .into_iter()
                .flatten()
                .enumerate()
            {
                if !friend
                    .as_str()
                    .is_some_and(|friend| self.known.is_actor(friend))
                {
                    let at = format!("/actors/{}/friends/{index}", escape(name));
                    self.problem(&at, format!("there is no actor {friend}"));
                }
            }
        }
    }

    fn steps(&mut self, steps: &Value, at: &str) {
        for (index, step) in steps.as_array().into_iter().flatten().enumerate() {
            for (verb, fields) in step.as_object().into_iter().flatten() {
                if let Value::Object(fields) = fields {
                    self.step(verb, fields, &format!("{at}/{index}/{verb}"));
                }
            }
        }
    }

    fn step(&mut self, verb: &str, fields: &Map<String, Value>, at: &str) {
        for (name, value) in fields {
            let here = format!("{at}/{}", escape(name));
            match (verb, name.as_str()) {
                (_, "why" | "steps" | "branches" | "index" | "actors" | "app") => {}
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
        self.verb(verb, fields, at);
        for name in ["save", "stream"] {
            if let Some(text) = fields.get(name).and_then(Value::as_str) {
                self.name(name, text);
            }
        }
    }

    fn name(&mut self, role: &str, text: &str) {
        let Ok(parsed) = Text::parse(text) else {
            return;
        };
        if role == "save" {
            self.known.save(&parsed);
        } else {
            self.known.streams.insert(text.to_owned());
        }
    }

    fn verb(&mut self, verb: &str, fields: &Map<String, Value>, at: &str) {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
        match verb {
            "repeat" => {
                self.known.indices.push(text("index").to_owned());
                self.steps(&fields["steps"], &format!("{at}/steps"));
                self.known.indices.pop();
            }
            "parallel" => {
                for (index, branch) in fields["branches"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .enumerate()
                {
                    self.steps(branch, &format!("{at}/branches/{index}"));
                }
            }
            "provision" => {
                let name = text("name");
                if ActorName::parse(name).is_err() {
                    self.problem(&format!("{at}/name"), "must be a lower-case word");
                }
                self.known.actors.insert(format!("{name}/admin"));
                self.known
                    .add_actors(&format!("{name}/"), fields.get("actors"));
            }
            "open_stream" if !fields.contains_key("stream") => {
                self.known.streams.insert(text("as").to_owned());
            }
            "send_as_admin" | "notify"
                if fields
                    .get("client_msg_id")
                    .is_some_and(|key| literal(key).is_some()) =>
            {
                let message = "the administrator's keys are those of the whole app, which \
                               scenarios may share: put an actor's id into it, `${bob}-k1`";
                self.problem(&format!("{at}/client_msg_id"), message);
            }
            "advance_clock" if !self.known.clock => {
                self.problem(at, "needs `\"clock\": \"manual\"` in the scenario's app");
            }
            "expect_push" | "expect_no_push_before" | "set_gateway" if !self.known.push => {
                self.problem(at, "needs `\"push\": true` in the scenario's app");
            }
            _ => {}
        }
    }

    fn caller(&mut self, value: &Value, at: &str) {
        self.references(value, at);
        let Some(text) = literal(value) else { return };
        if !CALLERS.contains(&text) && !self.known.is_session(text) {
            self.problem(at, format!("there is no actor `{text}`"));
        }
    }

    fn stream(&mut self, value: &Value, at: &str) {
        self.references(value, at);
        let Some(text) = literal(value) else { return };
        let first_device = self.known.streams.iter().any(|stream| {
            stream
                .strip_prefix(text)
                .is_some_and(|rest| rest.starts_with('.'))
                || text
                    .strip_prefix(stream.as_str())
                    .is_some_and(|rest| rest.starts_with('.'))
        });
        if !self.known.streams.contains(text) && !first_device {
            self.problem(at, format!("no stream `{text}` was opened before"));
        }
    }

    fn user(&mut self, value: &Value, at: &str) {
        self.references(value, at);
        let Some(text) = literal(value) else { return };
        if !text.starts_with('@') && !self.known.is_actor(text) {
            let message =
                format!("there is no actor `{text}`; for a raw id write {{\"$literal\": …}}");
            self.problem(at, message);
        }
    }

    fn resent(&mut self, value: &Value, at: &str) {
        let Some(text) = literal(value) else { return };
        if !self.known.is_root(text) {
            self.problem(at, format!("nothing was saved as `{text}` before"));
        }
    }

    /// A matcher: its references, and actors' names where an id must have been meant.
    fn matcher(&mut self, value: &Value, at: &str) {
        self.references(value, at);
        self.bare_names(value, at);
    }

    fn bare_names(&mut self, value: &Value, at: &str) {
        match value {
            Value::Object(map) => {
                for (name, member) in map {
                    let here = format!("{at}/{}", escape(name));
                    let is_user = ["from", "to", "peer", "user_id"].contains(&name.as_str());
                    match member.as_str() {
                        Some(text) if is_user && self.known.is_actor(text) => {
                            self.problem(&here, format!("write `${{{text}}}` for the actor's id"));
                        }
                        _ => self.bare_names(member, &here),
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.bare_names(item, &format!("{at}/{index}"));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn references(&mut self, value: &Value, at: &str) {
        match value {
            Value::String(text) => {
                let roots: Vec<String> = Text::parse(text)
                    .map(|text| text.roots().map(str::to_owned).collect())
                    .unwrap_or_default();
                for root in roots
                    .iter()
                    .filter(|root| !self.known.is_root(root))
                    .cloned()
                    .collect::<Vec<_>>()
                {
                    self.problem(at, format!("`${{{root}}}` is not known at this step"));
                }
                self.limit_references(text, at);
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.references(item, &format!("{at}/{index}"));
                }
            }
            Value::Object(map) if map.contains_key("$literal") => {}
            Value::Object(map) => {
                for (name, member) in map {
                    let here = format!("{at}/{}", escape(name));
                    match (name.as_str(), member.as_str()) {
                        ("$ref", Some(path)) => {
                            self.references(&Value::String(format!("${{{path}}}")), &here);
                        }
                        _ => self.references(member, &here),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn limit_references(&mut self, text: &str, at: &str) {
        for rest in text.split("${limits.").skip(1) {
            let name: String = rest
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            self.limit_name(&name, at);
        }
    }
}

/// A text without references.
fn literal(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.contains("${"))
}
