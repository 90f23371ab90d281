//! At most so many requests a second.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Lets requests through one by one, evenly spaced, in the order in which they came. Clones share
/// the one pace.
#[derive(Debug, Clone)]
pub(crate) struct Pace(Arc<Mutex<Interval>>);

impl Pace {
    pub(crate) fn per_second(requests: NonZeroU32) -> Self {
        let mut ticks = interval(Duration::from_secs(1) / requests.get());
        // Time in which nothing was asked is not made up for.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self(Arc::new(Mutex::new(ticks)))
    }

    /// Waits for the next turn.
    pub(crate) async fn turn(&self) {
        self.0.lock().await.tick().await;
    }
}
