//! What each verb demands beyond its fields: that it can be done, and that it proves something.

use serde_json::{Map, Value};

use super::header::is_size;
use super::{Lint, literal};
use crate::scenario::ActorName;

/// No scenario repeats more often than this.
const TIMES_MAX: u64 = 10_000;

impl Lint<'_> {
    pub(super) fn rules(&mut self, verb: &str, fields: &Map<String, Value>, at: &str) {
        match verb {
            "repeat" => self.repeat(fields, at),
            "parallel" => self.parallel(fields, at),
            "provision" => self.provision(fields, at),
            "request" => self.request(fields, at),
            "raw_http" => self.raw_http(fields, at),
            "send_as_admin" | "notify" => self.admin_key(fields, at),
            "advance_clock" => self.advance_clock(fields, at),
            "expect_event" => self.event_type(fields, at),
            "expect_events_unordered" => self.events(fields, at),
            "expect_no_event_before" => self.no_event_before(fields, at),
            "expect_push" | "expect_no_push_before" | "set_gateway" => {
                self.pushes(verb, fields, at);
            }
            _ => {}
        }
    }

    fn repeat(&mut self, fields: &Map<String, Value>, at: &str) {
        if !is_size(&fields["times"], 1..=TIMES_MAX) {
            let message =
                format!("`times` is an integer from 1 to {TIMES_MAX} or a `${{…}}` of one");
            self.problem(&format!("{at}/times"), message);
        }
        self.some(fields, "steps", at, "there must be at least one step");
        let index = fields.get("index").and_then(Value::as_str);
        if let Some(index) = index {
            self.new_name(index, &format!("{at}/index"));
        }
        self.known
            .indices
            .push(index.unwrap_or_default().to_owned());
        self.steps(&fields["steps"], &format!("{at}/steps"));
        self.known.indices.pop();
    }

    /// Branches run in no order: what one saves the others do not know.
    fn parallel(&mut self, fields: &Map<String, Value>, at: &str) {
        let branches = fields["branches"].as_array().map_or(&[][..], Vec::as_slice);
        if branches.len() < 2 {
            let message = "there must be at least two branches; a single one is plain steps";
            self.problem(&format!("{at}/branches"), message);
        }
        let before = self.known.clone();
        let mut after = Vec::new();
        for (index, branch) in branches.iter().enumerate() {
            let here = format!("{at}/branches/{index}");
            if branch.as_array().is_some_and(Vec::is_empty) {
                self.problem(&here, "a branch must have at least one step");
            }
            self.known = before.clone();
            self.steps(branch, &here);
            after.push(std::mem::take(&mut self.known));
        }
        self.known = before;
        after.into_iter().for_each(|known| self.known.join(known));
    }

    fn provision(&mut self, fields: &Map<String, Value>, at: &str) {
        let name = text(fields, "name");
        let here = format!("{at}/name");
        if let Err(reason) = ActorName::parse(name) {
            self.problem(&here, reason);
        } else if !self.known.apps.insert(name.to_owned()) {
            self.problem(&here, format!("there already is an app `{name}`"));
        }
        let empty = Value::Null;
        let actors = fields.get("actors").unwrap_or(&empty);
        let prefix = format!("{name}/");
        self.known.add_actors(&prefix, Some(actors));
        self.actors(actors, &prefix, &format!("{at}/actors"));
        // A refusal may be just what the step is after.
        if fields["expect"].get("ok").is_some() {
            self.app(fields.get("app").unwrap_or(&empty), &format!("{at}/app"));
        }
    }

    fn request(&mut self, fields: &Map<String, Value>, at: &str) {
        let bodies = ["json", "raw_body", "latin1_body"];
        let mut bodies = bodies.iter().filter(|name| fields.contains_key(**name));
        if let (Some(_), Some(second)) = (bodies.next(), bodies.next()) {
            let message = "a request has one body: `json`, `raw_body` or `latin1_body`";
            self.problem(&format!("{at}/{second}"), message);
        }
        let strange = |c: &char| u8::try_from(u32::from(*c)).is_err();
        if let Some(strange) = text(fields, "latin1_body").chars().find(strange) {
            let message = format!("`{strange}` is no character of Latin-1 (up to U+00FF)");
            self.problem(&format!("{at}/latin1_body"), message);
        }
        if literal(&fields["path"]).is_some_and(|path| !path.starts_with('/')) {
            self.problem(&format!("{at}/path"), "a path begins with `/`");
        }
    }

    fn raw_http(&mut self, fields: &Map<String, Value>, at: &str) {
        if text(fields, "bytes").contains("${token}") && !fields.contains_key("as") {
            let message = "`${token}` is that of `as`, which is missing; or write `${token.alice}`";
            self.problem(&format!("{at}/bytes"), message);
        }
    }

    fn admin_key(&mut self, fields: &Map<String, Value>, at: &str) {
        if fields
            .get("client_msg_id")
            .is_some_and(|key| literal(key).is_some())
        {
            let message = "the administrator's keys are those of the whole app, which \
                           scenarios may share: put an actor's id into it, `${bob}-k1`";
            self.problem(&format!("{at}/client_msg_id"), message);
        }
    }

    fn advance_clock(&mut self, fields: &Map<String, Value>, at: &str) {
        if !self.known.clock {
            self.problem(at, "needs `\"clock\": \"manual\"` in the scenario's app");
        }
        let refused = fields
            .get("expect")
            .is_some_and(|expect| expect.get("ok").is_none());
        if !refused && !is_size(&fields["ms"], 0..=u64::MAX) {
            let message = "milliseconds to go forward: an integer, 0 or more, or a `${…}` of one";
            self.problem(&format!("{at}/ms"), message);
        }
    }

    fn events(&mut self, fields: &Map<String, Value>, at: &str) {
        self.some(fields, "events", at, "there must be at least one event");
        for (index, event) in fields["events"]
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
        {
            self.pattern(event, &format!("{at}/events/{index}"));
        }
    }

    fn no_event_before(&mut self, fields: &Map<String, Value>, at: &str) {
        let message = "there must be at least one forbidden event, `{}` for any";
        self.some(fields, "forbidden", at, message);
        let forbidden = fields["forbidden"].as_array();
        for (index, event) in forbidden.into_iter().flatten().enumerate() {
            self.pattern(event, &format!("{at}/forbidden/{index}"));
        }
        self.pattern(&fields["marker"], &format!("{at}/marker"));
    }

    fn pattern(&mut self, event: &Value, at: &str) {
        if let Value::Object(fields) = event {
            self.event_type(fields, at);
        } else {
            let message = "an event is an object, such as {\"event\": …, \"data\": …}";
            self.problem(at, message);
        }
    }

    /// Events of a type the protocol does not have are skipped, so waiting for one is in vain.
    fn event_type(&mut self, fields: &Map<String, Value>, at: &str) {
        let Some(name) = fields.get("event").and_then(literal) else {
            return;
        };
        if duologue_schema::event_schema(name).is_none() {
            let message = format!("there is no event `{name}`; those of unknown types are skipped");
            self.problem(&format!("{at}/event"), message);
        }
    }

    fn pushes(&mut self, verb: &str, fields: &Map<String, Value>, at: &str) {
        if !self.known.push {
            self.problem(at, "needs `\"push\": true` in the scenario's app");
        }
        if verb == "expect_no_push_before" {
            let message = "there must be at least one forbidden push, `{}` for any";
            self.some(fields, "forbidden", at, message);
        }
        let to = fields.get("to").and_then(literal);
        if let Some(to) = to.filter(|to| self.known.push && !self.known.is_registered(to)) {
            let message =
                format!("`{to}` has no push token at this step; `register_push` it before");
            self.problem(&format!("{at}/to"), message);
        }
    }

    fn some(&mut self, fields: &Map<String, Value>, name: &str, at: &str, message: &str) {
        if fields[name].as_array().is_some_and(Vec::is_empty) {
            self.problem(&format!("{at}/{name}"), message);
        }
    }
}

pub(super) fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}
