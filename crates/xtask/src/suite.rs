//! Running scenarios against the reference server and against faulty ones.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use duologue_client::Endpoint;
use duologue_conformance::event::{Event, Origin, ScenarioFinished};
use duologue_conformance::executor::{Access, Emitter, Options, Report, Run, fresh_seed};
use duologue_conformance::known::Judge;
use duologue_conformance::scenario::{Corpus, Fixture};
use duologue_conformance::shard::digest;
use duologue_conformance::verdict::Verdict;
use duologue_faults::Fault;
use duologue_server::{Handle, ServerOptions};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use crate::kill_matrix::{Matrix, Row};

/// Only this machine can reach the servers, and only while they are run against.
const OPERATOR_TOKEN: &str = "kill-matrix";
/// A server in this process answers at once; what has not come by then does not come.
const STEP_TIMEOUT: Duration = Duration::from_secs(2);

/// All scenarios.
pub(crate) struct Suite {
    fixtures: Vec<Arc<Fixture>>,
}

impl Suite {
    pub(crate) fn new(corpus: Corpus) -> Self {
        Self {
            fixtures: corpus.fixtures.into_iter().map(Arc::new).collect(),
        }
    }

    pub(crate) fn scenario_ids(&self) -> BTreeSet<String> {
        let ids = self.fixtures.iter();
        ids.map(|fixture| fixture.scenario.id.to_string()).collect()
    }

    /// Demands that the reference server passes everything: otherwise no failure means anything.
    /// Returns what each said.
    pub(crate) async fn passes(&self) -> anyhow::Result<Vec<ScenarioFinished>> {
        let server = duologue_server::start(ServerOptions::new(OPERATOR_TOKEN)).await?;
        let finished = perform(server, self.fixtures.clone()).await?;
        let missed: Vec<&ScenarioFinished> = finished
            .iter()
            .filter(|scenario| scenario.verdict != Verdict::Pass)
            .collect();
        if let Some(first) = missed.first() {
            bail!(
                "the server without a fault does not pass {} scenarios, such as {}",
                missed.len(),
                told(first)
            );
        }
        Ok(finished)
    }

    /// Runs against each fault the scenarios that cite the requirement it breaks. What says something
    /// else than `recorded` is asked twice.
    pub(crate) async fn against(
        &self,
        faults: &[&'static Fault],
        jobs: usize,
        tells: bool,
        recorded: &Matrix,
    ) -> anyhow::Result<Vec<Row>> {
        let firsts = faults.iter().map(async |fault| {
            let finished = self.citing(fault, |_| true).await;
            finished.with_context(|| format!("running against {}", fault.id))
        });
        let firsts: Vec<_> = stream::iter(firsts)
            .buffered(jobs.max(1))
            .try_collect()
            .await?;
        let mut rows = Vec::new();
        for (fault, mut finished) in faults.iter().copied().zip(firsts) {
            let recorded = recorded.faults.iter().find(|row| row.id == fault.id);
            self.repeat_doubtful(fault, recorded, &mut finished).await?;
            if tells {
                tell(fault, &finished);
            }
            let killers = finished.iter().filter(|scenario| notices(scenario.verdict));
            let killers = killers.map(|scenario| scenario.scenario.to_string());
            rows.push(Row::of(fault, killers.collect()));
        }
        Ok(rows)
    }

    /// With so much at the same time a server may answer too late: what was not graded, or is not as
    /// recorded, is played again against this fault alone.
    async fn repeat_doubtful(
        &self,
        fault: &'static Fault,
        recorded: Option<&Row>,
        finished: &mut Vec<ScenarioFinished>,
    ) -> anyhow::Result<()> {
        let as_recorded = |scenario: &ScenarioFinished| {
            recorded.is_none_or(|row| {
                let noticed = row
                    .killed_by
                    .iter()
                    .any(|id| *id == scenario.scenario.as_str());
                noticed == notices(scenario.verdict)
            })
        };
        let (certain, doubtful): (Vec<_>, Vec<_>) = std::mem::take(finished)
            .into_iter()
            .partition(|scenario| is_graded(scenario.verdict) && as_recorded(scenario));
        let again = |fixture: &Fixture| {
            let mut doubtful = doubtful.iter();
            doubtful.any(|scenario| scenario.scenario == fixture.scenario.id)
        };
        let again = self.citing(fault, again).await;
        let again = again.with_context(|| format!("running against {} again", fault.id))?;
        *finished = [certain, again].concat();
        finished.sort_by(|one, other| one.scenario.cmp(&other.scenario));
        Ok(())
    }

    async fn citing(
        &self,
        fault: &'static Fault,
        chosen: impl Fn(&Fixture) -> bool,
    ) -> anyhow::Result<Vec<ScenarioFinished>> {
        let cites = |fixture: &&Arc<Fixture>| {
            let mut cited = fixture.scenario.requirements.iter();
            cited.any(|id| id.as_str() == fault.requirement) && chosen(fixture)
        };
        let fixtures: Vec<Arc<Fixture>> = self.fixtures.iter().filter(cites).cloned().collect();
        if fixtures.is_empty() {
            return Ok(Vec::new());
        }
        let options = ServerOptions::new(OPERATOR_TOKEN);
        perform(
            duologue_server::start_faulty(options, fault).await?,
            fixtures,
        )
        .await
    }
}

async fn perform(
    server: Handle,
    fixtures: Vec<Arc<Fixture>>,
) -> anyhow::Result<Vec<ScenarioFinished>> {
    let finished = Finished::default();
    let run = Run {
        endpoint: Endpoint::parse(&server.url())?,
        // The model must not take the fault for one of the harness.
        origin: Origin::Endpoint,
        access: Access {
            operator: Some(OPERATOR_TOKEN.into()),
            admin: None,
        },
        options: Options {
            step_timeout: STEP_TIMEOUT,
            ..Options::default()
        },
        profile: None,
        corpus: digest(&fixtures),
        fixtures,
        shard: None,
        seed: fresh_seed()?,
        known: Judge::default(),
        emitter: Arc::new(Emitter::new(vec![Box::new(finished.clone())])),
        interrupt: CancellationToken::new(),
    };
    let result = run.run().await;
    server.stop().await;
    result?;
    let mut finished = finished.0.lock().unwrap_or_else(PoisonError::into_inner);
    finished.sort_by(|one, other| one.scenario.cmp(&other.scenario));
    Ok(std::mem::take(&mut finished))
}

/// Keeps what is said of each scenario.
#[derive(Clone, Default)]
struct Finished(Arc<Mutex<Vec<ScenarioFinished>>>);

impl Report for Finished {
    fn event(&mut self, event: &Event) -> std::io::Result<()> {
        if let Event::ScenarioFinished(finished) = event {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(finished.clone());
        }
        Ok(())
    }
}

/// A scenario that could not be graded has noticed nothing.
fn notices(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Fail | Verdict::Warn)
}

fn is_graded(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Pass | Verdict::Fail | Verdict::Warn)
}

fn tell(fault: &Fault, finished: &[ScenarioFinished]) {
    println!("{} ({})", fault.id, fault.requirement);
    for scenario in finished {
        println!("  {}", told(scenario));
    }
}

fn told(scenario: &ScenarioFinished) -> String {
    let why = scenario.signature.as_deref().unwrap_or_default();
    format!(
        "{:<16} {} {why}",
        scenario.verdict.as_str(),
        scenario.scenario
    )
}
