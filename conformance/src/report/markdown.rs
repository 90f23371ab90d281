//! Markdown for the summary of a CI job.

use super::counts::{Counts, shouted};
use super::failure::Failure;
use super::summary::rank;
use super::tally::broken;
use super::visible::visible;
use crate::event::{RunFinished, RunStarted, ScenarioFinished};
use crate::record::Record;

/// CI systems refuse summaries of more than 1 MiB; a step may write several.
const BYTES_MAX: usize = 900_000;

/// A run as Markdown: the outcome, the counts, what did not hold, then each failure folded up.
#[must_use]
pub fn markdown(record: &Record) -> String {
    let mut text = String::new();
    headline(&mut text, record);
    counts(&mut text, record);
    stale(&mut text, record.finished.as_ref());
    requirements(&mut text, record);
    known(&mut text, record);
    failures(&mut text, record);
    text
}

fn headline(text: &mut String, record: &Record) {
    let outcome = record.finished.as_ref().map(|run| run.outcome.as_str());
    let outcome = outcome.unwrap_or("broken off");
    text.push_str(&format!("## Duologue: {outcome}\n\n"));
    if let Some(started) = &record.started {
        let RunStarted {
            implementation,
            endpoint,
            seed,
            runner_version,
            ..
        } = started;
        let name = implementation
            .as_deref()
            .unwrap_or("a server without a name");
        let line = format!(
            "{} at `{}`, tested by duologue {runner_version}, seed `{seed}`\n\n",
            cell(name),
            endpoint.replace('`', "")
        );
        text.push_str(&line);
    }
}

fn counts(text: &mut String, record: &Record) {
    let words = Counts::of(record).words();
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let heads = words.iter().map(|(_, word)| (*word).to_owned()).collect();
    let numbers = words.iter().map(|(count, _)| count.to_string()).collect();
    text.push_str(&row(heads));
    text.push_str(&row(words.iter().map(|_| "--:".to_owned()).collect()));
    text.push_str(&row(numbers));
    let run = record.finished.as_ref();
    if let Some(unproved) = run.map(|run| run.unproved.len()).filter(|count| *count > 0) {
        text.push_str(&format!(
            "\n{unproved} MUSTs were not proved in this run.\n"
        ));
    }
}

fn stale(text: &mut String, run: Option<&RunFinished>) {
    let Some(run) = run.filter(|run| !run.stale.is_empty()) else {
        return;
    };
    text.push_str("\n### The list of known failures no longer tells the truth\n\n");
    text.push_str("| entry | what is wrong | |\n|---|---|---|\n");
    for stale in &run.stale {
        let (entry, kind) = (cell(&stale.scenario), stale.kind.as_str());
        text.push_str(&format!(
            "| {entry} | {kind} | {} |\n",
            cell(&stale.message)
        ));
    }
}

fn requirements(text: &mut String, record: &Record) {
    let rows = broken(record);
    if rows.is_empty() {
        return;
    }
    text.push_str("\n### Requirements that did not hold\n\n");
    text.push_str("| requirement | | scenarios |\n|---|---|---|\n");
    for row in rows {
        let scenarios: Vec<&str> = row
            .scenarios
            .iter()
            .map(|found| found.scenario.as_str())
            .collect();
        let line = format!(
            "| {} | {} | {} |\n",
            row.requirement.id,
            cell(&row.requirement.text),
            scenarios.join("<br>")
        );
        text.push_str(&line);
    }
}

fn known(text: &mut String, record: &Record) {
    let mut head = "\n### Known failures\n\n";
    for scenario in record.scenarios.values() {
        if let Some(known) = &scenario.known {
            text.push_str(head);
            head = "";
            text.push_str(&format!(
                "- {}: {}\n",
                scenario.scenario,
                cell(&known.reason)
            ));
        }
    }
}

fn failures(text: &mut String, record: &Record) {
    let mut unhappy: Vec<&ScenarioFinished> = record
        .scenarios
        .values()
        .filter(|scenario| rank(scenario.verdict) > 0 && scenario.known.is_none())
        .collect();
    unhappy.sort_by_key(|scenario| (std::cmp::Reverse(rank(scenario.verdict)), &scenario.file));
    if !unhappy.is_empty() {
        text.push_str("\n### Scenarios\n\n");
    }
    for (index, scenario) in unhappy.iter().enumerate() {
        let details = details(record, scenario);
        if text.len() + details.len() > BYTES_MAX {
            let left = unhappy.len() - index;
            text.push_str(&format!(
                "{left} more did not fit; the other reports have them.\n"
            ));
            return;
        }
        text.push_str(&details);
    }
}

fn details(record: &Record, scenario: &ScenarioFinished) -> String {
    let steps = record.steps.get(&scenario.scenario);
    let steps = steps.map_or(&[][..], Vec::as_slice);
    let failure = Failure::new(scenario, steps, record.started.as_ref());
    let body = failure.text();
    // A fence must be longer than any run of backticks inside it.
    let longest = body.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!(
        "<details><summary><b>{}</b> {} — {}</summary>\n\n{fence}text\n{body}\n{fence}\n\n</details>\n",
        shouted(scenario.verdict),
        scenario.scenario,
        markup(&scenario.title)
    )
}

/// Text inside a table's cell or a list, as it stands.
fn cell(text: &str) -> String {
    markup(text).replace('|', "\\|").replace('\n', " ")
}

/// Text that is no HTML; Markdown's own marks do no harm.
fn markup(text: &str) -> String {
    visible(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
