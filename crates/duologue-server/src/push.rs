//! Calls to push gateways: one worker per session, one call at a time, in order.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use duologue_core::answer::PushRequest;
use duologue_core::server::{PushTarget, SessionId};
use http::{StatusCode, header};
use reqwest::redirect;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::shared::Shared;

const CALL_TIME: Duration = Duration::from_secs(5);
/// Calls that may wait for a slow gateway; later ones are dropped.
const WAITING_MAX: usize = 10_000;

/// What the server takes a gateway's status for, by the `message_id` of the push; `None`: there was
/// no answer.
pub(crate) type Hears = Arc<dyn Fn(&str, Option<u16>) -> Option<u16> + Send + Sync>;

/// What it should take it for.
pub(crate) fn as_said() -> Hears {
    Arc::new(|_, status| status)
}

/// One call to a gateway.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) target: PushTarget,
    pub(crate) url: String,
    pub(crate) request: Box<PushRequest>,
}

/// The waiting calls of every session that has a worker (PSH-012).
#[derive(Debug, Default)]
pub(crate) struct PushQueues(HashMap<SessionId, VecDeque<Job>>);

impl PushQueues {
    /// Appends a call; `true` when the session needs a worker.
    pub(crate) fn add(&mut self, session: SessionId, job: Job) -> bool {
        let Some(waiting) = self.0.get_mut(&session) else {
            self.0.insert(session, VecDeque::from([job]));
            return true;
        };
        if waiting.len() < WAITING_MAX {
            waiting.push_back(job);
        } else {
            tracing::warn!(
                session = session.0,
                "dropped a push: too many wait for the gateway"
            );
        }
        false
    }

    /// The next call; when there is none the worker must end.
    pub(crate) fn next(&mut self, session: SessionId) -> Option<Job> {
        let next = self.0.get_mut(&session)?.pop_front();
        if next.is_none() {
            self.0.remove(&session);
        }
        next
    }
}

/// Over TLS a gateway is trusted if the system trusts it; nobody is where the system has no roots.
fn tls() -> Result<ClientConfig, rustls::Error> {
    // Reading the roots takes longer than starting a server.
    static ROOTS: OnceLock<Option<Arc<Verifier>>> = OnceLock::new();
    let provider = Arc::new(ring::default_provider());
    let roots = ROOTS.get_or_init(|| Verifier::new(Arc::clone(&provider)).ok().map(Arc::new));
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(match roots {
        Some(roots) => builder
            .dangerous()
            .with_custom_certificate_verifier(roots.clone())
            .with_no_client_auth(),
        None => builder
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth(),
    })
}

/// The client of all gateways.
pub(crate) fn client() -> Result<reqwest::Client, Box<dyn std::error::Error>> {
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls()?)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .http1_only()
        .timeout(CALL_TIME)
        .pool_max_idle_per_host(0)
        .build()?;
    Ok(client)
}

/// Makes the calls of one session until none is left, each after the answer to the one before
/// (PSH-012). No request waits for it (PSH-019).
pub(crate) async fn work(shared: Arc<Shared>, session: SessionId) {
    while let Some(job) = shared.next_push(session) {
        let status = call(&shared.gateways, &job).await;
        let heard = (shared.hears)(job.request.message_id.as_str(), status);
        if heard == Some(StatusCode::GONE.as_u16()) {
            shared.push_gone(&job.target);
        }
    }
}

/// One call (PSH-013); no second try (PSH-018). The URL and the token stay out of the log: both may
/// be secrets (SEC-006).
async fn call(gateways: &reqwest::Client, job: &Job) -> Option<u16> {
    let message_id = job.request.message_id.as_str();
    let body = match serde_json::to_vec(&job.request) {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(message_id, %error, "a push cannot be written");
            return None;
        }
    };
    let request = gateways
        .post(&job.url)
        .header(header::CONTENT_TYPE, "application/json");
    match request.body(body).send().await {
        Ok(answer) => {
            tracing::info!(message_id, status = answer.status().as_u16(), "push");
            Some(answer.status().as_u16())
        }
        Err(error) => {
            let error = error.without_url();
            tracing::warn!(message_id, %error, "a push did not reach the gateway");
            None
        }
    }
}
