//! The mailbox: what no device of a user has acknowledged, the offline cache (spec: offline).

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use crate::id::{Cursor, Seq};
use crate::limits::Limits;
use crate::server::stored::Stored;
use crate::time::Timestamp;

/// A message that waits for an acknowledgement.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) message: Arc<Stored>,
    pub(super) seq: Seq,
    /// When the mailbox lets go of it (OFF-010).
    pub(super) expires: Timestamp,
}

/// Entries by cursor, each under the same one until it is acknowledged, evicted or expired
/// (OFF-003, STR-013).
#[derive(Debug)]
pub(super) struct Mailbox {
    /// The last cursor given out; it only grows, whatever leaves (STR-014).
    highest: Cursor,
    chat: BTreeMap<Cursor, Entry>,
    chat_bytes: u64,
    /// System messages, with a cap of their own: they never displace chat, nor chat them (SYS-014).
    system: BTreeMap<Cursor, Entry>,
}

/// An entry that has left, so that its expiry can be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Removed {
    pub(super) cursor: Cursor,
    pub(super) expires: Timestamp,
}

impl Mailbox {
    /// An empty mailbox whose first cursor is above `start`.
    pub(super) fn new(start: Cursor) -> Self {
        Self {
            highest: start,
            chat: BTreeMap::new(),
            chat_bytes: 0,
            system: BTreeMap::new(),
        }
    }

    /// The highest cursor issued so far.
    pub(super) fn highest(&self) -> Cursor {
        self.highest
    }

    /// Entries of both kinds.
    pub(super) fn len(&self) -> u64 {
        (self.chat.len() + self.system.len()) as u64
    }

    /// Puts a message in. No cursor when it is a chat message larger than the whole cap and stays
    /// out (OFF-009); the second part is what had to leave, oldest first.
    pub(super) fn push(&mut self, entry: Entry, limits: &Limits) -> (Option<Cursor>, Vec<Removed>) {
        let bytes = entry.message.stored_bytes;
        let is_system = entry.message.content.is_system();
        if !is_system && limits.offline_bytes_max.is_some_and(|max| bytes > max) {
            return (None, Vec::new());
        }
        let cursor = Cursor(self.highest.0 + 1);
        self.highest = cursor;
        if is_system {
            self.system.insert(cursor, entry);
        } else {
            self.chat_bytes += bytes;
            self.chat.insert(cursor, entry);
        }
        (Some(cursor), self.evict(limits))
    }

    /// Drops the oldest entries until the rest fits the caps, and not one more (OFF-004, OFF-005,
    /// OFF-006, SYS-013); a cap of null evicts nothing (OFF-007).
    fn evict(&mut self, limits: &Limits) -> Vec<Removed> {
        let mut evicted = Vec::new();
        while limits
            .offline_bytes_max
            .is_some_and(|max| self.chat_bytes > max)
            || limits
                .offline_messages_max
                .is_some_and(|max| self.chat.len() as u64 > max)
        {
            let Some((&cursor, _)) = self.chat.first_key_value() else {
                break;
            };
            evicted.extend(self.remove(cursor));
        }
        while self.system.len() as u64 > limits.offline_system_messages_max {
            let Some((&cursor, _)) = self.system.first_key_value() else {
                break;
            };
            evicted.extend(self.remove(cursor));
        }
        evicted
    }

    /// Takes one entry out, by acknowledgement, eviction or expiry. The message stays where else it
    /// is stored (OFF-008).
    pub(super) fn remove(&mut self, cursor: Cursor) -> Option<Removed> {
        let entry = match self.chat.remove(&cursor) {
            Some(entry) => {
                self.chat_bytes -= entry.message.stored_bytes;
                entry
            }
            None => self.system.remove(&cursor)?,
        };
        Some(Removed {
            cursor,
            expires: entry.expires,
        })
    }

    /// Takes out everything up to and including `cursor` (STR-016).
    pub(super) fn acknowledge(&mut self, cursor: Cursor) -> Vec<Removed> {
        let cursors: Vec<Cursor> = self
            .chat
            .range(..=cursor)
            .chain(self.system.range(..=cursor))
            .map(|(cursor, _)| *cursor)
            .collect();
        cursors
            .into_iter()
            .filter_map(|cursor| self.remove(cursor))
            .collect()
    }

    /// The entries above `after`, oldest first.
    pub(super) fn above(&self, after: Cursor) -> Vec<(Cursor, &Entry)> {
        let range = (Bound::Excluded(after), Bound::Unbounded);
        let mut entries: Vec<_> = self
            .chat
            .range(range)
            .chain(self.system.range(range))
            .map(|(cursor, entry)| (*cursor, entry))
            .collect();
        entries.sort_unstable_by_key(|(cursor, _)| *cursor);
        entries
    }
}
