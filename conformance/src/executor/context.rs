//! What all scenarios of a run share.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use duologue_client::Http;
use duologue_core::limits::Profile;
use tokio_util::sync::CancellationToken;

use super::emitter::Emitter;
use super::gateway::Gateway;
use super::hooks::Hooks;
use crate::known::Judge;
use crate::plan::Facts;
use crate::redact::Redactor;

/// The tokens a run was given.
#[derive(Clone, Default)]
pub struct Access {
    /// The operator token: scenarios get apps of their own.
    pub operator: Option<String>,
    /// The admin token of the app all scenarios share otherwise.
    pub admin: Option<String>,
}

impl Access {
    pub(super) fn teach(&self, redactor: &Redactor) {
        for (token, name) in [
            (&self.operator, "operator token"),
            (&self.admin, "admin token"),
        ] {
            if let Some(token) = token {
                redactor.learn(token, name);
            }
        }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("operator", &self.operator.is_some())
            .field("admin", &self.admin.is_some())
            .finish()
    }
}

/// How a run is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Scenarios at the same time.
    pub jobs: usize,
    /// The longest a request, or the wait for one event, may take.
    pub step_timeout: Duration,
    /// The longest a scenario may take.
    pub scenario_timeout: Duration,
    /// The longest a message's end is waited for on a real clock.
    pub max_wait: Duration,
    /// Fewer graded scenarios make a run incomplete; one part of a run is not asked.
    pub min_graded: u64,
    /// The most requests of all kinds a second.
    pub max_requests_per_second: Option<NonZeroU32>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            jobs: 8,
            step_timeout: Duration::from_secs(5),
            scenario_timeout: Duration::from_secs(60),
            max_wait: Duration::from_secs(10),
            min_graded: 1,
            max_requests_per_second: None,
        }
    }
}

/// What all scenarios of a run share.
#[derive(Debug)]
pub(super) struct RunContext {
    pub(super) http: Http,
    pub(super) access: Access,
    pub(super) options: Options,
    pub(super) profile: Option<Profile>,
    pub(super) facts: Facts,
    pub(super) gateway: Gateway,
    pub(super) emitter: Arc<Emitter>,
    /// Ends the run early.
    pub(super) interrupt: CancellationToken,
    /// Part of every user id, so that runs do not meet in a shared app.
    pub(super) seed: String,
    pub(super) known: Judge,
    pub(super) begun: Instant,
    /// Whether the server is the reference itself.
    pub(super) reference: bool,
    pub(super) hooks: Hooks,
}
