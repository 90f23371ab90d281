//! What people read at the end of a run, on standard output.

use std::collections::BTreeMap;
use std::io::{self, Write};

use owo_colors::OwoColorize as _;

use super::at_end::collect;
use super::counts::{Counts, shouted};
use super::failure::{Failure, Tone, wrapped};
use super::model;
use super::slow::Slow;
use super::tally::broken;
use super::visible::visible;
use crate::event::{Event, Origin, RunFinished, ScenarioFinished};
use crate::executor::Report;
use crate::record::Record;
use crate::scenario::RequirementId;
use crate::verdict::{RunOutcome, Verdict};

/// Scenarios that stopped for one and the same reason are shown one by one up to this many.
const ALIKE_MAX: usize = 3;
/// Of scenarios that are not shown one by one, so many are named.
const IDS_MAX: usize = 12;
/// Longer lists of unproved requirements are only counted.
const UNPROVED_MAX: usize = 40;

/// Collects failures and writes them, then the totals.
#[derive(Debug)]
pub struct Summary<W> {
    out: W,
    record: Record,
    slow: Slow,
    /// Whether the run covers everything, so that what it did not prove is worth a line.
    whole: bool,
}

impl<W: Write> Summary<W> {
    /// A summary written to `out`, with colour codes, of a `whole` run or of a selection.
    pub fn new(out: W, whole: bool) -> Self {
        Self {
            out,
            record: Record::default(),
            slow: Slow::default(),
            whole,
        }
    }

    fn write(&mut self, run: &RunFinished) -> io::Result<()> {
        let record = std::mem::take(&mut self.record);
        self.failures(&record)?;
        self.known(&record)?;
        self.slow()?;
        self.requirements(&record)?;
        self.stale(run)?;
        let doubted = record
            .scenarios
            .values()
            .filter(|scenario| scenario.verdict == Verdict::Pass);
        let advice = model::advice(doubted);
        if !advice.is_empty() {
            writeln!(self.out, "{advice}")?;
        }
        if self.whole {
            self.unproved(run)?;
        }
        self.totals(&record, run)?;
        self.out.flush()
    }

    fn failures(&mut self, record: &Record) -> io::Result<()> {
        let mut unhappy: Vec<&ScenarioFinished> = record
            .scenarios
            .values()
            .filter(|scenario| rank(scenario.verdict) > 0 && scenario.known.is_none())
            .collect();
        unhappy.sort_by_key(|scenario| (rank(scenario.verdict), &scenario.file));
        let mut alike: BTreeMap<(Verdict, &str), Vec<&str>> = BTreeMap::new();
        for scenario in &unhappy {
            let ids = alike.entry(kind(scenario)).or_default();
            ids.push(scenario.scenario.as_str());
        }
        let mut shown: BTreeMap<(Verdict, &str), usize> = BTreeMap::new();
        for scenario in unhappy {
            let kind = kind(scenario);
            let count = shown.entry(kind).or_default();
            *count += 1;
            let ids = &alike[&kind];
            let many = ids.len() > ALIKE_MAX;
            if many && scenario.ended_before_its_steps() {
                if *count == 1 {
                    self.before_all_steps(record, scenario, ids.len())?;
                }
                continue;
            }
            if !many || *count == 1 {
                self.scenario(record, scenario)?;
            }
            if *count == 1 && many {
                let more = ids.len() - 1;
                writeln!(self.out, "  … and {more} more for the same reason:")?;
                for line in wrapped(&listed(&ids[1..]), "") {
                    writeln!(self.out, "    {line}")?;
                }
                writeln!(self.out)?;
            }
        }
        Ok(())
    }

    /// One cause that kept many scenarios from their first step.
    fn before_all_steps(
        &mut self,
        record: &Record,
        first: &ScenarioFinished,
        count: usize,
    ) -> io::Result<()> {
        let scope = match count == record.scenarios.len() {
            true => format!("all {count} scenarios"),
            false => format!("{count} scenarios"),
        };
        let what = format!("{scope}, before their first step");
        writeln!(self.out, "{} {}", word(first.verdict), what.bold())?;
        self.block(record, first)?;
        let hint = match record.started.as_ref().map(|started| &started.origin) {
            Some(Origin::Endpoint) => "duologue doctor --endpoint URL",
            Some(Origin::Exec) => "duologue doctor --exec CMD",
            Some(Origin::Embedded | Origin::Faulty(_)) | None => "duologue doctor",
        };
        writeln!(
            self.out,
            "  nothing else was tested there; `{hint}` examines the server\n"
        )
    }

    fn scenario(&mut self, record: &Record, scenario: &ScenarioFinished) -> io::Result<()> {
        let word = word(scenario.verdict);
        writeln!(self.out, "{word} {}", scenario.scenario.bold())?;
        for line in wrapped(&visible(&scenario.title), "") {
            writeln!(self.out, "  {line}")?;
        }
        self.block(record, scenario)?;
        writeln!(self.out)
    }

    fn block(&mut self, record: &Record, scenario: &ScenarioFinished) -> io::Result<()> {
        let steps = record.steps.get(&scenario.scenario);
        let steps = steps.map_or(&[][..], Vec::as_slice);
        let failure = Failure::new(scenario, steps, record.started.as_ref());
        for (tone, line) in failure.lines() {
            let line = match tone {
                Tone::Plain => line,
                Tone::Expected => line.green().to_string(),
                Tone::Actual => line.red().to_string(),
                Tone::Dim => line.dimmed().to_string(),
            };
            writeln!(self.out, "  {line}")?;
        }
        Ok(())
    }

    fn known(&mut self, record: &Record) -> io::Result<()> {
        let mut any = false;
        for scenario in record.scenarios.values() {
            let Some(known) = &scenario.known else {
                continue;
            };
            let mut line = format!("known: {} — {}", scenario.scenario, visible(&known.reason));
            if let Some(link) = &known.link {
                line.push_str(&format!(" ({})", visible(link)));
            }
            if let Some(day) = &known.expires {
                line.push_str(&format!(", until {}", visible(day)));
            }
            writeln!(self.out, "{}", line.dimmed())?;
            any = true;
        }
        if any { writeln!(self.out) } else { Ok(()) }
    }

    fn slow(&mut self) -> io::Result<()> {
        let lines = self.slow.lines();
        if lines.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "{}", "steps of one second or more".bold())?;
        for line in &lines {
            writeln!(self.out, "  {line}")?;
        }
        writeln!(self.out)
    }

    /// Which rules are broken, and by which scenarios that came out.
    fn requirements(&mut self, record: &Record) -> io::Result<()> {
        let rows = broken(record);
        if rows.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "{}", "requirements that did not hold".bold())?;
        for row in rows {
            let keyword = row.requirement.keyword.as_str();
            let mut label = format!("{} {keyword:6}", row.requirement.id);
            for scenario in row.scenarios {
                writeln!(self.out, "  {label}  {}", scenario.scenario)?;
                label = " ".repeat(label.chars().count());
            }
        }
        writeln!(self.out)
    }

    fn stale(&mut self, run: &RunFinished) -> io::Result<()> {
        if run.stale.is_empty() {
            return Ok(());
        }
        let headline = "the list of known failures no longer tells the truth";
        writeln!(self.out, "{}", headline.red().bold())?;
        for stale in &run.stale {
            let head = format!("{}: {}", visible(&stale.scenario), stale.kind.as_str());
            writeln!(self.out, "  {}", head.red())?;
            for line in wrapped(&visible(&stale.message), "") {
                writeln!(self.out, "    {}", line.red())?;
            }
        }
        writeln!(self.out)
    }

    fn unproved(&mut self, run: &RunFinished) -> io::Result<()> {
        match run.unproved.len() {
            0 => Ok(()),
            count if count <= UNPROVED_MAX => {
                let ids: Vec<&str> = run.unproved.iter().map(RequirementId::as_str).collect();
                let line = format!("MUSTs not proved in this run: {}", ids.join(", "));
                wrapped(&line, "  ")
                    .iter()
                    .try_for_each(|line| writeln!(self.out, "{line}"))
            }
            count => writeln!(self.out, "{count} MUSTs were not proved in this run"),
        }?;
        match run.unbound.len() {
            0 => Ok(()),
            count => writeln!(
                self.out,
                "{count} more belong to features that the server does not declare"
            ),
        }
    }

    fn totals(&mut self, record: &Record, run: &RunFinished) -> io::Result<()> {
        let mut parts: Vec<String> = Counts::of(record)
            .words()
            .into_iter()
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        let undeclared = record
            .scenarios
            .values()
            .filter(|scenario| !scenario.undeclared.is_empty())
            .count();
        if let Some(part) = parts
            .iter_mut()
            .find(|part| part.ends_with("not applicable"))
            && undeclared > 0
        {
            part.push_str(&format!(" ({undeclared} for undeclared features)"));
        }
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
        let on = record
            .started
            .as_ref()
            .and_then(|started| started.implementation.as_deref());
        let on = on.map_or(String::new(), |name| format!(" on {}", visible(name)));
        writeln!(
            self.out,
            "{outcome}: {} in {seconds:.1} s{on}{interrupted}",
            parts.join(", ")
        )
    }
}

/// The verdict in capitals and its colour.
fn word(verdict: Verdict) -> String {
    let word = shouted(verdict);
    match verdict {
        Verdict::Fail | Verdict::HarnessFault => word.red().bold().to_string(),
        Verdict::Pass
        | Verdict::Warn
        | Verdict::NotApplicable
        | Verdict::CouldNotRun
        | Verdict::Timeout => word.yellow().bold().to_string(),
    }
}

/// The first of many ids.
fn listed(ids: &[&str]) -> String {
    let first = &ids[..ids.len().min(IDS_MAX)];
    let more = ids.len() - first.len();
    let mut text = first.join(", ");
    if more > 0 {
        text.push_str(&format!(" … {more} more"));
    }
    text
}

fn kind(scenario: &ScenarioFinished) -> (Verdict, &str) {
    let reason = scenario.reason.as_ref();
    let message = reason.map_or("", |reason| reason.message.as_str());
    (scenario.verdict, message)
}

/// What matters most comes last, next to the totals; what needs no word is 0.
pub(super) fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass | Verdict::NotApplicable => 0,
        Verdict::Warn => 1,
        Verdict::CouldNotRun => 2,
        Verdict::Timeout => 3,
        Verdict::HarnessFault => 4,
        Verdict::Fail => 5,
    }
}

impl<W: Write + Send> Report for Summary<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        collect(&mut self.record, event);
        match event {
            Event::StepFinished(step) => self.slow.add(step),
            Event::RunFinished(run) => self.write(run)?,
            Event::RunStarted(_) | Event::ScenarioStarted(_) | Event::ScenarioFinished(_) => {}
        }
        Ok(())
    }
}
