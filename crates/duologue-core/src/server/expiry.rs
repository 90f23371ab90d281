//! What ends when: one queue an app, so that expiry costs what expires, not what is stored.

use std::collections::BTreeSet;

use crate::id::{Cursor, PeerId, Seq, UserId};
use crate::server::dedup::Key;
use crate::time::Timestamp;

/// Something with an end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// A message in a view (ROA-001).
    Roaming {
        owner: UserId,
        peer: PeerId,
        seq: Seq,
    },
    /// A message in a mailbox, where it counts towards no cap from then on (OFF-011).
    Offline { owner: UserId, cursor: Cursor },
    /// An idempotency key, free from then on however often it was repeated (SND-010).
    Dedup(Key),
}

/// Everything that will end, soonest first.
#[derive(Debug, Default)]
pub(super) struct Expiry(BTreeSet<(Timestamp, Due)>);

impl Expiry {
    pub(super) fn add(&mut self, at: Timestamp, due: Due) {
        self.0.insert((at, due));
    }

    pub(super) fn forget(&mut self, at: Timestamp, due: Due) {
        self.0.remove(&(at, due));
    }

    /// Takes out the soonest thing that has ended at `now`; what ends a millisecond later stays
    /// (CLK-006).
    pub(super) fn pop(&mut self, now: Timestamp) -> Option<Due> {
        if self.0.first()?.0 > now {
            return None;
        }
        self.0.pop_first().map(|(_, due)| due)
    }
}
