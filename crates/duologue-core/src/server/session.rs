//! Sessions: logins of devices, their streams and how they end (spec: devices).

use serde_json::{Map, Value};

use crate::answer::{Login, Presence, PresenceSession};
use crate::error::ApiError;
use crate::event::{Event, Frame, KickReason, Kicked};
use crate::id::{DeviceId, IdError, Platform, UserId};
use crate::json::Object;
use crate::policy::MultiLogin;
use crate::server::app::{App, Context, unknown_user};
use crate::server::auth::{Class, Principal, invalid_token, new_token};
use crate::server::push::Registration;
use crate::server::{Effect, SessionId, StreamId};

/// One login of one device. It has no time in it: no clock ends it (CLK-007).
#[derive(Debug)]
pub(super) struct Session {
    pub(super) user: UserId,
    pub(super) device: DeviceId,
    platform: Platform,
    token: String,
    /// At most one registration (PSH-004).
    pub(super) push: Option<Registration>,
    pub(super) stream: Option<StreamId>,
    /// Grows with every request; the smallest is the least recently used.
    last_used: u64,
}

impl App {
    /// `POST /v1/sessions`: the credential's user logs a device in. Whoever names somebody else,
    /// known or not, has an invalid token (SEC-002).
    pub(super) fn login(
        &mut self,
        owner: &UserId,
        body: &Map<String, Value>,
        cx: &mut Context<'_>,
    ) -> Result<Login, ApiError> {
        let fields = Object::root(body);
        let named = fields.string("user_id")?;
        if !named.starts_with('@') {
            parsed(&fields, "user_id", UserId::parse)?;
        }
        let device = parsed(&fields, "device_id", DeviceId::parse)?;
        let platform = parsed(&fields, "platform", Platform::parse)?;
        if named != owner.as_str() {
            return Err(invalid_token());
        }
        self.make_room(owner, &device, cx);
        let id = SessionId(cx.next_number());
        let token = new_token(Class::Session, &self.id, &cx.fresh());
        self.tokens.insert(token.clone(), Principal::Session(id));
        let session = Session {
            user: owner.clone(),
            device: device.clone(),
            platform: platform.clone(),
            token: token.clone(),
            push: None,
            stream: None,
            last_used: id.0,
        };
        self.sessions.insert(id, session);
        if let Some(user) = self.users.get_mut(owner) {
            user.sessions.insert(device.clone(), id);
        }
        Ok(Login {
            session_token: token,
            user_id: owner.clone(),
            device_id: device,
            platform,
            now_ms: self.now,
        })
    }

    /// Ends the sessions that a login of `device` displaces: the device's own (DEV-002), and under
    /// `single` all (DEV-003), but others only above the maximum (DEV-001). Nowhere else does
    /// `multi_login` count, so its change ends nothing (DEV-004).
    fn make_room(&mut self, owner: &UserId, device: &DeviceId, cx: &mut Context<'_>) {
        let Some(user) = self.user(owner) else { return };
        let single = self.policy.multi_login == MultiLogin::Single;
        let displaced: Vec<SessionId> = user
            .sessions
            .iter()
            .filter(|(other, _)| single || *other == device)
            .map(|(_, session)| *session)
            .collect();
        for session in displaced {
            self.end_session(session, Some(KickReason::Replaced), cx);
        }
        while let Some(session) = self.least_recently_used(owner) {
            self.end_session(session, Some(KickReason::SessionLimit), cx);
        }
    }

    /// The session that must go before one more fits, if any must (DEV-005).
    fn least_recently_used(&self, owner: &UserId) -> Option<SessionId> {
        let sessions = &self.user(owner)?.sessions;
        if (sessions.len() as u64) < self.limits.sessions_max {
            return None;
        }
        let used = |id: &&SessionId| self.sessions.get(id).map(|session| session.last_used);
        sessions.values().min_by_key(used).copied()
    }

    /// Notes a request of the session.
    pub(super) fn touch_session(&mut self, id: SessionId, cx: &mut Context<'_>) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.last_used = cx.next_number();
        }
    }

    /// Ends a session: its token (DEV-007), its push registration and its stream. A reason is
    /// announced (DEV-006) as the last thing on the stream (STR-021); a logout has none (DEV-008).
    pub(super) fn end_session(
        &mut self,
        id: SessionId,
        reason: Option<KickReason>,
        cx: &mut Context<'_>,
    ) {
        self.unregister_push(id);
        let Some(session) = self.sessions.remove(&id) else {
            return;
        };
        self.tokens.insert(session.token, Principal::EndedSession);
        if let Some(user) = self.users.get_mut(&session.user) {
            user.sessions.remove(&session.device);
        }
        if let Some(stream) = session.stream {
            if let Some(reason) = reason {
                let event = Event::Kicked(Kicked { reason });
                cx.effects.push(Effect::Deliver {
                    stream,
                    frame: Frame { id: None, event },
                });
            }
            cx.effects.push(Effect::Close { stream });
        }
    }

    /// The streams of a user: all for a recipient (STR-009), for a sender save that of the session
    /// that sent (STR-010).
    pub(super) fn streams(&self, user: &UserId, except: Option<SessionId>) -> Vec<StreamId> {
        let sessions = self.user(user).map(|user| user.sessions.values());
        sessions
            .into_iter()
            .flatten()
            .filter(|id| Some(**id) != except)
            .filter_map(|id| self.sessions.get(id)?.stream)
            .collect()
    }

    /// `GET /v1/admin/users/{user}/presence`: the sessions by device, and how many have a stream
    /// (ADM-009).
    pub(super) fn presence(&self, user: &UserId) -> Result<Presence, ApiError> {
        let user = self.user(user).ok_or_else(|| unknown_user(user.as_str()))?;
        let sessions: Vec<PresenceSession> = user
            .sessions
            .values()
            .filter_map(|id| self.sessions.get(id))
            .map(|session| PresenceSession {
                device_id: session.device.clone(),
                platform: session.platform.clone(),
                streaming: session.stream.is_some(),
            })
            .collect();
        let open_streams = sessions.iter().filter(|session| session.streaming).count() as u64;
        Ok(Presence {
            user_id: user.id.clone(),
            open_streams,
            sessions,
        })
    }
}

/// Reads a required string through its grammar (IDN-007).
pub(super) fn parsed<T>(
    fields: &Object<'_>,
    name: &str,
    parse: fn(&str) -> Result<T, IdError>,
) -> Result<T, ApiError> {
    parse(fields.string(name)?).map_err(|e| ApiError::invalid(fields.at(name), e.to_string()))
}
