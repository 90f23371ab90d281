//! The steps that look at the push gateway.

use serde_json::Value;
use tokio::time::Instant;

use super::judge::Grade;
use super::log::Log;
use super::stage::View;
use super::stop::Stop;
use crate::event::Entry;
use crate::oracle::history::What;
use crate::scenario::step::{ExpectNoPushBefore, ExpectPush};
use crate::template::Text;
use crate::wire_check::violations;

impl View<'_> {
    pub(super) async fn expect_push(&self, step: &ExpectPush, log: &Log) -> Result<Grade, Stop> {
        let push = self
            .next_push(&step.to, &step.push.describe(self), log)
            .await?;
        let found = step.push.check(Some(&push), self)?;
        if !found.is_empty() {
            return Err(Stop::mismatch("the next push is another one", found));
        }
        self.save(step.save.as_ref(), Some(&push))?;
        Ok(Grade::Pass)
    }

    pub(super) async fn expect_no_push_before(
        &self,
        step: &ExpectNoPushBefore,
        log: &Log,
    ) -> Result<Grade, Stop> {
        let wanted = step.marker.describe(self);
        loop {
            let push = self.next_push(&step.to, &wanted, log).await?;
            if step.marker.matches(Some(&push), self)? {
                self.save(step.save.as_ref(), Some(&push))?;
                return Ok(Grade::Pass);
            }
            for forbidden in &step.forbidden {
                if forbidden.matches(Some(&push), self)? {
                    let id = &push["message_id"];
                    return Err(Stop::fail(format!("a push came that must not come: {id}")));
                }
            }
        }
    }

    async fn next_push(&self, to: &Text, wanted: &str, log: &Log) -> Result<Value, Stop> {
        let name = self.stage.session_name(&self.text(to)?)?;
        let session = self.stage.session(&name)?;
        let Some((vendor, token)) = session.push else {
            return Err(Stop::Fault(format!(
                "{name} has not registered a push token"
            )));
        };
        let run = &self.stage.run;
        let timeout = run.options.step_timeout;
        let deadline = Instant::now() + timeout;
        let Some(push) = run
            .gateway
            .next(&self.stage.key, &vendor, &token, deadline)
            .await
        else {
            let other = run.gateway.all(&self.stage.key).len();
            let message = format!(
                "no push came for {name} within {} s ({other} pushes in this scenario so far); \
                 expected: {wanted}",
                timeout.as_secs_f32()
            );
            return Err(self.silence(&message).await);
        };
        log.keep(|| What::Push(push.clone()));
        log.add(Entry::Push {
            body: self.stage.redactor.body(push.to_string().as_bytes()),
        });
        let found = violations("PushRequest", &push);
        if !found.is_empty() {
            return Err(Stop::broken_wire(
                "a push breaks the schema of PushRequest",
                found,
            ));
        }
        Ok(push)
    }
}
