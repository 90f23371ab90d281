//! Lists of known failures, as a run and `duologue baseline` use them.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::{code, duologue_in, scenarios, text};

const GOOD: &str = r#"{ "recents": { "as": "alice", "expect": { "ok": {} } } }"#;
const BAD: &str = r#"{ "recents": { "as": "alice", "expect": { "error": "not_found" } } }"#;

const ENTRY: &str = "[[known]]\nscenario = \"http-bad\"\nreason = \"not built yet\"\n";

/// A folder with scenarios of which `http-bad` fails at its second step, and a list.
fn folder(list: &str) -> tempfile::TempDir {
    let bad = format!("{GOOD}, {BAD}");
    let folder = scenarios(&[("http-good", GOOD), ("http-bad", &bad)]);
    fs::write(folder.path().join("known.toml"), list).unwrap();
    folder
}

fn run(folder: &Path, more: &[&str]) -> Output {
    let args = [
        "run",
        "--fixtures",
        "scenarios",
        "--known",
        "known.toml",
        "--report",
        "json=r.json",
        "--report",
        "ndjson=r.ndjson",
    ];
    duologue_in(folder, &[&args, more].concat(), &[])
}

fn report(folder: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join("r.json")).unwrap()).unwrap()
}

/// Runs with a list; the exit code, and what was found stale.
#[track_caller]
fn check(list: &str, more: &[&str], expected: i32, stale: Option<(&str, &str)>) {
    let folder = folder(list);
    let output = run(folder.path(), more);
    assert_eq!(code(&output), expected, "{list}: {}", text(&output));
    let report = report(folder.path());
    let found = &report["finished"]["stale"];
    let Some((kind, words)) = stale else {
        assert!(found.is_null(), "{list}: {found}");
        return;
    };
    assert_eq!(found[0]["kind"], kind, "{list}: {found}");
    let message = found[0]["message"].as_str().unwrap();
    assert!(message.starts_with("known.toml:1: "), "{message}");
    assert!(message.contains(words), "{message}");
}

#[test]
fn a_known_failure_keeps_its_verdict_and_does_not_fail_the_run() {
    let folder = folder(&format!("{ENTRY}link = \"https://x.example/1\"\n"));
    let output = run(folder.path(), &[]);
    assert_eq!(code(&output), 0, "{}", text(&output));
    let report = report(folder.path());
    let totals = &report["finished"]["totals"];
    assert_eq!((&totals["known"], &totals["fail"]), (&1.into(), &0.into()));
    assert_eq!(report["finished"]["outcome"], "pass");
    let bad = &report["scenarios"][0];
    assert_eq!(bad["verdict"], "fail");
    assert_eq!(bad["known"]["reason"], "not built yet");
    assert_eq!(bad["known"]["link"], "https://x.example/1");
}

#[test]
fn only_the_step_and_the_signature_that_an_entry_names_are_excused() {
    check(&format!("{ENTRY}step = \"/steps/1\"\n"), &[], 0, None);
    check(
        &format!("{ENTRY}step = \"/steps/0\"\n"),
        &[],
        1,
        Some(("changed_signature", "not «a failure at /steps/0»")),
    );
}

#[test]
fn a_list_that_does_not_tell_the_truth_fails_the_run() {
    check(
        &format!("{ENTRY}signature = \"something else\"\n"),
        &[],
        1,
        Some(("changed_signature", "not «something else»")),
    );
    check(
        &ENTRY.replace("http-bad", "http-good"),
        &["--filter", "http-good"],
        1,
        Some(("unexpected_pass", "`http-good` passes now: remove")),
    );
    // Dead is dead, whatever was selected.
    check(
        &ENTRY.replace("http-bad", "http-gone"),
        &["--filter", "http-good"],
        1,
        Some(("dead_entry", "no scenario `http-gone`")),
    );
    check(
        &format!("{ENTRY}step = \"/steps/9\"\n"),
        &["--filter", "http-good"],
        1,
        Some(("dead_entry", "no step /steps/9")),
    );
    check(
        &format!("{ENTRY}expires = \"2000-01-01\"\n"),
        &[],
        1,
        Some(("expired", "held until 2000-01-01")),
    );
    check(&format!("{ENTRY}expires = \"9999-12-31\"\n"), &[], 0, None);
}

#[test]
fn a_flaky_entry_lets_its_scenario_pass_or_fail() {
    let flaky = format!("{ENTRY}step = \"/steps/1\"\nflaky = true\n");
    check(&flaky, &[], 0, None);
    let good = format!("{ENTRY}flaky = true\n").replace("http-bad", "http-good");
    check(&good, &["--filter", "http-good"], 0, None);
    let folder = folder(&good);
    run(folder.path(), &["--filter", "http-good"]);
    let totals = &report(folder.path())["finished"]["totals"];
    assert_eq!((&totals["pass"], &totals["known"]), (&1.into(), &0.into()));
    let elsewhere = flaky.replace("/steps/1", "/steps/0");
    let changed = Some(("changed_signature", "not «a failure at /steps/0»"));
    check(&elsewhere, &[], 1, changed);
}

#[test]
fn an_entry_whose_scenario_was_not_selected_is_left_alone() {
    check(ENTRY, &["--filter", "http-good"], 0, None);
}

#[test]
fn a_defect_of_the_list_is_2_with_its_line() {
    for (list, words) in [
        (
            format!("{ENTRY}{ENTRY}"),
            "known.toml:4: `http-bad` already has an entry at line 1",
        ),
        (
            format!("{ENTRY}reson = \"x\"\n"),
            "known.toml:4: unknown field `reson`",
        ),
        (
            "[[known]]\nscenario = \"a\"\n".into(),
            "known.toml:1: missing field `reason`",
        ),
        (
            format!("{ENTRY}expires = \"soon\"\n"),
            "known.toml:4: `expires",
        ),
    ] {
        let output = run(folder(&list).path(), &[]);
        assert_eq!(code(&output), 2, "{list}: {}", text(&output));
        assert!(text(&output).contains(words), "{}", text(&output));
    }
    let folder = folder("");
    let args = ["run", "--known", "nowhere.toml"];
    let output = duologue_in(folder.path(), &args, &[]);
    assert_eq!(code(&output), 2);
    assert!(text(&output).contains("nowhere.toml"), "{}", text(&output));
}

#[test]
fn the_list_is_named_by_the_configuration_beside_it_or_by_the_environment() {
    let folder = folder(ENTRY);
    let path = folder.path();
    fs::create_dir(path.join("conf")).unwrap();
    fs::rename(path.join("known.toml"), path.join("conf/k.toml")).unwrap();
    let table = "[run]\nfixtures = \"../scenarios\"\nknown = \"k.toml\"\n";
    fs::write(path.join("conf/d.toml"), table).unwrap();
    let output = duologue_in(path, &["run", "--config", "conf/d.toml"], &[]);
    assert_eq!(code(&output), 0, "{}", text(&output));
    let variables = [
        ("DUOLOGUE_KNOWN", "conf/k.toml"),
        ("DUOLOGUE_FIXTURES", "scenarios"),
    ];
    let output = duologue_in(path, &["run"], &variables);
    assert_eq!(code(&output), 0, "{}", text(&output));
}

fn baseline(folder: &Path, args: &[&str]) -> Output {
    let args = [&["baseline"], args, &["--fixtures", "scenarios"]].concat();
    duologue_in(folder, &args, &[])
}

#[test]
fn a_list_that_baseline_writes_excuses_what_failed_in_the_next_run_too() {
    for report in ["r.json", "r.ndjson"] {
        let folder = folder("");
        let path = folder.path();
        assert_eq!(code(&run(path, &[])), 1);
        fs::remove_file(path.join("known.toml")).unwrap();
        let args = ["write", report, "--out", "known.toml", "--reason", "later"];
        let output = baseline(path, &args);
        assert_eq!(code(&output), 0, "{}", text(&output));
        let list = fs::read_to_string(path.join("known.toml")).unwrap();
        assert!(list.starts_with("# Known failures of "), "{list}");
        for words in [
            "scenario = \"http-bad\"",
            "signature = ",
            "step = \"/steps/1\"",
            "later",
        ] {
            assert!(list.contains(words), "{words} in {list}");
        }
        let output = run(path, &[]);
        assert_eq!(code(&output), 0, "{}", text(&output));
    }
}

#[test]
fn baseline_write_keeps_what_people_wrote() {
    let list = format!("# Ours.\n\n{ENTRY}link = \"l\" # see there\n");
    let folder = folder(&list);
    run(folder.path(), &[]);
    let output = baseline(folder.path(), &["write", "r.json", "--out", "known.toml"]);
    assert_eq!(code(&output), 0, "{}", text(&output));
    let written = fs::read_to_string(folder.path().join("known.toml")).unwrap();
    assert_eq!(written, list);

    let passing = list.replace("http-bad", "http-good");
    fs::write(folder.path().join("known.toml"), passing).unwrap();
    let output = baseline(folder.path(), &["write", "r.json", "--out", "known.toml"]);
    assert!(
        text(&output).contains("removed    http-good"),
        "{}",
        text(&output)
    );
    assert!(
        text(&output).contains("added      http-bad"),
        "{}",
        text(&output)
    );
    let written = fs::read_to_string(folder.path().join("known.toml")).unwrap();
    assert!(written.starts_with("# Ours.\n\n[[known]]\n"), "{written}");
}

#[test]
fn baseline_check_judges_like_a_run() {
    let folder = folder("");
    let path = folder.path();
    run(path, &[]);
    let check = |list: &str, expected: i32, words: &str| {
        fs::write(path.join("known.toml"), list).unwrap();
        let output = baseline(path, &["check", "known.toml", "r.ndjson"]);
        assert_eq!(code(&output), expected, "{list}: {}", text(&output));
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(stdout.contains(words), "{words} in {stdout}");
    };
    check(ENTRY, 0, "pass: known 1, unknown 0, stale 0");
    check("", 1, "not on the list: http-bad fails: /steps/1 recents");
    let gone = ENTRY.replace("http-bad", "http-gone");
    check(
        &format!("{ENTRY}{gone}"),
        1,
        "known.toml:4: there is no scenario `http-gone`",
    );
    check(
        &ENTRY.replace("http-bad", "http-good"),
        1,
        "fail: known 0, unknown 1, stale 1",
    );
}

#[test]
fn baseline_refuses_a_run_that_did_not_come_to_its_end() {
    let folder = folder(ENTRY);
    let path = folder.path();
    run(path, &[]);
    let events = fs::read_to_string(path.join("r.ndjson")).unwrap();
    let broken: Vec<&str> = events.lines().take(3).collect();
    fs::write(path.join("broken.ndjson"), broken.join("\n")).unwrap();
    run(path, &["--endpoint", "http://127.0.0.1:1"]);
    for (report, words) in [
        ("broken.ndjson", "broke off"),
        ("r.json", "incomplete (2 scenarios could not be graded)"),
    ] {
        for args in [
            ["check", "known.toml", report].as_slice(),
            &["write", report, "--out", "known.toml"],
        ] {
            let output = baseline(path, args);
            assert_eq!(code(&output), 3, "{args:?}: {}", text(&output));
            assert!(text(&output).contains(words), "{}", text(&output));
        }
    }
    assert_eq!(fs::read_to_string(path.join("known.toml")).unwrap(), ENTRY);
    let output = baseline(path, &["check", "known.toml", "nowhere.json"]);
    assert_eq!(code(&output), 2);
}
