//! The command line of `duologue`.

mod attach;
mod baseline;
mod config;
mod connect;
mod diff;
mod doctor;
mod explain;
mod lint;
mod list;
mod matrix;
mod merge;
mod near;
mod pages;
mod replay;
mod run;
mod schema;
mod select_args;
mod server_args;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub(crate) use config::File as ConfigFile;

use crate::verdict::ExitCode;

/// Tests a one-to-one chat server against the Duologue protocol.
///
/// Without a command the scenarios run: against the embedded reference server, a server at
/// --endpoint, or one started by --exec.
///
/// Exit codes: 0 pass · 1 fail · 2 usage or configuration · 3 incomplete (unreachable, timeouts, too
/// few graded) · 4 nothing selected · 5 harness fault.
#[derive(Debug, Parser)]
#[command(
    name = "duologue",
    version,
    max_term_width = 100,
    // Help shows the names of variables; a value may be somebody's secret.
    mut_args(|arg| arg.hide_env_values(true)),
    mut_subcommands(|command| command.mut_args(|arg| arg.hide_env_values(true))),
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: run::RunArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run scenarios against a server (the default command)
    ///
    /// A flag goes before its environment variable, and that before the table [run] of the
    /// configuration file. Tokens come only from DUOLOGUE_OPERATOR_TOKEN or DUOLOGUE_ADMIN_TOKEN, or
    /// from the files that the same names with _FILE name.
    Run(Box<run::RunArgs>),
    /// Run scenarios again and show every step: those of a report, or one by its id
    ///
    /// With a report: those of its scenarios that did not pass (and do apply), against its server,
    /// with its profile and its seed; a flag goes before the report. Tokens come from the environment,
    /// as with `run`. Exit codes are those of `run`.
    Replay(Box<replay::ReplayArgs>),
    /// Examine whether a server is fit to be tested
    ///
    /// One line a look: ok, warn or fail, what was found, how to mend it; then the verdict. What the
    /// examination makes on the server it deletes again. Exit codes: 0 fit · 1 unfit, the server's to
    /// mend · 2 a token or a flag · 3 unreachable.
    Doctor(doctor::DoctorArgs),
    /// List scenarios
    List(list::ListArgs),
    /// Show a scenario with the requirements it proves
    Show(list::ShowArgs),
    /// Explain a requirement: its sentence, its scenarios, their verdicts in reports
    Explain(explain::ExplainArgs),
    /// Compare two reports
    Diff(diff::DiffArgs),
    /// Show several runs side by side, by requirement or by scenario
    Matrix(matrix::MatrixArgs),
    /// Make the parts of a run one result
    Merge(merge::MergeArgs),
    /// Write or check a list of known failures
    Baseline(baseline::BaselineArgs),
    /// Check scenario files: form, names, requirement ids
    Lint(lint::LintArgs),
    /// Write the JSON Schemas of all wire types, scenarios, reports and the configuration
    Schema(schema::SchemaArgs),
    /// Run the in-memory reference server
    Serve(duologue_server::serve::ServeArgs),
    /// Write a completion script for a shell
    Completions(pages::CompletionsArgs),
    /// Write man pages
    Man(pages::ManArgs),
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
            Some(Command::Replay(args)) => replay::replay(*args).await,
            Some(Command::Doctor(args)) => doctor::doctor(args).await,
            Some(Command::List(args)) => list::list(&args),
            Some(Command::Show(args)) => list::show(&args),
            Some(Command::Explain(args)) => explain::explain(&args),
            Some(Command::Diff(args)) => diff::diff(&args),
            Some(Command::Matrix(args)) => matrix::matrix(&args),
            Some(Command::Merge(args)) => merge::run(&args),
            Some(Command::Baseline(args)) => baseline::baseline(&args),
            Some(Command::Lint(args)) => lint::lint(&args),
            Some(Command::Schema(args)) => schema::write(&args),
            Some(Command::Serve(args)) => duologue_server::serve::run(args)
                .await
                .map(|()| ExitCode::Pass)
                .map_err(Failure::usage),
            Some(Command::Completions(args)) => pages::completions(&args),
            Some(Command::Man(args)) => pages::man(&args),
        };
        result.unwrap_or_else(|failure| {
            anstream::eprintln!("duologue: {}", failure.message);
            failure.code
        })
    }
}

/// A list of known failures, ready to judge today's results.
fn judge(
    list: &crate::known::KnownFailures,
    corpus: &crate::scenario::Corpus,
) -> Result<crate::known::Judge, Failure> {
    let today = jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    crate::known::Judge::new(list, corpus, today).map_err(Failure::usage)
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
