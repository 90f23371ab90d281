//! One scenario from setup to verdict.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::context::RunContext;
use super::judge::Grade;
use super::log::milliseconds;
use super::stage::{Stage, View};
use super::steps::Halt;
use super::stop::Stop;
use crate::event::{Event, Reason, SETUP, ScenarioFinished, ScenarioStarted, StepFinished};
use crate::matcher::Mismatch;
use crate::oracle::{self, ModelVerdict};
use crate::plan::Place;
use crate::scenario::Fixture;
use crate::signature::signature;
use crate::verdict::Verdict;
use crate::wire_check::violations;

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
            None,
        ));
    }
    let stage = Stage::new(Arc::clone(&run), Arc::clone(&fixture), run.key(&fixture));
    let result = tokio::select! {
        result = stage.pauses.within(run.options.scenario_timeout, perform(&stage)) => result,
        () = run.interrupt.cancelled() => {
            let _ = tokio::time::timeout(GOODBYE_PATIENCE, stage.leave()).await;
            let reason = Reason { message: "the run was interrupted".into(), ..Reason::default() };
            return Ok(finished(&run, &fixture, Verdict::CouldNotRun, Some(reason), begun, None));
        }
    };
    stage.leave().await;
    let (verdict, reason) = match result {
        Some(Ok(Grade::Pass)) => (Verdict::Pass, None),
        Some(Ok(Grade::Warn(message))) => (
            Verdict::Warn,
            Some(Reason {
                message,
                ..Reason::default()
            }),
        ),
        Some(Err(Halt {
            stop: Stop::Configuration(message),
            ..
        })) => return Err(message),
        Some(Err(Halt { stop, place })) => {
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
        None => {
            let limit = run.options.scenario_timeout.as_secs_f32();
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
    let reason = reason.map(|reason| redacted(&stage, reason));
    let (verdict, reason, model) = ask_model(&stage, verdict, reason);
    Ok(finished(&run, &fixture, verdict, reason, begun, model))
}

/// Asks the oracle about a graded scenario. The reference server has to do what the model does, or
/// the scenario's pass is worth nothing.
fn ask_model(
    stage: &Stage,
    verdict: Verdict,
    reason: Option<Reason>,
) -> (Verdict, Option<Reason>, Option<ModelVerdict>) {
    if !matches!(verdict, Verdict::Pass | Verdict::Fail | Verdict::Warn) {
        return (verdict, reason, None);
    }
    let mut model = oracle::check(&stage.recorder.take());
    if let ModelVerdict::Disagrees { disagreements } = &mut model {
        for found in disagreements.iter_mut() {
            found.message = stage.redactor.text(&found.message);
            redact(stage, &mut found.mismatches);
        }
        if let (true, Some(first)) = (
            stage.run.reference && verdict != Verdict::Fail,
            disagreements.first(),
        ) {
            let reason = Reason {
                message: format!(
                    "the reference server and the model disagree: {}",
                    first.message
                ),
                step: Some(first.step.clone()),
                mismatches: first.mismatches.clone(),
                ..Reason::default()
            };
            return (Verdict::HarnessFault, Some(reason), Some(model));
        }
    }
    (verdict, reason, Some(model))
}

async fn perform(stage: &Stage) -> Result<Grade, Halt> {
    let log = stage.taped_log(SETUP, false);
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
        stop: stop.binding(),
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
    redact(stage, &mut reason.mismatches);
    reason
}

fn redact(stage: &Stage, mismatches: &mut [Mismatch]) {
    for mismatch in mismatches {
        mismatch.expected = stage.redactor.text(&mismatch.expected);
        mismatch.actual = mismatch
            .actual
            .as_ref()
            .map(|actual| stage.redactor.at(&mismatch.pointer, actual));
    }
}

/// Emits and returns what is said of a scenario.
pub(super) fn finished(
    run: &RunContext,
    fixture: &Fixture,
    verdict: Verdict,
    reason: Option<Reason>,
    begun: Instant,
    model: Option<ModelVerdict>,
) -> ScenarioFinished {
    let scenario = &fixture.scenario;
    let mut finished = ScenarioFinished {
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
        undeclared: match verdict {
            Verdict::NotApplicable => run.facts.undeclared(scenario),
            Verdict::Pass
            | Verdict::Fail
            | Verdict::Warn
            | Verdict::CouldNotRun
            | Verdict::Timeout
            | Verdict::HarnessFault => Vec::new(),
        }
        .into_iter()
        .map(str::to_owned)
        .collect(),
        known: None,
        model,
    };
    finished.known = run.known.excuse(&finished);
    run.emitter.emit(&Event::ScenarioFinished(finished.clone()));
    finished
}
