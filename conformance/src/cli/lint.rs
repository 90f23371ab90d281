//! `duologue lint`.

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use super::list::print;
use crate::scenario::{Corpus, CorpusError};
use crate::verdict::ExitCode;

/// Checks scenario files: form, names, requirement ids.
#[derive(Debug, Clone, Args)]
pub(super) struct LintArgs {
    /// Files, or folders of them [default: the scenarios in this program]
    files: Vec<PathBuf>,
}

pub(super) fn lint(args: &LintArgs) -> Result<ExitCode, Failure> {
    match Corpus::lint(&args.files) {
        Ok(corpus) => print(&format!(
            "{} scenarios without a defect\n",
            corpus.fixtures.len()
        )),
        Err(CorpusError::Problems(problems)) => {
            let lines: String = problems
                .iter()
                .map(|problem| format!("{problem}\n"))
                .collect();
            print(&lines)?;
            let message = format!("defects: {}", problems.len());
            Err(Failure {
                message,
                code: ExitCode::Fail,
            })
        }
        Err(error @ CorpusError::Unreadable { .. }) => Err(Failure::usage(error)),
    }
}
