//! What a run says about each requirement of the specification.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::event::ScenarioFinished;
use crate::record::Record;
use crate::requirements::{Keyword, Proof, Requirement, Requirements};
use crate::scenario::RequirementId;
use crate::verdict::Verdict;

/// What a run says about a requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A scenario that proves it failed.
    Broken,
    /// A scenario that proves it warned, and none failed.
    Warned,
    /// A scenario that proves it passed, and none failed or warned.
    Proved,
    /// No scenario that proves it came to a verdict.
    NotRun,
    /// It is about a feature that the server does not declare.
    NotApplicable,
    /// It binds clients.
    Client,
    /// No scenario can prove it.
    Untestable,
}

impl Standing {
    /// All of them, the worst first.
    pub const ALL: [Self; 7] = [
        Self::Broken,
        Self::Warned,
        Self::NotRun,
        Self::Proved,
        Self::NotApplicable,
        Self::Client,
        Self::Untestable,
    ];

    /// The words in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Warned => "warned",
            Self::Proved => "proved",
            Self::NotRun => "not run",
            Self::NotApplicable => "not applicable",
            Self::Client => "client",
            Self::Untestable => "untestable",
        }
    }

    /// One character, for tables.
    #[must_use]
    pub fn symbol(self) -> char {
        match self {
            Self::Broken => '✗',
            Self::Warned => '!',
            Self::Proved => '✓',
            Self::NotRun => '?',
            Self::NotApplicable | Self::Client | Self::Untestable => '–',
        }
    }
}

/// A requirement with what the run says of it.
#[derive(Debug, Clone)]
pub struct Row<'a> {
    /// The requirement.
    pub requirement: &'static Requirement,
    /// What the run says.
    pub standing: Standing,
    /// The scenarios that prove it, by id.
    pub scenarios: Vec<&'a ScenarioFinished>,
}

/// Every requirement of the specification, ascending by id.
#[must_use]
pub fn tally(record: &Record) -> Vec<Row<'_>> {
    let mut citing: BTreeMap<&RequirementId, Vec<&ScenarioFinished>> = BTreeMap::new();
    for scenario in record.scenarios.values() {
        for id in &scenario.requirements {
            citing.entry(id).or_default().push(scenario);
        }
    }
    Requirements::embedded()
        .iter()
        .map(|requirement| {
            let scenarios = citing.remove(&requirement.id).unwrap_or_default();
            Row {
                standing: standing(&requirement.proof, &scenarios),
                requirement,
                scenarios,
            }
        })
        .collect()
}

fn standing(proof: &Proof, scenarios: &[&ScenarioFinished]) -> Standing {
    let any = |verdict| scenarios.iter().any(|scenario| scenario.verdict == verdict);
    match proof {
        Proof::Client => Standing::Client,
        Proof::Untestable(_) => Standing::Untestable,
        Proof::Scenario if any(Verdict::Fail) => Standing::Broken,
        Proof::Scenario if any(Verdict::Warn) => Standing::Warned,
        Proof::Scenario if any(Verdict::Pass) => Standing::Proved,
        Proof::Scenario
            if !scenarios.is_empty()
                && scenarios
                    .iter()
                    .all(|scenario| scenario.verdict == Verdict::NotApplicable) =>
        {
            Standing::NotApplicable
        }
        Proof::Scenario => Standing::NotRun,
    }
}

/// The broken and warned requirements, MUST before SHOULD before MAY, with the scenarios that say
/// so. Known failures are left out.
#[must_use]
pub fn broken(record: &Record) -> Vec<Row<'_>> {
    let rank = |keyword: Keyword| match keyword {
        Keyword::Must => 0,
        Keyword::Should => 1,
        Keyword::May => 2,
    };
    let mut rows: Vec<Row<'_>> = tally(record)
        .into_iter()
        .map(|mut row| {
            row.scenarios.retain(|scenario| {
                matches!(scenario.verdict, Verdict::Fail | Verdict::Warn)
                    && scenario.known.is_none()
                    && !scenario.ended_before_its_steps()
            });
            row
        })
        .filter(|row| !row.scenarios.is_empty())
        .collect();
    rows.sort_by_key(|row| (rank(row.requirement.keyword), &row.requirement.id));
    rows
}
