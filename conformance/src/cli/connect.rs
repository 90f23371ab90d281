//! Which server a command other than `run` turns to, and how patiently.

use std::path::PathBuf;

use clap::Args;

use super::attach::AttachArgs;
use super::config::{self, RunTable};
use super::run::{RunArgs, Settings};
use super::server_args::ServerArgs;
use super::{Failure, FixtureArgs};

/// The flags of `run` that name a server, with its variables and its configuration file.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ConnectArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// The embedded reference server, whatever the configuration file or a report names
    #[arg(long)]
    embedded: bool,
    /// Named limits that new apps begin with: default, seed-ja or seed-ko
    #[arg(long, env = "DUOLOGUE_PROFILE", value_name = "NAME")]
    profile: Option<String>,
    #[command(flatten)]
    attach: AttachArgs,
    #[command(flatten)]
    fixtures: FixtureArgs,
    /// Longest wait for an answer or an event, in seconds [default: 5]
    #[arg(long, env = "DUOLOGUE_STEP_TIMEOUT", value_name = "SECONDS")]
    step_timeout: Option<f64>,
    /// Configuration file with a table [run] [default: duologue.toml, if there is one]
    #[arg(long, env = "DUOLOGUE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What a command adds to these flags.
#[derive(Debug, Clone, Default)]
pub(super) struct Beside {
    /// The server of a report; goes before the file.
    pub(super) endpoint: Option<String>,
    /// The profile of a report; goes before the file.
    pub(super) profile: Option<String>,
    /// What names of users are made from.
    pub(super) seed: Option<String>,
    /// Longest time for a scenario, in seconds.
    pub(super) scenario_timeout: Option<f64>,
}

impl ConnectArgs {
    /// Whether a flag says which server.
    pub(super) fn names_a_server(&self) -> bool {
        self.embedded || self.server.by_flag
    }

    /// A flag goes before a report, that before a variable, and that before the file.
    pub(super) fn settings(self, beside: Beside) -> Result<Settings, Failure> {
        if self.embedded && self.server.by_flag {
            return Err(Failure::usage(
                "--embedded cannot be used with --endpoint, --exec or --fault",
            ));
        }
        let file = config::read(self.config.as_deref()).map_err(Failure::usage)?;
        let in_file = (file.endpoint, file.exec);
        let (endpoint, exec) = match (self.server.endpoint, self.server.exec) {
            _ if self.embedded => (None, None),
            named if self.server.by_flag => named,
            _ if beside.endpoint.is_some() => (beside.endpoint, None),
            (None, None) => in_file,
            variable => variable,
        };
        let file = RunTable {
            endpoint,
            exec,
            profile: beside.profile.or(file.profile),
            // What to run and what to write is not up to the file here.
            filter: Vec::new(),
            level: Vec::new(),
            feature: Vec::new(),
            set: None,
            report: Vec::new(),
            ..file
        };
        let mut args = RunArgs::default();
        args.server.fault = self.server.fault;
        args.profile = self.profile;
        args.attach = self.attach;
        args.fixtures = self.fixtures;
        args.step_timeout = self.step_timeout;
        args.scenario_timeout = beside.scenario_timeout;
        args.seed = beside.seed;
        Settings::new(args, file)
    }
}
