//! A server under test that is started for the run and stopped with everything it has started.
//!
//! The program gets two tokens that were made up for it, each in a variable and in the file that the
//! same name with `_FILE` names: `DUOLOGUE_OPERATOR_TOKEN` for a server with the feature
//! `provisioning`, and `DUOLOGUE_ADMIN_TOKEN` for one with a single app, whose admin token it then
//! is. When it is ready it writes one line to its standard output:
//! `{"listening": "http://127.0.0.1:8080"}`.

use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use duologue_core::limits::Profile;
use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop, ProcessGroup};
use serde::Deserialize;
use tempfile::NamedTempFile;
use thiserror::Error;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::ChildStdout;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long a program may take to write its ready line.
const READY_PATIENCE: Duration = Duration::from_secs(30);
/// How long a program may take to end by itself before it is killed.
const STOP_PATIENCE: Duration = Duration::from_secs(3);
const SIGTERM: i32 = 15;

/// A running program and its process group. Dropping it kills the program.
#[derive(Debug)]
pub struct Program {
    url: String,
    child: Box<dyn ChildWrapper>,
    /// Reads what else the program writes, so that it does not block.
    _drain: JoinSet<()>,
    /// Exist as long as the program may read them.
    _token_files: [NamedTempFile; 2],
}

/// The tokens a program is started with.
#[derive(Clone, Copy)]
pub struct ProgramTokens<'a> {
    /// May create apps.
    pub operator: &'a str,
    /// The administrator's of the only app, where apps cannot be created.
    pub admin: &'a str,
}

/// Why a program is not ready.
#[derive(Debug, Error)]
pub enum ExecError {
    /// The token file cannot be written.
    #[error("cannot write the token file: {0}")]
    TokenFile(std::io::Error),
    /// The shell cannot be started.
    #[error("cannot start the server under test: {0}")]
    Start(std::io::Error),
    /// The program ended, or closed its output, without its ready line.
    #[error("`{0}` ended without the line {{\"listening\": \"http://…\"}}")]
    Ended(String),
    /// The program took too long.
    #[error("`{command}` did not write the line {{\"listening\": \"http://…\"}} within {} s", READY_PATIENCE.as_secs())]
    NotReady {
        /// The command.
        command: String,
    },
}

#[derive(Deserialize)]
struct Ready {
    listening: String,
}

impl Program {
    /// Starts a shell command and waits until it is ready.
    ///
    /// # Errors
    /// When it cannot be started or does not become ready in time.
    pub async fn start(
        command: &str,
        tokens: ProgramTokens<'_>,
        profile: Option<Profile>,
    ) -> Result<Self, ExecError> {
        let operator_file = token_file(tokens.operator)?;
        let admin_file = token_file(tokens.admin)?;
        let mut child = CommandWrap::with_new("sh", |shell| {
            shell
                .args(["-c", command])
                .env("DUOLOGUE_OPERATOR_TOKEN", tokens.operator)
                .env("DUOLOGUE_OPERATOR_TOKEN_FILE", operator_file.path())
                .env("DUOLOGUE_ADMIN_TOKEN", tokens.admin)
                .env("DUOLOGUE_ADMIN_TOKEN_FILE", admin_file.path())
                .stdin(Stdio::null())
                .stdout(Stdio::piped());
            if let Some(profile) = profile {
                shell.env("DUOLOGUE_PROFILE", profile.as_str());
            }
        })
        .wrap(ProcessGroup::leader())
        .wrap(KillOnDrop)
        .spawn()
        .map_err(ExecError::Start)?;
        let ended = || ExecError::Ended(command.to_owned());
        let output = child.stdout().take().ok_or_else(ended)?;
        let mut lines = BufReader::new(output).lines();
        let ready = timeout(READY_PATIENCE, ready_line(&mut lines)).await;
        let url = match ready {
            Ok(Some(url)) => url,
            Ok(None) | Err(_) => {
                stop(&mut child).await;
                return Err(match ready {
                    Ok(_) => ended(),
                    Err(_) => ExecError::NotReady {
                        command: command.to_owned(),
                    },
                });
            }
        };
        let mut drain = JoinSet::new();
        drain.spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self {
            url,
            child,
            _drain: drain,
            _token_files: [operator_file, admin_file],
        })
    }

    /// The base URL it announced.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Asks the whole process group to end, then ends it.
    pub async fn stop(mut self) {
        stop(&mut self.child).await;
    }
}

fn token_file(token: &str) -> Result<NamedTempFile, ExecError> {
    let mut file = NamedTempFile::new().map_err(ExecError::TokenFile)?;
    writeln!(file, "{token}").map_err(ExecError::TokenFile)?;
    Ok(file)
}

async fn ready_line(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<String> {
    while let Ok(Some(line)) = lines.next_line().await {
        if let Ok(ready) = serde_json::from_str::<Ready>(&line) {
            return Some(ready.listening);
        }
    }
    None
}

async fn stop(child: &mut Box<dyn ChildWrapper>) {
    // A group that is gone already cannot be signalled, and need not be.
    let _ = child.signal(SIGTERM);
    if timeout(STOP_PATIENCE, child.wait()).await.is_err() {
        let _ = child.start_kill();
        let _ = timeout(STOP_PATIENCE, child.wait()).await;
    }
}
