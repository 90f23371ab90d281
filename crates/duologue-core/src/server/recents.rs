//! Recent contacts: the peers of a user, by their newest message (spec: recent contacts).

use std::collections::BTreeMap;

use crate::id::PeerId;

/// Peers by the acceptance order of their newest unexpired message. Views alone change it: delivery
/// and mailbox have no way in (REC-007).
#[derive(Debug, Default)]
pub(super) struct Recents {
    by_order: BTreeMap<u64, PeerId>,
    order_of: BTreeMap<PeerId, u64>,
}

impl Recents {
    /// A message with `peer` was stored: the peer comes first (REC-001), and above `max` the least
    /// recent one leaves (REC-004).
    pub(super) fn touch(&mut self, peer: &PeerId, order: u64, max: u64) {
        self.place(peer, order);
        while self.by_order.len() as u64 > max {
            if let Some((_, least_recent)) = self.by_order.pop_first() {
                self.order_of.remove(&least_recent);
            }
        }
    }

    /// The newest message with `peer` expired: the entry falls back to `older`, or leaves
    /// (REC-005). A peer that is not listed stays out (REC-006).
    pub(super) fn fall_back(&mut self, peer: &PeerId, older: Option<u64>) {
        let Some(order) = self.order_of.remove(peer) else {
            return;
        };
        self.by_order.remove(&order);
        if let Some(order) = older {
            self.place(peer, order);
        }
    }

    /// The peers, newest first (REC-003).
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &PeerId> {
        self.by_order.values().rev()
    }

    /// Puts a peer at its one place (REC-002).
    fn place(&mut self, peer: &PeerId, order: u64) {
        if let Some(old) = self.order_of.insert(peer.clone(), order) {
            self.by_order.remove(&old);
        }
        self.by_order.insert(order, peer.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(name: &str) -> PeerId {
        PeerId::parse(name).unwrap()
    }

    fn names(recents: &Recents) -> Vec<&str> {
        recents.newest_first().map(PeerId::as_str).collect()
    }

    #[test]
    fn the_least_recent_leaves_and_a_new_message_saves_a_peer() {
        let mut recents = Recents::default();
        recents.touch(&peer("a"), 1, 2);
        recents.touch(&peer("b"), 2, 2);
        recents.touch(&peer("a"), 3, 2);
        recents.touch(&peer("c"), 4, 2);
        assert_eq!(names(&recents), ["c", "a"]);
    }

    #[test]
    fn an_entry_falls_back_to_an_older_message_or_leaves() {
        let mut recents = Recents::default();
        recents.touch(&peer("a"), 1, 9);
        recents.touch(&peer("b"), 2, 9);
        recents.touch(&peer("a"), 3, 9);
        recents.fall_back(&peer("a"), Some(1));
        assert_eq!(names(&recents), ["b", "a"]);
        recents.fall_back(&peer("a"), None);
        recents.fall_back(&peer("stranger"), Some(9));
        assert_eq!(names(&recents), ["b"]);
    }
}
