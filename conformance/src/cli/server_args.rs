//! Which server: a running one by its URL, a command that starts it, or the reference server with a
//! deliberate fault; a flag for one goes before a variable for another.

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches};
use duologue_faults::Fault;

use super::near::did_you_mean;

/// At most one of a URL, a command and a fault.
#[derive(Debug, Clone, Default)]
pub(super) struct ServerArgs {
    pub(super) endpoint: Option<String>,
    pub(super) exec: Option<String>,
    pub(super) fault: Option<&'static Fault>,
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
    /// The embedded reference server with a deliberate fault; see `duologue list --faults`
    #[arg(long, value_name = "ID", value_parser = fault)]
    fault: Option<&'static Fault>,
}

/// Looks a fault up by its id.
fn fault(id: &str) -> Result<&'static Fault, String> {
    Fault::find(id).ok_or_else(|| {
        let near = did_you_mean(id, Fault::all().map(|fault| fault.id));
        format!("`duologue list --faults` lists them all{near}")
    })
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
        let Given {
            endpoint,
            exec,
            fault,
        } = Given::from_arg_matches(matches)?;
        let conflict = |one: &str, other: &str| {
            let text = format!("{one} cannot be used with {other}\n");
            Err(Error::raw(ErrorKind::ArgumentConflict, text))
        };
        let flag = |name: &str| matches.value_source(name) == Some(ValueSource::CommandLine);
        let flags = [
            (flag("endpoint"), "'--endpoint <URL>'"),
            (flag("exec"), "'--exec <CMD>'"),
            (flag("fault"), "'--fault <ID>'"),
        ];
        let mut given = flags.iter().filter(|(given, _)| *given);
        let by_flag = match (given.next(), given.next()) {
            (Some((_, one)), Some((_, other))) => return conflict(one, other),
            (first, _) => first.is_some(),
        };
        if !by_flag && endpoint.is_some() && exec.is_some() {
            return conflict("DUOLOGUE_ENDPOINT", "DUOLOGUE_EXEC: unset one of them");
        }
        // Where a flag names the server, variables do not count.
        let counts = |name: &str| !by_flag || flag(name);
        Ok(Self {
            endpoint: endpoint.filter(|_| counts("endpoint")),
            exec: exec.filter(|_| counts("exec")),
            fault,
            by_flag,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
