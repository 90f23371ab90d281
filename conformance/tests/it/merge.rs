//! `duologue merge` and what a run with `--shard` leaves to it.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::{code, duologue_in, one_scenario, scenarios, text};

const GOOD: &str = r#"{ "recents": { "as": "alice", "expect": { "ok": {} } } }"#;
const BAD: &str = r#"{ "recents": { "as": "alice", "expect": { "error": "not_found" } } }"#;

/// Runs one part of what is in `scenarios` and tells its exit code.
fn part(folder: &Path, shard: &str, more: &[&str]) -> Output {
    let report = format!("--report=ndjson={}.ndjson", shard.replace('/', "-"));
    let args = ["run", "--fixtures", "scenarios", "--shard", shard, &report];
    duologue_in(folder, &[&args, more].concat(), &[])
}

fn merge(folder: &Path, args: &[&str]) -> Output {
    let out = ["merge", "--out", "run.ndjson", "--fixtures", "scenarios"];
    duologue_in(folder, &[&out, args].concat(), &[])
}

#[test]
fn a_part_without_scenarios_passes_and_the_whole_is_asked_for_enough() {
    let folder = scenarios(&[("http-good", GOOD)]);
    let path = folder.path();
    let outputs = ["1/2", "2/2"].map(|shard| part(path, shard, &["--min-graded", "5"]));
    let empty = |output: &&Output| text(output).contains("has no scenario of this selection");
    assert_eq!(outputs.iter().filter(empty).count(), 1);
    for output in &outputs {
        assert_eq!(code(output), 0, "{}", text(output));
    }
    let parts = ["1-2.ndjson", "2-2.ndjson"];
    let output = merge(path, &parts);
    assert_eq!(code(&output), 0, "{}", text(&output));
    assert!(
        text(&output).contains("pass: 1 passed"),
        "{}",
        text(&output)
    );
    let output = merge(path, &[&parts[..], &["--min-graded", "2"]].concat());
    assert_eq!(code(&output), 3, "{}", text(&output));
    // A selection that is empty as a whole is none.
    let output = part(path, "1/2", &["--filter", "no-such-scenario"]);
    assert_eq!(code(&output), 4, "{}", text(&output));
}

#[test]
fn a_part_without_scenarios_that_does_not_reach_its_server_is_incomplete() {
    let folder = scenarios(&[("http-good", GOOD)]);
    for shard in ["1/2", "2/2"] {
        let output = part(folder.path(), shard, &["--endpoint", "http://127.0.0.1:1"]);
        assert_eq!(code(&output), 3, "{shard}: {}", text(&output));
    }
    let output = merge(folder.path(), &["1-2.ndjson", "2-2.ndjson"]);
    assert_eq!(code(&output), 3, "{}", text(&output));
}

#[test]
fn the_operator_token_leaves_nothing_to_the_part_alone_even_if_no_server_answers() {
    for (token, alone) in [
        ("DUOLOGUE_OPERATOR_TOKEN", false),
        ("DUOLOGUE_ADMIN_TOKEN", true),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let args = ["run", "--shard", "alone/2", "--report", "json=r.json"];
        let variables = [(token, "t"), ("DUOLOGUE_ENDPOINT", "http://127.0.0.1:1")];
        let output = duologue_in(folder.path(), &args, &variables);
        assert_eq!(code(&output), 3, "{}", text(&output));
        let report = fs::read_to_string(folder.path().join("r.json")).unwrap();
        let report: Value = serde_json::from_str(&report).unwrap();
        let selected = report["started"]["selected"].as_u64().unwrap();
        assert_eq!(selected > 0, alone, "{token}: {selected}");
    }
}

#[test]
fn a_merged_run_fails_as_one_run_does_and_folds_all_reports() {
    let folder = scenarios(&[("http-good", GOOD), ("http-bad", BAD)]);
    let path = folder.path();
    let codes = ["1/2", "2/2"].map(|shard| code(&part(path, shard, &[])));
    assert!(codes.contains(&1), "{codes:?}");
    let reports = ["--report", "json=r.json", "--report", "junit=r.xml"];
    let output = merge(
        path,
        &[&["2-2.ndjson", "1-2.ndjson"], &reports[..]].concat(),
    );
    assert_eq!(code(&output), 1, "{}", text(&output));
    for words in ["FAIL http-bad", "fail: 1 passed, 1 failed", "curl -sS"] {
        assert!(
            text(&output).contains(words),
            "{words} in {}",
            text(&output)
        );
    }
    let json: Value =
        serde_json::from_str(&fs::read_to_string(path.join("r.json")).unwrap()).unwrap();
    assert_eq!(json["scenarios"].as_array().unwrap().len(), 2);
    assert_eq!(json["started"]["selected"], 2);
    assert!(json["started"]["shard"].is_null());
    assert!(
        fs::read_to_string(path.join("r.xml"))
            .unwrap()
            .contains(r#"failures="1""#)
    );
    // What was merged is a report like any other, but not a part again.
    let output = merge(path, &["run.ndjson"]);
    assert_eq!(code(&output), 2);
    assert!(
        text(&output).contains("run.ndjson: a run of its own"),
        "{}",
        text(&output)
    );
}

#[test]
fn what_is_wrong_with_a_list_is_told_once_by_all_parts() {
    let folder = scenarios(&[("http-good", GOOD), ("http-bad", BAD)]);
    let path = folder.path();
    let entry = |id: &str| format!("[[known]]\nscenario = \"{id}\"\nreason = \"r\"\n");
    let run = |list: String| {
        fs::write(path.join("k.toml"), list).unwrap();
        let codes = ["1/2", "2/2"].map(|shard| code(&part(path, shard, &["--known", "k.toml"])));
        let args = ["1-2.ndjson", "2-2.ndjson", "--report", "json=r.json"];
        let output = merge(path, &args);
        let json: Value =
            serde_json::from_str(&fs::read_to_string(path.join("r.json")).unwrap()).unwrap();
        (codes, code(&output), json)
    };
    let (codes, merged, json) = run(entry("http-bad"));
    assert_eq!((codes, merged), ([0, 0], 0));
    assert_eq!(json["finished"]["totals"]["known"], 1);
    let (codes, merged, json) = run(entry("http-bad") + &entry("http-gone"));
    assert_eq!((codes, merged), ([1, 1], 1));
    assert_eq!(json["finished"]["stale"].as_array().unwrap().len(), 1);
    let (codes, merged, json) = run(entry("http-bad") + &entry("http-good"));
    assert_eq!(codes.iter().sum::<i32>(), 1, "{codes:?}");
    assert_eq!(merged, 1);
    assert_eq!(json["finished"]["stale"][0]["kind"], "unexpected_pass");
}

#[test]
fn parts_that_are_missing_broken_or_of_another_run_are_named() {
    let folder = scenarios(&[("http-good", GOOD), ("http-bad", BAD)]);
    let path = folder.path();
    for shard in ["1/2", "2/2"] {
        part(path, shard, &[]);
    }
    let check = |args: &[&str], expected: i32, words: &str| {
        let output = merge(path, args);
        assert_eq!(code(&output), expected, "{args:?}: {}", text(&output));
        assert!(
            text(&output).contains(words),
            "{words} in {}",
            text(&output)
        );
        assert!(!path.join("run.ndjson").exists(), "{args:?}");
    };
    check(&["1-2.ndjson"], 3, "missing: part 2/2");
    check(&["1-2.ndjson", "1-2.ndjson"], 2, "part 1/2 is there twice");
    check(&["nowhere.ndjson"], 2, "nowhere.ndjson");

    let events = fs::read_to_string(path.join("2-2.ndjson")).unwrap();
    let broken = events.trim_end().rsplit_once('\n').unwrap().0;
    fs::write(path.join("broken.ndjson"), broken).unwrap();
    check(&["1-2.ndjson", "broken.ndjson"], 3, "part 2/2 broke off");
    fs::write(path.join("cut.ndjson"), &events[..events.len() - 9]).unwrap();
    check(&["1-2.ndjson", "cut.ndjson"], 3, "part 2/2 broke off");

    part(path, "2/2", &["--filter", "http-good"]);
    check(
        &["1-2.ndjson", "2-2.ndjson"],
        2,
        "the corpus of 1-2.ndjson is",
    );

    let args = ["run", "--fixtures", "scenarios", "--report", "json=r.json"];
    duologue_in(path, &args, &[]);
    check(&["r.json"], 2, "r.json: a json report");
    let other = one_scenario(GOOD);
    let fixtures = other.path().to_str().unwrap();
    let args = ["run", "--fixtures", fixtures, "--report", "ndjson=r.ndjson"];
    duologue_in(path, &args, &[]);
    check(&["r.ndjson"], 2, "r.ndjson: a run of its own");
}
