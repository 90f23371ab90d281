//! The steps that are one request: what they send, and what their success changes.

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Payload};
use super::stage::{Caller, Session, View, split_app};
use super::stop::Stop;
use super::stream_steps::as_text;
use crate::scenario::step::{Login, Notify, Request, Resend, Send, SendAsAdmin};
use crate::scenario::{Name, Step};
use crate::template::{Template, Text};

/// Everything but the unreserved characters of RFC 3986 and `@`.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'@');

/// A request and what its success changes on the stage.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) call: Call,
    pub(super) after: After,
    /// Whether the runner made the body by the protocol's rules.
    pub(super) well_formed: bool,
}

/// What a success changes.
#[derive(Debug)]
pub(super) enum After {
    Nothing,
    /// A session begins.
    LoggedIn {
        session: String,
    },
    /// An actor may have a new credential.
    Created {
        actor: Option<String>,
    },
    /// A session has a push registration.
    Registered {
        session: String,
        vendor: String,
        token: String,
    },
}

impl View<'_> {
    /// The request of a step; `None` for the steps that are not one plain request.
    pub(super) fn prepare(&self, step: &Step) -> Result<Option<Prepared>, Stop> {
        let plain = |call| {
            Ok(Some(Prepared {
                call,
                after: After::Nothing,
                well_formed: true,
            }))
        };
        match step {
            Step::Login(step) => self.login(step).map(Some),
            Step::Logout(step) => plain(self.call(&step.r#as, "DELETE", "/v1/sessions/current")?),
            Step::Send(step) => plain(self.send(step)?),
            Step::SendAsAdmin(step) => plain(self.send_as_admin(step)?),
            Step::Notify(step) => plain(self.notify(step)?),
            Step::Resend(step) => plain(self.resend(step)?),
            Step::Ack(step) => {
                let cursor = as_text(&self.value(&step.cursor)?);
                let call = self.call(&step.r#as, "POST", "/v1/events/ack")?;
                plain(call.with(json!({ "cursor": cursor })))
            }
            Step::History(step) => {
                let peer = self.segment(&step.peer)?;
                let query = [
                    ("before", &step.before),
                    ("after", &step.after),
                    ("limit", &step.limit),
                ];
                let target = format!("/v1/conversations/{peer}/messages{}", self.query(&query)?);
                plain(self.call(&step.r#as, "GET", &target)?)
            }
            Step::Recents(step) => plain(self.call(&step.r#as, "GET", "/v1/recents")?),
            Step::Conversations(step) => {
                let query = self.query(&[("after", &step.after), ("limit", &step.limit)])?;
                plain(self.call(&step.r#as, "GET", &format!("/v1/conversations{query}"))?)
            }
            Step::Friend(step) => plain(self.relation(&step.r#as, "PUT", "friends", &step.peer)?),
            Step::Unfriend(step) => {
                plain(self.relation(&step.r#as, "DELETE", "friends", &step.peer)?)
            }
            Step::Block(step) => {
                plain(self.relation(&step.r#as, "PUT", "blocklist", &step.peer)?)
            }
            Step::Unblock(step) => {
                plain(self.relation(&step.r#as, "DELETE", "blocklist", &step.peer)?)
            }
            Step::SetProfile(step) => {
                let mut body = Map::new();
                self.put(&mut body, "nickname", step.nickname.as_ref())?;
                self.put(&mut body, "avatar_url", step.avatar_url.as_ref())?;
                self.put(&mut body, "accept_from", step.accept_from.as_ref())?;
                plain(
                    self.call(&step.r#as, "PUT", "/v1/profile")?
                        .with(Value::Object(body)),
                )
            }
            Step::SetPolicy(step) => {
                let mut body = Map::new();
                for (name, value) in &step.policy {
                    self.put(&mut body, name, Some(value))?;
                }
                plain(
                    self.as_admin("PUT", "/v1/admin/policy".into())?
                        .with(Value::Object(body)),
                )
            }
            Step::CreateUser(step) => {
                let mut body = Map::new();
                self.put(&mut body, "nickname", step.nickname.as_ref())?;
                self.put(&mut body, "avatar_url", step.avatar_url.as_ref())?;
                self.put(
                    &mut body,
                    "rotate_credential",
                    step.rotate_credential.as_ref(),
                )?;
                let call = self
                    .user_call("PUT", &step.user, "")?
                    .with(Value::Object(body));
                let after = After::Created {
                    actor: self.actor(&step.user)?,
                };
                Ok(Some(Prepared {
                    call,
                    after,
                    well_formed: true,
                }))
            }
            Step::DeleteUser(step) => plain(self.user_call("DELETE", &step.user, "")?),
            Step::Presence(step) => plain(self.user_call("GET", &step.user, "/presence")?),
            Step::AdvanceClock(step) => {
                let body = json!({ "advance_ms": self.value(&step.ms)? });
                plain(self.as_admin("POST", "/v1/admin/clock".into())?.with(body))
            }
            Step::RegisterPush(step) => {
                let session = self.stage.session_name(&self.text(&step.r#as)?)?;
                let mut body = Map::new();
                self.put(&mut body, "vendor", Some(&step.vendor))?;
                self.put(&mut body, "token", Some(&step.token))?;
                self.put(&mut body, "push", step.push.as_ref())?;
                let (vendor, token) = (as_text(&body["vendor"]), as_text(&body["token"]));
                let call = self.call(&step.r#as, "PUT", "/v1/push-token")?;
                Ok(Some(Prepared {
                    call: call.with(Value::Object(body)),
                    after: After::Registered {
                        session,
                        vendor,
                        token,
                    },
                    well_formed: true,
                }))
            }
            Step::UnregisterPush(step) => {
                plain(self.call(&step.r#as, "DELETE", "/v1/push-token")?)
            }
            Step::Request(step) => {
                let call = self.request(step)?;
                Ok(Some(Prepared {
                    call,
                    after: After::Nothing,
                    well_formed: false,
                }))
            }
            Step::OpenStream(_)
            | Step::Upload(_)
            | Step::Download(_)
            | Step::RawHttp(_)
            | Step::Provision(_)
            | Step::CloseStream(_)
            | Step::CutStream(_)
            | Step::ExpectEvent(_)
            | Step::ExpectEventsUnordered(_)
            | Step::ExpectNoEventBefore(_)
            | Step::ExpectEnd(_)
            | Step::ExpectComment(_)
            | Step::ExpectPush(_)
            | Step::ExpectNoPushBefore(_)
            | Step::SetGateway(_)
            | Step::Outlive(_)
            | Step::Parallel(_)
            | Step::Repeat(_)
            | Step::Assert(_) => Ok(None),
        }
    }

    /// Notes what a success has changed.
    pub(super) fn apply(&self, after: After, answer: &Answer) {
        let Some(json) = answer.json.as_ref().filter(|_| answer.is_success()) else {
            if let (
                After::Registered {
                    session,
                    vendor,
                    token,
                },
                true,
            ) = (after, answer.is_success())
            {
                let mut state = self.stage.state();
                if let Some(session) = state.sessions.get_mut(&session) {
                    session.push = Some((vendor, token));
                }
            }
            return;
        };
        let text = |name: &str| json[name].as_str().map(str::to_owned);
        let mut state = self.stage.state();
        match after {
            After::LoggedIn { session: name } => {
                let device = name
                    .split_once('.')
                    .map_or("", |(_, device)| device)
                    .to_owned();
                if let (Some(token), Some(user_id)) = (text("session_token"), text("user_id")) {
                    let session = Session {
                        token,
                        user_id,
                        device,
                        push: None,
                    };
                    state.sessions.insert(name, session);
                }
            }
            After::Created { actor: Some(actor) } => {
                if let (Some(user), Some(credential)) =
                    (state.users.get_mut(&actor), text("credential"))
                {
                    user.credential = Some(credential);
                }
            }
            After::Nothing | After::Created { actor: None } | After::Registered { .. } => {}
        }
    }

    fn call(&self, r#as: &Text, method: &str, target: &str) -> Result<Call, Stop> {
        let caller = self.stage.caller(&self.text(r#as)?)?;
        Ok(Call::json(&caller, method, target.to_owned()))
    }

    fn as_admin(&self, method: &str, target: String) -> Result<Call, Stop> {
        Ok(Call::json(&self.stage.admin("")?, method, target))
    }

    /// A call to `/v1/admin/users/{user}`, as the administrator of that user's app.
    fn user_call(&self, method: &str, user: &Name, rest: &str) -> Result<Call, Stop> {
        let app = self
            .actor(user)?
            .map(|actor| split_app(&actor).0.to_owned());
        let admin = self.stage.admin(app.as_deref().unwrap_or_default())?;
        let target = format!("/v1/admin/users/{}{rest}", self.segment(user)?);
        Ok(Call::json(&admin, method, target))
    }

    /// The actor a name means, if it means one.
    fn actor(&self, name: &Name) -> Result<Option<String>, Stop> {
        let Name::Text(text) = name else {
            return Ok(None);
        };
        let rendered = as_text(&text.value(self)?);
        let state = self.stage.state();
        Ok(state.users.contains_key(&rendered).then_some(rendered))
    }

    /// A user id as a segment of a path.
    fn segment(&self, name: &Name) -> Result<String, Stop> {
        Ok(encode(&as_text(&self.stage.user_id(name, self)?)))
    }

    fn query(&self, parameters: &[(&str, &Option<Template>)]) -> Result<String, Stop> {
        let mut query = String::new();
        for (name, template) in parameters {
            if let Some(template) = template {
                let value = encode(&as_text(&self.value(template)?));
                let sign = if query.is_empty() { '?' } else { '&' };
                query.push_str(&format!("{sign}{name}={value}"));
            }
        }
        Ok(query)
    }

    fn relation(&self, r#as: &Text, method: &str, list: &str, peer: &Name) -> Result<Call, Stop> {
        self.call(r#as, method, &format!("/v1/{list}/{}", self.segment(peer)?))
    }

    fn login(&self, step: &Login) -> Result<Prepared, Stop> {
        let session = self.stage.session_name(&self.text(&step.r#as)?)?;
        let (actor, device) = session.split_once('.').unwrap_or((&session, "phone"));
        let owner = match &step.credential_of {
            Some(text) => self.text(text)?,
            None => actor.to_owned(),
        };
        let (own_id, credential) = {
            let state = self.stage.state();
            let id = state.users.get(actor).map(|user| user.id.clone());
            (
                id,
                state
                    .users
                    .get(&owner)
                    .and_then(|user| user.credential.clone()),
            )
        };
        let no_actor = || Stop::Fault(format!("there is no actor `{actor}`"));
        let user_id = match &step.user {
            Some(name) => self.stage.user_id(name, self)?,
            None => Value::String(own_id.ok_or_else(no_actor)?),
        };
        let no_credential = || Stop::Fault(format!("{owner} has no credential"));
        let caller = Caller {
            label: format!("{owner} (credential)"),
            token: Some(credential.ok_or_else(no_credential)?),
        };
        let platform = match &step.platform {
            Some(template) => self.value(template)?,
            None => json!("test"),
        };
        let body = json!({ "user_id": user_id, "device_id": device, "platform": platform });
        let call = Call::json(&caller, "POST", "/v1/sessions".into()).with(body);
        Ok(Prepared {
            call,
            after: After::LoggedIn {
                session: session.clone(),
            },
            well_formed: true,
        })
    }

    fn send(&self, step: &Send) -> Result<Call, Stop> {
        let mut body = Map::new();
        body.insert("to".into(), self.stage.user_id(&step.to, self)?);
        if let Some(from) = &step.from {
            body.insert("from".into(), self.stage.user_id(from, self)?);
        }
        self.put(&mut body, "content", Some(&step.content))?;
        self.put(&mut body, "client_msg_id", step.client_msg_id.as_ref())?;
        self.put(&mut body, "custom_data", step.custom_data.as_ref())?;
        self.put(&mut body, "lifetime_s", step.lifetime_s.as_ref())?;
        self.put(&mut body, "push", step.push.as_ref())?;
        if let Some(Value::Object(extra)) = step
            .extra
            .as_ref()
            .map(|extra| self.value(extra))
            .transpose()?
        {
            body.extend(extra);
        }
        Ok(self
            .call(&step.r#as, "POST", "/v1/messages")?
            .with(Value::Object(body)))
    }

    fn send_as_admin(&self, step: &SendAsAdmin) -> Result<Call, Stop> {
        let mut body = Map::new();
        if let Some(to) = &step.to {
            body.insert("to".into(), self.stage.user_id(to, self)?);
        }
        if let Some(users) = &step.to_users {
            body.insert("to_users".into(), self.stage.user_ids(users, self)?);
        }
        if let Some(from) = &step.from {
            body.insert("from".into(), self.stage.user_id(from, self)?);
        }
        self.put(&mut body, "content", Some(&step.content))?;
        self.put(&mut body, "sync_to_sender", step.sync_to_sender.as_ref())?;
        self.put(&mut body, "client_msg_id", step.client_msg_id.as_ref())?;
        self.put(&mut body, "custom_data", step.custom_data.as_ref())?;
        self.put(&mut body, "lifetime_s", step.lifetime_s.as_ref())?;
        self.put(&mut body, "push", step.push.as_ref())?;
        Ok(self
            .as_admin("POST", "/v1/admin/messages".into())?
            .with(Value::Object(body)))
    }

    fn notify(&self, step: &Notify) -> Result<Call, Stop> {
        let mut body = Map::new();
        if let Some(to) = &step.to {
            body.insert("to".into(), self.stage.user_id(to, self)?);
        }
        if let Some(users) = &step.to_users {
            body.insert("to_users".into(), self.stage.user_ids(users, self)?);
        }
        self.put(&mut body, "event", Some(&step.event))?;
        self.put(&mut body, "data", Some(&step.data))?;
        self.put(&mut body, "lifetime_s", step.lifetime_s.as_ref())?;
        self.put(&mut body, "client_msg_id", step.client_msg_id.as_ref())?;
        Ok(self
            .as_admin("POST", "/v1/admin/notifications".into())?
            .with(Value::Object(body)))
    }

    fn resend(&self, step: &Resend) -> Result<Call, Stop> {
        let name = self.text(&step.of)?;
        let sent = self.stage.state().sent.get(&name).cloned();
        let mut call =
            sent.ok_or_else(|| Stop::Fault(format!("nothing was sent and saved as `{name}`")))?;
        if let Some(Payload::Json(Value::Object(body))) = &mut call.body {
            for (name, template) in &step.change {
                let value = self.value(template)?;
                if value.is_null() {
                    body.remove(name);
                } else {
                    body.insert(name.clone(), value);
                }
            }
        }
        Ok(call)
    }

    fn request(&self, step: &Request) -> Result<Call, Stop> {
        let mut target = if step.path.is_reference() {
            self.text(&step.path)?
        } else {
            step.path.text_with(self, &|piece| encode(&piece))?
        };
        for (name, template) in &step.query {
            let value = encode(&as_text(&self.value(template)?));
            let sign = if target.contains('?') { '&' } else { '?' };
            target.push_str(&format!("{sign}{}={value}", encode(name)));
        }
        let mut call = self.call(&step.r#as, &self.text(&step.method)?, &target)?;
        for (name, value) in &step.headers {
            let value = self.text(value)?;
            // A header of its own takes the place of the caller's token.
            if name.eq_ignore_ascii_case("authorization") {
                call.token = None;
            }
            call.headers.push((name.clone(), value));
        }
        if let Some(json) = &step.json {
            call = call.with(self.value(json)?);
        } else if let Some(raw) = &step.raw_body {
            let bytes = as_text(&self.value(raw)?).into_bytes();
            call.body = Some(Payload::Raw(Bytes::from(bytes)));
        } else if let Some(text) = &step.latin1_body {
            let bytes: Result<Vec<u8>, _> = self
                .text(text)?
                .chars()
                .map(|c| u8::try_from(u32::from(c)))
                .collect();
            let bytes =
                bytes.map_err(|_| Stop::Fault("latin1_body: a character above U+00FF".into()))?;
            call.body = Some(Payload::Raw(Bytes::from(bytes)));
        }
        Ok(call)
    }
}

/// Encodes a value for a path or a query.
pub(super) fn encode(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}
