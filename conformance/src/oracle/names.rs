//! What the server invented beside what the model invented in its place.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

/// The members of answers, events and pushes that hold an id the server invents.
const INVENTED: &[&str] = &["app_id", "media_id", "message_id"];

/// The members that hold a token.
const TOKENS: &[&str] = &["admin_token", "credential", "session_token"];

/// All that is known so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Ids by the member they stand in.
    ours: HashMap<(&'static str, String), String>,
    theirs: HashMap<(&'static str, String), String>,
    tokens: HashMap<String, Bearer>,
    apps: Vec<Clock>,
    /// The cursors of each user's mailbox, theirs to ours.
    cursors: BTreeMap<(usize, String), BTreeMap<u64, u64>>,
}

/// Whose a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bearer {
    /// The model's token.
    pub(super) token: String,
    /// The number of the app.
    pub(super) app: usize,
    /// The user, unless it is the administrator.
    pub(super) user: Option<String>,
}

/// The clock of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// Goes by itself: only durations say anything.
    Real,
    /// Stands as far ahead of the model's as once seen.
    Manual {
        /// Theirs minus ours.
        ahead: Option<i64>,
    },
}

/// The model's counterpart of a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counterpart {
    pub(super) cursor: String,
    /// Whether an event has shown it, or it is none at all.
    pub(super) certain: bool,
}

/// The name of an id's kind, if `member` holds one.
pub(super) fn kind_of(member: &str) -> Option<&'static str> {
    INVENTED.iter().find(|name| **name == member).copied()
}

impl Names {
    /// Learns a pair of ids; two different ids never get the same counterpart.
    pub(super) fn bind(&mut self, kind: &'static str, ours: &str, theirs: &str) {
        let (our_key, their_key) = ((kind, ours.to_owned()), (kind, theirs.to_owned()));
        if !self.ours.contains_key(&their_key) && !self.theirs.contains_key(&our_key) {
            self.ours.insert(their_key, ours.to_owned());
            self.theirs.insert(our_key, theirs.to_owned());
        }
    }

    /// The model's id for one of theirs.
    pub(super) fn ours(&self, kind: &'static str, theirs: &str) -> Option<&str> {
        let key = (kind, theirs.to_owned());
        self.ours.get(&key).map(String::as_str)
    }

    /// Their id for one of the model's.
    pub(super) fn theirs(&self, kind: &'static str, ours: &str) -> Option<&str> {
        let key = (kind, ours.to_owned());
        self.theirs.get(&key).map(String::as_str)
    }

    /// The model's value as the server would have said it, for people to read.
    pub(super) fn as_theirs(&self, value: &Value) -> Value {
        let mut shown = value.clone();
        self.rename("", &mut shown);
        shown
    }

    fn rename(&self, member: &str, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(kind) = kind_of(member) {
                    let new = self.theirs(kind, text).unwrap_or("(a new id)");
                    *text = new.to_owned();
                } else if TOKENS.contains(&member) {
                    *text = "(a token)".into();
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.rename(member, item)),
            Value::Object(members) => {
                for (name, value) in members {
                    self.rename(name, value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Notes a new app and answers with its number.
    pub(super) fn add_app(&mut self, manual: bool) -> usize {
        self.apps.push(if manual {
            Clock::Manual { ahead: None }
        } else {
            Clock::Real
        });
        self.apps.len() - 1
    }

    pub(super) fn clock(&self, app: Option<usize>) -> Clock {
        app.and_then(|app| self.apps.get(app).copied())
            .unwrap_or(Clock::Real)
    }

    /// Learns how far a manual clock is ahead.
    pub(super) fn set_clock(&mut self, app: Option<usize>, ours: u64, theirs: u64) {
        if let Some(Clock::Manual { ahead: slot }) = app.and_then(|app| self.apps.get_mut(app))
            && slot.is_none()
            && let (Ok(ours), Ok(theirs)) = (i64::try_from(ours), i64::try_from(theirs))
        {
            *slot = Some(theirs - ours);
        }
    }

    pub(super) fn add_token(&mut self, theirs: String, bearer: Bearer) {
        self.tokens.insert(theirs, bearer);
    }

    pub(super) fn bearer(&self, theirs: &str) -> Option<&Bearer> {
        self.tokens.get(theirs)
    }

    /// Learns a pair of cursors; false when it does not fit what is known.
    pub(super) fn bind_cursor(&mut self, whose: (usize, String), ours: u64, theirs: u64) -> bool {
        let known = self.cursors.entry(whose).or_default();
        if let Some(bound) = known.get(&theirs) {
            return *bound == ours;
        }
        let below = known.range(..theirs).next_back();
        let above = known.range(theirs..).next();
        let fits = below.is_none_or(|(_, below)| *below < ours)
            && above.is_none_or(|(_, above)| ours < *above);
        if fits {
            known.insert(theirs, ours);
        }
        fits
    }

    /// A user was deleted: a new one under the same id has a mailbox of its own.
    pub(super) fn forget_cursors(&mut self, app: usize, user: &str) {
        self.cursors.remove(&(app, user.to_owned()));
    }

    /// The model's counterpart of a cursor that a request names.
    pub(super) fn cursor(&self, whose: &(usize, String), theirs: &str) -> Counterpart {
        let as_is = |certain| Counterpart {
            cursor: theirs.to_owned(),
            certain,
        };
        let Ok(cursor) = duologue_core::id::Cursor::parse(theirs) else {
            return as_is(true);
        };
        if cursor.0 == 0 {
            return as_is(true);
        }
        let near = self
            .cursors
            .get(whose)
            .and_then(|known| known.range(..=cursor.0).next_back());
        match near {
            None => as_is(false),
            Some((near, ours)) => Counterpart {
                cursor: ours.saturating_add(cursor.0 - near).to_string(),
                certain: *near == cursor.0,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_counterpart() {
        let mut names = Names::default();
        names.bind("message_id", "a", "1");
        names.bind("message_id", "b", "1");
        names.bind("message_id", "a", "2");
        assert_eq!(names.ours("message_id", "1"), Some("a"));
        assert_eq!(names.ours("message_id", "2"), None);
        assert_eq!(names.theirs("message_id", "b"), None);
        assert_eq!(names.ours("media_id", "1"), None);
    }

    #[test]
    fn cursors_between_those_seen_keep_their_distance() {
        let mut names = Names::default();
        let bob = || (0, "bob".to_owned());
        assert!(names.bind_cursor(bob(), 501, 10));
        assert!(names.bind_cursor(bob(), 502, 20));
        assert!(names.bind_cursor(bob(), 501, 10));
        assert!(!names.bind_cursor(bob(), 503, 15));
        let check = |theirs: &str, cursor: &str, certain: bool| {
            let cursor = cursor.to_owned();
            assert_eq!(
                names.cursor(&bob(), theirs),
                Counterpart { cursor, certain }
            );
        };
        check("20", "502", true);
        check("21", "503", false);
        check("5", "5", false);
        check("0", "0", true);
        check("x", "x", true);
    }
}
