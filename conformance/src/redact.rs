//! Keeps secrets out of everything a run shows.

use std::borrow::Cow;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::{Captures, Regex};
use serde_json::Value;

/// Members whose values are secrets wherever they stand.
const SECRET_MEMBERS: &[&str] = &[
    "credential",
    "session_token",
    "admin_token",
    "operator_token",
    "token",
    "password",
];
const SECRET_HEADERS: &[&str] = &[
    "authorization",
    "cookie",
    "set-cookie",
    "proxy-authorization",
];
/// A shorter secret is only recognised by the name of its member.
const RECOGNISABLE_BYTES: usize = 8;
const SHOWN_BYTES: usize = 4096;

/// Knows the secrets of a scenario, each with a name to show in its place.
#[derive(Debug, Default)]
pub struct Redactor {
    secrets: Mutex<Vec<(String, String)>>,
}

impl Redactor {
    /// Learns a secret.
    pub fn learn(&self, secret: &str, name: impl Into<String>) {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        if secret.len() >= RECOGNISABLE_BYTES && secrets.iter().all(|(known, _)| known != secret) {
            secrets.push((secret.to_owned(), format!("[{}]", name.into())));
            // The longest goes first: a secret may begin with another one.
            secrets.sort_by_key(|(known, _)| std::cmp::Reverse(known.len()));
        }
    }

    /// A text without the known secrets, cut to what is worth showing.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let mut shown = shortened(&self.whole(text)).into_owned();
        if let Some(end) =
            (shown.len() > SHOWN_BYTES).then(|| shown.floor_char_boundary(SHOWN_BYTES))
        {
            let cut = shown.len() - end;
            shown.truncate(end);
            shown.push_str(&format!("… ({cut} more bytes)"));
        }
        shown
    }

    /// A body without secrets: JSON also by the names of its members.
    #[must_use]
    pub fn body(&self, body: &[u8]) -> String {
        match serde_json::from_slice::<Value>(body) {
            Ok(mut json) if json.is_object() || json.is_array() => {
                self.mask(&mut json);
                self.text(&json.to_string())
            }
            _ => self.text(&String::from_utf8_lossy(body)),
        }
    }

    /// A JSON value without secrets.
    #[must_use]
    pub fn json(&self, value: &Value) -> Value {
        let mut value = value.clone();
        self.mask(&mut value);
        self.strings(&mut value);
        value
    }

    /// The value at a JSON pointer, whose last name tells whether it is a secret.
    #[must_use]
    pub fn at(&self, pointer: &str, value: &Value) -> Value {
        let name = pointer.rsplit('/').next().unwrap_or_default();
        match value.as_str().filter(|_| SECRET_MEMBERS.contains(&name)) {
            Some(secret) => Value::String(self.name_of(secret)),
            None => self.json(value),
        }
    }

    /// A header's value, or a placeholder if the header carries secrets.
    #[must_use]
    pub fn header(&self, name: &str, value: &str) -> String {
        let secret = SECRET_HEADERS
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known));
        let known = self.whole(value);
        if secret && known == value {
            "[redacted]".into()
        } else {
            known
        }
    }

    fn whole(&self, text: &str) -> String {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shown = text.to_owned();
        for (secret, name) in secrets.iter() {
            if shown.contains(secret.as_str()) {
                shown = shown.replace(secret.as_str(), name);
            }
        }
        shown
    }

    /// What stands for a value that is a secret, known or not.
    fn name_of(&self, secret: &str) -> String {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        secrets
            .iter()
            .find(|(known, _)| known == secret)
            .map_or("[redacted]", |(_, name)| name)
            .to_owned()
    }

    fn mask(&self, value: &mut Value) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    match member {
                        // An empty one is no secret, and often the point.
                        Value::String(text)
                            if SECRET_MEMBERS.contains(&name.as_str()) && !text.is_empty() =>
                        {
                            *text = self.name_of(text);
                        }
                        Value::Null
                        | Value::Bool(_)
                        | Value::Number(_)
                        | Value::String(_)
                        | Value::Array(_)
                        | Value::Object(_) => self.mask(member),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn strings(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.strings(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.strings(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// Of a long unbroken string only both ends are worth showing.
fn shortened(text: &str) -> Cow<'_, str> {
    static LONG: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"[^"\s]{160,}"#).ok());
    let Some(long) = &*LONG else {
        return text.into();
    };
    long.replace_all(text, |found: &Captures<'_>| {
        let all: Vec<char> = found[0].chars().collect();
        let begin: String = all[..40].iter().collect();
        let end: String = all[all.len() - 10..].iter().collect();
        format!("{begin}…({} more characters)…{end}", all.len() - 50)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_replaced_by_their_names_wherever_they_stand() {
        let redactor = Redactor::default();
        redactor.learn("s3cret-token-1", "session of bob");
        assert_eq!(
            redactor.text("GET /x?t=s3cret-token-1"),
            "GET /x?t=[session of bob]"
        );
        assert_eq!(
            redactor.header("Authorization", "Bearer s3cret-token-1"),
            "Bearer [session of bob]"
        );
        assert_eq!(redactor.header("authorization", "Basic abc"), "[redacted]");
        let body = redactor.body(br#"{"credential":"c","text":"s3cret-token-1"}"#);
        assert_eq!(
            body,
            r#"{"credential":"[redacted]","text":"[session of bob]"}"#
        );
    }

    #[test]
    fn a_secret_keeps_its_name_as_a_member_and_the_longest_is_found_first() {
        let redactor = Redactor::default();
        redactor.learn("bob-k7fx-push", "push token of bob.phone");
        redactor.learn("bob-k7fx-push-tablet", "push token of bob.tablet");
        let body =
            redactor.body(br#"{"token":"bob-k7fx-push-tablet","text":"bob-k7fx-push-tablet"}"#);
        let name = "[push token of bob.tablet]";
        assert_eq!(body, format!(r#"{{"text":"{name}","token":"{name}"}}"#));
        let at = |pointer: &str, text: &str| redactor.at(pointer, &Value::from(text));
        assert_eq!(
            at("/push/token", "bob-k7fx-push"),
            "[push token of bob.phone]"
        );
        assert_eq!(at("/push/token", "t-1"), "[redacted]");
        assert_eq!(at("/push/title", "t-1"), "t-1");
    }

    #[test]
    fn long_texts_are_cut_after_redaction() {
        let shown = Redactor::default().text(&"ä ".repeat(5000));
        assert!(
            shown.len() < 4200 && shown.ends_with("more bytes)"),
            "{}",
            shown.len()
        );
    }

    #[test]
    fn long_strings_show_their_ends_and_short_ones_everything() {
        let check = |text: &str, expected: &str| assert_eq!(shortened(text), expected);
        check(r#"{"text":"hi"}"#, r#"{"text":"hi"}"#);
        let text = format!(r#"{{"text":"{}z"}}"#, "x".repeat(999));
        let expected = format!(
            r#"{{"text":"{}…(950 more characters)…{}z"}}"#,
            "x".repeat(40),
            "x".repeat(9)
        );
        check(&text, &expected);
    }
}
