//! Users and profiles: creation, update, deletion (spec: administration, sender information).

use serde_json::{Map, Value};

use crate::answer::OwnProfile;
use crate::content::read_url;
use crate::error::ApiError;
use crate::event::KickReason;
use crate::id::{Cursor, PeerId, UserId};
use crate::json::Object;
use crate::limits::Limits;
use crate::policy::AcceptFrom;
use crate::server::app::{App, Context, unknown_user};
use crate::server::auth::{Class, Principal, new_token};
use crate::server::expiry::Due;
use crate::server::reply::Reply;
use crate::server::user::User;

/// Changes of a profile: absent leaves (HTT-004), null clears (HTT-005).
struct ProfileChange {
    nickname: Option<Option<String>>,
    avatar_url: Option<Option<String>>,
}

impl ProfileChange {
    /// Reads the change; one value outside the table refuses all of it (SDR-006).
    fn read(fields: &Object<'_>, limits: &Limits) -> Result<Self, ApiError> {
        let nickname = fields.nullable_string("nickname")?;
        let max = limits.nickname_bytes_max;
        if let Some(Some(text)) = nickname
            && (text.is_empty() || text.len() as u64 > max)
        {
            let message = format!("a nickname has 1 to {max} bytes; null clears it");
            return Err(ApiError::invalid("nickname", message));
        }
        let avatar_url = match fields.nullable_string("avatar_url")? {
            None => None,
            Some(None) => Some(None),
            Some(Some(_)) => Some(Some(read_url(fields, "avatar_url", limits)?)),
        };
        Ok(Self {
            nickname: nickname.map(|text| text.map(str::to_owned)),
            avatar_url,
        })
    }

    /// Applies the change; answers whether anything is different, for else there is nothing to tell
    /// (SYS-009).
    fn apply(self, user: &mut User) -> bool {
        let mut changed = false;
        if let Some(nickname) = self.nickname {
            changed |= nickname != user.nickname;
            user.nickname = nickname;
        }
        if let Some(avatar_url) = self.avatar_url {
            changed |= avatar_url != user.avatar_url;
            user.avatar_url = avatar_url;
        }
        changed
    }
}

impl App {
    /// `PUT /v1/admin/users/{user}`: creates (ADM-001, IDN-001) or updates (ADM-002), and replaces
    /// the credential on demand (ADM-003).
    pub(super) fn put_user(
        &mut self,
        path: &str,
        body: &Map<String, Value>,
        cx: &mut Context<'_>,
    ) -> Result<Reply, ApiError> {
        let id = UserId::parse(path).map_err(|e| ApiError::invalid("user_id", e.to_string()))?;
        let fields = Object::root(body);
        let change = ProfileChange::read(&fields, &self.limits)?;
        let rotate = fields.opt_bool("rotate_credential")?.unwrap_or(false);
        if !self.users.contains_key(&id) {
            let credential = self.new_credential(&id, cx);
            let mut user = User::new(id.clone(), credential.clone(), self.now, cx.real);
            change.apply(&mut user);
            let answer = user.as_admin_sees(Some(credential));
            self.users.insert(id, user);
            return Ok(Reply::json(201, &answer));
        }
        let credential = rotate.then(|| self.new_credential(&id, cx));
        let user = self.known_user(&id)?;
        let changed = change.apply(user);
        let answer = user.as_admin_sees(credential);
        if changed {
            self.profile_changed(&id, cx);
        }
        Ok(Reply::json(200, &answer))
    }

    /// Makes a new credential the only one of a user; sessions live on (ADM-003).
    fn new_credential(&mut self, user: &UserId, cx: &mut Context<'_>) -> String {
        let credential = new_token(Class::Credential, &self.id, &cx.fresh());
        if let Some(user) = self.users.get_mut(user) {
            let old = std::mem::replace(&mut user.credential, credential.clone());
            self.tokens.remove(&old);
        }
        self.tokens
            .insert(credential.clone(), Principal::Credential(user.clone()));
        credential
    }

    /// `DELETE /v1/admin/users/{user}`: sessions and credential end (ADM-005), the user's own
    /// stores and lists go (ADM-006), keys too (ADM-008); the peers' views stay (ADM-007).
    pub(super) fn delete_user(
        &mut self,
        id: &UserId,
        cx: &mut Context<'_>,
    ) -> Result<(), ApiError> {
        let user = self.user(id).ok_or_else(|| unknown_user(id.as_str()))?;
        let sessions: Vec<_> = user.sessions.values().copied().collect();
        for session in sessions {
            self.end_session(session, Some(KickReason::UserDeleted), cx);
        }
        self.erase_relations(id, cx);
        let Some(user) = self.users.remove(id) else {
            return Ok(());
        };
        self.tokens.remove(&user.credential);
        for (until, key) in self.dedup.forget_speaker(&PeerId::User(id.clone())) {
            self.expiry.forget(until, Due::Dedup(key));
        }
        for (peer, seq, message) in user.views.all() {
            let due = Due::Roaming {
                owner: id.clone(),
                peer: peer.clone(),
                seq,
            };
            self.expiry.forget(message.expires, due);
        }
        for (cursor, entry) in user.mailbox.above(Cursor(0)) {
            self.expiry.forget(
                entry.expires,
                Due::Offline {
                    owner: id.clone(),
                    cursor,
                },
            );
        }
        Ok(())
    }

    /// `PUT /v1/profile`: all of it or, with one bad value, nothing (PRM-018).
    pub(super) fn put_profile(
        &mut self,
        id: &UserId,
        body: &Map<String, Value>,
        cx: &mut Context<'_>,
    ) -> Result<OwnProfile, ApiError> {
        let fields = Object::root(body);
        let change = ProfileChange::read(&fields, &self.limits)?;
        let accept_from = AcceptFrom::read(&fields, "accept_from")?;
        let user = self.known_user(id)?;
        user.accept_from = accept_from.unwrap_or(user.accept_from);
        let changed = change.apply(user);
        let answer = user.own_profile();
        if changed {
            self.profile_changed(id, cx);
        }
        Ok(answer)
    }
}
