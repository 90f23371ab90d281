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
    pub(super) expires: Timestamp,
}

/// Entries by cursor. System messages have a cap of their own and never displace chat.
#[derive(Debug)]
pub(super) struct Mailbox {
    highest: Cursor,
    chat: BTreeMap<Cursor, Entry>,
    chat_bytes: u64,
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

    /// Puts a message in. No cursor when it is larger than the whole cap and stays out; the second
    /// part is what had to leave, oldest first.
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

    /// Takes one entry out, by acknowledgement, eviction or expiry.
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

    /// Takes out everything up to and including `cursor`.
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
