//! One time limit over the phases of an exchange.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::error::{Phase, TransportError};

/// The end of the time allowed for one exchange.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    at: Instant,
    after: Duration,
}

impl Deadline {
    pub(crate) fn after(after: Duration) -> Self {
        Self {
            at: Instant::now() + after,
            after,
        }
    }

    /// The sooner of this deadline and one `after` from now.
    pub(crate) fn sooner(self, after: Duration) -> Self {
        let other = Self::after(after);
        if other.at < self.at { other } else { self }
    }

    /// Waits for `work`, at most to the deadline.
    pub(crate) async fn run<T>(
        self,
        phase: Phase,
        work: impl Future<Output = T>,
    ) -> Result<T, TransportError> {
        let late = TransportError::TimedOut {
            phase,
            after_ms: self.after.as_millis().try_into().unwrap_or(u64::MAX),
        };
        timeout_at(self.at, work).await.map_err(|_| late)
    }
}
