//! Requests given as bytes, for what an HTTP library would refuse to send.

use std::iter;

use bytes::{Bytes, BytesMut};

use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::endpoint::Endpoint;
use crate::error::TransportError;
use crate::http::Http;
use crate::response::RawResponse;

impl Http {
    /// Sends `bytes` on a fresh connection and reads one answer. They are sent as they are, but for
    /// what every request to the endpoint carries: the base path goes in front of the request line's
    /// target, the endpoint's headers behind the request line unless the bytes have them already.
    ///
    /// # Errors
    /// When no complete answer came.
    pub async fn raw(&self, bytes: impl Into<Bytes>) -> Result<RawResponse, TransportError> {
        let bytes = addressed(self.endpoint(), &bytes.into());
        let to_head_request = bytes.starts_with(b"HEAD ");
        self.turn().await;
        let deadline = Deadline::after(self.timeouts().request);
        let mut connection = Connection::open(self, deadline).await?;
        let (head, _) = connection
            .send_and_read_head(iter::once(bytes), deadline)
            .await?;
        connection.finish(head, to_head_request, deadline).await
    }
}

/// Puts base path and headers of the endpoint into a request, as far as it has places for them.
fn addressed(endpoint: &Endpoint, bytes: &Bytes) -> Bytes {
    let line_end = bytes
        .iter()
        .position(|byte| *byte == b'\n')
        .map(|at| at + 1);
    let (line, rest) = bytes.split_at(line_end.unwrap_or(bytes.len()));
    let mut request = BytesMut::with_capacity(bytes.len() + 256);
    match line.windows(2).position(|pair| pair == b" /") {
        Some(at) => {
            request.extend_from_slice(&line[..=at]);
            request.extend_from_slice(endpoint.base_path().as_bytes());
            request.extend_from_slice(&line[at + 1..]);
        }
        None => request.extend_from_slice(line),
    }
    if line_end.is_some() {
        for (name, value) in endpoint.headers() {
            if !has_header(rest, name.as_str()) {
                let line = [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"];
                request.extend_from_slice(&line.concat());
            }
        }
    }
    request.extend_from_slice(rest);
    request.freeze()
}

/// Whether a line up to the first empty one begins with the name and a colon.
fn has_header(head: &[u8], name: &str) -> bool {
    head.split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii_end)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_at_checked(name.len()))
        .any(|(begin, rest)| begin.eq_ignore_ascii_case(name.as_bytes()) && rest.starts_with(b":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &str, expected: &str) {
        let endpoint = Endpoint::parse("http://x/chat")
            .and_then(|endpoint| endpoint.with_header("x-key", "s"))
            .unwrap();
        let sent = addressed(&endpoint, &Bytes::from(bytes.to_owned()));
        assert_eq!(String::from_utf8(sent.to_vec()).unwrap(), expected);
    }

    #[test]
    fn base_path_and_headers_go_in_and_all_other_bytes_stay() {
        check(
            "GET /v1/users/../x HTTP/1.1\r\nHOST:x\r\n\r\n /a\r\nb",
            "GET /chat/v1/users/../x HTTP/1.1\r\nx-key: s\r\nHOST:x\r\n\r\n /a\r\nb",
        );
        check(
            "GET /v1 HTTP/1.1\n\n",
            "GET /chat/v1 HTTP/1.1\nx-key: s\r\n\n",
        );
        let own = "GET /v1 HTTP/1.1\r\nA: b\r\nX-KEY: t\r\n\r\n";
        check(own, &own.replace("/v1", "/chat/v1"));
        let in_body = "GET /v1 HTTP/1.1\r\nA: b\r\n\r\nx-key: t\r\n";
        let expected = "GET /chat/v1 HTTP/1.1\r\nx-key: s\r\nA: b\r\n\r\nx-key: t\r\n";
        check(in_body, expected);
    }

    #[test]
    fn what_has_no_place_for_them_is_sent_as_it_is() {
        check("GET", "GET");
        check("", "");
        let other = "OPTIONS * HTTP/1.1\r\nx-key: s\r\n\r\n";
        check(other, other);
    }
}
