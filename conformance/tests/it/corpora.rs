//! The runner judged by scenarios whose verdict is known: `fixtures/runner`.
//!
//! What is expected stands in a text file beside each folder. After a change that is meant, write
//! it anew with `UPDATE_EXPECTED=1 cargo test -p duologue-conformance --test it corpora` and read
//! the difference.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use duologue_conformance::event::ScenarioFinished;
use duologue_conformance::matcher::{Matcher, Mismatch};
use duologue_conformance::report::JsonResult;
use duologue_conformance::scenario::Corpus;
use duologue_conformance::schema_files::scenario_schema;
use duologue_conformance::verdict::Verdict;
use regex::Regex;
use serde_json::Value;
use similar::TextDiff;

use crate::{code, duologue, duologue_in, text};

/// On a conforming server a comment comes in time and a clock advances, so nothing makes these
/// steps fail; `must-be-incomplete` has them.
const CANNOT_FAIL: &[&str] = &["expect_comment", "outlive"];

fn runner() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/runner")
}

fn folder(name: &str) -> String {
    runner().join(name).to_str().unwrap().to_owned()
}

/// Compares with `<name>.expected.txt`, or writes it if told so.
fn check_expected(name: &str, actual: &str) {
    let path = runner().join(format!("{name}.expected.txt"));
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if expected != actual {
        let diff = TextDiff::from_lines(&expected, actual);
        let diff = diff
            .unified_diff()
            .header("expected", "actual")
            .context_radius(1)
            .to_string();
        panic!(
            "fixtures/runner/{name}.expected.txt is not what came of the folder `{name}`:\n{diff}\n\
             If the change is meant: UPDATE_EXPECTED=1 cargo test -p duologue-conformance --test it corpora"
        );
    }
}

/// Runs a folder; the exit code and what the JSON report says.
fn run(name: &str, args: &[&str]) -> (i32, JsonResult) {
    let here = tempfile::tempdir().unwrap();
    let fixtures = folder(name);
    let mut all = vec!["run", "--fixtures", &fixtures, "--report", "json=r.json"];
    all.extend(args);
    let output = duologue_in(here.path(), &all, &[]);
    let report = std::fs::read_to_string(here.path().join("r.json"));
    let report = report.unwrap_or_else(|error| panic!("{error}: {}", text(&output)));
    (code(&output), serde_json::from_str(&report).unwrap())
}

/// The verdict, where, and why, without what each run has anew.
fn told(result: &ScenarioFinished) -> String {
    let mut told = format!("{}: {}\n", result.scenario, result.verdict.as_str());
    if let Some(reason) = &result.reason {
        let step = reason.step.as_deref().unwrap_or("(the scenario)");
        let verb = reason.verb.as_deref().unwrap_or_default();
        let place = format!("{step} {verb}");
        told.push_str(&format!(
            "  at {}: {}\n",
            place.trim_end(),
            reason.message.replace('\n', "\n  ")
        ));
        for Mismatch {
            pointer,
            expected,
            actual,
        } in &reason.mismatches
        {
            let pointer = if pointer.is_empty() {
                "(whole)"
            } else {
                pointer.as_str()
            };
            let actual = match actual {
                None => "nothing".to_owned(),
                Some(Value::Array(items)) => format!("an array of {}", items.len()),
                Some(Value::Object(_)) => "an object".to_owned(),
                Some(scalar) => scalar.to_string(),
            };
            told.push_str(&format!(
                "  {pointer}: expected {expected}, actual {actual}\n"
            ));
        }
    }
    let settle = |text: String, pattern: &str, word: &str| {
        let pattern = Regex::new(pattern).unwrap();
        pattern.replace_all(&text, word).into_owned()
    };
    let told = settle(told, "[0-9a-f]{32}", "(id)");
    let told = settle(told, "-[a-z2-7]{4}[0-9]{3}\\b", "-(run)");
    settle(told, "\\b[0-9]{13,}\\b", "(number)")
}

fn all_told(report: &JsonResult) -> String {
    report.scenarios.iter().map(told).collect()
}

/// The sources of a folder, by id.
fn sources(name: &str) -> BTreeMap<String, Value> {
    let corpus = Corpus::from_dir(&runner().join(name)).unwrap();
    let fixtures = corpus.fixtures.into_iter();
    fixtures
        .map(|fixture| {
            let source = serde_json::from_str(&fixture.source).unwrap();
            (fixture.scenario.id.to_string(), source)
        })
        .collect()
}

#[test]
fn no_invalid_scenario_loads_and_each_defect_is_told_with_its_place() {
    let output = duologue(&["lint", &folder("invalid")]);
    assert_eq!(code(&output), 1, "{}", text(&output));
    let told = String::from_utf8(output.stdout).unwrap();
    check_expected("invalid", &told);

    let reported: BTreeSet<&str> = told
        .lines()
        .filter_map(|line| line.split_once(".json:"))
        .map(|(file, _)| file)
        .collect();
    let mut files = BTreeSet::new();
    collect(&runner().join("invalid"), "", &mut files);
    let silent: Vec<&String> = files
        .iter()
        .filter(|file| !reported.contains(file.as_str()))
        .collect();
    assert!(silent.is_empty(), "files without a defect: {silent:?}");
    assert!(files.len() >= 120, "only {} files", files.len());
}

/// The paths of all JSON files below a folder, without the extension.
fn collect(folder: &Path, prefix: &str, into: &mut BTreeSet<String>) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        if path.is_dir() {
            collect(&path, &format!("{prefix}{stem}/"), into);
        } else if path.extension().is_some_and(|found| found == "json") {
            into.insert(format!("{prefix}{stem}"));
        }
    }
}

#[test]
fn the_scenarios_that_run_have_no_defect_and_are_not_part_of_the_suite() {
    let embedded = Corpus::embedded().unwrap();
    for name in ["must-pass", "must-fail", "must-be-incomplete"] {
        let output = duologue(&["lint", &folder(name)]);
        assert_eq!(code(&output), 0, "{}", text(&output));
        for id in sources(name).keys() {
            assert!(id.starts_with(&format!("{name}-")), "{id} is in {name}");
            let suite = embedded.fixtures.iter();
            assert!(
                suite.clone().all(|one| one.scenario.id.as_str() != id),
                "{id}"
            );
        }
    }
}

#[test]
fn what_must_pass_passes() {
    let (code, report) = run("must-pass", &[]);
    let other: String = report
        .scenarios
        .iter()
        .filter(|result| result.verdict != Verdict::Pass)
        .map(told)
        .collect();
    assert!(other.is_empty(), "{other}");
    assert_eq!(code, 0);
    assert!(report.scenarios.len() >= 25, "{}", report.scenarios.len());
}

#[test]
fn what_must_be_incomplete_is_neither_passed_nor_failed() {
    // The longest of them waits a minute for a heartbeat; the others are done at once.
    let times = ["--step-timeout", "1", "--scenario-timeout", "4"];
    let (code, report) = run("must-be-incomplete", &times);
    check_expected("must-be-incomplete", &all_told(&report));
    assert_eq!(report.finished.totals.graded(), 0);
    assert_eq!(code, 5);
    assert!(report.scenarios.len() >= 12, "{}", report.scenarios.len());
}

#[test]
fn what_must_fail_fails_for_its_own_reason() {
    let (code, report) = run("must-fail", &["--step-timeout", "2"]);
    check_expected("must-fail", &all_told(&report));
    assert_eq!(code, 1);
    assert_eq!(
        report.finished.totals.graded(),
        report.scenarios.len() as u64
    );
    assert_eq!(report.finished.totals.pass, 0);
    assert!(report.scenarios.len() >= 60, "{}", report.scenarios.len());
    everything_fails_once(&report);
}

/// Each verb, kind of expectation and operator is in a step that failed. The lists are the
/// program's own, so whatever is added to the format needs a case.
fn everything_fails_once(report: &JsonResult) {
    let sources = sources("must-fail");
    let (mut used, mut failed) = (BTreeSet::new(), BTreeSet::new());
    for result in &report.scenarios {
        let source = &sources[result.scenario.as_str()];
        keys(&source["steps"], &mut used);
        // Without a step it is the scenario's grade: the first step is the culprit.
        let step = result
            .reason
            .as_ref()
            .and_then(|reason| reason.step.as_deref());
        keys(
            source.pointer(step.unwrap_or("/steps/0")).unwrap(),
            &mut failed,
        );
    }
    let schema: Value = serde_json::from_str(&scenario_schema()).unwrap();
    let lacks = |found: &BTreeSet<String>, what: &str, wanted: &BTreeSet<String>| {
        let missing: Vec<_> = wanted.difference(found).collect();
        assert!(
            missing.is_empty(),
            "{what}: {missing:?}; add a scenario to fixtures/runner/must-fail"
        );
    };
    let mut all = BTreeSet::new();
    let mut expecting = BTreeSet::new();
    for step in schema["$defs"]["Step"]["oneOf"].as_array().unwrap() {
        let (verb, fields) = step["properties"]
            .as_object()
            .unwrap()
            .iter()
            .next()
            .unwrap();
        all.insert(verb.clone());
        let name = fields["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        let expects = schema["$defs"][name]["properties"].get("expect").is_some();
        if expects || verb.starts_with("expect_") || verb == "assert" {
            expecting.insert(verb.clone());
        }
    }
    assert!(all.len() >= 41, "the schema has {} verbs", all.len());
    for verb in CANNOT_FAIL {
        assert!(all.remove(*verb), "{verb}");
        expecting.remove(*verb);
    }
    lacks(&used, "verbs in no scenario", &all);
    lacks(&failed, "verbs that expect and never fail", &expecting);

    let kinds = schema["$defs"]["Expect"]["properties"].as_object().unwrap();
    let kinds: BTreeSet<String> = kinds.keys().cloned().collect();
    assert!(kinds.contains("one_of"), "{kinds:?}");
    lacks(&failed, "expectations that never fail", &kinds);
    let operators = operators();
    assert!(operators.contains("$gte"), "{operators:?}");
    lacks(&failed, "operators that never fail", &operators);
}

/// The operators, as the loader lists them to whoever writes another.
fn operators() -> BTreeSet<String> {
    let error = serde_json::from_value::<Matcher>(serde_json::json!({ "$none": 1 }));
    let message = error.unwrap_err().to_string();
    let words = message.split('`').filter(|word| word.starts_with('$'));
    words
        .filter(|word| *word != "$none")
        .map(str::to_owned)
        .collect()
}

/// All member names in a value.
fn keys(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            into.extend(map.keys().cloned());
            map.values().for_each(|member| keys(member, into));
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
