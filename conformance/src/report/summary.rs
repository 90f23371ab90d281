//! What people read at the end of a run, on standard output.

use std::collections::BTreeMap;
use std::io::{self, Write};

use owo_colors::OwoColorize as _;

use super::curl::curl_line;
use super::model;
use crate::event::{
    Entry, Event, Exchange, Line, Reason, RunFinished, ScenarioFinished, StepFinished,
};
use crate::executor::Report;
use crate::matcher::Mismatch;
use crate::requirements::Requirements;
use crate::scenario::ScenarioId;
use crate::verdict::{RunOutcome, Verdict};

/// Exchanges shown before the step that failed.
const EXCHANGES_BEFORE: usize = 6;
/// Scenarios that stopped for one and the same reason are shown one by one up to this many.
const ALIKE_MAX: usize = 3;
/// Longer lists of unproved requirements are only counted.
const UNPROVED_MAX: usize = 40;

/// Collects failures and writes them, then the totals.
#[derive(Debug)]
pub struct Summary<W> {
    out: W,
    endpoint: String,
    /// The steps of scenarios that are still running or have not passed.
    steps: BTreeMap<ScenarioId, Vec<StepFinished>>,
    unhappy: Vec<ScenarioFinished>,
    /// Those that passed though the model disagrees.
    doubted: Vec<ScenarioFinished>,
    /// Whether the run covers everything, so that what it did not prove is worth a line.
    whole: bool,
}

impl<W: Write> Summary<W> {
    /// A summary written to `out`, with colour codes, of a `whole` run or of a selection.
    pub fn new(out: W, whole: bool) -> Self {
        Self {
            out,
            endpoint: String::new(),
            steps: BTreeMap::new(),
            unhappy: Vec::new(),
            doubted: Vec::new(),
            whole,
        }
    }

    fn write(&mut self, run: &RunFinished) -> io::Result<()> {
        let mut unhappy = std::mem::take(&mut self.unhappy);
        unhappy.sort_by(|a, b| (rank(a.verdict), &a.file).cmp(&(rank(b.verdict), &b.file)));
        let mut alike: BTreeMap<(Verdict, String), usize> = BTreeMap::new();
        for scenario in &unhappy {
            *alike
                .entry((scenario.verdict, message(scenario)))
                .or_default() += 1;
        }
        let mut shown: BTreeMap<(Verdict, String), usize> = BTreeMap::new();
        for scenario in &unhappy {
            let kind = (scenario.verdict, message(scenario));
            let count = shown.entry(kind.clone()).or_default();
            *count += 1;
            if alike[&kind] <= ALIKE_MAX || *count == 1 {
                self.scenario(scenario)?;
            }
            if *count == 1 && alike[&kind] > ALIKE_MAX {
                let more = alike[&kind] - 1;
                writeln!(
                    self.out,
                    "  … and {more} more scenarios for the same reason\n"
                )?;
            }
        }
        self.doubted.sort_by(|a, b| a.file.cmp(&b.file));
        let advice = model::advice(&self.doubted);
        if !advice.is_empty() {
            writeln!(self.out, "{advice}")?;
        }
        if self.whole {
            self.unproved(run)?;
        }
        self.totals(run)?;
        self.out.flush()
    }

    fn scenario(&mut self, scenario: &ScenarioFinished) -> io::Result<()> {
        let word = scenario.verdict.as_str().to_uppercase().replace('_', " ");
        let word = match scenario.verdict {
            Verdict::Fail | Verdict::HarnessFault => word.red().bold().to_string(),
            Verdict::Pass
            | Verdict::Warn
            | Verdict::NotApplicable
            | Verdict::CouldNotRun
            | Verdict::Timeout => word.yellow().bold().to_string(),
        };
        writeln!(
            self.out,
            "{word} {} — {}",
            scenario.scenario.bold(),
            scenario.title
        )?;
        if matches!(scenario.verdict, Verdict::Fail | Verdict::Warn) {
            for id in &scenario.requirements {
                if let Some(requirement) = Requirements::embedded().get(id) {
                    writeln!(self.out, "  {id}: {}", requirement.text)?;
                }
            }
        }
        if let Some(reason) = &scenario.reason {
            for line in plain_reason(reason).lines() {
                writeln!(self.out, "  {line}")?;
            }
        }
        for line in model::beside_failure(scenario).lines() {
            writeln!(self.out, "  {line}")?;
        }
        let steps = self.steps.remove(&scenario.scenario).unwrap_or_default();
        if scenario.verdict != Verdict::NotApplicable {
            self.transcript(&steps)?;
        }
        writeln!(self.out, "  duologue run --filter {}\n", scenario.scenario)
    }

    fn transcript(&mut self, steps: &[StepFinished]) -> io::Result<()> {
        let failed = steps
            .iter()
            .rposition(|step| !step.passed)
            .unwrap_or(steps.len());
        let before: Vec<&Line> = steps[..failed]
            .iter()
            .filter(|step| step.verb != "setup")
            .flat_map(|step| &step.transcript)
            .collect();
        let during: Vec<&Line> = steps
            .get(failed)
            .map_or(&[][..], |step| &step.transcript)
            .iter()
            .collect();
        let first = before.len().saturating_sub(EXCHANGES_BEFORE);
        if !before.is_empty() || !during.is_empty() {
            writeln!(self.out, "  {}", "transcript (secrets removed)".dimmed())?;
        }
        if first > 0 {
            writeln!(self.out, "    … {first} earlier lines")?;
        }
        for line in before[first..].iter().chain(&during) {
            self.entry(&line.entry)?;
        }
        let last = during
            .iter()
            .rev()
            .chain(before[first..].iter().rev())
            .find_map(|line| match &line.entry {
                Entry::Exchange(exchange) => Some(exchange),
                Entry::StreamEvent { .. } | Entry::Push { .. } | Entry::Note { .. } => None,
            });
        match last {
            Some(exchange) => writeln!(self.out, "  {}", curl_line(&self.endpoint, exchange)),
            None => Ok(()),
        }
    }

    fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        match entry {
            Entry::Exchange(Exchange {
                who,
                method,
                target,
                body,
                status,
                answer,
                headers,
                ..
            }) => {
                let body = body.as_deref().unwrap_or_default();
                write!(self.out, "    {who}: {method} {target}")?;
                for (name, value) in headers {
                    write!(self.out, " [{name}: {value}]")?;
                }
                writeln!(self.out, " {body}")?;
                let status = status.map_or("no answer".to_owned(), |status| status.to_string());
                writeln!(self.out, "      → {status} {answer}")
            }
            Entry::StreamEvent {
                stream,
                name,
                id,
                data,
            } => {
                let id = id
                    .as_ref()
                    .map(|id| format!(" id {id}"))
                    .unwrap_or_default();
                writeln!(self.out, "    ⇐ {stream}: {name}{id} {data}")
            }
            Entry::Push { body } => writeln!(self.out, "    ⇐ push: {body}"),
            Entry::Note { text } => writeln!(self.out, "    ({text})"),
        }
    }

    fn unproved(&mut self, run: &RunFinished) -> io::Result<()> {
        match run.unproved.len() {
            0 => Ok(()),
            count if count <= UNPROVED_MAX => {
                let ids: Vec<&str> = run
                    .unproved
                    .iter()
                    .map(crate::scenario::RequirementId::as_str)
                    .collect();
                writeln!(self.out, "MUSTs not proved in this run: {}", ids.join(", "))
            }
            count => writeln!(self.out, "{count} MUSTs were not proved in this run"),
        }
    }

    fn totals(&mut self, run: &RunFinished) -> io::Result<()> {
        let totals = &run.totals;
        let counts = [
            (totals.pass, "passed"),
            (totals.fail, "failed"),
            (totals.warn, "warned"),
            (totals.not_applicable, "not applicable"),
            (totals.could_not_run, "could not run"),
            (totals.timeout, "timed out"),
            (totals.harness_fault, "harness faults"),
        ];
        let mut parts: Vec<String> = counts
            .iter()
            .filter(|(count, word)| *count > 0 || *word == "passed" || *word == "failed")
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        if run.model.disagreed > 0 {
            parts.push(format!("the model disagrees in {}", run.model.disagreed));
        }
        let outcome = run.outcome.as_str();
        let outcome = match run.outcome {
            RunOutcome::Pass => outcome.green().bold().to_string(),
            RunOutcome::Fail => outcome.red().bold().to_string(),
            RunOutcome::Incomplete => outcome.yellow().bold().to_string(),
        };
        let seconds = std::time::Duration::from_millis(run.duration_ms).as_secs_f32();
        let interrupted = if run.interrupted { ", interrupted" } else { "" };
        writeln!(
            self.out,
            "{outcome}: {} in {seconds:.1} s{interrupted}",
            parts.join(", ")
        )
    }
}

/// A reason as plain text: where, what, expected beside actual.
pub(super) fn plain_reason(reason: &Reason) -> String {
    let mut text = String::new();
    if let Some(step) = &reason.step {
        let verb = reason
            .verb
            .as_ref()
            .map(|verb| format!(" {verb}"))
            .unwrap_or_default();
        let why = reason
            .why
            .as_ref()
            .map(|why| format!(" ({why})"))
            .unwrap_or_default();
        text.push_str(&format!("at {step}{verb}{why}\n"));
    }
    text.push_str(&reason.message);
    for mismatch in &reason.mismatches {
        text.push_str(&plain_mismatch(mismatch));
    }
    text
}

/// Lines with a place, and expected beside actual.
pub(super) fn plain_mismatch(mismatch: &Mismatch) -> String {
    let pointer = match mismatch.pointer.as_str() {
        "" => "(the body)",
        pointer => pointer,
    };
    let actual = mismatch
        .actual
        .as_ref()
        .map_or("nothing".to_owned(), ToString::to_string);
    format!(
        "\n  {pointer}\n    expected {}\n    actual   {}",
        mismatch.expected,
        cut(&actual)
    )
}

/// The beginning of a long value.
fn cut(text: &str) -> String {
    const MAX: usize = 600;
    if text.len() <= MAX {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(MAX)])
}

fn message(scenario: &ScenarioFinished) -> String {
    scenario
        .reason
        .as_ref()
        .map(|reason| reason.message.clone())
        .unwrap_or_default()
}

/// What matters most comes last, next to the totals.
fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass => 0,
        Verdict::NotApplicable => 1,
        Verdict::Warn => 2,
        Verdict::CouldNotRun => 3,
        Verdict::Timeout => 4,
        Verdict::HarnessFault => 5,
        Verdict::Fail => 6,
    }
}

impl<W: Write + Send> Report for Summary<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(started) => self.endpoint = started.endpoint.clone(),
            Event::ScenarioStarted(_) => {}
            Event::StepFinished(step) => {
                self.steps
                    .entry(step.scenario.clone())
                    .or_default()
                    .push(step.clone());
            }
            Event::ScenarioFinished(finished) => match finished.verdict {
                Verdict::Pass | Verdict::NotApplicable => {
                    self.steps.remove(&finished.scenario);
                    if model::first(finished).is_some() {
                        self.doubted.push(finished.clone());
                    }
                }
                Verdict::Fail
                | Verdict::Warn
                | Verdict::CouldNotRun
                | Verdict::Timeout
                | Verdict::HarnessFault => self.unhappy.push(finished.clone()),
            },
            Event::RunFinished(run) => self.write(run)?,
        }
        Ok(())
    }
}
