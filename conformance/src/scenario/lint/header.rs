//! What stands before the steps: id, requirements, app, actors.

use std::collections::BTreeSet;

use duologue_core::limits::{Limits, Profile};
use duologue_core::policy::Policy;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::super::plain::plain;
use super::Lint;
use crate::matcher::escape;
use crate::requirements::{Proof, Requirements};
use crate::scenario::Scenario;

/// Ids stand in file names, reports and on command lines.
const ID_BYTES_MAX: usize = 100;
const COUNT_MAX: u64 = 2000;

impl Lint<'_> {
    pub(super) fn header(&mut self, raw: &Value, scenario: &Scenario, requirements: &Requirements) {
        if scenario.id.as_str().len() > ID_BYTES_MAX {
            self.problem("/id", format!("an id has at most {ID_BYTES_MAX} bytes"));
        }
        for (index, alias) in scenario.aliases.iter().enumerate() {
            if *alias == scenario.id {
                let at = format!("/aliases/{index}");
                self.problem(&at, "this is the id itself; aliases are former ids");
            }
        }
        if scenario.title.trim().is_empty() {
            self.problem("/title", "say what comes of the steps, in a sentence");
        }
        if scenario.steps.is_empty() {
            self.problem("/steps", "there must be at least one step");
        }
        self.requirements(scenario, requirements);
        if let Value::Object(raw) = raw {
            self.objects(raw, "", &["requires", "app"]);
        }
        for (index, name) in scenario.requires.limits.iter().enumerate() {
            let at = format!("/requires/limits/{index}");
            if self.limit_name(name, &at)
                && misfit(&Limits::default(), name, &Value::Null).is_some()
            {
                self.problem(
                    &at,
                    format!("`{name}` is never null, so nothing is required"),
                );
            }
        }
        for name in scenario.requires.limits_at_most.keys() {
            self.limit_name(name, &format!("/requires/limits_at_most/{}", escape(name)));
        }
        self.app(&raw["app"], "/app");
    }

    fn requirements(&mut self, scenario: &Scenario, requirements: &Requirements) {
        if scenario.requirements.is_empty() {
            let message = "a scenario proves at least one requirement";
            self.problem("/requirements", message);
        }
        let mut seen = BTreeSet::new();
        for (index, id) in scenario.requirements.iter().enumerate() {
            let at = format!("/requirements/{index}");
            match requirements.get(id).map(|requirement| &requirement.proof) {
                Some(Proof::Scenario) if !seen.insert(id) => {
                    self.problem(&at, format!("{id} is named twice"));
                }
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
    }

    /// What an app is asked for: names and values that a server could grant.
    pub(super) fn app(&mut self, app: &Value, at: &str) {
        if let Some(profile) = app["profile"].as_str()
            && Profile::parse(profile).is_none()
        {
            let all = Profile::ALL.map(Profile::as_str).join(", ");
            let message = format!("there is no profile `{profile}`; the profiles are {all}");
            self.problem(&format!("{at}/profile"), message);
        }
        for (name, value) in app["limits"].as_object().into_iter().flatten() {
            let here = format!("{at}/limits/{}", escape(name));
            if self.limit_name(name, &here)
                && let Some(reason) = misfit(&Limits::default(), name, value)
            {
                self.problem(&here, format!("no value of `{name}`: {reason}"));
            }
        }
        for (name, value) in app["policy"].as_object().into_iter().flatten() {
            let here = format!("{at}/policy/{}", escape(name));
            let known = fields(&Policy::default());
            if !known.contains_key(name) {
                let all: Vec<&str> = known.keys().map(String::as_str).collect();
                let message = format!(
                    "there is no policy `{name}`; the policies are {}",
                    all.join(", ")
                );
                self.problem(&here, message);
            } else if let Some(reason) = misfit(&Policy::default(), name, value) {
                self.problem(&here, format!("no value of `{name}`: {reason}"));
            }
        }
    }

    /// Reports a name that is no limit's.
    pub(super) fn limit_name(&mut self, name: &str, at: &str) -> bool {
        let known = Limits::NAMES.contains(&name);
        if !known {
            let message = format!(
                "there is no limit `{name}`; the limits are {}",
                Limits::NAMES.join(", ")
            );
            self.problem(at, message);
        }
        known
    }

    /// Actors and what they refer to; `self.known` has their names already.
    pub(super) fn actors(&mut self, actors: &Value, prefix: &str, at: &str) {
        let all = actors.as_object();
        for (name, actor) in all.into_iter().flatten() {
            let here = format!("{at}/{}", escape(name));
            if !actor.is_object() {
                self.problem(&here, "an array, expected an object");
            }
            if self.known.is_numbered(&format!("{prefix}{name}")) {
                let message = "an actor with a count already makes this name";
                self.problem(&here, message);
            }
            self.devices(&actor["devices"], &format!("{here}/devices"));
            self.count(actor.get("count"), &format!("{here}/count"));
            for member in ["nickname", "avatar_url", "count"] {
                self.before_steps(&actor[member], &format!("{here}/{member}"));
            }
            self.friends(&actor["friends"], prefix, name, &format!("{here}/friends"));
        }
    }

    fn devices(&mut self, devices: &Value, at: &str) {
        let Some(list) = devices.as_array() else {
            return;
        };
        if list.is_empty() {
            let message = "an actor has at least one device; leave `devices` out for a phone";
            self.problem(at, message);
        }
        for (index, device) in list.iter().enumerate() {
            let here = format!("{at}/{index}");
            let name = device.as_str().unwrap_or_default();
            if duologue_core::id::DeviceId::parse(name).is_err() || name.contains('.') {
                let message = format!("`{name}` is no device_id of letters, digits, `_` and `-`");
                self.problem(&here, message);
            }
            if list[..index].contains(device) {
                self.problem(&here, format!("the device `{name}` stands here twice"));
            }
        }
    }

    fn count(&mut self, count: Option<&Value>, at: &str) {
        let Some(count) = count else { return };
        if !is_size(count, 1..=COUNT_MAX) {
            let message =
                format!("a count is an integer from 1 to {COUNT_MAX} or a `${{…}}` of one");
            self.problem(at, message);
        }
    }

    /// Users are created before anything is saved and in no order.
    fn before_steps(&mut self, value: &Value, at: &str) {
        let actors = std::mem::take(&mut self.known);
        self.references(value, at);
        self.known = actors;
    }

    fn friends(&mut self, friends: &Value, prefix: &str, name: &str, at: &str) {
        for (index, friend) in friends.as_array().into_iter().flatten().enumerate() {
            let friend = friend.as_str().unwrap_or_default();
            let full = format!("{prefix}{friend}");
            let here = format!("{at}/{index}");
            if friend == name {
                self.problem(&here, "nobody is a friend of their own");
            } else if self.known.is_group(&full) {
                let message = format!("`{friend}` is several; write `{friend}1` for the first");
                self.problem(&here, message);
            } else if !self.known.is_actor(&full) {
                self.problem(&here, format!("there is no actor `{friend}`"));
            }
        }
    }

    /// Serde reads an array as an object by position, which nobody means.
    pub(super) fn objects(&mut self, parent: &Map<String, Value>, at: &str, names: &[&str]) {
        for name in names {
            if parent.get(*name).is_some_and(Value::is_array) {
                self.problem(&format!("{at}/{name}"), "an array, expected an object");
            }
        }
    }
}

/// Whether a value is a number in the range or a reference, whose value nobody knows yet.
pub(super) fn is_size(value: &Value, range: std::ops::RangeInclusive<u64>) -> bool {
    let number = value.as_u64();
    value.as_str().is_some_and(|text| text.contains("${"))
        || number.is_some_and(|number| range.contains(&number))
}

fn fields<T: Serialize>(whole: &T) -> Map<String, Value> {
    match serde_json::to_value(whole) {
        Ok(Value::Object(map)) => map,
        Ok(_) | Err(_) => Map::new(),
    }
}

/// Why `value` cannot be the member `name` of a `T`; `None` if it can.
fn misfit<T: Serialize + DeserializeOwned>(whole: &T, name: &str, value: &Value) -> Option<String> {
    let mut fields = fields(whole);
    fields.insert(name.to_owned(), value.clone());
    let error = serde_json::from_value::<T>(Value::Object(fields)).err()?;
    Some(plain(&error.to_string()))
}
