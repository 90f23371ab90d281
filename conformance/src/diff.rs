//! What changed between two runs, scenario by scenario.

use serde::Serialize;

use crate::event::{RunStarted, ScenarioFinished};
use crate::record::Record;
use crate::scenario::ScenarioId;
use crate::verdict::Verdict;

/// The differences, each list ordered by scenario.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Diff {
    /// Why the runs may not be comparable, a sentence each.
    pub notes: Vec<String>,
    /// Graded in both, and worse now; known failures are no exception.
    pub regressions: Vec<Moved>,
    /// Graded in both, and better now.
    pub fixes: Vec<Moved>,
    /// As bad as before, in another way.
    pub changed: Vec<Moved>,
    /// Could be run, and could not be run now.
    pub not_run: Vec<Moved>,
    /// Any other verdict: graded or applicable in only one of them.
    pub moved: Vec<Moved>,
    /// Only in the second.
    pub new: Vec<Moved>,
    /// Only in the first.
    pub gone: Vec<Moved>,
    /// How many are as they were.
    pub same: usize,
}

/// A scenario that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The scenario.
    pub scenario: ScenarioId,
    /// Its title.
    pub title: String,
    /// Its verdict in the first run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Verdict>,
    /// Its verdict in the second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Verdict>,
    /// Whether a list of known failures excuses the second.
    pub known: bool,
    /// The first line of why the newer verdict is not a pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Diff {
    /// Compares an older run with a newer one.
    #[must_use]
    pub fn of(old: &Record, new: &Record) -> Self {
        let mut diff = Self {
            notes: notes(old, new),
            ..Self::default()
        };
        let mut ids: Vec<&ScenarioId> = old.scenarios.keys().chain(new.scenarios.keys()).collect();
        ids.sort();
        ids.dedup();
        for id in ids {
            let pair = (old.scenarios.get(id), new.scenarios.get(id));
            let list = match pair {
                (Some(old), Some(new)) => match Sort::of(old, new) {
                    Some(sort) => diff.list(sort),
                    None => {
                        diff.same += 1;
                        continue;
                    }
                },
                (None, Some(_)) => &mut diff.new,
                (Some(_), None) | (None, None) => &mut diff.gone,
            };
            list.extend(Moved::of(pair));
        }
        diff
    }

    /// Whether every scenario is as it was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lists().iter().all(|(_, list)| list.is_empty())
    }

    /// The lists with their names, in the order in which they matter.
    #[must_use]
    pub fn lists(&self) -> [(&'static str, &[Moved]); 7] {
        [
            ("regressions", &self.regressions),
            ("could not be run any more", &self.not_run),
            ("fail in another way", &self.changed),
            ("other verdicts", &self.moved),
            ("fixes", &self.fixes),
            ("new", &self.new),
            ("gone", &self.gone),
        ]
    }

    fn list(&mut self, sort: Sort) -> &mut Vec<Moved> {
        match sort {
            Sort::Regression => &mut self.regressions,
            Sort::Fix => &mut self.fixes,
            Sort::Changed => &mut self.changed,
            Sort::NotRun => &mut self.not_run,
            Sort::Moved => &mut self.moved,
        }
    }
}

/// How two verdicts of a scenario differ.
#[derive(Clone, Copy)]
enum Sort {
    Regression,
    Fix,
    Changed,
    NotRun,
    Moved,
}

impl Sort {
    /// None: they do not.
    fn of(old: &ScenarioFinished, new: &ScenarioFinished) -> Option<Self> {
        match (grade(old.verdict), grade(new.verdict)) {
            (Some(before), Some(now)) if before < now => Some(Self::Regression),
            (Some(before), Some(now)) if before > now => Some(Self::Fix),
            (Some(_), Some(_)) => (old.signature != new.signature).then_some(Self::Changed),
            (_, None) if !stopped(old.verdict) && stopped(new.verdict) => Some(Self::NotRun),
            (None, _) | (_, None) => (old.verdict != new.verdict).then_some(Self::Moved),
        }
    }
}

/// The higher, the worse; none: the server was not graded.
fn grade(verdict: Verdict) -> Option<u8> {
    match verdict {
        Verdict::Pass => Some(0),
        Verdict::Warn => Some(1),
        Verdict::Fail => Some(2),
        Verdict::NotApplicable
        | Verdict::CouldNotRun
        | Verdict::Timeout
        | Verdict::HarnessFault => None,
    }
}

/// Whether something other than the server was in the way.
fn stopped(verdict: Verdict) -> bool {
    match verdict {
        Verdict::CouldNotRun | Verdict::Timeout | Verdict::HarnessFault => true,
        Verdict::Pass | Verdict::Warn | Verdict::Fail | Verdict::NotApplicable => false,
    }
}

impl Moved {
    fn of((old, new): (Option<&ScenarioFinished>, Option<&ScenarioFinished>)) -> Option<Self> {
        let told = new.or(old)?;
        Some(Self {
            scenario: told.scenario.clone(),
            title: told.title.clone(),
            from: old.map(|result| result.verdict),
            to: new.map(|result| result.verdict),
            known: new.is_some_and(|result| result.known.is_some()),
            reason: reason(told),
        })
    }
}

fn reason(result: &ScenarioFinished) -> Option<String> {
    let reason = result.reason.as_ref()?;
    let line = reason.message.lines().next().unwrap_or_default();
    Some(match &reason.step {
        Some(step) => format!("at {step}: {line}"),
        None => line.to_owned(),
    })
}

fn notes(old: &Record, new: &Record) -> Vec<String> {
    let mut notes = Vec::new();
    for (record, which) in [(old, "first"), (new, "second")] {
        if record.finished.is_none() {
            notes.push(format!(
                "the {which} run broke off; scenarios it had not finished are missing from it"
            ));
        } else if record.finished.as_ref().is_some_and(|end| end.interrupted) {
            notes.push(format!("the {which} run was interrupted"));
        }
    }
    let (Some(old), Some(new)) = (&old.started, &new.started) else {
        return notes;
    };
    let mut differ = |what: &str, of: &dyn Fn(&RunStarted) -> String, so: &str| {
        let (old, new) = (of(old), of(new));
        if old != new {
            notes.push(format!("the {what} differ{so}: {old}, then {new}"));
        }
    };
    let none = || "none".to_owned();
    differ(
        "implementations",
        &|run| run.implementation.clone().unwrap_or_else(none),
        "",
    );
    differ(
        "corpora",
        &|run| run.corpus.clone(),
        ", so a scenario may be another one under the same id",
    );
    differ(
        "parts",
        &|run| run.shard.map_or_else(none, |shard| shard.to_string()),
        "",
    );
    differ(
        "profiles",
        &|run| run.profile.clone().unwrap_or_else(none),
        "",
    );
    differ(
        "versions of duologue",
        &|run| run.runner_version.clone(),
        "",
    );
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(corpus: &str, results: &[(&str, Verdict, Option<&str>)]) -> Record {
        let mut record = Record {
            started: serde_json::from_value(serde_json::json!({
                "runner_version": "1", "endpoint": "", "implementation": "x 1", "features": [],
                "own_apps": true, "selected": 1, "corpus": corpus, "seed": "s", "started_ms": 1,
            }))
            .unwrap(),
            ..Record::default()
        };
        for (id, verdict, signature) in results {
            let result: ScenarioFinished = serde_json::from_value(serde_json::json!({
                "scenario": id, "title": "", "chapter": "", "file": "", "requirements": [],
                "level": "must", "verdict": verdict, "duration_ms": 1, "signature": signature,
                "reason": signature.map(|text| serde_json::json!(
                    { "message": format!("{text}\nmore"), "step": "/steps/1" })),
            }))
            .unwrap();
            record.scenarios.insert(result.scenario.clone(), result);
        }
        record
    }

    /// The name of the list in which a scenario ends up.
    #[track_caller]
    fn check(old: (Verdict, Option<&str>), new: (Verdict, Option<&str>), expected: Option<&str>) {
        let diff = Diff::of(
            &record("c", &[("a", old.0, old.1)]),
            &record("c", &[("a", new.0, new.1)]),
        );
        let found: Vec<&str> = diff
            .lists()
            .iter()
            .filter(|(_, list)| !list.is_empty())
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(found, Vec::from_iter(expected), "{old:?} {new:?}");
        assert_eq!(diff.same, usize::from(expected.is_none()));
    }

    #[test]
    fn each_pair_of_verdicts_has_its_list() {
        use Verdict::*;
        let (x, y) = (Some("x"), Some("y"));
        check((Pass, None), (Pass, None), None);
        check((Pass, None), (Fail, x), Some("regressions"));
        check((Pass, None), (Warn, x), Some("regressions"));
        check((Warn, x), (Fail, x), Some("regressions"));
        check((Fail, x), (Pass, None), Some("fixes"));
        check((Fail, x), (Warn, x), Some("fixes"));
        check((Fail, x), (Fail, x), None);
        check((Fail, x), (Fail, y), Some("fail in another way"));
        check((Warn, x), (Warn, y), Some("fail in another way"));
        for stopped in [CouldNotRun, Timeout, HarnessFault] {
            for before in [Pass, Fail, Warn, NotApplicable] {
                check(
                    (before, None),
                    (stopped, x),
                    Some("could not be run any more"),
                );
                check((stopped, x), (before, None), Some("other verdicts"));
            }
            check((stopped, x), (stopped, y), None);
        }
        check((Timeout, x), (CouldNotRun, x), Some("other verdicts"));
        check((Pass, None), (NotApplicable, x), Some("other verdicts"));
        check((NotApplicable, x), (Fail, x), Some("other verdicts"));
        check((NotApplicable, x), (NotApplicable, y), None);
    }

    #[test]
    fn scenarios_of_one_run_only_are_new_or_gone() {
        let old = record(
            "c",
            &[("a", Verdict::Pass, None), ("b", Verdict::Pass, None)],
        );
        let new = record(
            "c",
            &[("b", Verdict::Pass, None), ("c", Verdict::Fail, Some("x"))],
        );
        let diff = Diff::of(&old, &new);
        assert_eq!(diff.gone[0].scenario.as_str(), "a");
        assert_eq!(diff.new[0].scenario.as_str(), "c");
        assert_eq!(diff.new[0].reason.as_deref(), Some("at /steps/1: x"));
        assert_eq!((diff.same, diff.is_empty()), (1, false));
    }

    #[test]
    fn runs_that_do_not_compare_say_why() {
        let (old, mut new) = (record("c", &[]), record("d", &[]));
        new.started.as_mut().unwrap().implementation = Some("x 2".into());
        let notes = Diff::of(&old, &new).notes.join("\n");
        for words in [
            "first run broke off",
            "second run broke off",
            "implementations differ: x 1, then x 2",
            "corpora differ",
        ] {
            assert!(notes.contains(words), "{words} in {notes}");
        }
        assert!(!notes.contains("versions"));
    }
}
