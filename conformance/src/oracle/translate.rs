//! A request of the history as the model gets it: with the model's ids in place of the server's.

use bytes::Bytes;
use duologue_core::server::Request;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::history::{Exchange, Kind};
use super::names::{Bearer, Clock, Names, kind_of};

/// A request for the model.
#[derive(Debug)]
pub(super) struct Translated {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    authorization: Option<String>,
    last_event_id: Option<String>,
    content_length: Option<u64>,
    pub(super) body: Bytes,
    /// Who asks, if the token is one that was handed out.
    pub(super) caller: Option<Bearer>,
    /// Whether it names a cursor whose counterpart is a guess.
    pub(super) guessed: bool,
    /// Whether it names a time of a clock that the model does not have.
    pub(super) timeless: bool,
}

impl Translated {
    pub(super) fn new(exchange: &Exchange, names: &Names) -> Self {
        let (path, query) = exchange
            .target
            .split_once('?')
            .unwrap_or((&exchange.target, ""));
        let token = exchange
            .token
            .as_ref()
            .map(|token| format!("Bearer {token}"));
        let (authorization, caller) = match token.or_else(|| header(exchange, "authorization")) {
            None => (None, None),
            Some(text) => {
                let (text, caller) = authorization(&text, names);
                (Some(text), caller)
            }
        };
        let mut translated = Self {
            method: exchange.method.clone(),
            path: ids_in(path, names),
            query: String::new(),
            authorization,
            last_event_id: header(exchange, "last-event-id"),
            content_length: match exchange.kind {
                Kind::Upload {
                    bytes,
                    declared: true,
                } => Some(bytes),
                Kind::Plain | Kind::Stream(_) | Kind::Upload { .. } | Kind::Raw => None,
            },
            body: exchange.body.clone(),
            caller,
            guessed: false,
            timeless: false,
        };
        translated.query = translated.times(query, names);
        translated.cursors(names);
        translated
    }

    /// The same request with another body.
    pub(super) fn with_body(&self, body: &Value) -> Self {
        Self {
            method: self.method.clone(),
            path: self.path.clone(),
            query: self.query.clone(),
            authorization: self.authorization.clone(),
            last_event_id: None,
            content_length: None,
            body: Bytes::from(body.to_string()),
            caller: self.caller.clone(),
            guessed: self.guessed,
            timeless: self.timeless,
        }
    }

    pub(super) fn request(&self) -> Request<'_> {
        Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            authorization: self.authorization.as_deref(),
            last_event_id: self.last_event_id.as_deref(),
            content_length: self.content_length,
            body: &self.body,
        }
    }

    pub(super) fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path == path
    }

    pub(super) fn app(&self) -> Option<usize> {
        self.caller.as_ref().map(|caller| caller.app)
    }

    /// Whose mailbox the request is about.
    pub(super) fn mailbox(&self) -> Option<(usize, String)> {
        let caller = self.caller.as_ref()?;
        Some((caller.app, caller.user.clone()?))
    }

    /// Bounds of a time range, on the model's clock.
    fn times(&mut self, query: &str, names: &Names) -> String {
        let clock = names.clock(self.app());
        let parameters = query.split('&').map(|parameter| {
            let Some((name @ ("from_ms" | "to_ms"), value)) = parameter.split_once('=') else {
                return parameter.to_owned();
            };
            match (value.parse::<u64>(), clock) {
                (Err(_) | Ok(0), _) => parameter.to_owned(),
                (Ok(time), Clock::Manual { ahead: Some(ahead) }) => {
                    format!("{name}={}", time.saturating_add_signed(-ahead))
                }
                (Ok(_), Clock::Manual { ahead: None } | Clock::Real) => {
                    self.timeless = true;
                    parameter.to_owned()
                }
            }
        });
        parameters.collect::<Vec<_>>().join("&")
    }

    /// Cursors in an acknowledgement or in the opening of a stream.
    fn cursors(&mut self, names: &Names) {
        let Some(whose) = self.mailbox() else { return };
        if self.is("GET", "/v1/events")
            && let Some(id) = &mut self.last_event_id
        {
            let found = names.cursor(&whose, id);
            (*id, self.guessed) = (found.cursor, !found.certain);
        } else if self.is("POST", "/v1/events/ack")
            && let Ok(mut body) = serde_json::from_slice::<Value>(&self.body)
            && let Some(cursor) = body["cursor"].as_str()
        {
            let found = names.cursor(&whose, cursor);
            if found.cursor != cursor {
                body["cursor"] = Value::String(found.cursor);
                self.body = Bytes::from(body.to_string());
            }
            self.guessed = !found.certain;
        }
    }
}

/// A header of the history's request.
pub(super) fn header(exchange: &Exchange, name: &str) -> Option<String> {
    exchange
        .headers
        .iter()
        .find(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.clone())
}

/// The header with the model's token, and whose it is.
fn authorization(text: &str, names: &Names) -> (String, Option<Bearer>) {
    let found = text
        .split_whitespace()
        .find_map(|word| Some((word, names.bearer(word)?)));
    match found {
        Some((word, bearer)) => (text.replace(word, &bearer.token), Some(bearer.clone())),
        None => (text.to_owned(), None),
    }
}

/// The path with the model's ids of apps and media.
fn ids_in(path: &str, names: &Names) -> String {
    let mut before = "";
    let mut segments = Vec::new();
    for segment in path.split('/') {
        let kind = match before {
            "apps" => kind_of("app_id"),
            "media" => kind_of("media_id"),
            _ => None,
        };
        let text = percent_decode_str(segment).decode_utf8_lossy();
        let ours = kind.and_then(|kind| names.ours(kind, &text));
        segments.push(ours.unwrap_or(segment));
        before = segment;
    }
    segments.join("/")
}
