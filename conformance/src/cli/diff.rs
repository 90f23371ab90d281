//! `duologue diff`.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use owo_colors::OwoColorize as _;

use super::Failure;
use crate::diff::{Diff, Moved};
use crate::record::Record;
use crate::verdict::{ExitCode, Verdict};

/// Compares two reports, each ndjson or json: what got worse, better or otherwise.
///
/// Exit code 1 if a scenario that was graded in both got worse, known or not; otherwise 0.
#[derive(Debug, Clone, Args)]
pub(super) struct DiffArgs {
    /// Report of the older run
    #[arg(value_name = "A")]
    old: PathBuf,
    /// Report of the newer run
    #[arg(value_name = "B")]
    new: PathBuf,
    /// As a JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn diff(args: &DiffArgs) -> Result<ExitCode, Failure> {
    let old = Record::read(&args.old).map_err(Failure::usage)?;
    let new = Record::read(&args.new).map_err(Failure::usage)?;
    let diff = Diff::of(&old, &new);
    let mut out = anstream::stdout();
    let written = if args.json {
        serde_json::to_writer_pretty(&mut out, &diff)
            .map_err(io::Error::from)
            .and_then(|()| writeln!(out))
    } else {
        show(&diff, &mut out)
    };
    match written {
        // Whoever reads may stop when enough was read.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let message = format!("cannot write the comparison: {error}");
            return Err(Failure::usage(message));
        }
        Ok(()) | Err(_) => {}
    }
    if diff.regressions.is_empty() {
        Ok(ExitCode::Pass)
    } else {
        Ok(ExitCode::Fail)
    }
}

fn show(diff: &Diff, out: &mut impl Write) -> io::Result<()> {
    for note in &diff.notes {
        writeln!(out, "note: {note}")?;
    }
    if diff.is_empty() {
        return writeln!(
            out,
            "nothing changed: {} scenarios are as they were",
            diff.same
        );
    }
    for (name, list) in diff.lists() {
        if list.is_empty() {
            continue;
        }
        let heading = format!("{name} ({})", list.len());
        writeln!(out, "{}", heading.bold())?;
        for moved in list {
            writeln!(out, "  {}", line(moved))?;
        }
    }
    let better = diff.fixes.len();
    let worse = diff.regressions.len();
    writeln!(
        out,
        "{worse} worse, {better} better, {} as they were",
        diff.same
    )
}

fn line(moved: &Moved) -> String {
    let word = |verdict: Verdict| verdict.as_str().replace('_', " ");
    let verdicts = match (moved.from, moved.to) {
        (Some(from), Some(to)) if from != to => format!("{} → {}", word(from), word(to)),
        (Some(only), _) | (None, Some(only)) => word(only),
        (None, None) => String::new(),
    };
    let known = if moved.known { " (known)" } else { "" };
    let reason = moved.reason.as_ref();
    let reason = reason
        .map(|reason| format!(" — {reason}"))
        .unwrap_or_default();
    format!("{verdicts}{known}  {}{reason}", moved.scenario)
}
