//! Tells everything that happens in a replay, as it happens.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use owo_colors::OwoColorize as _;

use crate::event::{Event, RunStarted, ScenarioFinished, StepFinished};
use crate::executor::Report;
use crate::report::{Failure, Transcript};
use crate::scenario::{Fixture, ScenarioId};
use crate::verdict::{RunOutcome, Verdict};

/// Longer bodies are cut.
const BODY_BYTES: usize = 4096;

/// A report that shows every step with its transcript.
pub(super) struct Narrator<W> {
    out: W,
    titles: BTreeMap<ScenarioId, String>,
    /// What the seed would be on a server with apps of our own.
    seed: Option<String>,
    started: Option<RunStarted>,
    /// Of the scenario that is running.
    steps: Vec<StepFinished>,
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
            started: None,
            steps: Vec::new(),
        }
    }

    fn begin(&mut self, run: &RunStarted) -> io::Result<()> {
        self.started = Some(run.clone());
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
        let first_ms = self.steps.first().map_or(step.at_ms, |first| first.at_ms);
        let lines = step.transcript.iter();
        let transcript = Transcript {
            earlier: 0,
            lines: lines
                .map(|line| (line.at_ms.saturating_sub(first_ms), &line.entry))
                .collect(),
        };
        for line in transcript.text(BODY_BYTES) {
            writeln!(self.out, "  {line}")?;
        }
        self.steps.push(step.clone());
        Ok(())
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
        if scenario.reason.is_none() {
            return Ok(());
        }
        let mut failure = Failure::new(scenario, &self.steps, self.started.as_ref());
        // Everything has been shown above.
        failure.transcript = Transcript::default();
        for line in failure.text().lines() {
            writeln!(self.out, "  {line}")?;
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
                self.steps.clear();
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
