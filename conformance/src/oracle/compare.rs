//! The model's JSON beside the server's.
//!
//! What the server is free to say is passed over: texts for people, ids, the time of a real clock,
//! members the protocol does not know.

use serde_json::{Map, Value};

use super::names::{Clock, Names, kind_of};
use crate::matcher::{Mismatch, escape};

/// Members that say nothing the specification determines.
const FREE: &[&str] = &[
    "admin_token",
    "credential",
    "defaults",
    "features",
    "implementation",
    "protocol_version",
    "push_gateway_url",
    "retry_after_ms",
    "session_token",
    "vendor_payload",
];
/// Members that an answer may leave out: present where the model has none, they say too much.
const OPTIONAL: &[&str] = &[
    "avatar_url",
    "client_msg_id",
    "credential",
    "custom_data",
    "description",
    "error",
    "ext",
    "format",
    "message",
    "nickname",
    "thumbnail",
];
const TIMES: &[&str] = &[
    "created_ms",
    "expires_ms",
    "last_time_ms",
    "now_ms",
    "time_ms",
];

/// Where the server's value is not the model's. Learns the ids in both.
pub(super) fn compare(
    ours: &Value,
    theirs: &Value,
    app: Option<usize>,
    names: &mut Names,
) -> Vec<Mismatch> {
    learn(ours, theirs, names);
    let mut comparison = Comparison {
        app,
        names,
        found: Vec::new(),
    };
    comparison.value("", "", ours, theirs);
    comparison.found
}

/// Learns the pairs of ids, as long as both values have the same shape.
fn learn(ours: &Value, theirs: &Value, names: &mut Names) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for (member, ours) in ours {
                let Some(theirs) = theirs.get(member) else {
                    continue;
                };
                match (kind_of(member), ours.as_str(), theirs.as_str()) {
                    (Some(kind), Some(ours), Some(theirs)) => names.bind(kind, ours, theirs),
                    _ => learn(ours, theirs, names),
                }
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (ours, theirs) in ours.iter().zip(theirs) {
                learn(ours, theirs, names);
            }
        }
        _ => {}
    }
}

struct Comparison<'a> {
    app: Option<usize>,
    names: &'a mut Names,
    found: Vec<Mismatch>,
}

impl Comparison<'_> {
    fn value(&mut self, at: &str, member: &str, ours: &Value, theirs: &Value) {
        match (ours, theirs) {
            (Value::Object(ours), Value::Object(theirs)) => self.object(at, ours, theirs),
            (Value::Array(ours_items), Value::Array(items)) if ours_items.len() == items.len() => {
                for (index, (ours, theirs)) in ours_items.iter().zip(items).enumerate() {
                    self.value(&format!("{at}/{index}"), member, ours, theirs);
                }
            }
            (Value::String(our_text), Value::String(text)) => {
                let same = match kind_of(member) {
                    Some(kind) => self.names.ours(kind, text) == Some(our_text),
                    None => our_text == text,
                };
                if !same {
                    self.differs(at, member, ours, Some(theirs));
                }
            }
            (Value::Number(our_number), Value::Number(number)) if TIMES.contains(&member) => {
                if let (Some(ours), Some(theirs)) = (our_number.as_u64(), number.as_u64()) {
                    self.time(at, ours, theirs);
                }
            }
            (Value::Number(our_number), Value::Number(number)) => {
                if our_number != number && our_number.as_f64() != number.as_f64() {
                    self.differs(at, member, ours, Some(theirs));
                }
            }
            _ if ours == theirs => {}
            _ => self.differs(at, member, ours, Some(theirs)),
        }
    }

    fn object(&mut self, at: &str, ours: &Map<String, Value>, theirs: &Map<String, Value>) {
        for (member, our_value) in ours {
            let at = format!("{at}/{}", escape(member));
            match theirs.get(member) {
                None if FREE.contains(&member.as_str()) && member != "credential" => {}
                None => self.differs(&at, member, our_value, None),
                Some(_) if is_free(member, our_value, ours) => {}
                Some(value) => self.value(&at, member, our_value, value),
            }
        }
        for (member, value) in theirs {
            if !ours.contains_key(member) && OPTIONAL.contains(&member.as_str()) {
                self.found.push(Mismatch {
                    pointer: format!("{at}/{}", escape(member)),
                    expected: "nothing".into(),
                    actual: Some(value.clone()),
                });
            }
        }
        self.lifetime(at, ours, theirs);
    }

    /// A point in time on a manual clock stands as far ahead of the model's as all others.
    fn time(&mut self, at: &str, ours: u64, theirs: u64) {
        self.names.set_clock(self.app, ours, theirs);
        let Clock::Manual { ahead: Some(ahead) } = self.names.clock(self.app) else {
            return;
        };
        let expected = ours.saturating_add_signed(ahead);
        if expected != theirs {
            self.found.push(Mismatch {
                pointer: at.to_owned(),
                expected: expected.to_string(),
                actual: Some(theirs.into()),
            });
        }
    }

    /// How long a message lives is the same on any clock.
    fn lifetime(&mut self, at: &str, ours: &Map<String, Value>, theirs: &Map<String, Value>) {
        let span = |message: &Map<String, Value>| {
            let time = |member| message.get(member).and_then(Value::as_u64);
            Some((time("time_ms")?, time("expires_ms")?))
        };
        let (Some((our_time, our_end)), Some((time, end))) = (span(ours), span(theirs)) else {
            return;
        };
        let expected = time.saturating_add(our_end.saturating_sub(our_time));
        let real = self.names.clock(self.app) == Clock::Real;
        if real && expected != end {
            self.found.push(Mismatch {
                pointer: format!("{at}/expires_ms"),
                expected: expected.to_string(),
                actual: Some(end.into()),
            });
        }
    }

    fn differs(&mut self, at: &str, member: &str, ours: &Value, theirs: Option<&Value>) {
        let mut holder = Map::new();
        holder.insert(member.to_owned(), ours.clone());
        let shown = self.names.as_theirs(&Value::Object(holder));
        self.found.push(Mismatch {
            pointer: at.to_owned(),
            expected: brief(&shown[member]),
            actual: theirs.cloned(),
        });
    }
}

/// A value as JSON, long ones cut.
fn brief(value: &Value) -> String {
    const MAX: usize = 600;
    let text = value.to_string();
    match text.len() {
        0..=MAX => text,
        _ => format!("{}…", &text[..text.floor_char_boundary(MAX)]),
    }
}

/// Whether any value of a member will do. The `message` of an error is a text for people; the `url`
/// of an upload has the media id in it.
fn is_free(member: &str, value: &Value, object: &Map<String, Value>) -> bool {
    FREE.contains(&member)
        || (member == "message" && value.is_string())
        || (member == "url" && object.contains_key("media_id"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The pointers at which the values differ, in an app on a real clock.
    fn differences(ours: &Value, theirs: &Value) -> Vec<String> {
        let mut names = Names::default();
        compare(ours, theirs, None, &mut names)
            .into_iter()
            .map(|found| found.pointer)
            .collect()
    }

    #[test]
    fn what_is_determined_is_compared_and_what_is_free_is_not() {
        let check = |ours: Value, theirs: Value, expected: &[&str]| {
            assert_eq!(differences(&ours, &theirs), expected);
        };
        check(json!({ "seq": 1 }), json!({ "seq": 1.0, "new": 5 }), &[]);
        check(json!({ "seq": 1 }), json!({ "seq": null }), &["/seq"]);
        check(json!({ "seq": 1 }), json!({}), &["/seq"]);
        check(json!([1, 2]), json!([1]), &[""]);
        check(json!({ "message": "a" }), json!({ "message": "b" }), &[]);
        check(json!({}), json!({ "custom_data": "x" }), &["/custom_data"]);
        check(json!({ "credential": "x" }), json!({}), &["/credential"]);
        check(json!({ "time_ms": 1 }), json!({ "time_ms": 9 }), &[]);
    }

    #[test]
    fn lifetimes_are_the_same_on_any_clock() {
        let message = |time: u64, end: u64| json!({ "time_ms": time, "expires_ms": end });
        assert!(differences(&message(0, 60), &message(1000, 1060)).is_empty());
        let found = differences(&message(0, 60), &message(1000, 1061));
        assert_eq!(found, ["/expires_ms"]);
    }

    #[test]
    fn times_of_a_manual_clock_move_alike() {
        let mut names = Names::default();
        let app = Some(names.add_app(true));
        let mut check = |ours: u64, theirs: u64, count: usize| {
            let (ours, theirs) = (json!({ "now_ms": ours }), json!({ "now_ms": theirs }));
            assert_eq!(compare(&ours, &theirs, app, &mut names).len(), count);
        };
        check(5, 1005, 0);
        check(6, 1006, 0);
        check(6, 1007, 1);
    }

    #[test]
    fn one_id_for_two_messages_is_a_difference() {
        let ours = json!([{ "message_id": "a" }, { "message_id": "b" }]);
        let theirs = json!([{ "message_id": "1" }, { "message_id": "1" }]);
        let mut names = Names::default();
        let found = compare(&ours, &theirs, None, &mut names);
        assert_eq!(found[0].pointer, "/1/message_id");
        assert_eq!(found[0].expected, "\"(a new id)\"");
    }
}
