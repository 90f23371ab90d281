//! A request that may be changed on its way in.

use duologue_core::server::Request;
use duologue_core::time::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::Value;

use crate::json::text;

/// A request with the time it came at.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) now: Timestamp,
    pub(crate) method: String,
    /// Percent-encoded, as it came.
    pub(crate) path: String,
    /// Without `?`.
    pub(crate) query: String,
    pub(crate) authorization: Option<String>,
    pub(crate) last_event_id: Option<String>,
    pub(crate) content_length: Option<u64>,
    pub(crate) body: Vec<u8>,
}

impl Call {
    pub(crate) fn of(now: Timestamp, request: &Request<'_>) -> Self {
        Self {
            now,
            method: request.method.into(),
            path: request.path.into(),
            query: request.query.into(),
            authorization: request.authorization.map(str::to_owned),
            last_event_id: request.last_event_id.map(str::to_owned),
            content_length: request.content_length,
            body: request.body.into(),
        }
    }

    pub(crate) fn request(&self) -> Request<'_> {
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

    /// Whether the request fits a pattern such as `PUT /v1/friends/*`: a method or `*`, a path in
    /// which `*` is any one segment. Several patterns are separated by ` | `; `*` alone is any request.
    pub(crate) fn is(&self, pattern: &str) -> bool {
        pattern.split(" | ").any(|one| {
            one == "*"
                || one
                    .split_once(' ')
                    .is_some_and(|(method, path)| self.fits(method, path))
        })
    }

    fn fits(&self, method: &str, path: &str) -> bool {
        let same = |(pattern, found): (&str, &str)| pattern == "*" || pattern == found;
        (method == "*" || method == self.method)
            && path.split('/').count() == self.path.split('/').count()
            && path.split('/').zip(self.path.split('/')).all(same)
    }

    /// The `n`-th segment of the path, decoded; the `v1` is number 1.
    pub(crate) fn segment(&self, n: usize) -> String {
        let segment = self.path.split('/').nth(n).unwrap_or_default();
        percent_decode_str(segment).decode_utf8_lossy().into_owned()
    }

    /// Puts another `n`-th segment into the path.
    pub(crate) fn set_segment(&mut self, n: usize, segment: &str) {
        let escaped = utf8_percent_encode(segment, NON_ALPHANUMERIC).to_string();
        let mut segments: Vec<&str> = self.path.split('/').collect();
        if let Some(place) = segments.get_mut(n) {
            *place = &escaped;
        }
        self.path = segments.join("/");
    }

    /// A parameter of the query, as it came.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let pairs = self
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        pairs
            .filter(|(found, _)| *found == name)
            .map(|(_, value)| value)
            .next()
    }

    /// Replaces each value of a parameter of the query, or takes it away.
    pub(crate) fn edit_parameter(&mut self, name: &str, edit: impl Fn(&str) -> Option<String>) {
        let pairs = self.query.split('&').filter_map(|pair| {
            match pair.split_once('=').filter(|(found, _)| *found == name) {
                Some((_, value)) => Some(format!("{name}={}", edit(value)?)),
                None => Some(pair.to_owned()),
            }
        });
        self.query = pairs.collect::<Vec<_>>().join("&");
    }

    /// Gives a parameter of the query one value, whatever it had, or none.
    pub(crate) fn set_parameter(&mut self, name: &str, value: Option<&str>) {
        let others = self
            .query
            .split('&')
            .filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(name));
        let mut pairs: Vec<String> = others.map(str::to_owned).collect();
        pairs.extend(value.map(|value| format!("{name}={value}")));
        self.query = pairs.join("&");
    }

    /// The bearer token.
    pub(crate) fn token(&self) -> Option<&str> {
        Some(self.authorization.as_deref()?.split_once(' ')?.1)
    }

    /// Puts another bearer token into the request.
    pub(crate) fn set_token(&mut self, token: &str) {
        self.authorization = Some(format!("Bearer {token}"));
    }

    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn set_json(&mut self, body: &Value) {
        self.body = body.to_string().into_bytes();
    }

    /// The same request with another JSON body.
    pub(crate) fn with_body(&self, edit: impl FnOnce(&mut Value)) -> Self {
        let (mut other, mut body) = (self.clone(), self.json());
        edit(&mut body);
        other.set_json(&body);
        other
    }

    /// The `to` of the body; empty when there is none.
    pub(crate) fn recipient(&self) -> String {
        text(&self.json(), "/to").to_owned()
    }
}
