//! What makes a whole, and what does not.

use serde_json::{Value, json};

use super::*;
use crate::verdict::Verdict;

/// A part with these scenarios; `change` alters its first event.
fn part(shard: &str, results: &[(&str, Verdict)], change: &Value) -> Part {
    let shard: Shard = shard.parse().unwrap();
    let mut started = json!({
        "event": "run_started", "runner_version": "1", "endpoint": "http://x", "implementation": "x 1",
        "features": [], "own_apps": true, "selected": results.len(), "corpus": "c", "shard": shard,
        "seed": "s", "started_ms": 10 + shard.index,
    });
    for (name, value) in change.as_object().unwrap() {
        started[name] = value.clone();
    }
    let mut events: Vec<Event> = vec![serde_json::from_value(started).unwrap()];
    let mut found = Vec::new();
    for (id, verdict) in results {
        let result: ScenarioFinished = serde_json::from_value(json!({
            "scenario": id, "title": "", "chapter": "", "file": "", "requirements": ["HTT-001"],
            "level": "must", "verdict": verdict, "duration_ms": 1,
        }))
        .unwrap();
        events.push(Event::ScenarioFinished(result.clone()));
        found.push(result);
    }
    events.push(Event::RunFinished(RunFinished {
        duration_ms: u64::from(shard.index) * 100,
        ..RunFinished::of(&found, Vec::new(), 0)
    }));
    Part {
        path: format!("{}.ndjson", shard.to_string().replace('/', "-")).into(),
        events,
    }
}

fn passing(shard: &str, id: &str) -> Part {
    part(shard, &[(id, Verdict::Pass)], &json!({}))
}

fn end(parts: &[Part]) -> RunFinished {
    match merge(parts, 1).unwrap().pop() {
        Some(Event::RunFinished(end)) => end,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused(parts: &[Part], code: ExitCode, words: &str) {
    let error = merge(parts, 1).unwrap_err();
    assert!(error.to_string().contains(words), "{error}");
    assert_eq!(error.exit_code(), code, "{error}");
}

#[test]
fn parts_in_any_order_make_one_run_with_its_own_counts() {
    let parts = [
        part(
            "2/2",
            &[("b", Verdict::Fail), ("c", Verdict::Warn)],
            &json!({}),
        ),
        passing("1/2", "a"),
    ];
    let whole = merge(&parts, 1).unwrap();
    let Event::RunStarted(started) = &whole[0] else {
        panic!("{:?}", whole[0]);
    };
    assert_eq!(
        (started.selected, started.started_ms, started.shard),
        (3, 11, None)
    );
    let mut ids = Vec::new();
    for event in &whole {
        if let Event::ScenarioFinished(result) = event {
            ids.push(result.scenario.as_str());
        }
    }
    assert_eq!(ids, ["a", "b", "c"]);
    let end = end(&parts);
    assert_eq!(end.outcome, RunOutcome::Fail);
    assert_eq!(
        (end.totals.pass, end.totals.fail, end.totals.warn),
        (1, 1, 1)
    );
    assert_eq!(end.duration_ms, 200);
    assert!(!end.unproved.iter().any(|id| id.as_str() == "HTT-001"));
}

#[test]
fn an_empty_part_is_fine_and_an_empty_whole_is_not() {
    let empty = |shard| part(shard, &[], &json!({}));
    let outcome = |parts: &[Part]| end(parts).outcome;
    assert_eq!(
        outcome(&[passing("1/2", "a"), empty("2/2")]),
        RunOutcome::Pass
    );
    assert_eq!(
        outcome(&[empty("1/2"), empty("2/2")]),
        RunOutcome::Incomplete
    );
}

#[test]
fn a_missing_part_is_named() {
    let missing = |parts: &[Part], words| refused(parts, ExitCode::Incomplete, words);
    missing(&[passing("1/3", "a")], "missing: part 2/3, 3/3;");
    let shared = json!({ "own_apps": false });
    let mut parts = vec![part("1/1", &[("a", Verdict::Pass)], &shared)];
    missing(&parts, "missing: part alone/1;");
    parts.push(part("alone/1", &[("b", Verdict::Pass)], &shared));
    assert_eq!(end(&parts).totals.pass, 2);
    // With apps of their own no scenario is left for it, but it may have been run.
    let parts = [passing("1/1", "a"), part("alone/1", &[], &json!({}))];
    assert_eq!(end(&parts).totals.pass, 1);
}

#[test]
fn a_part_that_broke_off_is_named() {
    let mut broken = passing("2/2", "b");
    broken.events.pop();
    let parts = [passing("1/2", "a"), broken];
    refused(&parts, ExitCode::Incomplete, "part 2/2 broke off");
    let mut empty = passing("2/2", "b");
    empty.events.clear();
    let parts = [passing("1/2", "a"), empty];
    refused(&parts, ExitCode::Incomplete, "2-2.ndjson is empty");
}

#[test]
fn parts_of_different_runs_do_not_fit() {
    for (change, words) in [
        (
            json!({ "corpus": "d" }),
            "the corpus of 1-2.ndjson is c, and that of 2-2.ndjson is d",
        ),
        (
            json!({ "implementation": "x 2" }),
            "implementation of 1-2.ndjson is x 1",
        ),
        (json!({ "runner_version": "2" }), "version of duologue"),
        (
            json!({ "profile": "seed-ja" }),
            "profile of 1-2.ndjson is the server's own",
        ),
        (json!({ "own_apps": false }), "way to use apps"),
        (
            json!({ "shard": { "index": 2, "count": 3 } }),
            "number of parts",
        ),
    ] {
        let parts = [
            passing("1/2", "a"),
            part("2/2", &[("b", Verdict::Pass)], &change),
        ];
        refused(&parts, ExitCode::Usage, words);
    }
}

#[test]
fn what_is_there_twice_or_is_no_part_does_not_fit() {
    let twice = [passing("1/1", "a"), passing("1/1", "b")];
    refused(&twice, ExitCode::Usage, "part 1/1 is there twice");
    let scenario = [passing("1/2", "a"), passing("2/2", "a")];
    refused(
        &scenario,
        ExitCode::Usage,
        "`a` is in part 1/2 and in part 2/2",
    );
    let whole = part("1/1", &[], &json!({ "shard": null }));
    refused(&[whole], ExitCode::Usage, "1-1.ndjson: a run of its own");
    let mut two = passing("1/1", "a");
    two.events.extend(two.events.clone());
    refused(&[two], ExitCode::Usage, "more than one run");
}

#[test]
fn a_part_that_did_not_reach_its_server_makes_the_whole_incomplete() {
    let lost = json!({ "implementation": null, "own_apps": false });
    let mut unreached = part("2/2", &[("b", Verdict::CouldNotRun)], &lost);
    let parts = [passing("1/2", "a"), unreached.clone()];
    assert_eq!(end(&parts).outcome, RunOutcome::Incomplete);

    unreached = part("2/2", &[], &lost);
    let Some(Event::RunFinished(finished)) = unreached.events.last_mut() else {
        panic!("no end");
    };
    finished.outcome = RunOutcome::Incomplete;
    let parts = [passing("1/2", "a"), unreached];
    assert_eq!(end(&parts).outcome, RunOutcome::Incomplete);

    let parts = [
        passing("1/2", "a"),
        part("2/2", &[("a", Verdict::CouldNotRun)], &lost),
    ];
    refused(
        &parts,
        ExitCode::Incomplete,
        "part 2/2 did not reach its server",
    );
}

#[test]
fn what_is_wrong_with_the_list_of_known_failures_is_told_once_and_fails_the_whole() {
    let stale = |message: &str| Stale {
        scenario: "x".into(),
        kind: crate::event::StaleKind::DeadEntry,
        message: message.into(),
    };
    let mut parts = [passing("1/2", "a"), passing("2/2", "b")];
    for (part, own) in parts.iter_mut().zip(["one", "two"]) {
        let Some(Event::RunFinished(finished)) = part.events.last_mut() else {
            panic!("no end");
        };
        finished.stale = vec![stale("dead"), stale(own)];
    }
    let end = end(&parts);
    assert_eq!(end.stale, [stale("dead"), stale("one"), stale("two")]);
    assert_eq!(end.outcome, RunOutcome::Fail);
}

#[test]
fn an_interrupted_part_interrupts_the_whole() {
    let mut parts = [passing("1/2", "a"), passing("2/2", "b")];
    assert!(!end(&parts).interrupted);
    let Some(Event::RunFinished(finished)) = parts[1].events.last_mut() else {
        panic!("no end");
    };
    finished.interrupted = true;
    assert!(end(&parts).interrupted);
}
