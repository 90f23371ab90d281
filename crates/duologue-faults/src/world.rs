//! What a twist can see and do beside the request at hand.

use duologue_core::ErrorCode;
use duologue_core::server::{Body, Effect, IdSource, Reply, Server, StreamId};
use serde_json::Value;

use crate::book::{Book, Who};
use crate::call::Call;
use crate::json::list;

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

    /// Changes a JSON body and nothing else.
    pub(crate) fn edit(&mut self, edit: impl FnOnce(&mut Value)) {
        edit_json(&mut self.reply, edit);
    }

    /// Changes a list in a JSON body, if it is there.
    pub(crate) fn edit_list(&mut self, pointer: &str, edit: impl FnOnce(&mut Vec<Value>)) {
        let mut body = self.json();
        if let Some(found) = list(&mut body, pointer) {
            edit(found);
            self.set_json(&body);
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

/// Edits the JSON body of a reply, if it has one.
pub(crate) fn edit_json(reply: &mut Reply, edit: impl FnOnce(&mut Value)) {
    let mut body = json_of(reply);
    if !body.is_null() {
        edit(&mut body);
        reply.body = Body::Json(body.to_string());
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

    /// Lets the core handle a request with another body.
    pub(crate) fn again(&mut self, call: &Call, edit: impl FnOnce(&mut Value)) -> Outcome {
        self.ask(&call.with_body(edit))
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
