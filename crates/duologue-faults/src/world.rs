//! What a twist can see and do beside the request at hand.

use duologue_core::ErrorCode;
use duologue_core::content::Content;
use duologue_core::event::Event;
use duologue_core::id::SystemEventName;
use duologue_core::server::{Body, Effect, IdSource, Reply, Server, StreamId};
use serde_json::{Value, json};

use crate::book::{Book, Who};
use crate::call::Call;

/// What came of a request.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) reply: Reply,
    pub(crate) effects: Vec<Effect>,
}

impl Outcome {
    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        json_of(&self.reply)
    }

    /// Replaces a JSON body.
    pub(crate) fn set_json(&mut self, body: &Value) {
        self.reply.body = Body::Json(body.to_string());
    }

    /// Whether it is a refusal with `code`.
    pub(crate) fn is_refused(&self, code: ErrorCode) -> bool {
        self.json()["code"] == code.as_str()
    }

    /// Changes the JSON body and nothing else.
    pub(crate) fn edit(&mut self, edit: impl FnOnce(&mut Value)) {
        let mut body = self.json();
        if !body.is_null() {
            edit(&mut body);
            self.reply.body = Body::Json(body.to_string());
        }
    }
}

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Self {
        Self {
            reply,
            effects: Vec::new(),
        }
    }
}

/// The body of a reply as JSON; null when it is none.
pub(crate) fn json_of(reply: &Reply) -> Value {
    match &reply.body {
        Body::Json(text) => serde_json::from_str(text).unwrap_or_default(),
        Body::Empty | Body::Stream { .. } | Body::Upload(_) | Body::Download(_) => Value::Null,
    }
}

/// A reply with a JSON body; without one if `body` is null.
pub(crate) fn reply(status: u16, body: &Value) -> Reply {
    let body = match body {
        Value::Null => Body::Empty,
        body => Body::Json(body.to_string()),
    };
    Reply {
        status,
        headers: Vec::new(),
        body,
    }
}

/// The core's server and what is known about its callers.
pub(crate) struct World<'a> {
    pub(crate) server: &'a mut Server,
    pub(crate) ids: &'a mut dyn IdSource,
    pub(crate) book: &'a Book,
}

impl World<'_> {
    /// Who makes the call.
    pub(crate) fn who(&self, call: &Call) -> Who {
        self.book.who(call)
    }

    /// Whose stream it is.
    pub(crate) fn listener(&self, stream: StreamId) -> Who {
        self.book.listener(stream)
    }

    /// Lets the core handle a request that nobody sent.
    pub(crate) fn ask(&mut self, call: &Call) -> Outcome {
        let (reply, effects) = self.server.handle(call.now, call.request(), self.ids);
        Outcome { reply, effects }
    }

    /// A request of the administrator of `app`, at the time of `call`. A null body is none.
    pub(crate) fn as_admin(
        &mut self,
        call: &Call,
        app: &str,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Outcome {
        let token = self.book.admin_token(app).unwrap_or_default();
        self.ask(&with_token(call, &token, method, path, body))
    }

    /// A request of a user, in the newest session that is still one. A null body is none.
    pub(crate) fn as_user(
        &mut self,
        call: &Call,
        (app, user): (&str, &str),
        method: &str,
        path: &str,
        body: &Value,
    ) -> Option<Outcome> {
        let tokens = self.book.sessions_of(app, user);
        tokens.iter().find_map(|token| {
            let outcome = self.ask(&with_token(call, token, method, path, body));
            (outcome.reply.status != 401).then_some(outcome)
        })
    }

    /// A request with any token. A null body is none.
    pub(crate) fn with_token(
        &mut self,
        call: &Call,
        token: &str,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Outcome {
        self.ask(&with_token(call, token, method, path, body))
    }
}

/// What several chapters look up.
impl World<'_> {
    /// A user's `friends` or `blocklist`; empty when the user is not logged in.
    pub(crate) fn list(&mut self, call: &Call, user: (&str, &str), list: &str) -> Vec<String> {
        let answer = self.as_user(call, user, "GET", &format!("/v1/{list}"), &Value::Null);
        let mut body = answer.map(|answer| answer.json()).unwrap_or_default();
        let ids = crate::json::list(&mut body, &format!("/{list}")).cloned();
        let ids = ids.unwrap_or_default().into_iter();
        ids.filter_map(|id| Some(id.as_str()?.to_owned())).collect()
    }

    /// Whether a user's `friends` or `blocklist` has `peer`.
    pub(crate) fn lists(
        &mut self,
        call: &Call,
        user: (&str, &str),
        list: &str,
        peer: &str,
    ) -> bool {
        self.list(call, user, list).iter().any(|id| id == peer)
    }

    /// A built-in event about `user` on the open streams of `to`, in no store.
    pub(crate) fn tell(
        &mut self,
        call: &Call,
        to: &str,
        (event, user): (&str, &str),
    ) -> Vec<Effect> {
        let app = self.who(call).app().to_owned();
        let mut data = json!({ "user_id": user });
        if event == "profile_changed" {
            let path = format!("/v1/admin/users/{user}");
            let profile = self.as_admin(call, &app, "GET", &path, &Value::Null).json();
            data["nickname"] = profile["nickname"].clone();
            data["avatar_url"] = profile["avatar_url"].clone();
        }
        // The administrator may not use the name, so the event gets it on its way out.
        let body = json!({
            "to": to, "event": "built-in", "data": data.to_string(), "lifetime_s": 0
        });
        let told = self.as_admin(call, &app, "POST", "/v1/admin/notifications", &body);
        let mut effects = told.effects;
        for effect in &mut effects {
            if let Effect::Deliver { frame, .. } = effect
                && let Event::Message(shown) = &mut frame.event
                && let Content::System { event: name, .. } = &mut shown.message.content
                && let Ok(built_in) = SystemEventName::parse(event)
            {
                *name = built_in;
            }
        }
        effects
    }

    /// The time on the clock of the caller's app.
    pub(crate) fn now(&mut self, call: &Call) -> u64 {
        let app = self.who(call).app().to_owned();
        let body = json!({"advance_ms": 0});
        let clock = self.as_admin(call, &app, "POST", "/v1/admin/clock", &body);
        // An app on the real clock refuses.
        clock.json()["now_ms"].as_u64().unwrap_or(call.now.0)
    }

    /// The sessions of a user as the administrator sees them.
    pub(crate) fn presence(&mut self, call: &Call, app: &str, user: &str) -> Vec<Value> {
        let path = format!("/v1/admin/users/{user}/presence");
        let presence = self.as_admin(call, app, "GET", &path, &Value::Null);
        let sessions = presence.json()["sessions"].as_array().cloned();
        sessions.unwrap_or_default()
    }

    /// A limit of the caller's app, as the core has it.
    pub(crate) fn limit(&mut self, call: &Call, name: &str) -> Option<u64> {
        let app = self.who(call).app().to_owned();
        let server = self.as_admin(call, &app, "GET", "/v1/server", &Value::Null);
        server.json()["app"]["limits"][name].as_u64()
    }
}

fn with_token(call: &Call, token: &str, method: &str, path: &str, body: &Value) -> Call {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let body = match body {
        Value::Null => Vec::new(),
        body => body.to_string().into_bytes(),
    };
    Call {
        now: call.now,
        method: method.into(),
        path: path.into(),
        query: query.into(),
        authorization: Some(format!("Bearer {token}")),
        last_event_id: None,
        content_length: None,
        body,
    }
}
