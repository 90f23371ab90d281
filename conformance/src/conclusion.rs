//! The end of a run, from what is said of its scenarios.

use std::collections::BTreeSet;

use crate::event::{ModelTotals, RunFinished, ScenarioFinished, Stale};
use crate::requirements::{Keyword, Proof, Requirements};
use crate::scenario::RequirementId;
use crate::verdict::{RunOutcome, Totals, Verdict};

impl RunFinished {
    /// Counts, judges and lists what was not proved. It has neither a duration nor an interruption
    /// yet.
    #[must_use]
    pub fn of<'a>(
        results: impl IntoIterator<Item = &'a ScenarioFinished>,
        stale: Vec<Stale>,
        min_graded: u64,
    ) -> Self {
        let mut totals = Totals::default();
        let mut model = ModelTotals::default();
        let mut proved = BTreeSet::new();
        let (mut bound, mut unbound) = (BTreeSet::new(), BTreeSet::new());
        for result in results {
            if result.known.is_some() {
                totals.known += 1;
            } else {
                totals.count(result.verdict);
            }
            if let Some(said) = &result.model {
                model.count(said);
            }
            if result.undeclared.is_empty() {
                bound.extend(&result.requirements);
            } else {
                unbound.extend(&result.requirements);
            }
            if result.verdict == Verdict::Pass {
                proved.extend(&result.requirements);
            }
        }
        let (unbound, unproved) = unproved(&proved)
            .into_iter()
            .partition(|id| unbound.contains(id) && !bound.contains(id));
        let outcome = if stale.is_empty() {
            totals.outcome(min_graded)
        } else {
            RunOutcome::Fail
        };
        Self {
            outcome,
            totals,
            duration_ms: 0,
            interrupted: false,
            unproved,
            unbound,
            model,
            stale,
        }
    }
}

fn unproved(proved: &BTreeSet<&RequirementId>) -> Vec<RequirementId> {
    Requirements::embedded()
        .iter()
        .filter(|found| found.keyword == Keyword::Must && found.proof == Proof::Scenario)
        .map(|found| found.id.clone())
        .filter(|id| !proved.contains(id))
        .collect()
}
