//! Friend lists and blocklists (spec: permissions).

use crate::error::{ApiError, ErrorCode};
use crate::id::UserId;
use crate::server::app::{App, Context, unknown_user};

impl App {
    /// `PUT /v1/friends/{peer}`: adds to the caller's own list only (PRM-006), and not whom the
    /// caller blocks (PRM-011). One who is on it already changes nothing (PRM-007); the second of
    /// two tells both (SYS-007).
    pub(super) fn add_friend(
        &mut self,
        owner: &UserId,
        peer: &UserId,
        cx: &mut Context<'_>,
    ) -> Result<(), ApiError> {
        self.other_user(owner, peer)?;
        let max = self.limits.friends_max;
        let user = self.known_user(owner)?;
        if user.friends.contains(peer) {
            return Ok(());
        }
        if user.blocklist.contains(peer) {
            let message = "you block this user; unblock before you add";
            return Err(ApiError::new(ErrorCode::PeerBlocked, message));
        }
        if user.friends.len() as u64 >= max {
            return Err(full("friend list", max));
        }
        user.friends.insert(peer.clone());
        self.listed(owner, peer);
        if self.is_friend(peer, owner) {
            self.friendship_began(owner, peer, cx);
        }
        Ok(())
    }

    /// `DELETE /v1/friends/{peer}`: removes from the caller's own list only (PRM-006).
    pub(super) fn remove_friend(
        &mut self,
        owner: &UserId,
        peer: &UserId,
        cx: &mut Context<'_>,
    ) -> Result<(), ApiError> {
        self.other_user(owner, peer)?;
        self.drop_friend(owner, peer, cx);
        self.unlisted(owner, peer);
        Ok(())
    }

    /// `PUT /v1/blocklist/{peer}`: refuses the peer, who leaves the caller's friend list for good
    /// (PRM-010); again, it changes nothing (PRM-007).
    pub(super) fn block(
        &mut self,
        owner: &UserId,
        peer: &UserId,
        cx: &mut Context<'_>,
    ) -> Result<(), ApiError> {
        self.other_user(owner, peer)?;
        let max = self.limits.blocklist_max;
        let user = self.known_user(owner)?;
        if user.blocklist.contains(peer) {
            return Ok(());
        }
        if user.blocklist.len() as u64 >= max {
            return Err(full("blocklist", max));
        }
        user.blocklist.insert(peer.clone());
        self.listed(owner, peer);
        self.drop_friend(owner, peer, cx);
        Ok(())
    }

    /// `DELETE /v1/blocklist/{peer}`.
    pub(super) fn unblock(&mut self, owner: &UserId, peer: &UserId) -> Result<(), ApiError> {
        self.other_user(owner, peer)?;
        self.known_user(owner)?.blocklist.remove(peer);
        self.unlisted(owner, peer);
        Ok(())
    }

    /// Erases every list entry that names `user`, and tells those whose friendship ends (ADM-006).
    pub(super) fn erase_relations(&mut self, user: &UserId, cx: &mut Context<'_>) {
        let Some(erased) = self.user(user) else {
            return;
        };
        let own: Vec<UserId> = erased.friends.union(&erased.blocklist).cloned().collect();
        let others: Vec<UserId> = erased.listed_by.iter().cloned().collect();
        for other in &others {
            self.drop_friend(other, user, cx);
            if let Some(other) = self.users.get_mut(other) {
                other.blocklist.remove(user);
            }
        }
        for peer in &own {
            if let Some(peer) = self.users.get_mut(peer) {
                peer.listed_by.remove(user);
            }
        }
    }

    /// The peer must be a user, and not the caller (PRM-008).
    fn other_user(&self, owner: &UserId, peer: &UserId) -> Result<(), ApiError> {
        if owner == peer {
            return Err(ApiError::invalid(
                "peer",
                "one cannot befriend or block oneself",
            ));
        }
        self.user(peer)
            .map(|_| ())
            .ok_or_else(|| unknown_user(peer.as_str()))
    }

    fn is_friend(&self, owner: &UserId, peer: &UserId) -> bool {
        self.user(owner)
            .is_some_and(|user| user.friends.contains(peer))
    }

    /// Takes `peer` out of one list. Only one who was on it (PRM-007), and only the end of a mutual
    /// friendship is told to anybody (SYS-007).
    fn drop_friend(&mut self, owner: &UserId, peer: &UserId, cx: &mut Context<'_>) {
        let removed = self
            .users
            .get_mut(owner)
            .is_some_and(|user| user.friends.remove(peer));
        if removed && self.is_friend(peer, owner) {
            self.friendship_ended(owner, peer, cx);
        }
    }

    fn listed(&mut self, owner: &UserId, peer: &UserId) {
        if let Some(peer) = self.users.get_mut(peer) {
            peer.listed_by.insert(owner.clone());
        }
    }

    /// Forgets that `owner` lists `peer` once neither list names it.
    fn unlisted(&mut self, owner: &UserId, peer: &UserId) {
        let still = self
            .user(owner)
            .is_some_and(|user| user.friends.contains(peer) || user.blocklist.contains(peer));
        if let (false, Some(peer)) = (still, self.users.get_mut(peer)) {
            peer.listed_by.remove(owner);
        }
    }
}

/// 409 for a list that holds its maximum (PRM-009).
fn full(list: &str, max: u64) -> ApiError {
    ApiError::new(
        ErrorCode::RelationLimit,
        format!("the {list} holds its maximum of {max}"),
    )
}
