//! The counts of a run, known failures apart.

use crate::record::Record;
use crate::verdict::{Totals, Verdict};

/// How many scenarios ended how; a known failure is counted as known and not as what it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those without an excuse.
    pub totals: Totals,
    /// Those on the list of known failures.
    pub known: u64,
}

impl Counts {
    /// Counts the scenarios of a run.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let mut counts = Self::default();
        for scenario in record.scenarios.values() {
            match scenario.known {
                Some(_) => counts.known += 1,
                None => counts.totals.count(scenario.verdict),
            }
        }
        counts
    }

    /// Scenarios that apply to the server.
    #[must_use]
    pub fn applicable(&self) -> u64 {
        let Totals {
            pass,
            fail,
            warn,
            not_applicable: _,
            could_not_run,
            timeout,
            harness_fault,
            known: _,
        } = self.totals;
        pass + fail + warn + could_not_run + timeout + harness_fault + self.known
    }

    /// Each count with its words; zero only for what passed and failed.
    #[must_use]
    pub fn words(&self) -> Vec<(u64, &'static str)> {
        let totals = &self.totals;
        [
            (totals.pass, "passed", true),
            (totals.fail, "failed", true),
            (self.known, "known", false),
            (totals.warn, "warned", false),
            (totals.not_applicable, "not applicable", false),
            (totals.could_not_run, "could not run", false),
            (totals.timeout, "timed out", false),
            (totals.harness_fault, "harness faults", false),
        ]
        .into_iter()
        .filter(|(count, _, always)| *always || *count > 0)
        .map(|(count, word, _)| (count, word))
        .collect()
    }
}

/// The verdict in capitals.
pub(super) fn shouted(verdict: Verdict) -> String {
    verdict.as_str().to_uppercase().replace('_', " ")
}
