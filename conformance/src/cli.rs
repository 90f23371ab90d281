//! The command line of `duologue`.

mod config;
mod lint;
mod list;
mod matrix;
mod run;
mod schema;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::verdict::ExitCode;

/// Tests a one-to-one chat server against the Duologue protocol.
///
/// Without a command the scenarios run: against the embedded reference server, a server at
/// --endpoint, or one started by --exec.
///
/// Exit codes: 0 pass · 1 fail · 2 usage or configuration · 3 incomplete (unreachable, timeouts, too
/// few graded) · 4 nothing selected · 5 harness fault.
#[derive(Debug, Parser)]
#[command(name = "duologue", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: run::RunArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run scenarios against a server (the default command)
    Run(Box<run::RunArgs>),
    /// Run the in-memory reference server
    Serve(duologue_server::serve::ServeArgs),
    /// List scenarios
    List(list::ListArgs),
    /// Show a scenario with the requirements it proves
    Show(list::ShowArgs),
    /// Show several runs side by side, by requirement or by scenario
    Matrix(matrix::MatrixArgs),
    /// Check scenario files: form, names, requirement ids
    Lint(lint::LintArgs),
    /// Write the JSON Schemas of all wire types and of the scenario format
    Schema(schema::SchemaArgs),
}

/// Where scenarios come from.
#[derive(Debug, Clone, Default, clap::Args)]
struct FixtureArgs {
    /// Folder of scenarios, `<chapter>/<name>.json` [default: those in this program]
    #[arg(long, env = "DUOLOGUE_FIXTURES", value_name = "DIR")]
    fixtures: Option<PathBuf>,
}

/// What went wrong outside any scenario, and how the shell hears of it.
#[derive(Debug)]
struct Failure {
    message: String,
    code: ExitCode,
}

impl Failure {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "map_err hands errors over by value"
    )]
    fn usage(message: impl ToString) -> Self {
        Self {
            message: message.to_string(),
            code: ExitCode::Usage,
        }
    }
}

impl Cli {
    /// Does what the command line asks for.
    pub async fn execute(self) -> ExitCode {
        let result = match self.command {
            None => run::run(self.run).await,
            Some(Command::Run(args)) => run::run(*args).await,
            Some(Command::Serve(args)) => duologue_server::serve::run(args)
                .await
                .map(|()| ExitCode::Pass)
                .map_err(Failure::usage),
            Some(Command::List(args)) => list::list(&args),
            Some(Command::Show(args)) => list::show(&args),
            Some(Command::Matrix(args)) => matrix::matrix(&args),
            Some(Command::Lint(args)) => lint::lint(&args),
            Some(Command::Schema(args)) => schema::write(&args),
        };
        result.unwrap_or_else(|failure| {
            anstream::eprintln!("duologue: {}", failure.message);
            failure.code
        })
    }
}

impl FixtureArgs {
    fn corpus(&self) -> Result<crate::scenario::Corpus, Failure> {
        match &self.fixtures {
            Some(dir) => crate::scenario::Corpus::from_dir(dir),
            None => crate::scenario::Corpus::embedded(),
        }
        .map_err(Failure::usage)
    }
}
