//! The list made ready for a corpus and a day: what it excuses, and what of it is stale.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::file::{Entry, KnownError, KnownFailures};
use crate::event::{Known, ScenarioFinished, Stale, StaleKind};
use crate::scenario::{Corpus, Scenario, ScenarioId, Step};
use crate::verdict::Verdict;

/// Judges failures by a list, and the list by results.
#[derive(Debug, Clone, Default)]
pub struct Judge {
    /// How messages name the file.
    file: String,
    /// The entries that hold, by today's id of their scenario.
    entries: BTreeMap<ScenarioId, Vec<Entry>>,
    /// Entries that are dead or expired, whatever runs.
    stale: Vec<Stale>,
}

impl Judge {
    /// Compares the list with all scenarios there are, selected or not.
    ///
    /// # Errors
    /// When two entries excuse the same failure.
    pub fn new(list: &KnownFailures, corpus: &Corpus, today: Date) -> Result<Self, KnownError> {
        let scenarios = by_name(corpus);
        let mut judge = Self {
            file: list.path.display().to_string(),
            ..Self::default()
        };
        let mut seen: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        for entry in &list.entries {
            let scenario = scenarios.get(entry.scenario.as_str()).copied();
            let id = scenario.map_or(entry.scenario.as_str(), |scenario| scenario.id.as_str());
            let others = seen.entry(id).or_default();
            if let Some(other) = others.iter().find(|other| overlap(other, entry)) {
                let message = format!(
                    "`{id}` already has an entry at line {}: keep one, or give each a step of its own",
                    other.line
                );
                return Err(list.defect(entry.line, message));
            }
            others.push(entry);
            match (judge.dead_or_expired(entry, scenario, today), scenario) {
                (Some(stale), _) => judge.stale.push(stale),
                (None, Some(scenario)) => judge
                    .entries
                    .entry(scenario.id.clone())
                    .or_default()
                    .push(entry.clone()),
                (None, None) => {}
            }
        }
        Ok(judge)
    }

    /// Why a failure is known; none: it is not, or it is no failure of the server.
    #[must_use]
    pub fn excuse(&self, result: &ScenarioFinished) -> Option<Known> {
        let entries = self.entries.get(&result.scenario)?;
        let entry = entries.iter().find(|entry| entry.excuses(result))?;
        Some(Known {
            reason: entry.reason.clone(),
            link: entry.link.clone(),
            expires: entry.expires.map(|date| date.to_string()),
        })
    }

    /// What is wrong with the list, seen from the results of a run.
    pub fn stale<'a>(&self, results: impl IntoIterator<Item = &'a ScenarioFinished>) -> Vec<Stale> {
        let mut stale = self.stale.clone();
        let mut found: Vec<Stale> = results
            .into_iter()
            .filter_map(|result| Some((result, self.entries.get(&result.scenario)?)))
            .flat_map(|(result, entries)| self.judge(result, entries))
            .collect();
        found.sort_by(|a, b| a.scenario.cmp(&b.scenario));
        stale.extend(found);
        stale
    }

    fn judge(&self, result: &ScenarioFinished, entries: &[Entry]) -> Vec<Stale> {
        match result.verdict {
            Verdict::Pass => entries
                .iter()
                .filter(|entry| !entry.flaky)
                .map(|entry| {
                    let message = format!("`{}` passes now: remove the entry", entry.scenario);
                    self.report(entry, StaleKind::UnexpectedPass, &message)
                })
                .collect(),
            Verdict::Fail | Verdict::Warn => {
                if entries.iter().any(|entry| entry.excuses(result)) {
                    return Vec::new();
                }
                let first = entries.iter().take(1);
                first.map(|entry| self.changed(entry, result)).collect()
            }
            Verdict::NotApplicable
            | Verdict::CouldNotRun
            | Verdict::Timeout
            | Verdict::HarnessFault => Vec::new(),
        }
    }

    fn changed(&self, entry: &Entry, result: &ScenarioFinished) -> Stale {
        let now = result.signature.as_deref().unwrap_or("without a signature");
        let then = match (&entry.signature, &entry.step) {
            (Some(signature), _) => signature.clone(),
            (None, Some(step)) => format!("a failure at {step}"),
            (None, None) => "a failure".into(),
        };
        let message = format!(
            "`{}` fails in another way: «{now}», not «{then}»; mend the server, or the entry if \
             its reason still fits",
            entry.scenario
        );
        self.report(entry, StaleKind::ChangedSignature, &message)
    }

    fn dead_or_expired(
        &self,
        entry: &Entry,
        scenario: Option<&Scenario>,
        today: Date,
    ) -> Option<Stale> {
        let name = &entry.scenario;
        let Some(scenario) = scenario else {
            let message = format!(
                "there is no scenario `{name}`: correct the id, or remove the entry; `duologue list` shows all"
            );
            return Some(self.report(entry, StaleKind::DeadEntry, &message));
        };
        if let Some(step) = &entry.step
            && !has_step(scenario, step)
        {
            let message = format!(
                "`{name}` has no step {step}: correct it, or remove the entry; `duologue show {name}` shows the steps"
            );
            return Some(self.report(entry, StaleKind::DeadEntry, &message));
        }
        let expires = entry.expires.filter(|expires| *expires < today)?;
        let message = format!(
            "the entry of `{name}` held until {expires}: mend the server and remove it, or set a later day"
        );
        Some(self.report(entry, StaleKind::Expired, &message))
    }

    fn report(&self, entry: &Entry, kind: StaleKind, message: &str) -> Stale {
        Stale {
            scenario: entry.scenario.clone(),
            kind,
            message: format!("{}:{}: {message}", self.file, entry.line),
        }
    }
}

impl Entry {
    /// Whether this failure is the one the entry means, its day aside.
    pub(super) fn excuses(&self, result: &ScenarioFinished) -> bool {
        let step = result
            .reason
            .as_ref()
            .and_then(|reason| reason.step.as_ref());
        matches!(result.verdict, Verdict::Fail | Verdict::Warn)
            && (self.step.is_none() || self.step.as_ref() == step)
            && (self.signature.is_none() || self.signature == result.signature)
    }
}

/// Every scenario by its id and its former ones.
pub(super) fn by_name(corpus: &Corpus) -> BTreeMap<&str, &Scenario> {
    let mut names = BTreeMap::new();
    for fixture in &corpus.fixtures {
        let scenario = &fixture.scenario;
        for id in std::iter::once(&scenario.id).chain(&scenario.aliases) {
            names.insert(id.as_str(), scenario);
        }
    }
    names
}

fn overlap(a: &Entry, b: &Entry) -> bool {
    a.step.is_none() || b.step.is_none() || a.step == b.step
}

/// What comes before the steps has a name of its own.
fn has_step(scenario: &Scenario, pointer: &str) -> bool {
    let mut pointers = BTreeSet::from(["/setup".to_owned()]);
    collect(&scenario.steps, "/steps", &mut pointers);
    pointers.contains(pointer)
}

fn collect(steps: &[Step], at: &str, pointers: &mut BTreeSet<String>) {
    for (index, step) in steps.iter().enumerate() {
        let pointer = format!("{at}/{index}");
        if let Step::Repeat(repeat) = step {
            collect(&repeat.steps, &format!("{pointer}/repeat/steps"), pointers);
        }
        if let Step::Parallel(parallel) = step {
            for (index, branch) in parallel.branches.iter().enumerate() {
                let at = format!("{pointer}/parallel/branches/{index}");
                collect(branch, &at, pointers);
            }
        }
        pointers.insert(pointer);
    }
}
