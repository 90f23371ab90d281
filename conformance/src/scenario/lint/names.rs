//! Names and references in a step: who, which stream, which saved answer.

use serde_json::Value;

use super::known::CALLERS;
use super::{Lint, literal};
use crate::matcher::escape;
use crate::template::Text;

impl Lint<'_> {
    /// Who makes a request: a session or one of those without.
    pub(super) fn caller(&mut self, value: &Value, at: &str) {
        self.references(value, at);
        let Some(text) = literal(value) else { return };
        let app_admin = text
            .strip_suffix("/admin")
            .is_some_and(|app| self.known.apps.contains(app));
        if CALLERS.contains(&text) || app_admin {
            return;
        }
        if self.actor_of(text, at) && !self.known.is_logged_in(text) {
            let message = format!("`{text}` is not logged in at this step; `login` it before");
            self.problem(at, message);
        }
    }

    /// The device of a `login`, which need not be known.
    pub(super) fn device(&mut self, value: &Value, at: &str) {
        self.references(value, at);
        if let Some(text) = literal(value) {
            self.actor_of(text, at);
        }
    }

    fn actor_of(&mut self, session: &str, at: &str) -> bool {
        let actor = session.split_once('.').map_or(session, |(actor, _)| actor);
        let known = self.known.is_actor(actor);
        if self.known.is_group(actor) {
            let message = format!("`{actor}` is several actors; write `{actor}1` for the first");
            self.problem(at, message);
        } else if !known {
            self.problem(at, format!("there is no actor `{actor}`"));
        }
        known
    }

    pub(super) fn stream(&mut self, value: &Value, at: &str) {
        self.references(value, at);
        let Some(text) = literal(value) else { return };
        if !self.known.is_stream(text) {
            let message = format!("no stream `{text}` is open; `open_stream` it before");
            self.problem(at, message);
        }
    }

    pub(super) fn user(&mut self, value: &Value, at: &str) {
        self.references(value, at);
        let Some(text) = literal(value) else { return };
        if text.starts_with('@') || self.known.is_actor(text) {
            return;
        }
        let message = if self.known.is_group(text) {
            format!("`{text}` is several actors; write `{text}1` for the first")
        } else {
            format!("there is no actor `{text}`; for a raw id write {{\"$literal\": …}}")
        };
        self.problem(at, message);
    }

    pub(super) fn resent(&mut self, value: &Value, at: &str) {
        let Some(text) = literal(value) else { return };
        if !self.known.is_saved(text) {
            self.problem(at, format!("nothing was saved as `{text}` before"));
        } else if !self.known.is_sent(text) {
            let message = format!(
                "`{text}` is no send; this names what a send, send_as_admin, notify or request saved"
            );
            self.problem(at, message);
        }
    }

    /// A matcher: its references, and actors' names where an id must have been meant.
    pub(super) fn matcher(&mut self, value: &Value, at: &str) {
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

    /// Everything that `${…}` and `$ref` refer to.
    pub(super) fn references(&mut self, value: &Value, at: &str) {
        match value {
            Value::String(text) => {
                let Ok(parsed) = Text::parse(text) else {
                    return;
                };
                for root in parsed.roots() {
                    if !self.known.is_root(root) {
                        self.problem(at, format!("`${{{root}}}` is not known at this step"));
                    }
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

    /// A name under which something is kept, and by which `${…}` has to find it.
    pub(super) fn new_name(&mut self, name: &str, at: &str) {
        let word = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        if name.is_empty() || !name.chars().all(word) {
            let message =
                format!("`{name}` is no name: letters, digits, `_` and `-` can be referred to");
            self.problem(at, message);
        } else if self.known.is_root(name) && !self.known.is_saved(name) {
            let message = format!("`{name}` already means something else; choose another name");
            self.problem(at, message);
        }
    }
}
