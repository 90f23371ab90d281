//! `duologue baseline`: lists of known failures from finished reports.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{Failure, FixtureArgs};
use crate::event::{RunFinished, RunStarted, ScenarioFinished};
use crate::known::{Baseline, Change, KnownFailures};
use crate::record::Record;
use crate::scenario::{Corpus, ScenarioId};
use crate::verdict::{ExitCode, RunOutcome, Verdict};

/// Lists of known failures, for --known.
///
/// A failure on the list does not fail a run. The list must tell the truth: an entry whose scenario
/// passes, fails in another way or does not exist, and an entry past its last day, fail the run.
#[derive(Debug, Clone, Args)]
pub(super) struct BaselineArgs {
    #[command(subcommand)]
    command: BaselineCommand,
}

#[derive(Debug, Clone, Subcommand)]
enum BaselineCommand {
    /// Write the list of what fails in a report, and keep what people wrote into it
    Write(WriteArgs),
    /// Judge a finished report by a list, without a run: exit code 0 or 1
    Check(CheckArgs),
}

#[derive(Debug, Clone, Args)]
struct WriteArgs {
    /// Report of a finished run, ndjson or json
    #[arg(value_name = "REPORT")]
    report: PathBuf,
    /// The list; if there is one, its entries that still hold stay as they are
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Why the new entries are known
    #[arg(long, value_name = "TEXT", default_value = "not looked into yet")]
    reason: String,
    #[command(flatten)]
    fixtures: FixtureArgs,
}

#[derive(Debug, Clone, Args)]
struct CheckArgs {
    /// The list
    #[arg(value_name = "FILE")]
    list: PathBuf,
    /// Report of a finished run, ndjson or json
    #[arg(value_name = "REPORT")]
    report: PathBuf,
    #[command(flatten)]
    fixtures: FixtureArgs,
}

pub(super) fn baseline(args: &BaselineArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        BaselineCommand::Write(args) => write(args),
        BaselineCommand::Check(args) => check(args),
    }
}

/// A report of a run that came to its end.
struct Finished {
    started: RunStarted,
    scenarios: BTreeMap<ScenarioId, ScenarioFinished>,
    end: RunFinished,
}

fn write(args: &WriteArgs) -> Result<ExitCode, Failure> {
    if args.reason.trim().is_empty() {
        return Err(Failure::usage(
            "--reason is empty: say why these failures are known",
        ));
    }
    let corpus = args.fixtures.corpus()?;
    let finished = finished(&args.report, &corpus)?;
    let old = if args.out.exists() {
        let list = KnownFailures::read(&args.out).map_err(Failure::usage)?;
        // What a run would refuse is not written anew either.
        super::judge(&list, &corpus)?;
        Some((list, fs::read_to_string(&args.out).map_err(Failure::usage)?))
    } else {
        None
    };
    let old = old.as_ref().map(|(list, text)| (list, text.as_str()));
    let head = head(&finished.started);
    let written = Baseline::new(old, &corpus, &finished.scenarios, &args.reason, &head)
        .map_err(Failure::usage)?;
    fs::write(&args.out, &written.text)
        .map_err(|error| Failure::usage(format!("cannot write {}: {error}", args.out.display())))?;
    for change in &written.changes {
        anstream::eprintln!("{}", sentence(change));
    }
    let ungraded = ungraded(&finished.end);
    if ungraded > 0 {
        anstream::eprintln!(
            "{ungraded} scenarios were not graded: their entries stay as they were"
        );
    }
    anstream::eprintln!(
        "{}: known failures: {}",
        args.out.display(),
        written.entries
    );
    Ok(ExitCode::Pass)
}

fn sentence(change: &Change) -> String {
    match change {
        Change::Added(id) => format!("added      {id}"),
        Change::Rewritten(id) => {
            format!("rewritten  {id}: fails in another way; see that its reason still fits")
        }
        Change::Passes(id) => format!("removed    {id}: passes now"),
        Change::Dead(id) => format!("removed    {id}: there is no such scenario"),
    }
}

fn head(started: &RunStarted) -> String {
    // A name that spans lines would end the comment.
    let name = started.implementation.as_deref().unwrap_or("a server");
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    format!(
        "# Known failures of {name}. Written by `duologue baseline write`, which keeps what you change:\n\
         # give each entry its reason, and a link and a last day (expires = \"YYYY-MM-DD\") if you can.\n\n"
    )
}

fn check(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let corpus = args.fixtures.corpus()?;
    let list = KnownFailures::read(&args.list).map_err(Failure::usage)?;
    let judge = super::judge(&list, &corpus)?;
    let Finished {
        mut scenarios,
        started,
        ..
    } = finished(&args.report, &corpus)?;
    for result in scenarios.values_mut() {
        result.known = judge.excuse(result);
    }
    let stale = judge.stale(scenarios.values());
    let min_graded = u64::from(started.shard.is_none());
    let end = RunFinished::of(scenarios.values(), stale, min_graded);
    let unknown =
        |result: &&ScenarioFinished| result.verdict == Verdict::Fail && result.known.is_none();
    for result in scenarios.values().filter(unknown) {
        let signature = result.signature.as_deref().unwrap_or_default();
        anstream::println!("not on the list: {} fails: {signature}", result.scenario);
    }
    for stale in &end.stale {
        anstream::println!("{}", stale.message);
    }
    anstream::println!(
        "{}: known {}, unknown {}, stale {}",
        end.outcome.as_str(),
        end.totals.known,
        end.totals.fail,
        end.stale.len()
    );
    Ok(ExitCode::of(end.outcome, &end.totals))
}

/// A report that can be relied on: a list drawn from half a run would be half a list.
fn finished(path: &Path, corpus: &Corpus) -> Result<Finished, Failure> {
    let record = Record::read(path).map_err(Failure::usage)?;
    let incomplete = |why: &str| Failure {
        message: format!(
            "{}: the run {why}; run it again and take its report",
            path.display()
        ),
        code: ExitCode::Incomplete,
    };
    let (Some(started), Some(end)) = (record.started, record.finished) else {
        return Err(incomplete("broke off before its end"));
    };
    if end.interrupted {
        return Err(incomplete("was interrupted"));
    }
    if end.outcome == RunOutcome::Incomplete {
        let why = format!(
            "is incomplete ({} scenarios could not be graded)",
            ungraded(&end)
        );
        return Err(incomplete(&why));
    }
    let ids: Vec<&ScenarioId> = corpus.fixtures.iter().map(|f| &f.scenario.id).collect();
    if let Some(unknown) = record.scenarios.keys().find(|id| !ids.contains(id)) {
        return Err(Failure::usage(format!(
            "{}: there is no scenario `{unknown}`; name the scenarios of that run with --fixtures",
            path.display()
        )));
    }
    Ok(Finished {
        started,
        scenarios: record.scenarios,
        end,
    })
}

fn ungraded(end: &RunFinished) -> u64 {
    end.totals.could_not_run + end.totals.timeout + end.totals.harness_fault
}
