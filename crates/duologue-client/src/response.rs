//! A complete HTTP answer, not judged.

use bytes::Bytes;
use http::HeaderMap;

/// The largest body of an answer that is read.
pub const BODY_BYTES_MAX: usize = 16 << 20;

/// A complete HTTP answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawResponse {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, decoded from its transfer coding.
    pub body: Bytes,
}

impl RawResponse {
    /// The first value of a header, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When the body is not JSON.
    pub fn json(&self) -> serde_json::Result<serde_json::Value> {
        serde_json::from_slice(&self.body)
    }
}
