//! Who is who: what a faulty server has learned from the traffic it passed on.

use std::collections::BTreeMap;

use duologue_core::server::{Body, Reply, StreamId};
use serde_json::Value;

use crate::call::Call;
use crate::json::text;
use crate::routes::{CREATE_APP, LOGIN, PUT_USER};

/// An app and a user of it.
pub(crate) type Owner = (String, String);

/// Whom a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    /// No token, or one that the server did not give: the operator's, a wrong one.
    Unknown,
    Admin {
        app: String,
    },
    Credential {
        app: String,
        user: String,
    },
    Session {
        app: String,
        user: String,
        device: String,
    },
}

impl Who {
    /// The app; empty when there is none.
    pub(crate) fn app(&self) -> &str {
        match self {
            Self::Unknown => "",
            Self::Admin { app } | Self::Credential { app, .. } | Self::Session { app, .. } => app,
        }
    }

    /// The user; empty when there is none.
    pub(crate) fn user(&self) -> &str {
        match self {
            Self::Unknown | Self::Admin { .. } => "",
            Self::Credential { user, .. } | Self::Session { user, .. } => user,
        }
    }

    /// The app and the user, to keep something under.
    pub(crate) fn owner(&self) -> Owner {
        (self.app().to_owned(), self.user().to_owned())
    }

    /// The device; empty when there is none.
    pub(crate) fn device(&self) -> &str {
        match self {
            Self::Session { device, .. } => device,
            Self::Unknown | Self::Admin { .. } | Self::Credential { .. } => "",
        }
    }
}

/// The tokens and streams that the core gave out.
#[derive(Debug, Default)]
pub(crate) struct Book {
    tokens: BTreeMap<String, Who>,
    /// Oldest first.
    sessions: Vec<String>,
    streams: BTreeMap<StreamId, Who>,
}

impl Book {
    pub(crate) fn who(&self, call: &Call) -> Who {
        call.token()
            .map_or(Who::Unknown, |token| self.holder(token))
    }

    /// Whose stream it is.
    pub(crate) fn listener(&self, stream: StreamId) -> Who {
        self.streams.get(&stream).cloned().unwrap_or(Who::Unknown)
    }

    /// The streams of a user, open or not, oldest first.
    pub(crate) fn streams_of<'a>(
        &'a self,
        app: &'a str,
        user: &'a str,
    ) -> impl Iterator<Item = StreamId> + 'a {
        let his = move |who: &Who| who.app() == app && who.user() == user;
        self.streams
            .iter()
            .filter(move |(_, who)| his(who))
            .map(|(stream, _)| *stream)
    }

    /// The newest stream of a session's device, open or not.
    pub(crate) fn stream_of(&self, session: &Who) -> Option<StreamId> {
        let mut streams = self.streams.iter().rev();
        streams
            .find(|(_, who)| *who == session)
            .map(|(stream, _)| *stream)
    }

    /// Every stream of an app, open or not.
    pub(crate) fn streams_in<'a>(&'a self, app: &'a str) -> impl Iterator<Item = StreamId> + 'a {
        let of_app = move |(_, who): &(&StreamId, &Who)| who.app() == app;
        self.streams
            .iter()
            .filter(of_app)
            .map(|(stream, _)| *stream)
    }

    /// The apps there are or were.
    pub(crate) fn apps(&self) -> impl Iterator<Item = &str> {
        self.tokens.values().filter_map(|who| match who {
            Who::Admin { app } => Some(app.as_str()),
            Who::Unknown | Who::Credential { .. } | Who::Session { .. } => None,
        })
    }

    pub(crate) fn admin_token(&self, app: &str) -> Option<String> {
        let admin = Who::Admin { app: app.into() };
        let found = self.tokens.iter().find(|(_, who)| **who == admin);
        found.map(|(token, _)| token.clone())
    }

    /// The session tokens of a user, newest first; some may have ended.
    pub(crate) fn sessions_of(&self, app: &str, user: &str) -> Vec<String> {
        let his = |token: &&String| {
            let who = self.tokens.get(*token);
            who.is_some_and(|who| who.app() == app && who.user() == user)
        };
        self.sessions.iter().rev().filter(his).cloned().collect()
    }

    /// Learns from the core's own answer.
    pub(crate) fn learn(&mut self, call: &Call, reply: &Reply) {
        let caller = self.who(call);
        match &reply.body {
            Body::Stream { stream, .. } => {
                self.streams.insert(*stream, caller);
            }
            Body::Json(body) if reply.status < 300 => {
                let body = serde_json::from_str(body).unwrap_or_default();
                self.learn_tokens(call, caller.app(), &body);
            }
            Body::Json(_) | Body::Empty | Body::Upload(_) | Body::Download(_) => {}
        }
    }

    fn learn_tokens(&mut self, call: &Call, app: &str, body: &Value) {
        let user = text(body, "/user_id").to_owned();
        let app = app.to_owned();
        if call.is(CREATE_APP) {
            let app = text(body, "/app_id").to_owned();
            self.tokens
                .insert(text(body, "/admin_token").into(), Who::Admin { app });
        } else if call.is(PUT_USER) {
            self.tokens.insert(
                text(body, "/credential").into(),
                Who::Credential { app, user },
            );
        } else if call.is(LOGIN) {
            let token = text(body, "/session_token").to_owned();
            let device = text(body, "/device_id").to_owned();
            self.sessions.push(token.clone());
            self.tokens
                .insert(token, Who::Session { app, user, device });
        }
    }

    /// Every token that was ever given out and whom it stood for, ascending by token.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = (&str, &Who)> {
        self.tokens.iter().map(|(token, who)| (token.as_str(), who))
    }

    /// Whom a token stood for.
    pub(crate) fn holder(&self, token: &str) -> Who {
        self.tokens.get(token).cloned().unwrap_or(Who::Unknown)
    }
}
