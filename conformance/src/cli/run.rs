//! `duologue run`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use duologue_core::limits::Profile;
use tokio_util::sync::CancellationToken;

use super::attach::{Attach, AttachArgs};
use super::config::{self, RunTable};
use super::list::print;
use super::select_args::SelectArgs;
use super::server_args::ServerArgs;
use super::{Failure, FixtureArgs};
use crate::event::RunFinished;
use crate::executor::{Emitter, Options, Report, Run, RunError, fresh_seed};
use crate::known::{Judge, KnownFailures};
use crate::plan::Selection;
use crate::report::{ReportSpec, Summary, progress};
use crate::shard::{Shard, digest};
use crate::target::{ExecError, Running, Target, TargetError};
use crate::verdict::{ExitCode, RunOutcome, Totals};

/// Runs scenarios against a server.
///
/// A flag goes before its environment variable, and that before the configuration file. Tokens come
/// only from DUOLOGUE_OPERATOR_TOKEN or DUOLOGUE_ADMIN_TOKEN, or from the files that the same
/// names with _FILE name.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) server: ServerArgs,
    /// Named limits that new apps begin with: default, seed-ja or seed-ko
    #[arg(long, env = "DUOLOGUE_PROFILE", value_name = "NAME")]
    pub(super) profile: Option<String>,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    pub(super) fixtures: FixtureArgs,
    #[command(flatten)]
    pub(super) attach: AttachArgs,
    /// Write a report file, KIND=PATH with a kind of ndjson, json, junit, markdown, html or badge;
    /// repeatable. Markdown is appended if PATH is that of $GITHUB_STEP_SUMMARY
    #[arg(
        long,
        env = "DUOLOGUE_REPORT",
        value_name = "KIND=PATH",
        value_delimiter = ','
    )]
    report: Vec<String>,
    /// Scenarios at the same time [default: 8]
    #[arg(long, short, env = "DUOLOGUE_JOBS", value_name = "N")]
    jobs: Option<usize>,
    /// Longest wait for an answer or an event, in seconds [default: 5]
    #[arg(long, env = "DUOLOGUE_STEP_TIMEOUT", value_name = "SECONDS")]
    pub(super) step_timeout: Option<f64>,
    /// Longest time for a scenario, in seconds, not counting two heartbeats for each stream that it
    /// closes [default: 60]
    #[arg(long, env = "DUOLOGUE_SCENARIO_TIMEOUT", value_name = "SECONDS")]
    pub(super) scenario_timeout: Option<f64>,
    /// Longest wait for the end of a message's lifetime, on servers without manual-clock, in seconds
    /// [default: 10]
    #[arg(long, env = "DUOLOGUE_MAX_WAIT", value_name = "SECONDS")]
    pub(super) max_wait: Option<f64>,
    /// With fewer graded scenarios the run is incomplete; not with --shard [default: 1]
    #[arg(long, env = "DUOLOGUE_MIN_GRADED", value_name = "N")]
    min_graded: Option<u64>,
    /// Failures that are known, a TOML file of [[known]] tables; see `duologue baseline`
    #[arg(long, env = "DUOLOGUE_KNOWN", value_name = "FILE")]
    known: Option<PathBuf>,
    /// Run one part of n: k/n, and on a shared app alone/n after all others
    #[arg(long, env = "DUOLOGUE_SHARD", value_name = "K/N")]
    shard: Option<Shard>,
    /// What names of users are made from [default: a new one for every run]
    #[arg(long, env = "DUOLOGUE_SEED", value_name = "WORD")]
    pub(super) seed: Option<String>,
    /// Configuration file with a table [run] [default: duologue.toml, if there is one]
    #[arg(long, env = "DUOLOGUE_CONFIG", value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Run nothing; print what flags, environment and file say together, as a file
    #[arg(long)]
    print_config: bool,
}

pub(super) async fn run(args: RunArgs) -> Result<ExitCode, Failure> {
    let table = config::read(args.config.as_deref()).map_err(Failure::usage)?;
    if args.print_config {
        let merged = config::written(args.over(table)).map_err(Failure::usage)?;
        return print(&merged);
    }
    let settings = Settings::new(args, table)?;
    let corpus = settings.fixtures.corpus()?;
    if let (true, Some(folder)) = (corpus.fixtures.is_empty(), &settings.fixtures.fixtures) {
        return Err(Failure {
            message: format!(
                "no scenarios in {}: they are files <chapter>/<slug>.json below it",
                folder.display()
            ),
            code: ExitCode::NothingSelected,
        });
    }
    let known = match &settings.known {
        Some(path) => super::judge(&KnownFailures::read(path).map_err(Failure::usage)?, &corpus)?,
        None => Judge::default(),
    };
    let fixtures = settings.selection.select(corpus);
    let fixtures = fixtures.map_err(Failure::usage)?;
    if fixtures.is_empty() {
        let message = "nothing selected: no scenario fits the filters; see `duologue list`".into();
        return Err(Failure {
            message,
            code: ExitCode::NothingSelected,
        });
    }
    let mut reports: Vec<Box<dyn Report>> = Vec::new();
    for spec in &settings.reports {
        reports.push(spec.open().map_err(Failure::usage)?);
    }
    reports.extend(progress());
    reports.push(Box::new(Summary::new(
        anstream::stdout(),
        settings.selection.is_everything(),
    )));

    let interrupt = CancellationToken::new();
    let _guard = listen_for_signals(&interrupt);
    let running = settings.start(&interrupt).await?;
    let emitter = Arc::new(Emitter::new(reports));
    let run = Run {
        corpus: digest(&fixtures),
        shard: settings.shard,
        seed: match settings.seed {
            Some(seed) => seed,
            None => fresh_seed().map_err(|error| run_failure(&error))?,
        },
        endpoint: settings.attach.to(running.endpoint.clone()),
        origin: settings.target.origin(),
        access: running.access.clone(),
        options: settings.options,
        profile: settings.profile,
        fixtures,
        known,
        emitter: Arc::clone(&emitter),
        interrupt: interrupt.clone(),
    };
    let result = run.run().await;
    running.stop().await;
    let finished = result.map_err(|error| run_failure(&error))?;
    if let Some(error) = emitter.take_errors().iter().find(|error| !gone(error)) {
        return Err(Failure::usage(format!(
            "a report could not be written: {error}"
        )));
    }
    tell_of_empty_part(settings.shard, &finished);
    tell_of_too_few(settings.options.min_graded, &finished);
    Ok(ExitCode::of(finished.outcome, &finished.totals))
}

/// A reader that has gone away, as `head` does, has seen enough.
pub(super) fn gone(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::BrokenPipe
}

/// An incomplete run in which nothing else went wrong needs a word.
fn tell_of_too_few(min_graded: u64, finished: &RunFinished) {
    let totals = &finished.totals;
    let (graded, others) = (
        totals.graded(),
        totals.could_not_run + totals.timeout + totals.harness_fault,
    );
    if finished.outcome == RunOutcome::Incomplete && others == 0 && graded < min_graded {
        anstream::eprintln!(
            "duologue: too few scenarios were graded: {graded}; --min-graded asks for {min_graded}"
        );
    }
}

/// So that nobody takes a part without scenarios for a proof.
fn tell_of_empty_part(shard: Option<Shard>, finished: &RunFinished) {
    if let Some(shard) = shard
        && finished.totals == Totals::default()
    {
        anstream::eprintln!(
            "duologue: part {shard} has no scenario of this selection; `duologue merge` judges the whole"
        );
    }
}

/// Tokens are the user's affair, our own means are ours.
pub(super) fn run_failure(error: &RunError) -> Failure {
    Failure {
        message: error.to_string(),
        code: match error {
            RunError::Configuration(_) => ExitCode::Usage,
            RunError::Means(_) => ExitCode::HarnessFault,
        },
    }
}

/// A server that does not come up is the environment's affair; everything else is the user's.
fn target_failure(error: &TargetError) -> Failure {
    let code = match error {
        TargetError::Exec(ExecError::Ended(_) | ExecError::NotReady { .. })
        | TargetError::Embedded(_) => ExitCode::Incomplete,
        TargetError::Endpoint(_) | TargetError::Secret(_) | TargetError::Exec(_) => ExitCode::Usage,
    };
    Failure {
        message: error.to_string(),
        code,
    }
}

/// Ctrl-C, and the polite signal of whoever watches over this process, end the run; a second one
/// ends the process, even one that cannot get rid of its output.
pub(super) fn listen_for_signals(interrupt: &CancellationToken) -> tokio::task::JoinSet<()> {
    let mut tasks = tokio::task::JoinSet::new();
    let interrupt = interrupt.clone();
    tasks.spawn(async move {
        while signalled().await {
            if interrupt.is_cancelled() {
                std::process::exit(ExitCode::Incomplete as i32);
            }
            interrupt.cancel();
        }
    });
    tasks
}

/// Whether a signal came; `false` when none can.
async fn signalled() -> bool {
    tokio::select! {
        result = tokio::signal::ctrl_c() => result.is_ok(),
        Some(()) = terminated() => true,
    }
}

#[cfg(unix)]
async fn terminated() -> Option<()> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::terminate()).ok()?.recv().await
}

#[cfg(not(unix))]
async fn terminated() -> Option<()> {
    None
}

/// Flags, environment and file made one.
pub(super) struct Settings {
    pub(super) target: Target,
    pub(super) profile: Option<Profile>,
    selection: Selection,
    pub(super) fixtures: FixtureArgs,
    pub(super) attach: Attach,
    reports: Vec<ReportSpec>,
    pub(super) options: Options,
    known: Option<PathBuf>,
    shard: Option<Shard>,
    pub(super) seed: Option<String>,
}

impl Settings {
    pub(super) fn new(args: RunArgs, table: RunTable) -> Result<Self, Failure> {
        let default = Options::default();
        let (shard, seed, fault) = (args.shard, args.seed.clone(), args.server.fault);
        let table = args.over(table);
        let attach = Attach::new(&table)?;
        let target = match (fault, table.endpoint, table.exec) {
            (Some(fault), _, _) => Target::Faulty(fault),
            (None, Some(_), Some(_)) => {
                return Err(Failure::usage(
                    "the configuration has both endpoint and exec",
                ));
            }
            (None, Some(url), None) => Target::Endpoint(url),
            (None, None, Some(command)) => Target::Exec(command),
            (None, None, None) => Target::Embedded,
        };
        let profile = table.profile.map(|name| {
            Profile::parse(&name)
                .ok_or_else(|| Failure::usage(format!("there is no profile `{name}`")))
        });
        let select = SelectArgs {
            filter: table.filter,
            level: table.level,
            feature: table.feature,
            set: table.set,
        };
        let reports: Result<Vec<ReportSpec>, _> =
            table.report.iter().map(|text| text.parse()).collect();
        let options = Options {
            jobs: table.jobs.unwrap_or(default.jobs),
            step_timeout: seconds(table.step_timeout, default.step_timeout)?,
            scenario_timeout: seconds(table.scenario_timeout, default.scenario_timeout)?,
            max_wait: seconds(table.max_wait, default.max_wait)?,
            max_requests_per_second: attach.max_requests_per_second,
            min_graded: table.min_graded.unwrap_or(default.min_graded),
        };
        if options.jobs == 0 {
            return Err(Failure::usage("--jobs must be at least 1"));
        }
        let fixtures = FixtureArgs {
            fixtures: table.fixtures,
        };
        Ok(Self {
            target,
            profile: profile.transpose()?,
            selection: select.selection()?,
            fixtures,
            attach,
            reports: reports.map_err(Failure::usage)?,
            options,
            known: table.known,
            shard,
            seed: seed.map(checked_seed).transpose()?,
        })
    }
}

impl Settings {
    /// Starts the server under test, if it is ours to start.
    pub(super) async fn start(&self, interrupt: &CancellationToken) -> Result<Running, Failure> {
        let started = tokio::select! {
            started = self.target.start(self.profile) => started,
            () = interrupt.cancelled() => {
                let message = "interrupted before the server was ready".into();
                return Err(Failure { message, code: ExitCode::Incomplete });
            }
        };
        started.map_err(|error| target_failure(&error))
    }
}

impl RunArgs {
    /// What these flags and variables say, and where they say nothing, the file.
    fn over(self, file: RunTable) -> RunTable {
        // Naming a server in one way leaves no room for the other.
        let (endpoint, exec) = match (self.server.endpoint, self.server.exec) {
            (None, None) => (file.endpoint, file.exec),
            named => named,
        };
        RunTable {
            endpoint,
            exec,
            profile: self.profile.or(file.profile),
            fixtures: self.fixtures.fixtures.or(file.fixtures),
            filter: either(self.select.filter, file.filter),
            level: either(self.select.level, file.level),
            feature: either(self.select.feature, file.feature),
            set: self.select.set.or(file.set),
            report: either(self.report, file.report),
            jobs: self.jobs.or(file.jobs),
            step_timeout: self.step_timeout.or(file.step_timeout),
            scenario_timeout: self.scenario_timeout.or(file.scenario_timeout),
            max_wait: self.max_wait.or(file.max_wait),
            known: self.known.or(file.known),
            ca_file: self.attach.ca_file.or(file.ca_file),
            header: either(self.attach.header, file.header),
            header_file: self.attach.header_file.or(file.header_file),
            max_requests_per_second: self
                .attach
                .max_requests_per_second
                .or(file.max_requests_per_second),
            min_graded: self.min_graded.or(file.min_graded),
        }
    }
}

/// A seed becomes part of user ids.
fn checked_seed(seed: String) -> Result<String, Failure> {
    let fits = (1..=8).contains(&seed.len())
        && seed
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if fits {
        Ok(seed)
    } else {
        let message = format!("--seed `{seed}`: write 1 to 8 of a-z and 0-9");
        Err(Failure::usage(message))
    }
}

fn either(first: Vec<String>, second: Vec<String>) -> Vec<String> {
    if first.is_empty() { second } else { first }
}

fn seconds(value: Option<f64>, default: Duration) -> Result<Duration, Failure> {
    let Some(value) = value else {
        return Ok(default);
    };
    Duration::try_from_secs_f64(value)
        .ok()
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| Failure::usage(format!("a timeout must be a positive number, not {value}")))
}
