//! Views: a user's own record of a conversation with one peer, the roaming store (spec: roaming).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use crate::answer::{Conversation, Covered, History};
use crate::id::{PeerId, Seq};
use crate::server::query::{above, page};
use crate::server::stored::Stored;
use crate::time::Timestamp;

/// One view. It counts for itself (MOD-006), and the counter survives expiry, so no seq is ever
/// used twice (MOD-007).
#[derive(Debug, Default)]
pub(super) struct View {
    /// The highest seq ever given, whatever a reader asks for (ROA-009).
    last: u64,
    messages: BTreeMap<u64, Arc<Stored>>,
}

/// What a reader asks of a view: seqs strictly between `after` and `before`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) after: Option<u64>,
    pub(super) before: Option<u64>,
    pub(super) limit: usize,
}

impl View {
    /// Files a message above all others, in acceptance order and without a gap (MOD-004, MOD-005):
    /// a seq that has gone never comes back (ROA-008).
    fn insert(&mut self, message: Arc<Stored>) -> Seq {
        self.last += 1;
        self.messages.insert(self.last, message);
        Seq(self.last)
    }

    fn newest(&self) -> Option<(Seq, &Arc<Stored>)> {
        self.messages
            .last_key_value()
            .map(|(seq, message)| (Seq(*seq), message))
    }

    /// A page of history, ascending (ROA-005): the newest of the window (ROA-003) unless only
    /// `after` is given, then the oldest (ROA-004). `covered` is what the page settles (ROA-007).
    pub(super) fn history(&self, window: Window) -> History {
        let low = window.after.map_or(1, |after| after.saturating_add(1));
        let high = window
            .before
            .map_or(self.last, |before| before.saturating_sub(1).min(self.last));
        let first_seq = self.messages.first_key_value().map(|(seq, _)| Seq(*seq));
        let empty = |complete| History {
            messages: Vec::new(),
            covered: None,
            complete,
            first_seq,
            last_seq: Seq(self.last),
        };
        if low > high {
            return empty(true);
        }
        let forwards = window.after.is_some() && window.before.is_none();
        let range = self.messages.range(low..=high);
        let (mut found, complete) = if forwards {
            page(range, window.limit)
        } else {
            page(range.rev(), window.limit)
        };
        let outermost = found.last().map_or(low, |(seq, _)| **seq);
        let covered = match (complete, forwards) {
            (true, _) => Covered {
                from: Seq(low),
                to: Seq(high),
            },
            (false, true) => Covered {
                from: Seq(low),
                to: Seq(outermost),
            },
            (false, false) => Covered {
                from: Seq(outermost),
                to: Seq(high),
            },
        };
        if !forwards {
            found.reverse();
        }
        let messages = found
            .iter()
            .map(|(seq, m)| m.seen_as(Some(Seq(**seq))))
            .collect();
        History {
            messages,
            covered: Some(covered),
            ..empty(complete)
        }
    }

    /// Messages above `after` and not older than `from`, ascending: the administrator's download
    /// (ADM-020). Times never decrease within a view, so the first is found by halving.
    pub(super) fn between(
        &self,
        after: Option<u64>,
        from: Timestamp,
    ) -> impl Iterator<Item = (Seq, &Arc<Stored>)> {
        let mut low = after.map_or(1, |after| after.saturating_add(1));
        let mut high = self.last + 1;
        while low < high {
            let middle = low + (high - low) / 2;
            match self.messages.range(middle..high).next() {
                Some((seq, message)) if message.time < from => low = seq + 1,
                _ => high = middle,
            }
        }
        self.messages
            .range(low..)
            .map(|(seq, message)| (Seq(*seq), message))
    }
}

/// All views of one user.
#[derive(Debug, Default)]
pub(super) struct Views {
    views: BTreeMap<PeerId, View>,
    /// Those that hold a message, so that listing never walks over empty ones.
    alive: BTreeSet<PeerId>,
}

impl Views {
    pub(super) fn get(&self, peer: &PeerId) -> Option<&View> {
        self.views.get(peer)
    }

    pub(super) fn insert(&mut self, peer: &PeerId, message: Arc<Stored>) -> Seq {
        self.alive.insert(peer.clone());
        self.views.entry(peer.clone()).or_default().insert(message)
    }

    /// Removes a message that has expired.
    pub(super) fn remove(&mut self, peer: &PeerId, seq: Seq) {
        if let Some(view) = self.views.get_mut(peer) {
            view.messages.remove(&seq.0);
            if view.messages.is_empty() {
                self.alive.remove(peer);
            }
        }
    }

    /// The newest unexpired message with a peer.
    pub(super) fn newest(&self, peer: &PeerId) -> Option<(Seq, &Arc<Stored>)> {
        self.views.get(peer)?.newest()
    }

    /// Conversations with a peer above `after`, ascending: every view that holds a message, and no
    /// other (ROA-002, HTT-011).
    pub(super) fn conversations(
        &self,
        after: Option<PeerId>,
    ) -> impl Iterator<Item = Conversation> {
        self.alive
            .range((above(after), Bound::Unbounded))
            .filter_map(|peer| {
                let view = self.views.get(peer)?;
                let (first, _) = view.messages.first_key_value()?;
                let (_, newest) = view.newest()?;
                Some(Conversation {
                    peer: peer.clone(),
                    first_seq: Seq(*first),
                    last_seq: Seq(view.last),
                    last_time_ms: newest.time,
                })
            })
    }

    /// Every stored message with its place, for erasing a user.
    pub(super) fn all(&self) -> impl Iterator<Item = (&PeerId, Seq, &Arc<Stored>)> {
        self.views.iter().flat_map(|(peer, view)| {
            view.messages
                .iter()
                .map(move |(seq, message)| (peer, Seq(*seq), message))
        })
    }
}
