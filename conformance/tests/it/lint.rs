//! Defects of scenario files, as `duologue lint` reports them.

use crate::{code, duologue, one_scenario, text};

#[track_caller]
fn reports(steps: &str, words: &str) {
    let fixtures = one_scenario(steps);
    let output = duologue(&["lint", fixtures.path().to_str().unwrap()]);
    assert_eq!(code(&output), 1, "{}", text(&output));
    assert!(
        text(&output).contains(words),
        "{words} in {}",
        text(&output)
    );
}

#[test]
fn references_to_nothing_are_defects() {
    let ack = |r#as: &str, cursor: &str| {
        format!(
            r#"{{ "ack": {{ "as": "{as}", "cursor": "{cursor}", "expect": {{ "ok": null }} }} }}"#,
            r#as = r#as
        )
    };
    reports(&ack("carol", "1"), "there is no actor `carol`");
    reports(&ack("alice", "${m.id}"), "`${m}` is not known at this step");
    reports(
        &ack("alice", "${limits.nothing_max}"),
        "there is no limit `nothing_max`",
    );
}

#[test]
fn verbs_that_need_more_of_the_app_say_so() {
    reports(
        r#"{ "advance_clock": { "ms": 1 } }"#,
        "\"clock\": \"manual\"",
    );
    reports(
        r#"{ "expect_push": { "to": "bob", "push": {} } }"#,
        "needs `\"push\": true`",
    );
}

#[test]
fn a_key_of_the_administrator_belongs_to_one_scenario() {
    let step = r#"{ "notify": { "to": "bob", "event": "x", "data": "", "client_msg_id": "k1",
        "expect": { "ok": {} } } }"#;
    reports(step, "put an actor's id into it");
}

#[test]
fn names_in_place_of_ids_are_defects() {
    let step = r#"{ "friend": { "as": "alice", "peer": "dave", "expect": { "ok": null } } }"#;
    reports(step, "for a raw id write");
    let step = r#"{ "recents": { "as": "alice", "expect": { "ok": { "recents": [{ "peer": "bob" }] } } } }"#;
    reports(step, "write `${bob}` for the actor's id");
}

#[test]
fn a_missing_expectation_and_an_unknown_verb_are_defects_of_form() {
    reports(
        r#"{ "recents": { "as": "alice" } }"#,
        "missing key `expect`",
    );
    reports(r#"{ "sleep": { "ms": 5 } }"#, "unknown verb `sleep`");
}

#[test]
fn the_embedded_scenarios_have_no_defect() {
    let output = duologue(&["lint"]);
    assert_eq!(code(&output), 0, "{}", text(&output));
}
