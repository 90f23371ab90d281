//! `duologue schema`.

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use super::list::print;
use crate::schema_files::{Mode, SchemaFilesError, schema_files};
use crate::verdict::ExitCode;

/// Writes the JSON Schemas of all wire types, scenarios, reports and the configuration.
#[derive(Debug, Clone, Args)]
pub(super) struct SchemaArgs {
    /// Folder for the files
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Write nothing; fail if a file differs from what would be written
    #[arg(long)]
    check: bool,
}

pub(super) fn write(args: &SchemaArgs) -> Result<ExitCode, Failure> {
    let mode = if args.check { Mode::Check } else { Mode::Write };
    match schema_files(&args.out, mode) {
        Ok(names) => print(
            &names
                .iter()
                .map(|name| format!("{name}\n"))
                .collect::<String>(),
        ),
        Err(error @ SchemaFilesError::Drift { .. }) => Err(Failure {
            message: error.to_string(),
            code: ExitCode::Fail,
        }),
        Err(error @ SchemaFilesError::Write { .. }) => Err(Failure::usage(error)),
    }
}
