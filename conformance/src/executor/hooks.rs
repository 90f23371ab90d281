//! What a replay adds to a run: a stop before each step, and a stage that is left standing.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::{Instant, sleep_until};

use crate::scenario::Fixture;

/// What a replay adds to a run; by default nothing.
#[derive(Clone, Default)]
pub struct Hooks {
    /// Awaited before each step that is no `repeat` and no `parallel`.
    pub before_step: Option<Arc<dyn BeforeStep>>,
    /// Gets what a scenario leaves; without it the apps of scenarios are deleted.
    pub keep: Option<Arc<dyn Fn(Kept) + Send + Sync>>,
    /// Put behind the seed on a shared app, where the users of an earlier run still are.
    pub shared_seed_suffix: Option<String>,
}

/// Somebody who decides when the next step may begin.
pub trait BeforeStep: Send + Sync {
    /// Ends when the step may begin. The scenario's time stands still until then.
    fn before<'a>(&'a self, step: StepAhead<'a>) -> BoxFuture<'a, ()>;
}

/// A step that is about to begin.
#[derive(Debug, Clone, Copy)]
pub struct StepAhead<'a> {
    /// The scenario.
    pub fixture: &'a Fixture,
    /// JSON pointer of the step in its file.
    pub pointer: &'a str,
    /// Its verb.
    pub verb: &'a str,
    /// Why it is there.
    pub why: Option<&'a str>,
    /// The counters of the repeats round it, outermost first.
    pub counters: &'a [(String, u64)],
}

/// What a scenario has left on the server.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// The scenario.
    pub scenario: String,
    /// Its apps, by the name the scenario gives them; its own has the empty name.
    pub apps: Vec<KeptName>,
    /// Its users.
    pub users: Vec<KeptName>,
    /// The sessions that were opened, as `actor.device`; the id is the user's.
    pub sessions: Vec<KeptName>,
}

/// Something that was left, by the scenario's name and the server's id.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptName {
    /// The name in the scenario.
    pub name: String,
    /// The id on the server.
    pub id: String,
    /// What opens it: an admin token, a credential, a session token.
    pub secret: Option<String>,
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("before_step", &self.before_step.is_some())
            .field("keep", &self.keep.is_some())
            .field("shared_seed_suffix", &self.shared_seed_suffix)
            .finish()
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept")
            .field("scenario", &self.scenario)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for KeptName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptName")
            .field("name", &self.name)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Time that does not count because somebody was thinking.
#[derive(Debug, Default)]
pub(super) struct Pauses(Mutex<Paused>);

#[derive(Debug, Default)]
struct Paused {
    over: Duration,
    /// Steps that wait now, and since when at least one has.
    waiting: u32,
    since: Option<Instant>,
}

impl Pauses {
    /// Waits for `work` without letting the time count.
    pub(super) async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        let _pause = Pause::begin(self);
        work.await
    }

    /// Runs `work` for at most `limit`, pauses not counted; `None`: it took longer.
    pub(super) async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let begun = Instant::now();
        tokio::pin!(work);
        loop {
            let deadline = begun + limit + self.total();
            tokio::select! {
                biased;
                result = &mut work => return Some(result),
                () = sleep_until(deadline) => {
                    if begun + limit + self.total() <= deadline {
                        return None;
                    }
                }
            }
        }
    }

    fn total(&self) -> Duration {
        self.with(|paused| {
            paused.over + paused.since.map_or(Duration::ZERO, |since| since.elapsed())
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Paused) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Ends with its scope, so that an interrupted pause ends too.
struct Pause<'a>(&'a Pauses);

impl<'a> Pause<'a> {
    fn begin(pauses: &'a Pauses) -> Self {
        pauses.with(|paused| {
            paused.waiting += 1;
            paused.since.get_or_insert_with(Instant::now);
        });
        Self(pauses)
    }
}

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        self.0.with(|paused| {
            paused.waiting -= 1;
            if paused.waiting == 0 {
                paused.over += paused
                    .since
                    .take()
                    .map_or(Duration::ZERO, |since| since.elapsed());
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;
    use tokio::time::{sleep, timeout};

    use super::*;

    const LIMIT: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn work_that_pauses_longer_than_its_limit_is_in_time() {
        let pauses = Pauses::default();
        let (answer, asked) = oneshot::channel();
        let person = async {
            // Longer than the limit: a person thinks.
            sleep(LIMIT * 4).await;
            answer.send(7).unwrap();
        };
        let work = pauses.within(LIMIT, pauses.during(asked));
        let (result, ()) = tokio::join!(work, person);
        assert_eq!(result, Some(Ok(7)));
    }

    #[tokio::test]
    async fn work_that_does_not_pause_ends_at_its_limit() {
        let pauses = Pauses::default();
        pauses.during(async {}).await;
        let endless = pauses.within(LIMIT, std::future::pending::<()>());
        let ended = timeout(Duration::from_secs(10), endless).await;
        assert_eq!(ended, Ok(None));
    }

    #[test]
    fn what_is_kept_shows_no_secret() {
        let name = KeptName {
            name: "alice".into(),
            id: "alice-1".into(),
            secret: Some("hush-hush".into()),
        };
        let kept = Kept {
            users: vec![name.clone()],
            ..Kept::default()
        };
        assert!(!format!("{name:?} {kept:?}").contains("hush"));
    }
}
