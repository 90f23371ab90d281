//! Scenarios as the page shows them.

use std::collections::BTreeMap;

use minijinja::Value;
use serde::Serialize;

use super::detail::Detail;
use super::diagram::diagram;
use super::diff::{Diff, diff};
use super::markup::{safe_text, sentence};
use super::view::Group;
use crate::event::ScenarioFinished;
use crate::record::Record;
use crate::report::counts::shouted;
use crate::report::failure::Failure;
use crate::report::summary::rank;
use crate::report::transcript::{Transcript, cut};
use crate::requirements::Requirements;
use crate::verdict::Verdict;

/// A scenario.
#[derive(Debug, Serialize)]
pub(super) struct Item {
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

/// The group of verdicts by which the page filters.
pub(super) fn tone(scenario: &ScenarioFinished) -> &'static str {
    match scenario.verdict {
        _ if scenario.known.is_some() => "known",
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Warn => "warn",
        Verdict::NotApplicable => "na",
        Verdict::CouldNotRun | Verdict::Timeout | Verdict::HarnessFault => "open",
    }
}

/// A scenario with its failure, if it failed.
pub(super) fn item(record: &Record, scenario: &ScenarioFinished, detail: &Detail) -> Item {
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
pub(super) fn others(
    record: &Record,
    scenarios: &[&ScenarioFinished],
    detail: &Detail,
) -> Vec<Group<Item>> {
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
