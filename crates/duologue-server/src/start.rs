//! Starting and stopping a server inside the caller's process.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use duologue_core::answer::Implementation;
use duologue_core::feature::Feature;
use duologue_core::limits::Profile;
use duologue_core::server::{Machine, Server, ServerConfig};
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::shared::Shared;
use crate::{handler, listen, push};

/// How long requests under way may take when the server stops.
const STOP_WAIT: Duration = Duration::from_secs(5);

/// What the operator decides.
#[derive(Clone)]
pub struct ServerOptions {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The token that may create apps; not empty, and none without [`Feature::Provisioning`].
    pub operator_token: Option<String>,
    /// The administrator's token of an app that is there from the start.
    pub admin_token: Option<String>,
    /// What the server declares.
    pub features: BTreeSet<Feature>,
    /// The profile of apps that name none.
    pub profile: Profile,
}

impl ServerOptions {
    /// A free port of this machine only, the default profile, all features.
    pub fn new(operator_token: impl Into<String>) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            operator_token: Some(operator_token.into()),
            admin_token: None,
            features: Feature::ALL.into(),
            profile: Profile::default(),
        }
    }
}

impl ServerOptions {
    fn config(self) -> Result<(SocketAddr, ServerConfig), StartError> {
        let tokens = [&self.operator_token, &self.admin_token];
        if tokens.into_iter().flatten().any(String::is_empty) {
            return Err(StartError::EmptyToken);
        }
        let config = ServerConfig {
            operator_token: self
                .operator_token
                .filter(|_| self.features.contains(&Feature::Provisioning)),
            admin_token: self.admin_token,
            features: self.features,
            profile: self.profile,
            implementation: Implementation {
                name: "duologue-reference".into(),
                version: env!("CARGO_PKG_VERSION").into(),
            },
        };
        Ok((self.listen, config))
    }
}

impl fmt::Debug for ServerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerOptions")
            .field("listen", &self.listen)
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

/// Why a server did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The address cannot be had: in use, not this machine's, or not allowed.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// An empty token would open the server to everybody.
    #[error("the operator's or the administrator's token is empty")]
    EmptyToken,
    /// The client for push gateways cannot be made.
    #[error("cannot prepare calls to push gateways: {0}")]
    PushClient(String),
}

/// Starts the reference server on the caller's tokio runtime.
///
/// # Errors
/// When the address cannot be had or a token is empty.
pub async fn start(options: ServerOptions) -> Result<Handle, StartError> {
    let (listen, config) = options.config()?;
    start_with(listen, Box::new(Server::new(config))).await
}

/// Starts a server that breaks one rule.
///
/// # Errors
/// As [`start`].
#[cfg(feature = "faults")]
pub async fn start_faulty(
    options: ServerOptions,
    fault: &duologue_faults::Fault,
) -> Result<Handle, StartError> {
    let (listen, mut config) = options.config()?;
    let version = &mut config.implementation.version;
    version.push_str(&format!(" with the fault {}", fault.id));
    let (machine, wire) = fault.server(config);
    let gateway = wire.clone();
    let hears = Arc::new(move |push: &str, status| gateway.hears(push, status));
    start_app(listen, Box::new(machine), hears, |app| {
        crate::faulty::with(app, wire)
    })
    .await
}

/// Starts a server round any machine.
///
/// # Errors
/// When the address cannot be had.
pub async fn start_with(
    address: SocketAddr,
    machine: Box<dyn Machine>,
) -> Result<Handle, StartError> {
    start_app(address, machine, push::as_said(), |app| app).await
}

async fn start_app(
    address: SocketAddr,
    machine: Box<dyn Machine>,
    hears: push::Hears,
    layers: impl FnOnce(Router) -> Router,
) -> Result<Handle, StartError> {
    let refused = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    let gateways = push::client().map_err(|error| StartError::PushClient(error.to_string()))?;
    let shared = Arc::new(Shared::new(machine, gateways, hears));
    let app = layers(handler::app(Arc::clone(&shared)));
    shared
        .tasks
        .spawn(listen::accept(listener, app, Arc::clone(&shared)));
    Ok(Handle { address, shared })
}

/// A running server. Dropping it ends the server without waiting.
pub struct Handle {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Handle {
    /// The address the server listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops: no new connection, event streams end, requests under way get a few seconds, waiting
    /// pushes are dropped. Afterwards no task of the server is left.
    pub async fn stop(self) {
        self.shared.begin_stop();
        if timeout(STOP_WAIT, self.shared.tasks.wait()).await.is_err() {
            tracing::warn!(
                tasks = self.shared.tasks.len(),
                "ending what did not end by itself"
            );
            self.shared.abort.cancel();
            self.shared.tasks.wait().await;
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.begin_stop();
        self.shared.abort.cancel();
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
