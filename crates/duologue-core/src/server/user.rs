//! A user and everything that is the user's own.

use std::collections::{BTreeMap, BTreeSet};

use crate::answer::{AdminUser, OwnProfile, PublicProfile};
use crate::id::{Cursor, DeviceId, UserId};
use crate::message::{Role, Sender};
use crate::policy::AcceptFrom;
use crate::server::SessionId;
use crate::server::mailbox::Mailbox;
use crate::server::recents::Recents;
use crate::server::view::Views;
use crate::time::Timestamp;

/// A user of an app. What is found by a peer, a device or a cursor is found in here, so that
/// nobody's value reaches into another's stores (SEC-001).
#[derive(Debug)]
pub(super) struct User {
    pub(super) id: UserId,
    pub(super) credential: String,
    pub(super) created: Timestamp,
    /// As it was set, to the code point (SDR-008).
    pub(super) nickname: Option<String>,
    pub(super) avatar_url: Option<String>,
    pub(super) accept_from: AcceptFrom,
    pub(super) friends: BTreeSet<UserId>,
    pub(super) blocklist: BTreeSet<UserId>,
    /// Users whose friend list or blocklist names this one, so that deletion finds them.
    pub(super) listed_by: BTreeSet<UserId>,
    pub(super) sessions: BTreeMap<DeviceId, SessionId>,
    pub(super) views: Views,
    pub(super) recents: Recents,
    pub(super) mailbox: Mailbox,
}

impl User {
    /// A new user, who has nothing of a former one with the same id (ADM-008). Cursors begin above
    /// the real time in microseconds, so that they go on growing when a server without a disk
    /// restarts or a user is created again (STR-015).
    pub(super) fn new(id: UserId, credential: String, created: Timestamp, real: Timestamp) -> Self {
        Self {
            id,
            credential,
            created,
            nickname: None,
            avatar_url: None,
            accept_from: AcceptFrom::Policy,
            friends: BTreeSet::new(),
            blocklist: BTreeSet::new(),
            listed_by: BTreeSet::new(),
            sessions: BTreeMap::new(),
            views: Views::default(),
            recents: Recents::default(),
            mailbox: Mailbox::new(Cursor(real.0.saturating_mul(1000))),
        }
    }

    /// The snapshot that goes with a message (SDR-001).
    pub(super) fn as_sender(&self) -> Sender {
        Sender {
            role: Role::User,
            nickname: self.nickname.clone(),
            avatar_url: self.avatar_url.clone(),
        }
    }

    /// The user as the administrator sees it, without a credential unless it is a new one (ADM-002,
    /// SEC-003).
    pub(super) fn as_admin_sees(&self, credential: Option<String>) -> AdminUser {
        AdminUser {
            user_id: self.id.clone(),
            nickname: self.nickname.clone(),
            avatar_url: self.avatar_url.clone(),
            created_ms: self.created,
            credential,
        }
    }

    pub(super) fn own_profile(&self) -> OwnProfile {
        OwnProfile {
            user_id: self.id.clone(),
            nickname: self.nickname.clone(),
            avatar_url: self.avatar_url.clone(),
            accept_from: self.accept_from,
        }
    }

    /// What everybody may see: not `accept_from` (SDR-007).
    pub(super) fn public_profile(&self) -> PublicProfile {
        PublicProfile {
            user_id: self.id.clone(),
            nickname: self.nickname.clone(),
            avatar_url: self.avatar_url.clone(),
        }
    }
}
