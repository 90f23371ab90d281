//! The server under test: embedded, somewhere else, or a program started for the run.

mod exec;
mod secret;

use duologue_client::{Endpoint, EndpointError};
use duologue_core::limits::Profile;
use duologue_faults::Fault;
use duologue_server::{Handle, ServerOptions, StartError};
use thiserror::Error;

use crate::event::Origin;
use crate::executor::Access;

pub use exec::{ExecError, Program, ProgramTokens};
pub use secret::SecretError;

/// Which server to test.
#[derive(Debug, Clone)]
pub enum Target {
    /// The reference server, inside this process.
    Embedded,
    /// The reference server with a deliberate fault, inside this process.
    Faulty(&'static Fault),
    /// A running server.
    Endpoint(String),
    /// A program, started for the run.
    Exec(String),
}

/// A server that is there for the run.
#[derive(Debug)]
pub struct Running {
    /// Its base URL.
    pub endpoint: Endpoint,
    /// The tokens for it.
    pub access: Access,
    owner: Owner,
}

#[derive(Debug)]
enum Owner {
    Nobody,
    Server(Handle),
    Program(Box<Program>),
}

/// Why there is no server to test.
#[derive(Debug, Error)]
pub enum TargetError {
    /// The base URL is none.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// A token cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The embedded server did not start.
    #[error("the embedded server did not start: {0}")]
    Embedded(#[from] StartError),
    /// The program did not start, or not become ready.
    #[error(transparent)]
    Exec(#[from] ExecError),
}

impl Target {
    /// Where the server comes from.
    #[must_use]
    pub fn origin(&self) -> Origin {
        match self {
            Self::Embedded => Origin::Embedded,
            Self::Faulty(fault) => Origin::Faulty(fault.id.to_owned()),
            Self::Endpoint(_) => Origin::Endpoint,
            Self::Exec(_) => Origin::Exec,
        }
    }

    /// Starts the server, if it is ours to start.
    ///
    /// # Errors
    /// When it does not start or its tokens cannot be read.
    pub async fn start(&self, profile: Option<Profile>) -> Result<Running, TargetError> {
        match self {
            Self::Endpoint(url) => {
                let access = Access {
                    operator: secret::from_environment("DUOLOGUE_OPERATOR_TOKEN")?,
                    admin: secret::from_environment("DUOLOGUE_ADMIN_TOKEN")?,
                };
                Ok(Running {
                    endpoint: Endpoint::parse(url)?,
                    access,
                    owner: Owner::Nobody,
                })
            }
            Self::Embedded => {
                embedded(profile, async |options| {
                    duologue_server::start(options).await
                })
                .await
            }
            Self::Faulty(fault) => {
                let start = async |options| duologue_server::start_faulty(options, fault).await;
                embedded(profile, start).await
            }
            Self::Exec(command) => {
                let (operator, admin) = (secret::fresh()?, secret::fresh()?);
                let tokens = ProgramTokens {
                    operator: &operator,
                    admin: &admin,
                };
                let program = Program::start(command, tokens, profile).await?;
                Ok(Running {
                    endpoint: Endpoint::parse(program.url())?,
                    // The look at the server decides which of them counts.
                    access: Access {
                        operator: Some(operator),
                        admin: Some(admin),
                    },
                    owner: Owner::Program(Box::new(program)),
                })
            }
        }
    }
}

async fn embedded(
    profile: Option<Profile>,
    start: impl AsyncFnOnce(ServerOptions) -> Result<Handle, StartError>,
) -> Result<Running, TargetError> {
    let token = secret::fresh()?;
    let mut options = ServerOptions::new(token.clone());
    options.profile = profile.unwrap_or_default();
    let server = start(options).await?;
    Ok(Running {
        endpoint: Endpoint::parse(&server.url())?,
        access: Access {
            operator: Some(token),
            admin: None,
        },
        owner: Owner::Server(server),
    })
}

impl Running {
    /// Stops the server, if it is ours to stop.
    pub async fn stop(self) {
        match self.owner {
            Owner::Nobody => {}
            Owner::Server(server) => server.stop().await,
            Owner::Program(program) => program.stop().await,
        }
    }
}
