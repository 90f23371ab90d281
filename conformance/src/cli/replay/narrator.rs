//! Tells everything that happens in a replay, as it happens.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use owo_colors::OwoColorize as _;

use crate::event::{Entry, Event, Exchange, Reason, RunStarted, ScenarioFinished, StepFinished};
use crate::executor::Report;
use crate::report::curl_line;
use crate::requirements::Requirements;
use crate::scenario::{Fixture, ScenarioId};
use crate::verdict::{RunOutcome, Verdict};

/// A report that shows every step with its transcript.
pub(super) struct Narrator<W> {
    out: W,
    titles: BTreeMap<ScenarioId, String>,
    /// What the seed would be on a server with apps of our own.
    seed: Option<String>,
    endpoint: String,
    last: Option<Exchange>,
}

impl<W: Write> Narrator<W> {
    pub(super) fn new(out: W, fixtures: &[Arc<Fixture>], seed: Option<String>) -> Self {
        let titles = fixtures
            .iter()
            .map(|fixture| &fixture.scenario)
            .map(|scenario| (scenario.id.clone(), scenario.title.clone()))
            .collect();
        Self {
            out,
            titles,
            seed,
            endpoint: String::new(),
            last: None,
        }
    }

    fn begin(&mut self, run: &RunStarted) -> io::Result<()> {
        self.endpoint.clone_from(&run.endpoint);
        let name = run.implementation.as_deref().unwrap_or("an unknown server");
        let seed = &run.seed;
        let why = match &self.seed {
            Some(old) if old != seed => {
                format!(" ({old} and a fresh end: the app is shared, its users must be new)")
            }
            Some(_) => " (the same users as before)".into(),
            None => String::new(),
        };
        writeln!(
            self.out,
            "replaying {} on {name} at {}, seed {seed}{why}",
            count(run.selected),
            run.endpoint
        )
    }

    fn step(&mut self, step: &StepFinished) -> io::Result<()> {
        let word = if step.passed {
            "ok".green().to_string()
        } else {
            "STOP".red().bold().to_string()
        };
        let verb = step.verb.bold();
        writeln!(
            self.out,
            "\n{word} {} {verb} ({} ms)",
            step.step, step.duration_ms
        )?;
        if let Some(why) = &step.why {
            writeln!(self.out, "  {why}")?;
        }
        for line in &step.transcript {
            self.entry(&line.entry)?;
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Entry) -> io::Result<()> {
        match entry {
            Entry::Exchange(exchange) => {
                self.last = Some(exchange.clone());
                self.exchange(exchange)
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
                writeln!(self.out, "  ⇐ {stream}: {name}{id} {data}")
            }
            Entry::Push { body } => writeln!(self.out, "  ⇐ push: {body}"),
            Entry::Note { text } => writeln!(self.out, "  ({text})"),
        }
    }

    fn exchange(&mut self, exchange: &Exchange) -> io::Result<()> {
        let Exchange {
            who,
            method,
            target,
            ..
        } = exchange;
        write!(self.out, "  {who}: {method} {target}")?;
        for (name, value) in &exchange.headers {
            write!(self.out, " [{name}: {value}]")?;
        }
        let body = exchange.body.as_deref().unwrap_or_default();
        writeln!(self.out, " {body}")?;
        let status = exchange
            .status
            .map_or("no answer".to_owned(), |status| status.to_string());
        write!(self.out, "    → {status}")?;
        for (name, value) in &exchange.answer_headers {
            // That it is JSON can be seen.
            if value != "application/json" {
                write!(self.out, " [{name}: {value}]")?;
            }
        }
        writeln!(self.out, " {}", exchange.answer)
    }

    fn verdict(&mut self, scenario: &ScenarioFinished) -> io::Result<()> {
        let word = scenario.verdict.as_str().to_uppercase().replace('_', " ");
        let word = match scenario.verdict {
            Verdict::Pass => word.green().bold().to_string(),
            Verdict::Fail | Verdict::HarnessFault => word.red().bold().to_string(),
            Verdict::Warn | Verdict::NotApplicable | Verdict::CouldNotRun | Verdict::Timeout => {
                word.yellow().bold().to_string()
            }
        };
        writeln!(
            self.out,
            "\n{word} {} — {}",
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
            self.reason(reason)?;
            if let Some(last) = self.last.take().filter(|_| reason.step.is_some()) {
                writeln!(self.out, "  {}", curl_line(&self.endpoint, &last))?;
            }
        }
        Ok(())
    }

    fn reason(&mut self, reason: &Reason) -> io::Result<()> {
        if let Some(step) = &reason.step {
            let verb = reason.verb.as_deref().unwrap_or_default();
            writeln!(self.out, "  at {step} {verb}")?;
        }
        writeln!(self.out, "  {}", reason.message)?;
        for mismatch in &reason.mismatches {
            let pointer = match mismatch.pointer.as_str() {
                "" => "(the body)",
                pointer => pointer,
            };
            let actual = mismatch
                .actual
                .as_ref()
                .map_or("nothing".to_owned(), ToString::to_string);
            writeln!(
                self.out,
                "    {pointer}\n      expected {}\n      actual   {actual}",
                mismatch.expected
            )?;
        }
        Ok(())
    }
}

fn count(scenarios: u64) -> String {
    match scenarios {
        1 => "1 scenario".into(),
        many => format!("{many} scenarios"),
    }
}

impl<W: Write + Send> Report for Narrator<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(run) => self.begin(run)?,
            Event::ScenarioStarted(started) => {
                self.last = None;
                let id = &started.scenario;
                let title = self.titles.get(id).map_or("", String::as_str);
                writeln!(self.out, "\n== {} — {title}", id.bold())?;
            }
            Event::StepFinished(step) => self.step(step)?,
            Event::ScenarioFinished(finished) => self.verdict(finished)?,
            Event::RunFinished(run) => {
                let interrupted = if run.interrupted { ", interrupted" } else { "" };
                let outcome = match run.outcome {
                    RunOutcome::Pass => "pass".green().bold().to_string(),
                    RunOutcome::Fail => "fail".red().bold().to_string(),
                    RunOutcome::Incomplete => "incomplete".yellow().bold().to_string(),
                };
                let graded = run.totals.graded();
                let passed = run.totals.pass;
                writeln!(
                    self.out,
                    "\n{outcome}: {passed} passed of {graded} graded{interrupted}"
                )?;
            }
        }
        self.out.flush()
    }
}
