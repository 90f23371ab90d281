//! The command `duologue serve`: the reference server as a process.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use duologue_core::feature::Feature;
use duologue_core::limits::Profile;
#[cfg(feature = "faults")]
use duologue_faults::Fault;
use thiserror::Error;

use crate::config::{self, ConfigError, ServeTable};
use crate::signals::Signals;
#[cfg(feature = "faults")]
use crate::start::start_faulty;
use crate::start::{Handle, ServerOptions, StartError, start};

/// Read when it exists and no other file is named.
const DEFAULT_CONFIG: &str = "duologue.toml";
const DEFAULT_PORT: u16 = 8080;

/// Runs the in-memory reference server until it is interrupted.
///
/// A flag goes before its environment variable, and that before the configuration file.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ServeArgs {
    /// Address and port; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, env = "DUOLOGUE_LISTEN", value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// File whose only line is the operator token
    #[arg(long, env = "DUOLOGUE_OPERATOR_TOKEN_FILE", value_name = "FILE")]
    pub operator_token_file: Option<PathBuf>,
    /// Leave a feature out: manual-clock, media, provisioning or push; repeatable
    #[arg(long, env = "DUOLOGUE_WITHOUT", value_name = "FEATURE", value_delimiter = ',', value_parser = feature)]
    pub without: Vec<Feature>,
    /// File whose only line is the administrator's token of an app that is there from the start
    #[arg(long, env = "DUOLOGUE_ADMIN_TOKEN_FILE", value_name = "FILE")]
    pub admin_token_file: Option<PathBuf>,
    /// Named limits of new apps: default, seed-ja or seed-ko [default: default]
    #[arg(long, env = "DUOLOGUE_PROFILE", value_name = "NAME", value_parser = profile)]
    pub profile: Option<Profile>,
    /// Break one rule on purpose, to see a suite notice it; see `duologue list --faults`
    #[cfg(feature = "faults")]
    #[arg(long, value_name = "ID", value_parser = fault)]
    pub fault: Option<&'static Fault>,
    /// Configuration file with the table `serve` [default: duologue.toml, if there is one]
    #[arg(long, env = "DUOLOGUE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Why the server did not run; all but the last two are the caller's to mend.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The configuration file is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Nothing names the token file.
    #[error(
        "no operator token: name a file with --operator-token-file, DUOLOGUE_OPERATOR_TOKEN_FILE \
         or operator_token_file in the table [serve]"
    )]
    NoTokenFile,
    /// Nothing names the token file that a server without provisioning needs.
    #[error(
        "no administrator's token: without provisioning name a file with --admin-token-file, \
         DUOLOGUE_ADMIN_TOKEN_FILE or admin_token_file in the table [serve]"
    )]
    NoAdminTokenFile,
    /// The token file cannot be read.
    #[error("cannot read the token file {}: {source}", path.display())]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The token file does not hold a token.
    #[error(
        "the token file {} must hold one line of visible ASCII characters without spaces",
        path.display()
    )]
    NotAToken {
        /// The file.
        path: PathBuf,
    },
    /// The server did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The address could not be written to standard output.
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
    /// The system refuses signal handlers.
    #[error("cannot wait for signals: {0}")]
    Signals(io::Error),
}

/// Runs the server until SIGINT or SIGTERM. Writes one line, `{"listening": "http://…"}`, to
/// standard output when it is ready, and its log to standard error.
///
/// # Errors
/// When the arguments do not fit or the server cannot start.
pub async fn run(args: ServeArgs) -> Result<(), ServeError> {
    let options = args.options()?;
    let start = async || {
        #[cfg(feature = "faults")]
        if let Some(fault) = args.fault {
            return start_faulty(options, fault).await;
        }
        start(options).await
    };
    log_to_stderr();
    // Before the line is written: whoever reads it may send a signal at once.
    let signals = Signals::new().map_err(ServeError::Signals)?;
    serve_until(start, &mut io::stdout(), signals.wait()).await
}

async fn serve_until(
    start: impl AsyncFnOnce() -> Result<Handle, StartError>,
    out: &mut impl Write,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let server = start().await?;
    announce(&server, out).map_err(ServeError::Output)?;
    stop.await;
    tracing::info!("stopping");
    server.stop().await;
    Ok(())
}

impl ServeArgs {
    /// What the arguments, the environment and the configuration file say together.
    ///
    /// # Errors
    /// When a file cannot be read or does not fit.
    pub fn options(&self) -> Result<ServerOptions, ServeError> {
        let file = self.config_table()?;
        let without = [self.without.as_slice(), &file.without].concat();
        let mut features = BTreeSet::from(Feature::ALL);
        features.retain(|feature| !without.contains(feature));
        let provisions = features.contains(&Feature::Provisioning);
        let operator = self.operator_token_file.as_ref();
        let operator = operator
            .or(file.operator_token_file.as_ref())
            .filter(|_| provisions);
        let admin = self.admin_token_file.as_ref();
        let admin = admin.or(file.admin_token_file.as_ref());
        match (provisions, operator, admin) {
            (true, None, _) => return Err(ServeError::NoTokenFile),
            (false, _, None) => return Err(ServeError::NoAdminTokenFile),
            (true, Some(_), _) | (false, _, Some(_)) => {}
        }
        let default = SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT));
        Ok(ServerOptions {
            listen: self.listen.or(file.listen).unwrap_or(default),
            operator_token: operator.map(|file| read_token(file)).transpose()?,
            admin_token: admin.map(|file| read_token(file)).transpose()?,
            features,
            profile: self.profile.or(file.profile).unwrap_or_default(),
        })
    }

    fn config_table(&self) -> Result<ServeTable, ConfigError> {
        match &self.config {
            Some(path) => config::read(path),
            None if Path::new(DEFAULT_CONFIG).exists() => config::read(Path::new(DEFAULT_CONFIG)),
            None => Ok(ServeTable::default()),
        }
    }
}

fn read_token(path: &Path) -> Result<String, ServeError> {
    let text = std::fs::read_to_string(path).map_err(|source| ServeError::TokenFile {
        path: path.into(),
        source,
    })?;
    let token = text.trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ServeError::NotAToken { path: path.into() });
    }
    Ok(token.into())
}

fn feature(text: &str) -> Result<Feature, String> {
    Feature::parse(text).ok_or_else(|| {
        format!(
            "expected one of {}",
            Feature::ALL.map(Feature::as_str).join(", ")
        )
    })
}

#[cfg(feature = "faults")]
fn fault(id: &str) -> Result<&'static Fault, String> {
    Fault::find(id).ok_or_else(|| "`duologue list --faults` lists them all".to_owned())
}

fn profile(text: &str) -> Result<Profile, String> {
    Profile::parse(text).ok_or_else(|| {
        format!(
            "expected one of {}",
            Profile::ALL.map(Profile::as_str).join(", ")
        )
    })
}

fn announce(server: &Handle, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", serde_json::json!({ "listening": server.url() }))?;
    out.flush()
}

/// The level comes from `DUOLOGUE_LOG`, `info` without it.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("DUOLOGUE_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let coloured = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    // Fails only when the process logs already, which is as good.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(coloured)
        .with_writer(io::stderr)
        .try_init();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The arguments that name these files, and the profile of the flag.
    fn args(folder: &Path, token: &str, config: &str) -> ServeArgs {
        let (token_file, config_file) = (folder.join("token"), folder.join("duologue.toml"));
        std::fs::write(&token_file, token).unwrap();
        std::fs::write(&config_file, config).unwrap();
        ServeArgs {
            operator_token_file: Some(token_file),
            config: Some(config_file),
            ..ServeArgs::default()
        }
    }

    #[test]
    fn a_flag_goes_before_the_file_and_the_file_before_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let config = "[serve]\nlisten = \"127.0.0.1:9\"\nprofile = \"seed-ko\"\n";
        let mut args = args(folder.path(), "secret\n", config);
        args.profile = Some(Profile::SeedJa);
        let options = args.options().unwrap();
        assert_eq!(options.operator_token.as_deref(), Some("secret"));
        assert_eq!(options.listen.port(), 9);
        assert_eq!(options.profile, Profile::SeedJa);
        assert!(!format!("{options:?}").contains("secret"));
    }

    #[test]
    fn the_token_file_of_the_configuration_lies_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut args = args(
            folder.path(),
            "secret",
            "[serve]\noperator_token_file = \"token\"\n",
        );
        args.operator_token_file = None;
        assert_eq!(
            args.options().unwrap().operator_token.as_deref(),
            Some("secret")
        );
    }

    #[test]
    fn bad_token_files_and_bad_keys_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let check = |args: &ServeArgs, parts: [&str; 2]| {
            let error = args.options().unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        };
        for token in ["", "\n", "two words", "two\nlines", "h\u{e9}"] {
            check(
                &args(folder.path(), token, ""),
                ["token", "must hold one line"],
            );
        }
        let unknown = "[serve]\nport = 1\n";
        check(
            &args(folder.path(), "t", unknown),
            ["duologue.toml:2:1: ", "port"],
        );
        let mut missing = args(folder.path(), "t", "");
        missing.operator_token_file = Some(folder.path().join("nothing"));
        check(&missing, ["nothing", "cannot read"]);
        missing.operator_token_file = None;
        check(&missing, ["--operator-token-file", "no operator token"]);
    }

    #[tokio::test]
    async fn one_line_tells_where_the_server_listens_until_it_stops() {
        let mut out = Vec::new();
        let start = async || start(ServerOptions::new("t")).await;
        let served = serve_until(start, &mut out, std::future::ready(())).await;
        served.unwrap();
        let line: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let url = line["listening"].as_str().unwrap();
        let address = url.strip_prefix("http://").unwrap();
        assert!(
            address.starts_with("127.0.0.1:") && !address.ends_with(":0"),
            "{address}"
        );
        assert!(tokio::net::TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn a_taken_address_and_an_empty_token_are_errors() {
        let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut options = ServerOptions::new("t");
        options.listen = taken.local_addr().unwrap();
        let error = start(options).await.unwrap_err();
        assert!(
            error
                .to_string()
                .contains(&taken.local_addr().unwrap().to_string()),
            "{error}"
        );
        let error = start(ServerOptions::new("")).await.unwrap_err();
        assert!(matches!(error, StartError::EmptyToken), "{error}");
    }
}
