//! `duologue matrix`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Failure;
use crate::record::Record;
use crate::report::{By, Matrix};
use crate::verdict::ExitCode;

/// Shows several runs side by side: which implementation keeps which requirement.
#[derive(Debug, Clone, Args)]
pub(super) struct MatrixArgs {
    /// Reports of `duologue run`: ndjson or json
    #[arg(required = true, value_name = "REPORT")]
    reports: Vec<PathBuf>,
    /// What the rows are
    #[arg(long, value_enum, default_value_t)]
    by: By,
    /// Write a page of HTML
    #[arg(long, value_name = "PATH")]
    html: Option<PathBuf>,
    /// Write Markdown to a file [default: to standard output, if nothing else is written]
    #[arg(long, value_name = "PATH")]
    markdown: Option<PathBuf>,
}

pub(super) fn matrix(args: &MatrixArgs) -> Result<ExitCode, Failure> {
    let mut reports = Vec::new();
    for path in &args.reports {
        let record = Record::read(path).map_err(Failure::usage)?;
        reports.push((path.clone(), record));
    }
    let matrix = Matrix::new(&reports, args.by);
    if let Some(path) = &args.html {
        let page = matrix.html().map_err(|error| Failure {
            message: error.to_string(),
            code: ExitCode::HarnessFault,
        })?;
        write(path, &page)?;
    }
    if let Some(path) = &args.markdown {
        write(path, &matrix.markdown())?;
    }
    if args.html.is_none() && args.markdown.is_none() {
        let text = matrix.markdown();
        anstream::stdout()
            .write_all(text.as_bytes())
            .map_err(|error| Failure::usage(format!("cannot write the matrix: {error}")))?;
    }
    Ok(ExitCode::Pass)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text)
        .map_err(|error| Failure::usage(format!("cannot write {}: {error}", path.display())))
}
