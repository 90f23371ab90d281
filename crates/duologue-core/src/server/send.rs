//! Sending: what a body asks for, idempotency, and who may (spec: sending).

use serde::Serialize;
use serde_json::{Map, Value};

use crate::answer::{BatchResult, BatchResults};
use crate::content::Content;
use crate::error::{ApiError, ErrorCode};
use crate::id::{ClientMsgId, PeerId, SystemEventName, UserId};
use crate::json::Object;
use crate::limits::Limits;
use crate::message::Message;
use crate::server::accept::{Draft, Reach};
use crate::server::app::{App, Context, unknown_user};
use crate::server::dedup::{Answered, Key, fingerprint};
use crate::server::expiry::Due;
use crate::server::permission::{self, Verdict};
use crate::server::reply::{Body, Reply};
use crate::server::session::parsed;
use crate::server::target::Target;
use crate::server::{SessionId, system};

/// The body of a send, checked but not yet permitted. Serialised, it is the fingerprint that
/// idempotency compares.
#[derive(Debug, Clone, Serialize)]
struct SendBody {
    target: Target,
    content: Content,
    from: Option<String>,
    /// The key; without one every send is a new message (SND-011).
    #[serde(skip)]
    client_msg_id: Option<ClientMsgId>,
    custom_data: Option<String>,
    lifetime_s: Option<u64>,
    sync_to_sender: bool,
    push: PushOptions,
}

/// What the sender says about a push.
#[derive(Debug, Clone, Serialize)]
pub(super) struct PushOptions {
    /// Whether to push at all (PSH-010).
    pub(super) enabled: bool,
    pub(super) title: Option<String>,
    pub(super) body: Option<String>,
    pub(super) ext: Option<String>,
}

impl App {
    /// `POST /v1/messages`: in the caller's own name only (SND-003).
    pub(super) fn send_as_user(
        &mut self,
        user: &UserId,
        session: SessionId,
        body: &Map<String, Value>,
        cx: &mut Context<'_>,
    ) -> Result<Reply, ApiError> {
        let fields = Object::root(body);
        let target = Target::read_one(&fields)?;
        let body = SendBody::read(&fields, target, Content::read(&fields, &self.limits)?)?;
        body.check_size(&self.limits)?;
        if body
            .from
            .as_deref()
            .is_some_and(|from| from != user.as_str())
        {
            return Err(ApiError::at(
                ErrorCode::AdminRequired,
                "from",
                "only the app administrator sends in another's name",
            ));
        }
        let caller = PeerId::User(user.clone());
        self.send(&caller, &caller, Some(session), &body, cx)
    }

    /// `POST /v1/admin/messages`: as `@admin` (ADM-011) or in a user's name (ADM-012), with the
    /// same checks of the body as a user's send (ADM-014).
    pub(super) fn send_as_admin(
        &mut self,
        body: &Map<String, Value>,
        cx: &mut Context<'_>,
    ) -> Result<Reply, ApiError> {
        let fields = Object::root(body);
        let target = Target::read(&fields, &self.limits)?;
        let mut body = SendBody::read(&fields, target, Content::read(&fields, &self.limits)?)?;
        body.sync_to_sender = fields.opt_bool("sync_to_sender")?.unwrap_or(false);
        body.check_size(&self.limits)?;
        let from = body.from.as_deref().map_or(Ok(PeerId::Admin), speaker)?;
        self.send(&PeerId::Admin, &from, None, &body, cx)
    }

    /// `POST /v1/admin/notifications`: a message from `@system` with an event of the developer
    /// (SYS-002, SYS-003), sent like any other (SYS-004).
    pub(super) fn notify(
        &mut self,
        body: &Map<String, Value>,
        cx: &mut Context<'_>,
    ) -> Result<Reply, ApiError> {
        let fields = Object::root(body);
        let target = Target::read(&fields, &self.limits)?;
        let event = parsed(&fields, "event", SystemEventName::parse)?;
        if system::is_built_in(&event) {
            return Err(ApiError::invalid(
                "event",
                "this name belongs to a built-in event",
            ));
        }
        let content = Content::System {
            event,
            data: fields.string("data")?.into(),
        };
        let body = SendBody {
            target,
            content,
            from: None,
            client_msg_id: client_msg_id(&fields)?,
            custom_data: None,
            lifetime_s: lifetime(&fields)?,
            sync_to_sender: false,
            push: PushOptions::none(),
        };
        body.check_size(&self.limits)?;
        self.send(&PeerId::Admin, &PeerId::System, None, &body, cx)
    }

    /// Idempotency, then the speaker, then each target on its own (ERR-007, ADM-017). Only what was
    /// accepted occupies its key (SND-007), a batch if any of its targets was (ADM-018).
    fn send(
        &mut self,
        caller: &PeerId,
        from: &PeerId,
        session: Option<SessionId>,
        body: &SendBody,
        cx: &mut Context<'_>,
    ) -> Result<Reply, ApiError> {
        let fingerprint = fingerprint(body);
        let key = body.client_msg_id.clone().map(|client_msg_id| Key {
            from: from.clone(),
            caller: caller.clone(),
            client_msg_id,
        });
        if let Some(key) = &key
            && let Some(answer) = self.dedup.lookup(key, &fingerprint)?
        {
            return Ok(Reply::text(200, answer.to_owned()));
        }
        if let Some(user) = from.user()
            && self.user(user).is_none()
        {
            return Err(nobody("from", user.as_str()));
        }
        let by_user = *caller != PeerId::Admin;
        let (reply, accepted) = match &body.target {
            Target::One(to) => {
                let message = self.send_to_one(from, by_user, session, to, body, cx);
                (Reply::json(200, &message.map_err(at_to)?), true)
            }
            Target::Several(targets) => {
                let mut results = Vec::new();
                for to in targets {
                    let outcome = self.send_to_one(from, by_user, session, to, body, cx);
                    results.push(result(to, outcome));
                }
                let any = results.iter().any(|result| result.message.is_some());
                (Reply::json(200, &BatchResults { results }), any)
            }
        };
        if let (Some(key), true, Body::Json(answer)) = (key, accepted, &reply.body) {
            let until = self.now.plus_s(self.limits.dedup_window_s);
            self.expiry.add(until, Due::Dedup(key.clone()));
            self.dedup.insert(
                key,
                Answered {
                    fingerprint,
                    answer: answer.clone(),
                    until,
                },
            );
        }
        Ok(reply)
    }

    /// One target. Permission is asked for users only (ADM-013), and not for those who write to
    /// themselves (SND-018).
    fn send_to_one(
        &mut self,
        from: &PeerId,
        by_user: bool,
        session: Option<SessionId>,
        to: &str,
        body: &SendBody,
        cx: &mut Context<'_>,
    ) -> Result<Message, ApiError> {
        let to = UserId::parse(to)
            .ok()
            .filter(|to| self.users.contains_key(to))
            .ok_or_else(|| unknown_user(to))?;
        let verdict = match from
            .user()
            .and_then(|from| Some((self.user(from)?, self.user(&to)?)))
        {
            Some((sender, recipient)) if by_user && sender.id != recipient.id => {
                permission::check(self.policy, sender, recipient)?
            }
            _ => Verdict::Deliver,
        };
        let draft = Draft {
            from: from.clone(),
            to,
            content: body.content.clone(),
            client_msg_id: body.client_msg_id.clone(),
            custom_data: body.custom_data.clone(),
            lifetime_s: body.lifetime_s,
            push: body.push.clone(),
        };
        let reach = Reach {
            sender: by_user || body.sync_to_sender,
            recipient: verdict == Verdict::Deliver,
            sending_session: session,
            answer_for_sender: by_user,
        };
        Ok(self.accept(draft, reach, cx))
    }
}

fn result(to: &str, outcome: Result<Message, ApiError>) -> BatchResult {
    let (message, error) = match outcome {
        Ok(message) => (Some(message), None),
        Err(error) => (None, Some(error)),
    };
    BatchResult {
        to: to.into(),
        message,
        error,
    }
}

fn nobody(field: &str, user: &str) -> ApiError {
    ApiError {
        field: Some(field.into()),
        ..unknown_user(user)
    }
}

/// With a single target, an unknown user is the field `to` (SND-002, ADM-014).
fn at_to(error: ApiError) -> ApiError {
    if error.code != ErrorCode::UserNotFound {
        return error;
    }
    ApiError {
        field: Some("to".into()),
        ..error
    }
}

/// The administrator's `from`: `@admin` or a user; other reserved ids are nobody (IDN-003,
/// IDN-004).
fn speaker(from: &str) -> Result<PeerId, ApiError> {
    match PeerId::parse(from) {
        Ok(PeerId::System) => Err(nobody("from", from)),
        Ok(speaker) => Ok(speaker),
        Err(_) if from.starts_with('@') => Err(nobody("from", from)),
        Err(error) => Err(ApiError::invalid("from", error.to_string())),
    }
}

/// Reads the idempotency key (IDN-007).
fn client_msg_id(fields: &Object<'_>) -> Result<Option<ClientMsgId>, ApiError> {
    match fields.get("client_msg_id") {
        None => Ok(None),
        Some(_) => parsed(fields, "client_msg_id", ClientMsgId::parse).map(Some),
    }
}

/// Reads `lifetime_s`, which has an error code of its own (SND-013).
fn lifetime(fields: &Object<'_>) -> Result<Option<u64>, ApiError> {
    match fields.get("lifetime_s") {
        None => Ok(None),
        Some(value) => value.as_u64().map(Some).ok_or_else(|| {
            let message = "`lifetime_s` must be a whole number of seconds, 0 or more";
            ApiError::at(ErrorCode::InvalidLifetime, "lifetime_s", message)
        }),
    }
}

impl PushOptions {
    /// What the server's own messages say: they are never pushed (SYS-012).
    pub(super) fn none() -> Self {
        Self {
            enabled: false,
            title: None,
            body: None,
            ext: None,
        }
    }

    fn read(fields: &Object<'_>) -> Result<Self, ApiError> {
        let Some(push) = fields.opt_object("push")? else {
            return Ok(Self {
                enabled: true,
                title: None,
                body: None,
                ext: None,
            });
        };
        let text = |name| Ok(push.opt_string(name)?.map(str::to_owned));
        Ok(Self {
            enabled: push.opt_bool("enabled")?.unwrap_or(true),
            title: text("title")?,
            body: text("body")?,
            ext: text("ext")?,
        })
    }
}

impl SendBody {
    /// What a sender may say. A `sender` is not among it (SDR-003), `custom_data` is text
    /// (MSG-017).
    fn read(fields: &Object<'_>, target: Target, content: Content) -> Result<Self, ApiError> {
        Ok(Self {
            target,
            content,
            from: fields.opt_string("from")?.map(str::to_owned),
            client_msg_id: client_msg_id(fields)?,
            custom_data: fields.opt_string("custom_data")?.map(str::to_owned),
            lifetime_s: lifetime(fields)?,
            sync_to_sender: false,
            push: PushOptions::read(fields)?,
        })
    }

    /// Refuses what counts more than `message_bytes_max` (MSG-016).
    fn check_size(&self, limits: &Limits) -> Result<(), ApiError> {
        let bytes = self.content.stored_bytes(self.custom_data.as_deref());
        let max = limits.message_bytes_max;
        if bytes <= max {
            return Ok(());
        }
        let message = format!("the message counts {bytes} bytes; {max} are allowed");
        Err(ApiError::at(ErrorCode::MessageTooLarge, "content", message))
    }
}
