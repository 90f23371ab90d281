//! What a list excuses and when it is stale.

use std::path::Path;

use super::*;
use crate::event::{Reason, ScenarioFinished, StaleKind};
use crate::scenario::{Corpus, Fixture, load};
use crate::verdict::Verdict;

const SCENARIO: &str = r#"{ "format": 1, "id": "http-one", "aliases": ["http-old"], "title": "one",
    "requirements": ["HTT-001"], "level": "must", "actors": { "alice": {} }, "steps": [
      { "recents": { "as": "alice", "expect": { "ok": {} } } },
      { "repeat": { "times": 2, "steps": [
        { "recents": { "as": "alice", "expect": { "ok": {} } } } ] } },
      { "parallel": { "branches": [
        [{ "recents": { "as": "alice", "expect": { "ok": {} } } }] ] } }
    ] }"#;

pub(super) fn corpus() -> Corpus {
    let fixture = |number: usize, source: String| {
        let file = format!("http/{number}.json");
        Fixture {
            scenario: load(&file, &source).unwrap(),
            file,
            chapter: "http".into(),
            source,
            number,
        }
    };
    let two = SCENARIO
        .replace("http-one", "http-two")
        .replace("http-old", "http-older");
    Corpus {
        fixtures: vec![fixture(0, SCENARIO.into()), fixture(1, two)],
    }
}

pub(super) fn result(scenario: &str, verdict: Verdict, step: Option<&str>) -> ScenarioFinished {
    let signature = step.map_or("no step".to_owned(), |step| format!("{step}: broken"));
    let bad = verdict != Verdict::Pass;
    serde_json::from_value(serde_json::json!({
        "scenario": scenario, "title": "", "chapter": "http", "file": "", "requirements": [],
        "level": "must", "verdict": verdict, "duration_ms": 1,
        "reason": bad.then(|| Reason { step: step.map(Into::into), ..Reason::default() }),
        "signature": bad.then_some(signature),
    }))
    .unwrap()
}

/// A judge of one entry with these lines.
fn judge(lines: &str) -> Judge {
    let text = format!("[[known]]\nreason = \"r\"\nlink = \"l\"\n{lines}\n");
    judge_all(&text).unwrap()
}

fn judge_all(text: &str) -> Result<Judge, KnownError> {
    let list = KnownFailures::parse(Path::new("k.toml"), text)?;
    Judge::new(&list, &corpus(), "2026-06-15".parse().unwrap())
}

/// What comes of an entry and a result: excused or not, and the sort of staleness.
#[track_caller]
fn check(lines: &str, result: &ScenarioFinished, excused: bool, stale: Option<StaleKind>) {
    let judge = judge(lines);
    assert_eq!(
        judge.excuse(result).is_some(),
        excused,
        "{lines} {result:?}"
    );
    let found: Vec<StaleKind> = judge
        .stale([result])
        .iter()
        .map(|stale| stale.kind)
        .collect();
    assert_eq!(found, Vec::from_iter(stale), "{lines} {result:?}");
}

#[test]
fn a_failure_is_excused_by_its_scenario_its_step_or_its_signature() {
    let fails = result("http-one", Verdict::Fail, Some("/steps/0"));
    for lines in [
        "scenario = 'http-one'",
        "scenario = 'http-old'",
        "scenario = 'http-one'\nstep = '/steps/0'",
        "scenario = 'http-one'\nsignature = '/steps/0: broken'",
        "scenario = 'http-one'\nstep = '/steps/0'\nsignature = '/steps/0: broken'",
    ] {
        check(lines, &fails, true, None);
        let warns = ScenarioFinished {
            verdict: Verdict::Warn,
            ..fails.clone()
        };
        check(lines, &warns, true, None);
    }
}

#[test]
fn a_failure_of_another_scenario_is_not_excused() {
    let other = result("http-two", Verdict::Fail, Some("/steps/0"));
    check("scenario = 'http-one'", &other, false, None);
}

#[test]
fn what_excuses_is_told_with_its_reason_link_and_day() {
    let judge = judge("scenario = 'http-one'\nexpires = '2026-06-15'");
    let fails = result("http-one", Verdict::Fail, None);
    let known = judge.excuse(&fails).unwrap();
    assert_eq!(
        (
            known.reason.as_str(),
            known.link.as_deref(),
            known.expires.as_deref()
        ),
        ("r", Some("l"), Some("2026-06-15"))
    );
}

#[test]
fn a_failure_at_another_step_or_with_another_signature_is_a_changed_one() {
    let changed = Some(StaleKind::ChangedSignature);
    let fails = result("http-one", Verdict::Fail, Some("/steps/1"));
    let stepless = result("http-one", Verdict::Fail, None);
    for lines in [
        "scenario = 'http-one'\nstep = '/steps/0'",
        "scenario = 'http-one'\nsignature = '/steps/0: broken'",
        "scenario = 'http-one'\nstep = '/steps/1'\nsignature = '/steps/0: broken'",
    ] {
        check(lines, &fails, false, changed);
        check(lines, &stepless, false, changed);
    }
    let message =
        &judge("scenario = 'http-one'\nsignature = '/steps/0: broken'").stale([&fails])[0].message;
    assert!(
        message.starts_with(
            "k.toml:1: `http-one` fails in another way: «/steps/1: broken», not «/steps/0: broken»"
        ),
        "{message}"
    );
}

#[test]
fn a_scenario_that_passes_is_to_leave_the_list() {
    let passes = result("http-one", Verdict::Pass, None);
    for lines in ["", "step = '/steps/0'", "signature = 'x'"] {
        let lines = format!("scenario = 'http-old'\n{lines}");
        check(&lines, &passes, false, Some(StaleKind::UnexpectedPass));
    }
    let message = &judge("scenario = 'http-one'").stale([&passes])[0].message;
    assert_eq!(message, "k.toml:1: `http-one` passes now: remove the entry");
}

#[test]
fn a_flaky_scenario_may_pass_or_fail_as_its_entry_says_and_nothing_else() {
    let entry = "scenario = 'http-old'\nflaky = true\n";
    let fails = result("http-one", Verdict::Fail, Some("/steps/0"));
    let passes = result("http-one", Verdict::Pass, None);
    check(entry, &fails, true, None);
    check(entry, &passes, false, None);
    for narrow in ["step = '/steps/0'", "signature = '/steps/0: broken'"] {
        let entry = format!("{entry}{narrow}");
        check(&entry, &fails, true, None);
        check(&entry, &passes, false, None);
        let elsewhere = result("http-one", Verdict::Fail, Some("/steps/1"));
        let changed = Some(StaleKind::ChangedSignature);
        check(&entry, &elsewhere, false, changed);
    }
    let late = format!("{entry}expires = '2026-06-14'");
    check(&late, &passes, false, Some(StaleKind::Expired));
    let dead = format!("{entry}step = '/steps/9'");
    check(&dead, &passes, false, Some(StaleKind::DeadEntry));
}

#[test]
fn an_entry_beside_a_flaky_one_is_still_stale_when_the_scenario_passes() {
    let judge = judge_all(
        "[[known]]\nscenario = 'http-one'\nreason = 'r'\nstep = '/steps/0'\nflaky = true\n\
         [[known]]\nscenario = 'http-one'\nreason = 'r'\nstep = '/steps/1'\n",
    )
    .unwrap();
    let stale = judge.stale([&result("http-one", Verdict::Pass, None)]);
    assert_eq!(stale.len(), 1);
    assert!(stale[0].message.starts_with("k.toml:6: "), "{stale:?}");
}

#[test]
fn trouble_of_the_environment_is_neither_excused_nor_stale() {
    for verdict in [
        Verdict::NotApplicable,
        Verdict::CouldNotRun,
        Verdict::Timeout,
        Verdict::HarnessFault,
    ] {
        let result = result("http-one", verdict, Some("/steps/0"));
        check("scenario = 'http-one'", &result, false, None);
        check(
            "scenario = 'http-one'\nstep = '/steps/1'",
            &result,
            false,
            None,
        );
    }
}

#[test]
fn an_entry_without_scenario_or_step_is_dead_whatever_runs() {
    let dead = |lines: &str, words: &str| {
        let stale = judge(lines).stale([]);
        assert_eq!(stale.len(), 1, "{lines}");
        assert_eq!(stale[0].kind, StaleKind::DeadEntry);
        assert!(stale[0].message.contains(words), "{}", stale[0].message);
    };
    dead(
        "scenario = 'http-three'",
        "k.toml:1: there is no scenario `http-three`",
    );
    dead(
        "scenario = 'http-one'\nstep = '/steps/3'",
        "`http-one` has no step /steps/3",
    );
    dead(
        "scenario = 'http-one'\nstep = '/steps/1/repeat/steps/1'",
        "has no step",
    );
    for step in [
        "/setup",
        "/steps/0",
        "/steps/1",
        "/steps/1/repeat/steps/0",
        "/steps/2/parallel/branches/0/0",
    ] {
        let lines = format!("scenario = 'http-one'\nstep = '{step}'");
        assert_eq!(judge(&lines).stale([]), [], "{step}");
    }
}

#[test]
fn an_entry_holds_on_its_last_day_and_not_on_the_next() {
    let fails = result("http-one", Verdict::Fail, None);
    let passes = result("http-one", Verdict::Pass, None);
    check(
        "scenario = 'http-one'\nexpires = '2026-06-15'",
        &fails,
        true,
        None,
    );
    let lines = "scenario = 'http-one'\nexpires = '2026-06-14'";
    check(lines, &fails, false, Some(StaleKind::Expired));
    // One thing at a time, and the same whether the scenario is of this part of a run or not.
    check(lines, &passes, false, Some(StaleKind::Expired));
    assert_eq!(judge(lines).stale([])[0].kind, StaleKind::Expired);
}

#[test]
fn an_entry_whose_scenario_did_not_run_is_left_alone() {
    assert_eq!(judge("scenario = 'http-one'").stale([]), []);
}

#[test]
fn two_entries_of_a_scenario_need_steps_that_differ() {
    let two = |first: &str, second: &str| {
        judge_all(&format!(
            "[[known]]\nscenario = 'http-one'\nreason = 'r'\n{first}\n\
             [[known]]\nscenario = 'http-old'\nreason = 'r'\n{second}\n"
        ))
    };
    for (first, second) in [
        ("", ""),
        ("step = '/steps/0'", ""),
        ("", "step = '/steps/0'"),
        ("step = '/steps/0'", "step = '/steps/0'"),
        ("signature = 'a'", "signature = 'b'"),
    ] {
        let error = two(first, second).unwrap_err().to_string();
        assert!(
            error.starts_with("k.toml:5: `http-one` already has an entry at line 1"),
            "{error}"
        );
    }
    let judge = two("step = '/steps/0'", "step = '/steps/1'").unwrap();
    for step in ["/steps/0", "/steps/1"] {
        let fails = result("http-one", Verdict::Fail, Some(step));
        assert!(judge.excuse(&fails).is_some());
        assert_eq!(judge.stale([&fails]), []);
    }
    let elsewhere = result("http-one", Verdict::Fail, Some("/steps/2"));
    assert_eq!(judge.stale([&elsewhere]).len(), 1);
    let passes = result("http-one", Verdict::Pass, None);
    assert_eq!(judge.stale([&passes]).len(), 2);
}

#[test]
fn entries_that_exist_nowhere_may_not_stand_twice_either() {
    let entry = "[[known]]\nscenario = 'gone'\nreason = 'r'\n";
    assert!(judge_all(&format!("{entry}{entry}")).is_err());
}
