//! `duologue diff` on reports of real runs.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::{code, duologue_in, scenarios, text, write_scenarios};

const GOOD: &str = r#"{ "recents": { "as": "alice", "expect": { "ok": {} } } }"#;
const BAD: &str = r#"{ "recents": { "as": "alice", "expect": { "error": "not_found" } } }"#;

fn run(folder: &Path, report: &str, more: &[&str]) {
    let report = format!("--report={report}");
    let args = [&["run", "--fixtures", "scenarios", &report], more].concat();
    let output = duologue_in(folder, &args, &[]);
    assert_ne!(code(&output), 2, "{}", text(&output));
}

fn diff(folder: &Path, args: &[&str]) -> Output {
    duologue_in(folder, &[&["diff"], args].concat(), &[])
}

fn shown(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn equal_runs_are_one_line_and_0_whichever_report_is_read() {
    let folder = scenarios(&[("http-good", GOOD), ("http-bad", BAD)]);
    run(folder.path(), "json=a.json", &[]);
    run(folder.path(), "ndjson=b.ndjson", &[]);
    let output = diff(folder.path(), &["a.json", "b.ndjson"]);
    assert_eq!(code(&output), 0, "{}", text(&output));
    assert_eq!(
        shown(&output),
        "nothing changed: 2 scenarios are as they were\n"
    );
}

#[test]
fn regressions_are_1_and_everything_else_is_0() {
    let folder = scenarios(&[
        ("http-breaks", GOOD),
        ("http-mends", BAD),
        ("http-otherwise", BAD),
        ("http-goes", GOOD),
    ]);
    let path = folder.path();
    run(path, "json=a.json", &[]);
    fs::remove_file(path.join("scenarios/http/http-goes.json")).unwrap();
    let later = format!("{GOOD}, {BAD}");
    write_scenarios(
        &path.join("scenarios"),
        &[
            ("http-breaks", BAD),
            ("http-mends", GOOD),
            ("http-otherwise", &later),
            ("http-comes", GOOD),
        ],
    );
    run(path, "json=b.json", &[]);

    let output = diff(path, &["a.json", "b.json"]);
    let text = shown(&output);
    assert_eq!(code(&output), 1, "{text}");
    for words in [
        "note: the corpora differ",
        "regressions (1)\n  pass → fail  http-breaks — at /steps/0: ",
        "fixes (1)\n  fail → pass  http-mends\n",
        "fail in another way (1)\n  fail  http-otherwise — at /steps/1: ",
        "new (1)\n  pass  http-comes\n",
        "gone (1)\n  pass  http-goes\n",
        "1 worse, 1 better, 0 as they were\n",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }

    let output = diff(path, &["a.json", "b.json", "--json"]);
    assert_eq!(code(&output), 1);
    let json: Value = serde_json::from_str(&shown(&output)).unwrap();
    assert_eq!(json["regressions"][0]["scenario"], "http-breaks");
    assert_eq!(json["regressions"][0]["to"], "fail");
    assert_eq!(json["changed"].as_array().unwrap().len(), 1);

    // Backwards the broken one is the mended one, so take that one out.
    fs::remove_file(path.join("scenarios/http/http-breaks.json")).unwrap();
    run(path, "json=c.json", &[]);
    let output = diff(path, &["a.json", "c.json"]);
    assert_eq!(code(&output), 0, "{}", shown(&output));
}

#[test]
fn what_could_not_be_run_is_no_regression_and_a_broken_run_is_noted() {
    let folder = scenarios(&[("http-good", GOOD)]);
    let path = folder.path();
    run(path, "ndjson=a.ndjson", &[]);
    run(
        path,
        "ndjson=b.ndjson",
        &["--endpoint", "http://127.0.0.1:1"],
    );
    let output = diff(path, &["a.ndjson", "b.ndjson"]);
    let text = shown(&output);
    assert_eq!(code(&output), 0, "{text}");
    for words in [
        "note: the implementations differ",
        "could not be run any more (1)\n  pass → could not run  http-good — ",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
    let events = fs::read_to_string(path.join("a.ndjson")).unwrap();
    let first = events.lines().next().unwrap();
    fs::write(path.join("c.ndjson"), first).unwrap();
    let output = diff(path, &["a.ndjson", "c.ndjson"]);
    assert!(shown(&output).contains("note: the second run broke off"));
}

#[test]
fn what_is_no_report_is_2() {
    let folder = scenarios(&[("http-good", GOOD)]);
    fs::write(folder.path().join("x"), "hello\n").unwrap();
    let output = diff(folder.path(), &["x", "x"]);
    assert_eq!(code(&output), 2);
    assert!(text(&output).contains("x: neither"), "{}", text(&output));
}
