//! What the page's template reads.

use chrono::DateTime;
use serde::Serialize;

use super::detail::Detail;
use super::item::{Item, item, others, tone};
use super::rules::{Requirement, requirements};
use crate::event::{Origin, RunStarted, ScenarioFinished};
use crate::record::Record;
use crate::report::counts::Counts;
use crate::report::summary::rank;

/// The whole page.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    title: String,
    outcome: &'static str,
    headline: String,
    facts: Vec<(&'static str, String)>,
    bar: Vec<Share>,
    filters: Vec<Filter>,
    stale: Vec<(String, &'static str, String)>,
    unhappy: Vec<Item>,
    others: Vec<Group<Item>>,
    requirements: Vec<Group<Requirement>>,
    chapters: Vec<String>,
    notes: Vec<String>,
}

/// A part of the bar at the top.
#[derive(Debug, Serialize)]
struct Share {
    tone: &'static str,
    words: String,
    percent: String,
}

/// A button that filters, and how many scenarios it leaves.
#[derive(Debug, Serialize)]
struct Filter {
    tone: &'static str,
    label: &'static str,
    count: usize,
}

/// The entries of a chapter.
#[derive(Debug, Serialize)]
pub(super) struct Group<T> {
    pub(super) chapter: String,
    pub(super) summary: String,
    pub(super) entries: Vec<T>,
}

impl Page {
    pub(super) fn of(record: &Record) -> Self {
        let mut scenarios: Vec<&ScenarioFinished> = record.scenarios.values().collect();
        scenarios
            .sort_by_key(|scenario| (std::cmp::Reverse(rank(scenario.verdict)), &scenario.file));
        let unhappy: Vec<&ScenarioFinished> = scenarios
            .iter()
            .copied()
            .filter(|scenario| rank(scenario.verdict) > 0)
            .collect();
        let detail = Detail::for_failures(unhappy.len());
        let requirements = requirements(record);
        let mut chapters: Vec<String> = requirements
            .iter()
            .map(|group| group.chapter.clone())
            .chain(scenarios.iter().map(|scenario| scenario.chapter.clone()))
            .collect();
        chapters.sort();
        chapters.dedup();
        let outcome = record.finished.as_ref().map(|run| run.outcome.as_str());
        let name = record
            .started
            .as_ref()
            .and_then(|started| started.implementation.clone())
            .unwrap_or_else(|| "a server without a name".into());
        let counts = Counts::of(record);
        let words: Vec<String> = counts
            .words()
            .into_iter()
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        Self {
            title: name,
            outcome: outcome.unwrap_or("incomplete"),
            headline: words.join(", "),
            facts: record
                .started
                .as_ref()
                .map(|started| facts(started, record))
                .unwrap_or_default(),
            bar: bar(&scenarios),
            filters: filters(&scenarios, &requirements),
            stale: record
                .finished
                .iter()
                .flat_map(|run| &run.stale)
                .map(|stale| {
                    (
                        stale.scenario.clone(),
                        stale.kind.as_str(),
                        stale.message.clone(),
                    )
                })
                .collect(),
            unhappy: unhappy
                .iter()
                .map(|scenario| item(record, scenario, &detail))
                .collect(),
            others: others(record, &scenarios, &detail),
            requirements,
            chapters,
            notes: notes(record),
        }
    }
}

fn facts(started: &RunStarted, record: &Record) -> Vec<(&'static str, String)> {
    let endpoint = &started.endpoint;
    let endpoint = match &started.origin {
        Origin::Endpoint => endpoint.clone(),
        Origin::Exec => format!("{endpoint} (started for the run)"),
        Origin::Embedded => "the reference server in this program".to_owned(),
        Origin::Faulty(fault) => format!("the reference server with the fault {fault}"),
    };
    let date = i64::try_from(started.started_ms)
        .ok()
        .and_then(DateTime::from_timestamp_millis)
        .map(|date| date.format("%Y-%m-%d %H:%M:%S UTC").to_string());
    let features = match started.features.as_slice() {
        [] => "none".to_owned(),
        features => features.join(", "),
    };
    let mut facts = vec![
        ("Endpoint", endpoint),
        ("Features", features),
        ("Date", date.unwrap_or_default()),
        ("Seed", started.seed.clone()),
        ("Corpus", started.corpus.clone()),
        ("Runner", format!("duologue {}", started.runner_version)),
    ];
    if let Some(run) = &record.finished {
        let seconds = std::time::Duration::from_millis(run.duration_ms).as_secs_f32();
        facts.insert(3, ("Duration", format!("{seconds:.1} s")));
    }
    if let Some(profile) = &started.profile {
        facts.push(("Profile", profile.clone()));
    }
    if let Some(shard) = started.shard {
        facts.push(("Part", shard.to_string()));
    }
    facts
}

fn notes(record: &Record) -> Vec<String> {
    let mut notes = Vec::new();
    match &record.finished {
        None => notes.push("The run broke off: what follows is what was known until then.".into()),
        Some(run) => {
            if run.interrupted {
                notes.push("The run was interrupted before all scenarios had run.".into());
            }
            if !run.unproved.is_empty() {
                let count = run.unproved.len();
                notes.push(format!("{count} MUSTs were not proved in this run."));
            }
        }
    }
    notes
}

const TONES: [(&str, &str); 7] = [
    ("fail", "Failing"),
    ("known", "Known"),
    ("open", "Not run"),
    ("warn", "Warned"),
    ("pass", "Passing"),
    ("na", "Not applicable"),
    ("other", "Other rules"),
];

/// The buttons that leave anything.
fn filters(scenarios: &[&ScenarioFinished], rules: &[Group<Requirement>]) -> Vec<Filter> {
    let in_rules = |wanted| {
        let mut rules = rules.iter().flat_map(|group| &group.entries);
        rules.any(|rule| rule.tone == wanted)
    };
    TONES
        .into_iter()
        .map(|(wanted, label)| Filter {
            tone: wanted,
            label,
            count: scenarios
                .iter()
                .filter(|scenario| tone(scenario) == wanted)
                .count(),
        })
        .filter(|filter| filter.count > 0 || in_rules(filter.tone))
        .collect()
}

fn bar(scenarios: &[&ScenarioFinished]) -> Vec<Share> {
    #[expect(clippy::cast_precision_loss, reason = "percentages of a few thousand")]
    let percent = |count: usize| format!("{:.2}", 100.0 * count as f64 / scenarios.len() as f64);
    filters(scenarios, &[])
        .into_iter()
        .map(|filter| Share {
            tone: filter.tone,
            words: format!("{} {}", filter.count, filter.label.to_lowercase()),
            percent: percent(filter.count),
        })
        .collect()
}
