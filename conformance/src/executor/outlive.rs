//! Waiting until a message's time is over: by an advance of a manual clock, or really.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::call::Call;
use super::judge::Grade;
use super::log::{Log, milliseconds};
use super::stage::{Stage, View};
use super::stop::Stop;
use crate::oracle::history::What;
use crate::scenario::Step;
use crate::scenario::step::Outlive;

/// On a real clock a message is gone one second after its time, and there until one before (CLK-002).
const SLACK: Duration = Duration::from_secs(1);

impl View<'_> {
    pub(super) async fn outlive(&self, step: &Outlive, log: &Log) -> Result<Grade, Stop> {
        let name = self.text(&step.message)?;
        let (message, saved_at) = {
            let state = self.stage.state();
            let saved_at = state.saved_at.get(&name).copied();
            state.saved.get(&name).cloned().zip(saved_at)
        }
        .ok_or_else(|| Stop::Fault(format!("nothing was saved as `{name}`")))?;
        let expires_ms = message["expires_ms"].as_u64();
        let lifetime = lifetime(&message)
            .ok_or_else(|| Stop::Fault(format!("`{name}` has no time_ms and expires_ms")))?;
        match expires_ms.filter(|_| self.stage.is_on_manual_clock()) {
            Some(expires_ms) => self.advance_to(expires_ms, log).await?,
            None => self.wait(lifetime + SLACK, saved_at, log).await?,
        }
        self.stage.state().outlived.insert(name);
        Ok(Grade::Pass)
    }

    async fn advance_to(&self, expires_ms: u64, log: &Log) -> Result<(), Stop> {
        let now_ms = self.advance(0, log).await?;
        match expires_ms
            .checked_sub(now_ms)
            .filter(|missing| *missing > 0)
        {
            Some(missing) => self.advance(missing, log).await.map(|_| ()),
            None => Ok(()),
        }
    }

    async fn advance(&self, ms: u64, log: &Log) -> Result<u64, Stop> {
        let call = Call::json(&self.stage.admin("")?, "POST", "/v1/admin/clock".into())
            .with(json!({ "advance_ms": ms }));
        let answer = self.stage.call(&call, log, false).await?;
        let now_ms = answer
            .json
            .as_ref()
            .and_then(|json| json["now_ms"].as_u64());
        now_ms.filter(|_| answer.is_success()).ok_or_else(|| {
            Stop::fail(format!(
                "an advance of the clock answered {}",
                answer.brief()
            ))
        })
    }

    async fn wait(&self, needed: Duration, since: Instant, log: &Log) -> Result<(), Stop> {
        let rest = needed.saturating_sub(since.elapsed());
        let most = self.stage.run.options.max_wait;
        if rest > most {
            return Err(Stop::NotApplicable(format!(
                "the app is on the real clock, and this message lives {} s longer than \
                 --max-wait allows",
                (rest - most).as_secs().max(1)
            )));
        }
        log.note(format!(
            "waiting {} ms for the message's end",
            rest.as_millis()
        ));
        let pauses = &self.stage.pauses;
        pauses.during(tokio::time::sleep(rest)).await;
        log.keep(|| What::Waited {
            ms: milliseconds(needed),
        });
        Ok(())
    }
}

impl Stage {
    pub(super) fn is_on_manual_clock(&self) -> bool {
        let state = self.state();
        let app = state.apps.get("");
        app.is_some_and(|app| app.description["clock"] == "manual")
    }

    /// A failure says nothing when a message that had to be there may have been over by then.
    pub(super) fn unless_too_slow(&self, stop: Stop) -> Stop {
        if !matches!(stop, Stop::Fail(_)) || self.is_on_manual_clock() {
            return stop;
        }
        let mut names = Vec::new();
        for step in &self.fixture.scenario.steps {
            step.each(&mut |step| {
                if let Step::Outlive(step) = step {
                    names.extend(step.message.literal().map(str::to_owned));
                }
            });
        }
        let state = self.state();
        let over = names.into_iter().find(|name| {
            let life = state.saved.get(name).and_then(lifetime);
            let (Some(life), Some(since)) = (life, state.saved_at.get(name)) else {
                return false;
            };
            // A shorter life than the slack is nothing that a step before its end could rely on.
            life > SLACK && !state.outlived.contains(name) && since.elapsed() + SLACK > life
        });
        match over {
            Some(name) => Stop::CouldNotRun(format!(
                "this machine was too slow: `{name}` may have expired before this step"
            )),
            None => stop,
        }
    }
}

fn lifetime(message: &Value) -> Option<Duration> {
    let end = message["expires_ms"].as_u64()?;
    end.checked_sub(message["time_ms"].as_u64()?)
        .map(Duration::from_millis)
}
