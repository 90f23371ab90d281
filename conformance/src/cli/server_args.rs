//! Which server: a running one by its URL, or a command that starts it; a flag for either goes before
//! a variable for the other.

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

/// At most one of a URL and a command.
#[derive(Debug, Clone, Default)]
pub(super) struct ServerArgs {
    pub(super) endpoint: Option<String>,
    pub(super) exec: Option<String>,
    /// Whether a flag says so, not a variable.
    pub(super) by_flag: bool,
}

/// As the command line has them: a conflict that clap knew of would count variables as flags.
#[derive(Debug, Clone, Args)]
struct Given {
    /// Base URL of the server under test [default: the embedded reference server]
    #[arg(long, env = "DUOLOGUE_ENDPOINT", value_name = "URL")]
    endpoint: Option<String>,
    /// Shell command that starts the server under test and writes {"listening": URL} when ready
    #[arg(long, env = "DUOLOGUE_EXEC", value_name = "CMD")]
    exec: Option<String>,
}

impl Args for ServerArgs {
    fn augment_args(command: Command) -> Command {
        Given::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Given::augment_args_for_update(command)
    }
}

impl FromArgMatches for ServerArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let Given { endpoint, exec } = Given::from_arg_matches(matches)?;
        let flag = |name: &str| matches.value_source(name) == Some(ValueSource::CommandLine);
        let conflict = |text: &str| Err(Error::raw(ErrorKind::ArgumentConflict, text));
        match (flag("endpoint"), flag("exec")) {
            (true, true) => conflict("'--endpoint <URL>' cannot be used with '--exec <CMD>'\n"),
            (true, false) => Ok(Self {
                endpoint,
                exec: None,
                by_flag: true,
            }),
            (false, true) => Ok(Self {
                endpoint: None,
                exec,
                by_flag: true,
            }),
            (false, false) if endpoint.is_some() && exec.is_some() => {
                conflict("DUOLOGUE_ENDPOINT cannot be used with DUOLOGUE_EXEC: unset one of them\n")
            }
            (false, false) => Ok(Self {
                endpoint,
                exec,
                by_flag: false,
            }),
        }
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
