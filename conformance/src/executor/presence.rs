//! Waiting until the server has noticed that a stream is gone.

use std::time::Duration;

use duologue_core::answer::Presence;
use tokio::time::Instant;

use super::call::{Answer, Call};
use super::log::Log;
use super::stage::{View, split_app};
use super::stop::Stop;

const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

impl View<'_> {
    /// Asks for the presence of a session's user until the session no longer has a stream. What the
    /// specification gives the server for that is not taken from the scenario's time.
    pub(super) async fn wait_until_away(&self, session_name: &str, log: &Log) -> Result<(), Stop> {
        let noticed = self.until_away(session_name, log);
        self.stage.pauses.during(noticed).await
    }

    async fn until_away(&self, session_name: &str, log: &Log) -> Result<(), Stop> {
        let session = self.stage.session(session_name)?;
        let (app, _) = split_app(session_name);
        let admin = self.stage.admin(app)?;
        let target = format!("/v1/admin/users/{}/presence", session.user_id);
        let call = Call::json(&admin, "GET", target);
        let patience = self
            .two_heartbeats(session_name)
            .max(self.stage.run.options.step_timeout);
        let deadline = Instant::now() + patience;
        let mut pause = FIRST_PAUSE;
        loop {
            // Only the last look is worth a line in the transcript.
            let look = self.stage.log();
            let answer = self.stage.call(&call, &look, false).await?;
            let away = is_away(&answer, &session.device)?;
            if away || Instant::now() > deadline {
                log.append(&look);
                return if away {
                    Ok(())
                } else {
                    Err(still_here(session_name))
                };
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

fn is_away(answer: &Answer, device: &str) -> Result<bool, Stop> {
    // A deleted user has no streams.
    if answer.status == 404 {
        return Ok(true);
    }
    if !answer.is_success() {
        return Err(Stop::fail(format!(
            "asking for presence was answered {}",
            answer.brief()
        )));
    }
    let presence: Presence = serde_json::from_slice(&answer.bytes)
        .map_err(|error| Stop::broken_wire(format!("presence cannot be read: {error}"), vec![]))?;
    Ok(!presence
        .sessions
        .iter()
        .any(|session| session.device_id.as_str() == device && session.streaming))
}

fn still_here(session: &str) -> Stop {
    Stop::fail(format!(
        "two heartbeats after its stream ended, {session} still counts as streaming"
    ))
}
