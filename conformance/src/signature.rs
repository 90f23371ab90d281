//! What tells one failure from another, the same in every run.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use crate::event::Reason;

/// Longer messages are cut.
const MESSAGE_CHARS: usize = 160;

/// The signature of a failure: step, verb, message and the pointers that differ. `key` is the
/// scenario's part of user ids, which is another one in every run.
#[must_use]
pub fn signature(reason: &Reason, key: &str) -> String {
    let place: Vec<&str> = [&reason.step, &reason.verb]
        .into_iter()
        .filter_map(Option::as_deref)
        .collect();
    let message = reason.message.replace(key, "*");
    let message: String = steady(&message).chars().take(MESSAGE_CHARS).collect();
    let mut pointers: Vec<&str> = reason
        .mismatches
        .iter()
        .map(|mismatch| mismatch.pointer.as_str())
        .collect();
    pointers.dedup();
    let mut signature = place.join(" ");
    if !signature.is_empty() {
        signature.push_str(": ");
    }
    signature.push_str(&message);
    if !pointers.is_empty() {
        signature.push_str(&format!(" [{}]", pointers.join(" ")));
    }
    signature
}

/// Long numbers are times, ports and ids.
fn steady(message: &str) -> Cow<'_, str> {
    static NUMBERS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\d{4,}").ok());
    match &*NUMBERS {
        Some(numbers) => numbers.replace_all(message, "#"),
        None => message.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matcher::Mismatch;

    #[test]
    fn a_signature_keeps_the_place_and_forgets_what_changes_between_runs() {
        let check = |message: &str, expected: &str| {
            let reason = Reason {
                message: message.into(),
                step: Some("/steps/2".into()),
                verb: Some("expect_event".into()),
                mismatches: vec![Mismatch {
                    pointer: "/seq".into(),
                    expected: "1".into(),
                    actual: None,
                }],
                ..Reason::default()
            };
            assert_eq!(signature(&reason, "k7fx012"), expected);
        };
        check(
            "no answer from 127.0.0.1:40213 to bob-k7fx012",
            "/steps/2 expect_event: no answer from 127.0.0.1:# to bob-* [/seq]",
        );
        check(
            "status 409, not 200",
            "/steps/2 expect_event: status 409, not 200 [/seq]",
        );
    }
}
