//! One scenario from setup to verdict.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::context::RunContext;
use super::judge::Grade;
use super::log::milliseconds;
use super::stage::{Stage, View};
use super::steps::Halt;
use super::stop::Stop;
use crate::event::{Event, Reason, ScenarioFinished, ScenarioStarted, StepFinished};
use crate::plan::Place;
use crate::scenario::Fixture;
use crate::signature::signature;
use crate::verdict::Verdict;
use crate::wire_check::violations;

const SETUP: &str = "/setup";
/// How long an interrupted scenario may take to tidy up behind itself.
const GOODBYE_PATIENCE: Duration = Duration::from_secs(1);

/// Runs a scenario where the plan puts it. An error ends the whole run.
pub(super) async fn play(
    run: Arc<RunContext>,
    fixture: Arc<Fixture>,
    place: Place,
) -> Result<ScenarioFinished, String> {
    let begun = Instant::now();
    let scenario = fixture.scenario.id.clone();
    run.emitter.emit(&Event::ScenarioStarted(ScenarioStarted {
        scenario,
        at_ms: milliseconds(run.begun.elapsed()),
    }));
    if let Place::NotApplicable(message) = place {
        let reason = Reason {
            message,
            ..Reason::default()
        };
        return Ok(finished(
            &run,
            &fixture,
            Verdict::NotApplicable,
            Some(reason),
            begun,
        ));
    }
    let stage = Stage::new(Arc::clone(&run), Arc::clone(&fixture), run.key(&fixture));
    let result = tokio::select! {
        result = in_time(&stage) => result,
        () = run.interrupt.cancelled() => {
            let _ = tokio::time::timeout(GOODBYE_PATIENCE, stage.leave()).await;
            let reason = Reason { message: "the run was interrupted".into(), ..Reason::default() };
            return Ok(finished(&run, &fixture, Verdict::CouldNotRun, Some(reason), begun));
        }
    };
    stage.leave().await;
    let (verdict, reason) = match result {
        Ok(Ok(Grade::Pass)) => (Verdict::Pass, None),
        Ok(Ok(Grade::Warn(message))) => (
            Verdict::Warn,
            Some(Reason {
                message,
                ..Reason::default()
            }),
        ),
        Ok(Err(Halt {
            stop: Stop::Configuration(message),
            ..
        })) => return Err(message),
        Ok(Err(Halt { stop, place })) => {
            let verdict = stop.verdict(fixture.scenario.level);
            let Reason {
                message,
                mismatches,
                ..
            } = stop.reason();
            (
                verdict,
                Some(Reason {
                    message,
                    mismatches,
                    ..place
                }),
            )
        }
        Err(Elapsed) => {
            let limit = stage.time_allowed().as_secs_f32();
            let message = format!("the scenario did not end within {limit} s");
            (
                Verdict::Timeout,
                Some(Reason {
                    message,
                    ..Reason::default()
                }),
            )
        }
    };
    Ok(finished(
        &run,
        &fixture,
        verdict,
        reason.map(|reason| redacted(&stage, reason)),
        begun,
    ))
}

/// The time of a scenario is over.
struct Elapsed;

/// Performs a scenario within its time, which grows while it waits for what a server may take.
async fn in_time(stage: &Stage) -> Result<Result<Grade, Halt>, Elapsed> {
    let begun = tokio::time::Instant::now();
    let mut performance = pin!(perform(stage));
    loop {
        let allowed = stage.time_allowed();
        let result = tokio::time::timeout_at(begun + allowed, &mut performance).await;
        match result {
            Ok(result) => return Ok(result),
            Err(_) if stage.time_allowed() > allowed => {}
            Err(_) => return Err(Elapsed),
        }
    }
}

async fn perform(stage: &Stage) -> Result<Grade, Halt> {
    let log = stage.log();
    let at_ms = log.now_ms();
    let setup = async {
        stage.enter_app(&log).await?;
        stage
            .create_actors("", &stage.fixture.scenario.actors, &log)
            .await
    };
    let result = setup.await;
    stage.run.emitter.emit(&Event::StepFinished(StepFinished {
        scenario: stage.fixture.scenario.id.clone(),
        step: SETUP.into(),
        verb: "setup".into(),
        why: None,
        at_ms,
        duration_ms: log.now_ms() - at_ms,
        passed: result.is_ok(),
        transcript: log.take(),
    }));
    let place = || Reason {
        step: Some(SETUP.into()),
        ..Reason::default()
    };
    result.map_err(|stop| Halt {
        stop,
        place: place(),
    })?;
    let view = View {
        stage,
        indices: Vec::new(),
    };
    let grade = view
        .run_steps(&stage.fixture.scenario.steps, "/steps".into())
        .await?;
    check_pushes(stage).map_err(|stop| Halt {
        stop,
        place: Reason::default(),
    })?;
    Ok(grade)
}

/// Pushes that no step looked at still have to be well-formed.
fn check_pushes(stage: &Stage) -> Result<(), Stop> {
    for push in stage.run.gateway.all(&stage.key) {
        let found = violations("PushRequest", &push);
        if !found.is_empty() {
            return Err(Stop::broken_wire(
                "a push breaks the schema of PushRequest",
                found,
            ));
        }
    }
    Ok(())
}

fn redacted(stage: &Stage, mut reason: Reason) -> Reason {
    reason.message = stage.redactor.text(&reason.message);
    for mismatch in &mut reason.mismatches {
        mismatch.expected = stage.redactor.text(&mismatch.expected);
        mismatch.actual = mismatch
            .actual
            .as_ref()
            .map(|actual| stage.redactor.json(actual));
    }
    reason
}

/// Emits and returns what is said of a scenario.
pub(super) fn finished(
    run: &RunContext,
    fixture: &Fixture,
    verdict: Verdict,
    reason: Option<Reason>,
    begun: Instant,
) -> ScenarioFinished {
    let scenario = &fixture.scenario;
    let finished = ScenarioFinished {
        scenario: scenario.id.clone(),
        title: scenario.title.clone(),
        chapter: fixture.chapter.clone(),
        file: fixture.file.clone(),
        requirements: scenario.requirements.clone(),
        level: scenario.level,
        verdict,
        duration_ms: milliseconds(begun.elapsed()),
        signature: reason
            .as_ref()
            .map(|reason| signature(reason, &run.key(fixture))),
        reason,
        known: None,
    };
    run.emitter.emit(&Event::ScenarioFinished(finished.clone()));
    finished
}
