//! An app: the tenant that users, policy, limits and clock belong to (spec: model).

use std::collections::{BTreeMap, HashMap};

use crate::answer::{App as AppInfo, ClockKind};
use crate::error::{ApiError, ErrorCode};
use crate::id::{AppId, MediaId, PeerId, PushVendor, UserId};
use crate::limits::{Limits, Profile};
use crate::policy::Policy;
use crate::server::auth::Principal;
use crate::server::dedup::Dedup;
use crate::server::expiry::{Due, Expiry};
use crate::server::reply::StoredMedia;
use crate::server::session::Session;
use crate::server::user::User;
use crate::server::{Effect, IdSource, SessionId};
use crate::time::Timestamp;

/// Everything of one tenant. Nothing in it knows of another (MOD-002).
#[derive(Debug)]
pub(super) struct App {
    pub(super) id: AppId,
    pub(super) profile: Profile,
    pub(super) clock: ClockKind,
    /// The app's time; never goes back (CLK-001), and every time told to anybody is taken from it
    /// (CLK-003).
    pub(super) now: Timestamp,
    pub(super) policy: Policy,
    pub(super) limits: Limits,
    pub(super) push_vendors: Vec<PushVendor>,
    pub(super) gateway_url: Option<String>,
    /// Lookup only, never walked, so its order reaches no output.
    pub(super) tokens: HashMap<String, Principal>,
    /// By id, compared byte for byte (IDN-002).
    pub(super) users: BTreeMap<UserId, User>,
    pub(super) sessions: BTreeMap<SessionId, Session>,
    pub(super) push_tokens: BTreeMap<(PushVendor, String), SessionId>,
    /// Uploads, kept as long as the app is (MED-008).
    pub(super) media: BTreeMap<MediaId, StoredMedia>,
    pub(super) dedup: Dedup,
    pub(super) expiry: Expiry,
    /// Accepted messages so far: the acceptance order, the same in every store and on every stream
    /// (MOD-009, SND-004).
    pub(super) accepted: u64,
}

/// What one request brings along and what it leaves behind.
pub(super) struct Context<'a> {
    /// Real time.
    pub(super) real: Timestamp,
    pub(super) ids: &'a mut dyn IdSource,
    pub(super) effects: &'a mut Vec<Effect>,
    /// Sessions, streams, uses and registrations are numbered across apps.
    pub(super) numbers: &'a mut u64,
}

impl Context<'_> {
    /// A fresh id: 32 hexadecimal digits (IDN-008).
    pub(super) fn fresh(&mut self) -> String {
        format!("{:032x}", self.ids.next_id())
    }

    /// A number never given before.
    pub(super) fn next_number(&mut self) -> u64 {
        *self.numbers += 1;
        *self.numbers
    }
}

impl App {
    /// The app as it describes itself, with the policy and all limits in force (HTT-016, LIM-001);
    /// neither a token nor the URL of its gateway (SEC-003).
    pub(super) fn info(&self) -> AppInfo {
        AppInfo {
            app_id: self.id.clone(),
            profile: self.profile,
            clock: self.clock,
            policy: self.policy,
            limits: self.limits.clone(),
            push_vendors: self.push_vendors.clone(),
        }
    }

    /// Brings an app on the real clock to `real`, and drops what has ended before anything is asked
    /// of the app (CLK-002). A manual clock stays where it is (CLK-003).
    pub(super) fn tick(&mut self, real: Timestamp) {
        if self.clock == ClockKind::Real {
            self.now = self.now.max(real);
        }
        self.expire();
    }

    /// Advances this app's manual clock, and no other's (CLK-004, CLK-008); its effects are
    /// complete on return (CLK-006). A real clock refuses (CLK-005).
    pub(super) fn advance(&mut self, ms: u64) -> Result<Timestamp, ApiError> {
        if self.clock == ClockKind::Real {
            return Err(ApiError::new(
                ErrorCode::ClockNotManual,
                "this app runs on the real clock; provision one with `clock: manual`",
            ));
        }
        self.now = self.now.plus_ms(ms);
        self.expire();
        Ok(self.now)
    }

    /// The user of this app who has the id; other apps are not looked into (MOD-001).
    pub(super) fn user(&self, user: &UserId) -> Option<&User> {
        self.users.get(user)
    }

    /// The user a path or a body names, or 404 (ADM-004); as [`Self::user`], of this app only
    /// (MOD-001).
    pub(super) fn known_user(&mut self, user: &UserId) -> Result<&mut User, ApiError> {
        self.users
            .get_mut(user)
            .ok_or_else(|| unknown_user(user.as_str()))
    }

    /// Drops everything that has ended. A contact falls back to the message that is the newest of
    /// its view then (REC-005).
    fn expire(&mut self) {
        while let Some(due) = self.expiry.pop(self.now) {
            match due {
                Due::Roaming { owner, peer, seq } => {
                    let Some(user) = self.users.get_mut(&owner) else {
                        continue;
                    };
                    let was_newest = user.views.newest(&peer).is_some_and(|(top, _)| top == seq);
                    user.views.remove(&peer, seq);
                    if was_newest {
                        let older = user.views.newest(&peer).map(|(_, message)| message.order);
                        user.recents.fall_back(&peer, older);
                    }
                }
                Due::Offline { owner, cursor } => {
                    if let Some(user) = self.users.get_mut(&owner) {
                        user.mailbox.remove(cursor);
                    }
                }
                Due::Dedup(key) => self.dedup.remove(&key),
            }
        }
    }
}

/// 404 for a user that does not exist, is reserved, or must not be told from one.
pub(super) fn unknown_user(user: &str) -> ApiError {
    ApiError::new(
        ErrorCode::UserNotFound,
        format!("there is no user {user:?} in this app"),
    )
}

/// Reads a user id from a path: reserved ids are nobody's (IDN-003), others must fit the grammar
/// (IDN-004).
pub(super) fn user_in_path(text: &str, name: &str) -> Result<UserId, ApiError> {
    if text.starts_with('@') {
        return Err(unknown_user(text));
    }
    UserId::parse(text).map_err(|error| ApiError::invalid(name, error.to_string()))
}

/// Reads the peer of a conversation from a path; `@admin` and `@system` are peers too (IDN-005).
pub(super) fn peer_in_path(text: &str) -> Result<PeerId, ApiError> {
    match PeerId::parse(text) {
        Ok(peer) => Ok(peer),
        Err(_) => user_in_path(text, "peer").map(PeerId::User),
    }
}
