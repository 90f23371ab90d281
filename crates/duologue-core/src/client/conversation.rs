//! What a client knows of one conversation, and what it would have to ask for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::client::answer::Page;
use crate::client::ranges::Ranges;
use crate::id::{MessageId, Seq};
use crate::limits::MAX_SAFE_INTEGER;

/// The exclusive upper bound of a hole that reaches to the newest end: above every seq.
pub const OPEN_END: u64 = MAX_SAFE_INTEGER;

/// Which seqs of a conversation are held, which are gone, and where its newest end is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Conversation {
    held: BTreeMap<u64, MessageId>,
    /// Held or gone: nothing to ask for.
    settled: Ranges,
    /// The newest seq, once something on the present connection has shown it (CLI-018).
    #[serde(skip)]
    newest: Option<u64>,
}

/// Seqs a client does not know: `after` < seq < `before` (CLI-015).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hole {
    /// The lower bound, exclusive; 0: none.
    pub after: u64,
    /// The upper bound, exclusive; [`OPEN_END`]: none.
    pub before: u64,
}

/// What a reader wants: the newest `count` messages between two bounds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) count: u64,
    pub(super) after: u64,
    pub(super) before: u64,
}

/// Whether local knowledge suffices.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// It does: these messages, ascending (CLI-014, CLI-017).
    Local(Vec<MessageId>),
    /// It does not: the newest hole, and how many messages are still wanted (CLI-015).
    Ask { hole: Hole, wanted: u64 },
}

/// The page says nothing about the hole it was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NothingSettled;

impl Conversation {
    /// Whether the message of this seq is held.
    #[must_use]
    pub fn holds(&self, seq: Seq) -> bool {
        self.held.contains_key(&seq.0)
    }

    /// Whether this seq is known to be gone (CLI-016).
    #[must_use]
    pub fn is_gone(&self, seq: Seq) -> bool {
        self.settled.start_of(seq.0).is_some() && !self.holds(seq)
    }

    /// The newest seq, if the present connection has shown it.
    #[must_use]
    pub fn newest(&self) -> Option<Seq> {
        self.newest.map(Seq)
    }

    /// The highest seq ever heard of.
    pub(super) fn highest(&self) -> u64 {
        self.settled.highest().max(self.newest.unwrap_or(0))
    }

    pub(super) fn hold(&mut self, seq: Seq, id: MessageId) {
        self.held.insert(seq.0, id);
        self.settled.insert(seq.0, seq.0);
    }

    /// Something on the present connection has shown that no seq was higher (CLI-018).
    pub(super) fn show_newest(&mut self, seq: Seq) {
        self.newest = self.newest.max(Some(seq.0));
    }

    /// The newest end may have moved unseen (CLI-018).
    pub(super) fn doubt_newest(&mut self) {
        self.newest = None;
    }

    /// Takes everything that a page settles and does not list as gone; the messages it lists are
    /// held already (CLI-016).
    pub(super) fn settle(&mut self, hole: Hole, page: &Page) -> Result<(), NothingSettled> {
        let low = hole.after + 1;
        let high = (hole.before - 1).min(page.last_seq);
        if page.complete {
            self.settled.insert(low, high);
            return Ok(());
        }
        let covered = page.covered.ok_or(NothingSettled)?;
        let (low, high) = (low.max(covered.from.0), high.min(covered.to.0));
        if low > high {
            return Err(NothingSettled);
        }
        self.settled.insert(low, high);
        Ok(())
    }

    /// Walks down from the newest wanted seq over what is settled, until enough messages are found
    /// or a hole begins. `newest` is where the conversation ends, if that is known.
    pub(super) fn plan(&self, wanted: Wanted, newest: Option<u64>) -> Plan {
        let end = newest.map_or(OPEN_END - 1, |newest| newest.max(self.settled.highest()));
        let mut top = wanted.before.saturating_sub(1).min(end);
        let mut found: Vec<&MessageId> = Vec::new();
        while top > wanted.after && (found.len() as u64) < wanted.count {
            let missing = wanted.count - found.len() as u64;
            let Some(start) = self.settled.start_of(top) else {
                let after = self.settled.below(top).max(wanted.after);
                let before = top + 1;
                return Plan::Ask {
                    hole: Hole { after, before },
                    wanted: missing,
                };
            };
            let run = self.held.range(start.max(wanted.after + 1)..=top).rev();
            found.extend(run.map(|(_, id)| id).take(to_usize(missing)));
            top = start - 1;
        }
        Plan::Local(found.into_iter().rev().cloned().collect())
    }
}

fn to_usize(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
