//! Running steps: one after the other, in branches, again and again.

use futures_util::future::{BoxFuture, FutureExt as _, join_all};
use serde_json::Value;

use super::call::{Answer, Payload};
use super::hooks::StepAhead;
use super::judge::{Grade, judge};
use super::log::Log;
use super::requests::Prepared;
use super::stage::View;
use super::stop::Stop;
use crate::event::{Event, Reason, StepFinished};
use crate::oracle::history::What;
use crate::plan::feature_of;
use crate::scenario::step::{Assert, GatewayAnswer, Parallel, Repeat};
use crate::scenario::{Expect, Outcome, Step};
use crate::wire_check::violations;

/// No scenario repeats more often than this.
const TIMES_MAX: u64 = 10_000;

/// Why steps ended, and at which of them.
#[derive(Debug)]
pub(super) struct Halt {
    pub(super) stop: Stop,
    pub(super) place: Reason,
}

impl<'a> View<'a> {
    /// Runs steps in order; `at` is the JSON pointer of their array.
    pub(super) fn run_steps<'b>(
        &'b self,
        steps: &'b [Step],
        at: String,
    ) -> BoxFuture<'b, Result<Grade, Halt>> {
        async move {
            let mut grade = Grade::Pass;
            for (index, step) in steps.iter().enumerate() {
                let pointer = format!("{at}/{index}");
                grade = grade.and(if let Step::Repeat(repeat) = step {
                    self.repeat(repeat, &pointer).await?
                } else if let Step::Parallel(parallel) = step {
                    self.parallel(parallel, &pointer).await?
                } else {
                    self.leaf(step, pointer).await?
                });
            }
            Ok(grade)
        }
        .boxed()
    }

    async fn repeat(&self, repeat: &Repeat, pointer: &str) -> Result<Grade, Halt> {
        let halt = |stop| Halt {
            stop,
            place: place(pointer, "repeat", repeat.why.as_deref()),
        };
        let times = self.value(&repeat.times).map_err(halt)?;
        let times = times
            .as_u64()
            .filter(|times| *times <= TIMES_MAX)
            .ok_or_else(|| {
                halt(Stop::Fault(format!(
                    "`times` must be from 0 to {TIMES_MAX}, but is {times}"
                )))
            })?;
        let mut grade = Grade::Pass;
        for count in 1..=times {
            let mut view = self.clone();
            if let Some(index) = &repeat.index {
                view.indices.push((index.clone(), count));
            }
            grade = grade.and(
                view.run_steps(&repeat.steps, format!("{pointer}/repeat/steps"))
                    .await?,
            );
        }
        Ok(grade)
    }

    async fn parallel(&self, parallel: &Parallel, pointer: &str) -> Result<Grade, Halt> {
        let branches = parallel.branches.iter().enumerate().map(|(index, branch)| {
            self.run_steps(branch, format!("{pointer}/parallel/branches/{index}"))
        });
        let mut grade = Grade::Pass;
        let mut worst: Option<Halt> = None;
        for result in join_all(branches).await {
            match result {
                Ok(one) => grade = grade.and(one),
                Err(halt)
                    if worst
                        .as_ref()
                        .is_none_or(|w| halt.stop.rank() < w.stop.rank()) =>
                {
                    worst = Some(halt);
                }
                Err(_) => {}
            }
        }
        worst.map_or(Ok(grade), Err)
    }

    async fn leaf(&self, step: &Step, pointer: String) -> Result<Grade, Halt> {
        self.wait_for_leave(step, &pointer).await;
        let log = self.stage.taped_log(&pointer, is_open(step));
        let at_ms = log.now_ms();
        for (name, count) in &self.indices {
            log.note(format!("{name} = {count}"));
        }
        let result = self.perform(step, &log).await;
        let result = result.map_err(|stop| self.stage.unless_too_slow(stop));
        self.stage
            .run
            .emitter
            .emit(&Event::StepFinished(StepFinished {
                scenario: self.stage.fixture.scenario.id.clone(),
                step: pointer.clone(),
                verb: step.verb().to_owned(),
                why: step.why().map(str::to_owned),
                at_ms,
                duration_ms: log.now_ms() - at_ms,
                passed: result.is_ok(),
                transcript: log.take(),
            }));
        result.map_err(|stop| Halt {
            stop,
            place: place(&pointer, step.verb(), step.why()),
        })
    }

    /// Waits for whoever goes through the scenario step by step.
    async fn wait_for_leave(&self, step: &Step, pointer: &str) {
        let stage = self.stage;
        if let Some(hook) = &stage.run.hooks.before_step {
            let ahead = StepAhead {
                fixture: &stage.fixture,
                pointer,
                verb: step.verb(),
                why: step.why(),
                counters: &self.indices,
            };
            stage.pauses.during(hook.before(ahead)).await;
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "all other verbs are one plain request"
    )]
    async fn perform(&self, step: &Step, log: &Log) -> Result<Grade, Stop> {
        match step {
            Step::OpenStream(step) => self.open_stream(step, log).await,
            Step::CloseStream(step) => self.end_stream(&step.on, true, log).await,
            Step::CutStream(step) => self.end_stream(&step.on, false, log).await,
            Step::ExpectEvent(step) => self.expect_event(step, log).await,
            Step::ExpectEventsUnordered(step) => self.expect_events_unordered(step, log).await,
            Step::ExpectNoEventBefore(step) => self.expect_no_event_before(step, log).await,
            Step::ExpectEnd(step) => self.expect_end(step, log).await,
            Step::ExpectComment(step) => self.expect_comment(step, log).await,
            Step::ExpectPush(step) => self.expect_push(step, log).await,
            Step::ExpectNoPushBefore(step) => self.expect_no_push_before(step, log).await,
            Step::Upload(step) => self.upload(step, log).await,
            Step::Download(step) => self.download(step, log).await,
            Step::RawHttp(step) => self.raw_http(step, log).await,
            Step::Provision(step) => self.provision(step, log).await,
            Step::SetGateway(step) => {
                let takes = step.answer == GatewayAnswer::Ok;
                log.keep(|| What::Gateway { takes });
                self.stage
                    .run
                    .gateway
                    .set_answer(&self.stage.key, step.answer);
                Ok(Grade::Pass)
            }
            Step::Assert(step) => self.assert(step),
            Step::Outlive(step) => self.outlive(step, log).await,
            _ => self.request_step(step, log).await,
        }
    }

    fn assert(&self, step: &Assert) -> Result<Grade, Stop> {
        let value = self.value(&step.value)?;
        let found = step.matches.check(Some(&value), self)?;
        if found.is_empty() {
            return Ok(Grade::Pass);
        }
        Err(Stop::mismatch("a value is not what it must be", found))
    }

    async fn request_step(&self, step: &Step, log: &Log) -> Result<Grade, Stop> {
        let prepared = self.prepare(step)?.ok_or_else(|| {
            Stop::Fault(format!(
                "this program cannot run the verb `{}`",
                step.verb()
            ))
        })?;
        let default = Expect::any_ok();
        let expect = step.expect().unwrap_or(&default);
        check_own_request(&prepared, expect)?;
        let answer = self
            .stage
            .call(&prepared.call, log, mentions_429(expect))
            .await?;
        let name = step.save().map(|name| self.text(name)).transpose()?;
        if let Some(name) = name.filter(|_| is_send(step)) {
            self.stage.state().sent.insert(name, prepared.call.clone());
        }
        self.apply(prepared.after, &answer);
        let grade = judge(expect, &answer, self)?;
        self.save(
            step.save(),
            Some(answer.json.as_ref().unwrap_or(&Value::Null)),
        )?;
        self.unsupported(&answer)?;
        Ok(grade)
    }

    /// Whoever declares a feature has its endpoints, and those of no feature at all.
    fn unsupported(&self, answer: &Answer) -> Result<(), Stop> {
        let declared = &self.stage.run.facts.features;
        let optional = feature_of(&answer.path);
        if answer.status != 501 || optional.is_some_and(|it| !declared.contains(it.as_str())) {
            return Ok(());
        }
        let Answer { method, path, .. } = answer;
        let message = match optional {
            Some(feature) => format!(
                "{method} {path} is unsupported, but the server declares {}",
                feature.as_str()
            ),
            None => format!("{method} {path} belongs to no feature, so it cannot be unsupported"),
        };
        Err(Stop::fail(message))
    }
}

/// What the runner sends by itself must be right, or the server is graded for our mistakes.
fn check_own_request(prepared: &Prepared, expect: &Expect) -> Result<(), Stop> {
    let Prepared {
        call,
        well_formed: true,
        ..
    } = prepared
    else {
        return Ok(());
    };
    let path = call.target.split('?').next().unwrap_or_default();
    let schema = duologue_schema::operation(&call.method, path).and_then(|found| found.request);
    let (Some(schema), Some(Payload::Json(body)), true) =
        (schema, &call.body, expect.wants_success())
    else {
        return Ok(());
    };
    match violations(schema, body).first() {
        None => Ok(()),
        Some(first) => Err(Stop::Fault(format!(
            "the step expects success, but its own body breaks the schema of {schema} at `{}`: {}",
            first.pointer, first.expected
        ))),
    }
}

/// Whether a step names several permitted answers.
fn is_open(step: &Step) -> bool {
    let outcome = step.expect().map(|expect| &expect.outcome);
    matches!(outcome, Some(Outcome::OneOf(_)))
}

/// Whether a step is about rate limiting.
pub(super) fn mentions_429(expect: &Expect) -> bool {
    match &expect.outcome {
        Outcome::Error { code, .. } => code.status() == 429,
        Outcome::OneOf(list) => list.iter().any(|one| mentions_429(&one.expect)),
        Outcome::Ok(_) => expect.status == Some(429),
    }
}

fn is_send(step: &Step) -> bool {
    matches!(
        step,
        Step::Send(_) | Step::SendAsAdmin(_) | Step::Notify(_) | Step::Resend(_) | Step::Request(_)
    )
}

fn place(pointer: &str, verb: &str, why: Option<&str>) -> Reason {
    Reason {
        step: Some(pointer.to_owned()),
        verb: Some(verb.to_owned()),
        why: why.map(str::to_owned),
        ..Reason::default()
    }
}
