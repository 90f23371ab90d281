//! What the page's template reads.

use std::collections::BTreeMap;

use chrono::DateTime;
use minijinja::Value;
use serde::Serialize;

use super::detail::Detail;
use super::diagram::diagram;
use super::diff::{Diff, diff};
use super::markup::{safe_text, sentence};
use crate::event::{Origin, RunStarted, ScenarioFinished};
use crate::record::Record;
use crate::report::counts::{Counts, shouted};
use crate::report::failure::Failure;
use crate::report::summary::rank;
use crate::report::tally::{Standing, tally};
use crate::report::transcript::{Transcript, cut};
use crate::requirements::{Proof, Requirements};
use crate::verdict::Verdict;

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
struct Group<T> {
    chapter: String,
    summary: String,
    entries: Vec<T>,
}

/// A scenario.
#[derive(Debug, Serialize)]
struct Item {
    id: String,
    title: String,
    chapter: String,
    tone: &'static str,
    verdict: String,
    duration_ms: u64,
    requirements: Vec<String>,
    /// Why it is excused, with a link if there is one.
    known: Option<(String, Option<String>)>,
    /// Why it does not apply.
    message: Option<String>,
    failure: Option<Shown>,
}

/// A failure.
#[derive(Debug, Serialize)]
struct Shown {
    rules: Vec<(String, &'static str, Value)>,
    place: Option<String>,
    message: String,
    findings: Vec<(String, Diff)>,
    more_findings: usize,
    diagram: Option<Value>,
    transcript: Option<Value>,
    command: Option<Value>,
    replay: Value,
    show: Value,
}

/// A requirement.
#[derive(Debug, Serialize)]
struct Requirement {
    id: String,
    keyword: &'static str,
    text: Value,
    tone: &'static str,
    standing: &'static str,
    why: Option<String>,
    /// Scenarios that prove it: those that did not pass, and those that did.
    unhappy: Vec<String>,
    others: Vec<String>,
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
    let endpoint = match started.origin {
        Origin::Endpoint => endpoint.clone(),
        Origin::Exec => format!("{endpoint} (started for the run)"),
        Origin::Embedded => "the reference server in this program".to_owned(),
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

/// The group of verdicts by which the page filters.
fn tone(scenario: &ScenarioFinished) -> &'static str {
    match scenario.verdict {
        _ if scenario.known.is_some() => "known",
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Warn => "warn",
        Verdict::NotApplicable => "na",
        Verdict::CouldNotRun | Verdict::Timeout | Verdict::HarnessFault => "open",
    }
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

fn item(record: &Record, scenario: &ScenarioFinished, detail: &Detail) -> Item {
    let unhappy = rank(scenario.verdict) > 0;
    let reason = scenario.reason.as_ref();
    Item {
        id: scenario.scenario.to_string(),
        title: scenario.title.clone(),
        chapter: scenario.chapter.clone(),
        tone: tone(scenario),
        verdict: match scenario.known {
            Some(_) => format!("KNOWN {}", shouted(scenario.verdict)),
            None => shouted(scenario.verdict),
        },
        duration_ms: scenario.duration_ms,
        requirements: scenario
            .requirements
            .iter()
            .filter(|id| Requirements::embedded().get(id).is_some())
            .map(ToString::to_string)
            .collect(),
        known: scenario.known.as_ref().map(|known| {
            let until = known.expires.as_ref().map(|day| format!(" (until {day})"));
            let words = format!("{}{}", known.reason, until.unwrap_or_default());
            (words, known.link.clone())
        }),
        message: reason
            .filter(|_| !unhappy)
            .map(|reason| reason.message.clone()),
        failure: unhappy.then(|| shown(record, scenario, detail)),
    }
}

fn shown(record: &Record, scenario: &ScenarioFinished, detail: &Detail) -> Shown {
    let steps = record.steps.get(&scenario.scenario);
    let steps = steps.map_or(&[][..], Vec::as_slice);
    let failure = Failure::new(scenario, steps, record.started.as_ref());
    let transcript = Transcript::of(steps, detail.before).last(detail.lines);
    let lines = transcript.text(detail.width);
    let end = failure
        .place
        .as_deref()
        .unwrap_or("the end of the scenario");
    Shown {
        rules: failure
            .rules
            .iter()
            .map(|rule| {
                let keyword = rule.keyword.map_or("", |keyword| keyword.as_str());
                (rule.id.to_string(), keyword, sentence(&rule.text))
            })
            .collect(),
        message: cut(&failure.message, detail.width).into_owned(),
        findings: failure
            .findings
            .iter()
            .take(detail.findings)
            .map(|finding| {
                let shown = diff(
                    &finding.expected,
                    &finding.actual,
                    detail.rows,
                    detail.width,
                );
                (finding.place.clone(), shown)
            })
            .collect(),
        more_findings: failure.findings.len().saturating_sub(detail.findings),
        diagram: diagram(&transcript, detail.arrows, end).map(Value::from_safe_string),
        transcript: (!lines.is_empty()).then(|| safe_text(&lines.join("\n"))),
        command: failure
            .command
            .as_deref()
            .map(|command| safe_text(&shortened(command, detail.width))),
        place: failure.place,
        replay: safe_text(&failure.replay),
        show: safe_text(&failure.show),
    }
}

/// A command that is cut does not run, and says so.
fn shortened(command: &str, width: usize) -> String {
    let room = 4 * width;
    match cut(command, room) {
        std::borrow::Cow::Borrowed(whole) => whole.to_owned(),
        std::borrow::Cow::Owned(part) => {
            format!("{part}  # too long for a page of so many failures")
        }
    }
}

/// What passed or does not apply, by chapter.
fn others(record: &Record, scenarios: &[&ScenarioFinished], detail: &Detail) -> Vec<Group<Item>> {
    let mut chapters: BTreeMap<&str, Vec<Item>> = BTreeMap::new();
    for scenario in scenarios
        .iter()
        .filter(|scenario| rank(scenario.verdict) == 0)
    {
        let items = chapters.entry(&scenario.chapter).or_default();
        items.push(item(record, scenario, detail));
    }
    chapters
        .into_iter()
        .map(|(chapter, entries)| Group {
            chapter: chapter.to_owned(),
            summary: entries.len().to_string(),
            entries,
        })
        .collect()
}

fn requirements(record: &Record) -> Vec<Group<Requirement>> {
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
