//! Runs scenarios against a server and tells what happened as one stream of events.
//!
//! A run begins with a look at the server (`preflight`): a server that does not answer makes every
//! scenario `could_not_run`, one that answers nonsense makes every scenario fail. Then scenarios run
//! side by side, each on a `stage` of its own; those that change a shared app come last, one by
//! one. Reports listen through an [`Emitter`].

mod call;
mod context;
mod emitter;
mod gateway;
mod hooks;
mod judge;
mod log;
mod outlive;
mod play;
mod preflight;
mod presence;
mod pushes;
mod requests;
mod setup;
mod special;
mod stage;
mod steps;
mod stop;
mod stream_steps;
mod streams;
mod tape;
mod unreadable;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use duologue_client::{Endpoint, Http, Timeouts};
use duologue_core::limits::Profile;
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::event::{Event, Origin, Reason, RunFinished, RunStarted, SETUP, ScenarioFinished};
use crate::known::Judge;
use crate::plan::{Facts, Place};
use crate::scenario::Fixture;
use crate::shard::Shard;
use crate::verdict::Verdict;

pub use context::{Access, Options};
pub use emitter::{Emitter, Report};
pub use hooks::{BeforeStep, Hooks, Kept, KeptName, StepAhead};

use context::RunContext;
use gateway::Gateway;
use log::milliseconds;
use preflight::{Preflight, preflight};

/// An upload of the largest file a server takes needs more time than a step.
const UPLOAD_PATIENCE: u32 = 12;
/// Whoever cannot be connected to by then is not there.
const CONNECT_PATIENCE: Duration = Duration::from_millis(1500);

/// Why there is no result.
#[derive(Debug, Error)]
pub enum RunError {
    /// The tokens do not fit the server.
    #[error("{0}")]
    Configuration(String),
    /// The runner's own means are missing.
    #[error("cannot prepare the run: {0}")]
    Means(String),
}

/// A run that is about to begin.
#[derive(Debug)]
pub struct Run {
    /// The server under test.
    pub endpoint: Endpoint,
    /// Where it came from.
    pub origin: Origin,
    /// The tokens for it.
    pub access: Access,
    /// How to run.
    pub options: Options,
    /// The profile that scenarios ask for in new apps unless they name one.
    pub profile: Option<Profile>,
    /// What to run.
    pub fixtures: Vec<Arc<Fixture>>,
    /// A digest of what all shards together run.
    pub corpus: String,
    /// Which part of it this is.
    pub shard: Option<Shard>,
    /// Part of every user id, so that runs do not meet in a shared app; see [`fresh_seed`].
    pub seed: String,
    /// The failures that are known.
    pub known: Judge,
    /// Who listens.
    pub emitter: Arc<Emitter>,
    /// Ends the run early; what was graded until then counts.
    pub interrupt: CancellationToken,
}

impl Run {
    /// Runs everything.
    ///
    /// # Errors
    /// When the tokens do not fit or the runner lacks its own means; whatever the server does is a
    /// verdict, not an error.
    pub async fn run(self) -> Result<RunFinished, RunError> {
        self.run_hooked(Hooks::default()).await
    }

    /// Runs everything, with what a replay adds.
    ///
    /// # Errors
    /// As [`Run::run`].
    pub async fn run_hooked(mut self, hooks: Hooks) -> Result<RunFinished, RunError> {
        let begun = Instant::now();
        let step = self.options.step_timeout;
        let timeouts = Timeouts {
            connect: step.min(CONNECT_PATIENCE),
            request: step,
            upload: step.saturating_mul(UPLOAD_PATIENCE),
        };
        let means = |reason: String| RunError::Means(reason);
        let mut http = Http::with_timeouts(self.endpoint.clone(), timeouts)
            .map_err(|error| RunError::Configuration(error.to_string()))?;
        if let Some(most) = self.options.max_requests_per_second {
            http = http.paced(most);
        }
        let look = preflight(&http, &self.access).await;
        if let (Preflight::Ready { facts, .. }, Some(suffix)) = (&look, &hooks.shared_seed_suffix)
            && !facts.provisions
        {
            self.seed.push_str(suffix);
        }
        let mine = self.part(&look);
        self.announce(&look, mine.len());
        let (facts, everything) = match look {
            Preflight::Ready { facts, .. } => (facts, None),
            Preflight::Refused(message) => return Err(RunError::Configuration(message)),
            Preflight::Unreachable(reason) => {
                (Facts::default(), Some((Verdict::CouldNotRun, reason)))
            }
            Preflight::Silent(reason) => (Facts::default(), Some((Verdict::Timeout, reason))),
            Preflight::Broken(reason) => (Facts::default(), Some((Verdict::Fail, reason))),
        };
        let host = host_of(&self.endpoint);
        let gateway = Gateway::start(&host)
            .await
            .map_err(|error| means(error.to_string()))?;
        let context = Arc::new(RunContext {
            http,
            access: self.access.clone(),
            options: self.options,
            profile: self.profile,
            facts,
            gateway,
            emitter: Arc::clone(&self.emitter),
            interrupt: self.interrupt.clone(),
            seed: self.seed.clone(),
            known: self.known.clone(),
            begun,
            reference: self.origin == Origin::Embedded,
            hooks,
        });
        // One part may well be empty; whether enough was graded, only all parts together can say.
        let min_graded = match (self.shard, &everything) {
            (Some(_), None) => 0,
            (None, _) | (Some(_), Some(_)) => self.options.min_graded,
        };
        let results = match everything {
            Some((verdict, reason)) => all_alike(&context, &mine, verdict, &reason),
            None => self.perform(&context, mine).await?,
        };
        Ok(self.finish(&results, min_graded, begun))
    }

    fn announce(&self, look: &Preflight, selected: usize) {
        let (implementation, features, own_apps) = match look {
            Preflight::Ready {
                implementation,
                facts,
            } => (
                implementation.clone(),
                facts.features.iter().cloned().collect(),
                facts.provisions,
            ),
            Preflight::Refused(_)
            | Preflight::Unreachable(_)
            | Preflight::Silent(_)
            | Preflight::Broken(_) => (None, Vec::new(), false),
        };
        self.emitter.emit(&Event::RunStarted(RunStarted {
            runner_version: env!("CARGO_PKG_VERSION").into(),
            endpoint: self.endpoint.base().to_owned(),
            origin: self.origin.clone(),
            implementation,
            features,
            own_apps,
            profile: self.profile.map(|profile| profile.as_str().to_owned()),
            selected: selected as u64,
            corpus: self.corpus.clone(),
            shard: self.shard,
            seed: self.seed.clone(),
            started_ms: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, milliseconds),
        }));
    }

    /// The scenarios of this shard, each with its place.
    fn part(&self, look: &Preflight) -> Vec<(Arc<Fixture>, Place)> {
        // The operator token promises an app for every scenario.
        let unknown = Facts {
            provisions: self.access.operator.is_some(),
            ..Facts::default()
        };
        let facts = match look {
            Preflight::Ready { facts, .. } => facts,
            Preflight::Refused(_)
            | Preflight::Unreachable(_)
            | Preflight::Silent(_)
            | Preflight::Broken(_) => &unknown,
        };
        self.fixtures
            .iter()
            .map(|fixture| (Arc::clone(fixture), facts.place(&fixture.scenario)))
            .filter(|(fixture, place)| {
                let alone = *place == Place::Alone;
                self.shard
                    .is_none_or(|shard| shard.takes(&fixture.scenario.id, alone))
            })
            .collect()
    }

    async fn perform(
        &self,
        context: &Arc<RunContext>,
        scenarios: Vec<(Arc<Fixture>, Place)>,
    ) -> Result<Vec<ScenarioFinished>, RunError> {
        let (alone, together): (Vec<_>, Vec<_>) = scenarios
            .into_iter()
            .partition(|(_, place)| *place == Place::Alone);
        // Whoever only waits takes nobody's place: all of them wait at the same time.
        let (waiting, busy): (Vec<_>, Vec<_>) = together
            .into_iter()
            .partition(|(fixture, _)| context.facts.waits(&fixture.scenario));
        let all_at_once = waiting.len();
        let (first, second) = tokio::try_join!(
            self.side_by_side(context, busy, self.options.jobs),
            self.side_by_side(context, waiting, all_at_once),
        )?;
        let mut results = [first, second].concat();
        results.extend(self.side_by_side(context, alone, 1).await?);
        Ok(results)
    }

    async fn side_by_side(
        &self,
        context: &Arc<RunContext>,
        scenarios: Vec<(Arc<Fixture>, Place)>,
        jobs: usize,
    ) -> Result<Vec<ScenarioFinished>, RunError> {
        let slots = Arc::new(Semaphore::new(jobs.max(1)));
        let mut running = JoinSet::new();
        let mut fixtures = std::collections::BTreeMap::new();
        for (fixture, place) in scenarios {
            let (context, slots) = (Arc::clone(context), Arc::clone(&slots));
            let played = Arc::clone(&fixture);
            let task = running.spawn(async move {
                // The semaphore is never closed, so a missing permit cannot happen.
                let _slot = slots.acquire().await;
                play::play(context, played, place).await
            });
            fixtures.insert(task.id(), fixture);
        }
        let mut results = Vec::new();
        while let Some(joined) = running.join_next_with_id().await {
            match joined {
                Ok((_, Ok(result))) => results.push(result),
                Ok((_, Err(message))) => return Err(RunError::Configuration(message)),
                Err(error) => {
                    let fixture = &fixtures[&error.id()];
                    let message = format!("this program failed: {error}");
                    let reason = Reason {
                        message,
                        ..Reason::default()
                    };
                    let verdict = Verdict::HarnessFault;
                    let begun = Instant::now();
                    results.push(play::finished(
                        context,
                        fixture,
                        verdict,
                        Some(reason),
                        begun,
                        None,
                    ));
                }
            }
        }
        Ok(results)
    }

    fn finish(&self, results: &[ScenarioFinished], min_graded: u64, begun: Instant) -> RunFinished {
        let finished = RunFinished {
            duration_ms: milliseconds(begun.elapsed()),
            interrupted: self.interrupt.is_cancelled(),
            ..RunFinished::of(results, self.known.stale(results), min_graded)
        };
        self.emitter.emit(&Event::RunFinished(finished.clone()));
        finished
    }
}

/// The same verdict for every scenario, when the server could not even be asked.
fn all_alike(
    context: &RunContext,
    scenarios: &[(Arc<Fixture>, Place)],
    verdict: Verdict,
    reason: &str,
) -> Vec<ScenarioFinished> {
    let begun = Instant::now();
    let reason = Reason {
        message: reason.to_owned(),
        step: Some(SETUP.into()),
        ..Reason::default()
    };
    scenarios
        .iter()
        .map(|(fixture, _)| {
            play::finished(context, fixture, verdict, Some(reason.clone()), begun, None)
        })
        .collect()
}

impl RunContext {
    /// A name for a scenario that no other scenario and no other run has.
    fn key(&self, fixture: &Fixture) -> String {
        format!("{}{:03}", self.seed, fixture.number)
    }
}

fn host_of(endpoint: &Endpoint) -> String {
    let authority = endpoint.authority();
    let host = authority
        .rsplit_once(':')
        .map_or(authority.as_str(), |(host, port)| {
            if port.ends_with(']') {
                authority.as_str()
            } else {
                host
            }
        });
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned()
}

/// Four characters that tell this run from others against the same app.
///
/// # Errors
/// When the system has no random numbers.
pub fn fresh_seed() -> Result<String, RunError> {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";
    let random = getrandom::u32().map_err(|error| RunError::Means(error.to_string()))?;
    Ok((0..4)
        .map(|n| char::from(LETTERS[(random >> (5 * n)) as usize % LETTERS.len()]))
        .collect())
}
