//! Makes the parts of a run, each from its own machine, one run again.
//!
//! Nothing is taken on trust: the parts must be of one corpus, one implementation and one version
//! of this program, each must be there exactly once and have come to its end, and no scenario may
//! be in two of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::event::{Event, RunFinished, RunStarted, ScenarioFinished, Stale};
use crate::scenario::ScenarioId;
use crate::shard::Shard;
use crate::verdict::{ExitCode, RunOutcome};

/// The events of one part, and the file they are from.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The file.
    pub path: PathBuf,
    /// Its events, in order.
    pub events: Vec<Event>,
}

/// Why parts do not make a whole.
#[derive(Debug, Error)]
pub enum MergeError {
    /// A report that does not begin and end as one part does.
    #[error("{}: {why}; merge takes the file that `duologue run --shard k/n --report ndjson=FILE` writes", path.display())]
    NoPart {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: &'static str,
    },
    /// A part that never began.
    #[error("{} is empty: that part broke off before it began; run it again", .0.display())]
    Empty(PathBuf),
    /// A part without an end.
    #[error("part {shard} broke off before its end: {} has no run_finished; run it again", path.display())]
    BrokenOff {
        /// The part.
        shard: Shard,
        /// Its file.
        path: PathBuf,
    },
    /// Parts that are not of one run.
    #[error("the parts are not of one run: the {what} of {} is {first}, and that of {} is {second}", first_path.display(), second_path.display())]
    Differ {
        /// What should be the same.
        what: &'static str,
        /// A part.
        first_path: PathBuf,
        /// What it says.
        first: String,
        /// Another part.
        second_path: PathBuf,
        /// What that says.
        second: String,
    },
    /// A part that is there twice.
    #[error("part {shard} is there twice: {} and {}", first.display(), second.display())]
    PartTwice {
        /// The part.
        shard: Shard,
        /// A file.
        first: PathBuf,
        /// Another file.
        second: PathBuf,
    },
    /// Parts that are not there.
    #[error("missing: part {}; the whole is known only when every part has run", list(.0))]
    Missing(Vec<Shard>),
    /// A scenario of two parts.
    #[error(
        "the scenario `{scenario}` is in part {first} and in part {second}; run both parts again"
    )]
    ScenarioTwice {
        /// The scenario.
        scenario: ScenarioId,
        /// A part.
        first: Shard,
        /// Another part.
        second: Shard,
    },
    /// A part that could not ask its server, so that it took scenarios of another part.
    #[error("part {0} did not reach its server; run it again")]
    Unreached(Shard),
}

impl MergeError {
    /// What the shell hears: whether something is still missing, or never fitted.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoPart { .. }
            | Self::Differ { .. }
            | Self::PartTwice { .. }
            | Self::ScenarioTwice { .. } => ExitCode::Usage,
            Self::Empty(_) | Self::BrokenOff { .. } | Self::Missing(_) | Self::Unreached(_) => {
                ExitCode::Incomplete
            }
        }
    }
}

fn list(shards: &[Shard]) -> String {
    let names: Vec<String> = shards.iter().map(ToString::to_string).collect();
    names.join(", ")
}

/// A part that is known to be one.
struct Whole<'a> {
    path: &'a Path,
    shard: Shard,
    started: &'a RunStarted,
    finished: &'a RunFinished,
    events: &'a [Event],
}

/// The events of the whole run, which has to grade at least `min_graded` scenarios: part by part
/// in the order of their numbers, times as each part told them.
///
/// # Errors
/// When the parts do not make a whole.
pub fn merge(parts: &[Part], min_graded: u64) -> Result<Vec<Event>, MergeError> {
    let mut parts = parts.iter().map(whole).collect::<Result<Vec<_>, _>>()?;
    parts.sort_by_key(|part| (part.shard.index == 0, part.shard));
    of_one_run(&parts)?;
    each_once(&parts)?;
    let results = results(&parts)?;
    let started = started(&parts);
    let finished = finished(&parts, &results, min_graded);
    let between = parts.iter().flat_map(|part| part.events).cloned();
    Ok(std::iter::once(Event::RunStarted(started))
        .chain(between)
        .chain(std::iter::once(Event::RunFinished(finished)))
        .collect())
}

fn whole(part: &Part) -> Result<Whole<'_>, MergeError> {
    let no_part = |why| MergeError::NoPart {
        path: part.path.clone(),
        why,
    };
    if part.events.is_empty() {
        return Err(MergeError::Empty(part.path.clone()));
    }
    let Some((Event::RunStarted(started), events)) = part.events.split_first() else {
        return Err(no_part("does not begin with run_started"));
    };
    let Some(shard) = started.shard else {
        return Err(no_part("a run of its own, not a part of one"));
    };
    let Some((Event::RunFinished(finished), events)) = events.split_last() else {
        return Err(MergeError::BrokenOff {
            shard,
            path: part.path.clone(),
        });
    };
    let other_run = |event: &Event| matches!(event, Event::RunStarted(_) | Event::RunFinished(_));
    if events.iter().any(other_run) {
        return Err(no_part("more than one run"));
    }
    Ok(Whole {
        path: &part.path,
        shard,
        started,
        finished,
        events,
    })
}

fn of_one_run(parts: &[Whole<'_>]) -> Result<(), MergeError> {
    same(parts, "number of parts", |part| {
        Some(part.shard.count.to_string())
    })?;
    same(parts, "corpus", |part| Some(part.started.corpus.clone()))?;
    same(parts, "version of duologue", |part| {
        Some(part.started.runner_version.clone())
    })?;
    same(parts, "profile", |part| {
        let profile = part.started.profile.as_deref();
        Some(profile.unwrap_or("the server's own").to_owned())
    })?;
    // A part that did not reach its server knows nothing of it.
    same(parts, "implementation", |part| {
        part.started.implementation.clone()
    })?;
    same(parts, "way to use apps", |part| {
        let way = if part.started.own_apps {
            "one for each scenario"
        } else {
            "one for all"
        };
        part.started.implementation.as_ref().map(|_| way.to_owned())
    })
}

fn same(
    parts: &[Whole<'_>],
    what: &'static str,
    of: impl Fn(&Whole<'_>) -> Option<String>,
) -> Result<(), MergeError> {
    let mut told = parts.iter().filter_map(|part| Some((part, of(part)?)));
    let Some((first_part, first)) = told.next() else {
        return Ok(());
    };
    match told.find(|(_, other)| *other != first) {
        None => Ok(()),
        Some((second_part, second)) => Err(MergeError::Differ {
            what,
            first_path: first_part.path.to_owned(),
            first,
            second_path: second_part.path.to_owned(),
            second,
        }),
    }
}

fn each_once(parts: &[Whole<'_>]) -> Result<(), MergeError> {
    let mut paths: BTreeMap<Shard, &Path> = BTreeMap::new();
    for part in parts {
        if let Some(first) = paths.insert(part.shard, part.path) {
            return Err(MergeError::PartTwice {
                shard: part.shard,
                first: first.to_owned(),
                second: part.path.to_owned(),
            });
        }
    }
    let count = parts.first().map_or(1, |part| part.shard.count);
    let shares = |part: &Whole<'_>| part.started.implementation.is_some() && !part.started.own_apps;
    let alone = parts.iter().any(shares).then_some(0);
    let missing: Vec<Shard> = (1..=count)
        .chain(alone)
        .map(|index| Shard { index, count })
        .filter(|shard| !paths.contains_key(shard))
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(MergeError::Missing(missing))
    }
}

fn results<'a>(parts: &[Whole<'a>]) -> Result<Vec<&'a ScenarioFinished>, MergeError> {
    let mut owners: BTreeMap<&ScenarioId, &Whole<'_>> = BTreeMap::new();
    let mut results = Vec::new();
    for part in parts {
        for event in part.events {
            let Event::ScenarioFinished(result) = event else {
                continue;
            };
            if let Some(first) = owners.insert(&result.scenario, part) {
                let lost = [first, part]
                    .into_iter()
                    .find(|part| part.started.implementation.is_none());
                return Err(match lost {
                    Some(lost) => MergeError::Unreached(lost.shard),
                    None => MergeError::ScenarioTwice {
                        scenario: result.scenario.clone(),
                        first: first.shard,
                        second: part.shard,
                    },
                });
            }
            results.push(result);
        }
    }
    Ok(results)
}

fn started(parts: &[Whole<'_>]) -> RunStarted {
    let reached = |part: &&Whole<'_>| part.started.implementation.is_some();
    let told = parts.iter().find(reached).unwrap_or(&parts[0]).started;
    RunStarted {
        selected: parts.iter().map(|part| part.started.selected).sum(),
        started_ms: parts
            .iter()
            .map(|part| part.started.started_ms)
            .min()
            .unwrap_or_default(),
        shard: None,
        ..told.clone()
    }
}

fn finished(parts: &[Whole<'_>], results: &[&ScenarioFinished], min_graded: u64) -> RunFinished {
    let ends = || parts.iter().map(|part| part.finished);
    let mut stale: Vec<Stale> = Vec::new();
    for entry in ends().flat_map(|end| &end.stale) {
        if !stale.contains(entry) {
            stale.push(entry.clone());
        }
    }
    let mut finished = RunFinished {
        duration_ms: ends().map(|end| end.duration_ms).max().unwrap_or_default(),
        interrupted: ends().any(|end| end.interrupted),
        ..RunFinished::of(results.iter().copied(), stale, min_graded)
    };
    // A part may be incomplete without a scenario that says so: it did not reach its server.
    let incomplete = ends().any(|end| end.outcome == RunOutcome::Incomplete);
    if finished.outcome == RunOutcome::Pass && incomplete {
        finished.outcome = RunOutcome::Incomplete;
    }
    finished
}

#[cfg(test)]
mod tests;
