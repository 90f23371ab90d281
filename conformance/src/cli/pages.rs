//! `duologue completions` and `duologue man`: what a shell and `man` know about this program.

use std::io;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::list::print;
use super::{Cli, Failure};
use crate::verdict::ExitCode;

/// Writes a completion script for a shell to standard output.
#[derive(Debug, Clone, Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Writes man pages: that of `duologue` to standard output, or all of them into a folder.
#[derive(Debug, Clone, Args)]
pub(super) struct ManArgs {
    /// Folder for one page a command
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn completions(args: &CompletionsArgs) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "duologue", &mut script);
    print(&String::from_utf8_lossy(&script))
}

pub(super) fn man(args: &ManArgs) -> Result<ExitCode, Failure> {
    let Some(folder) = &args.out else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command())
            .render(&mut page)
            .map_err(Failure::usage)?;
        return print(&String::from_utf8_lossy(&page));
    };
    let failed = |error: io::Error| {
        Failure::usage(format!(
            "cannot write man pages to {}: {error}",
            folder.display()
        ))
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    // The command `help` says nothing that the other pages do not.
    let program = Cli::command().disable_help_subcommand(true);
    clap_mangen::generate_to(program, folder).map_err(failed)?;
    Ok(ExitCode::Pass)
}
