//! The requests a client makes, typed, and how each looks in HTTP.

use std::fmt;

use serde_json::{Value, json};

use crate::client::conversation::{Hole, OPEN_END};
use crate::id::{Cursor, DeviceId, PeerId, Platform, UserId};

/// A request of a client, numbered by it; its answer comes back under this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// A stream of a client, numbered by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamNumber(pub u64);

/// Who logs in, and from where.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The user.
    pub user: UserId,
    /// The user's login secret.
    pub credential: String,
    /// This device.
    pub device: DeviceId,
    /// Its kind.
    pub platform: Platform,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("user", &self.user)
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}

/// A bearer token: a session's, or the credential of a login. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(pub(super) String);

impl Token {
    /// The token as it stands in the `Authorization` header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What a request asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Call {
    /// `POST /v1/sessions`.
    Login(Account),
    /// `DELETE /v1/sessions/current`.
    Logout,
    /// `POST /v1/events/ack`.
    Acknowledge(Cursor),
    /// `POST /v1/messages`; a repeat has the same body (CLI-011).
    Send(Value),
    /// `GET /v1/conversations/{peer}/messages` (CLI-015).
    History {
        /// The other end.
        peer: PeerId,
        /// What is missing.
        hole: Hole,
        /// The most messages the page may hold.
        limit: u64,
    },
}

/// A request in the terms of HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpCall {
    /// The method.
    pub method: &'static str,
    /// The path and query, percent-encoded.
    pub path_and_query: String,
    /// The JSON body.
    pub body: Option<Value>,
}

impl Call {
    /// The request line and body.
    #[must_use]
    pub fn to_http(&self) -> HttpCall {
        let (method, path_and_query, body) = match self {
            Self::Login(account) => {
                let body = json!({
                    "user_id": account.user,
                    "device_id": account.device,
                    "platform": account.platform,
                });
                ("POST", "/v1/sessions".into(), Some(body))
            }
            Self::Logout => ("DELETE", "/v1/sessions/current".into(), None),
            Self::Acknowledge(cursor) => {
                let body = json!({ "cursor": cursor.to_string() });
                ("POST", "/v1/events/ack".into(), Some(body))
            }
            Self::Send(body) => ("POST", "/v1/messages".into(), Some(body.clone())),
            Self::History { peer, hole, limit } => ("GET", history(peer, *hole, *limit), None),
        };
        HttpCall {
            method,
            path_and_query,
            body,
        }
    }
}

/// With both bounds a page lists the newest messages of its window, with `after` alone the oldest;
/// an open end above held messages is therefore written as a bound that no seq reaches.
fn history(peer: &PeerId, hole: Hole, limit: u64) -> String {
    let mut path = format!("/v1/conversations/{peer}/messages?limit={limit}");
    if hole.after > 0 {
        path.push_str(&format!("&after={}", hole.after));
    }
    if hole.after > 0 || hole.before < OPEN_END {
        path.push_str(&format!("&before={}", hole.before));
    }
    path
}
