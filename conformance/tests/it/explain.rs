//! `duologue explain`, and the commands that lead to it.

use serde_json::Value;

use crate::{code, duologue, duologue_in, text};

#[track_caller]
fn shows(args: &[&str], expected: i32, words: &[&str]) {
    let output = duologue(args);
    let text = text(&output);
    assert_eq!(code(&output), expected, "{args:?}: {text}");
    for words in words {
        assert!(text.contains(words), "{args:?}: {words} in {text}");
    }
}

#[test]
fn a_requirement_is_explained_with_its_scenarios_whatever_its_case() {
    let words = [
        "OFF-004 (MUST) — A mailbox whose entries'",
        "spec/src/offline.md",
        "offline-byte-cap-evicts-oldest — ",
        "level must, needs no feature",
    ];
    shows(&["explain", "off-004"], 0, &words);
    shows(&["explain", "off-4"], 0, &words);
    shows(&["explain", "MED-001"], 0, &["needs media"]);
    let fault = "sending-repeat-stored-twice — A repeat is a new message.";
    shows(&["explain", "SND-005"], 0, &["run --fault ID", fault]);
    let why = "untestable: randomness cannot be told from its samples";
    shows(&["explain", "SEC-004"], 0, &[why]);
    shows(&["explain", "CLI-001"], 0, &["client: unit tests"]);
}

#[test]
fn an_unknown_id_is_4_and_near_ones_are_offered() {
    shows(&["explain", "OF-004"], 4, &["`OFF-004`"]);
    shows(&["explain", "nothing-at-all"], 4, &["no requirement"]);
    let id = "offline-six-step-flow";
    shows(
        &["explain", id],
        4,
        &["duologue show offline-six-step-flow"],
    );
    shows(&["show", "off-004"], 4, &["duologue explain OFF-004"]);
    shows(
        &["show", "offline-six-step-flwo"],
        4,
        &["did you mean `offline-six-step-flow`?"],
    );
}

#[test]
fn each_report_gives_its_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let id = "offline-six-step-flow";
    let args = [
        "run",
        "--filter",
        id,
        "--report",
        "json=r.json",
        "--report",
        "ndjson=r.ndjson",
    ];
    assert_eq!(code(&duologue_in(folder.path(), &args, &[])), 0);
    let args = [
        "explain", "OFF-004", "--json", "--report", "r.json", "--report", "r.ndjson",
    ];
    let output = duologue_in(folder.path(), &args, &[]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["level"], "must");
    let scenarios = json["scenarios"].as_array().unwrap();
    let one = scenarios.iter().find(|one| one["id"] == id).unwrap();
    assert_eq!(one["verdicts"][0]["verdict"], "pass");
    assert_eq!(one["verdicts"][1]["verdict"], "pass");
    let other = scenarios.iter().find(|one| one["id"] != id).unwrap();
    assert_eq!(other["verdicts"][0]["verdict"], Value::Null);
    shows(
        &["explain", "OFF-004", "--report", "/nowhere.json"],
        2,
        &["/nowhere.json"],
    );
}
