//! Requirements as the page shows them.

use std::collections::BTreeMap;

use minijinja::Value;
use serde::Serialize;

use super::markup::sentence;
use super::view::Group;
use crate::event::ScenarioFinished;
use crate::record::Record;
use crate::report::summary::rank;
use crate::report::tally::{Standing, tally};
use crate::requirements::Proof;

/// A requirement.
#[derive(Debug, Serialize)]
pub(super) struct Requirement {
    id: String,
    keyword: &'static str,
    text: Value,
    pub(super) tone: &'static str,
    standing: &'static str,
    why: Option<String>,
    /// Scenarios that prove it: those that did not pass, and those that did.
    unhappy: Vec<String>,
    others: Vec<String>,
}

/// All requirements, by chapter.
pub(super) fn requirements(record: &Record) -> Vec<Group<Requirement>> {
    let mut chapters: BTreeMap<&str, (Vec<Requirement>, BTreeMap<Standing, usize>)> =
        BTreeMap::new();
    for row in tally(record) {
        let (entries, counts) = chapters.entry(&row.requirement.chapter).or_default();
        *counts.entry(row.standing).or_default() += 1;
        let (unhappy, others): (Vec<_>, Vec<_>) = row
            .scenarios
            .iter()
            .partition(|scenario| rank(scenario.verdict) > 0);
        let ids = |list: Vec<&&ScenarioFinished>| {
            list.iter()
                .map(|scenario| scenario.scenario.to_string())
                .collect()
        };
        entries.push(Requirement {
            id: row.requirement.id.to_string(),
            keyword: row.requirement.keyword.as_str(),
            text: sentence(&row.requirement.text),
            tone: standing_tone(row.standing),
            standing: row.standing.as_str(),
            why: match &row.requirement.proof {
                Proof::Untestable(reason) => Some(reason.clone()),
                Proof::Client | Proof::Scenario => None,
            },
            unhappy: ids(unhappy),
            others: ids(others),
        });
    }
    chapters
        .into_iter()
        .map(|(chapter, (entries, counts))| Group {
            chapter: chapter.to_owned(),
            summary: counts
                .iter()
                .map(|(standing, count)| format!("{count} {}", standing.as_str()))
                .collect::<Vec<_>>()
                .join(" · "),
            entries,
        })
        .collect()
}

fn standing_tone(standing: Standing) -> &'static str {
    match standing {
        Standing::Broken => "fail",
        Standing::Warned => "warn",
        Standing::Proved => "pass",
        Standing::NotRun => "open",
        Standing::NotApplicable => "na",
        Standing::Client | Standing::Untestable => "other",
    }
}
