//! `duologue merge`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Failure, FixtureArgs};
use crate::event::Event;
use crate::executor::{Emitter, Report};
use crate::merge::{MergeError, Part, merge};
use crate::plan::Selection;
use crate::record::{RecordError, events};
use crate::report::{JsonResult, ReportKind, ReportSpec, Summary};
use crate::shard::digest;
use crate::verdict::ExitCode;

/// Makes the parts of a run, each run with --shard, one result: summary, reports, exit code.
///
/// Every part must be there once, alone/n too if the scenarios share an app, and each must have come
/// to its end; otherwise the exit code is 3 and the message names the part.
#[derive(Debug, Clone, Args)]
pub(super) struct MergeArgs {
    /// The ndjson reports of the parts
    #[arg(value_name = "FILE", required = true)]
    parts: Vec<PathBuf>,
    /// Where the events of the whole go, as ndjson
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Write a report file, KIND=PATH, of the whole; repeatable
    #[arg(long, value_name = "KIND=PATH", value_delimiter = ',')]
    report: Vec<String>,
    /// With fewer graded scenarios the whole is incomplete
    #[arg(
        long,
        env = "DUOLOGUE_MIN_GRADED",
        value_name = "N",
        default_value_t = 1
    )]
    min_graded: u64,
    #[command(flatten)]
    fixtures: FixtureArgs,
}

pub(super) fn run(args: &MergeArgs) -> Result<ExitCode, Failure> {
    let mut specs = vec![ReportSpec {
        kind: ReportKind::Ndjson,
        path: args.out.clone(),
    }];
    for text in &args.report {
        specs.push(text.parse().map_err(Failure::usage)?);
    }
    let parts: Vec<Part> = args
        .parts
        .iter()
        .map(|path| read(path))
        .collect::<Result<_, _>>()?;
    let whole = merge(&parts, args.min_graded).map_err(|error| Failure {
        message: error.to_string(),
        code: error.exit_code(),
    })?;
    let mut reports: Vec<Box<dyn Report>> = Vec::new();
    for spec in &specs {
        reports.push(spec.open().map_err(Failure::usage)?);
    }
    let everything = args.everything(&whole)?;
    reports.push(Box::new(Summary::new(anstream::stdout(), everything)));
    let emitter = Emitter::new(reports);
    whole.iter().for_each(|event| emitter.emit(event));
    if let Some(error) = emitter.take_errors().first() {
        let message = format!("a report could not be written: {error}");
        return Err(Failure::usage(message));
    }
    match whole.last() {
        Some(Event::RunFinished(end)) => Ok(ExitCode::of(end.outcome, &end.totals)),
        Some(
            Event::RunStarted(_)
            | Event::ScenarioStarted(_)
            | Event::StepFinished(_)
            | Event::ScenarioFinished(_),
        )
        | None => Ok(ExitCode::HarnessFault),
    }
}

impl MergeArgs {
    /// Whether the parts cover all scenarios, so that what they did not prove is worth a line.
    fn everything(&self, whole: &[Event]) -> Result<bool, Failure> {
        let all = Selection::default()
            .select(self.fixtures.corpus()?)
            .map_err(Failure::usage)?;
        let digest = digest(&all);
        Ok(matches!(whole.first(), Some(Event::RunStarted(started)) if started.corpus == digest))
    }
}

fn read(path: &Path) -> Result<Part, Failure> {
    let text = fs::read_to_string(path).map_err(|source| {
        Failure::usage(RecordError::Unreadable {
            path: path.to_owned(),
            source,
        })
    })?;
    if serde_json::from_str::<JsonResult>(&text).is_ok() {
        return Err(Failure::usage(MergeError::NoPart {
            path: path.to_owned(),
            why: "a json report, which has no steps",
        }));
    }
    Ok(Part {
        path: path.to_owned(),
        events: events(path, &text).map_err(Failure::usage)?,
    })
}
