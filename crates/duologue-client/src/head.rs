//! The head of an answer, parsed from bytes.

use bytes::{Buf as _, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::body::BodyDecoder;
use crate::error::TransportError;

/// The largest head of an answer that is read.
pub(crate) const HEAD_BYTES_MAX: usize = 64 << 10;
/// The most headers of an answer that are read.
pub(crate) const HEADERS_MAX: usize = 128;

/// Status and headers of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
}

impl Head {
    /// Takes a complete head from the front of `buffer`; `None` while it is incomplete.
    pub(crate) fn take(buffer: &mut BytesMut) -> Result<Option<Self>, TransportError> {
        let mut lines = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut parsed = httparse::Response::new(&mut lines);
        let length = match parsed.parse(buffer) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if buffer.len() > HEAD_BYTES_MAX => {
                return Err(too_large());
            }
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => return Err(too_large()),
            Err(error) => return Err(TransportError::Protocol(error.to_string())),
        };
        let status = parsed.code.unwrap_or_default();
        let mut headers = HeaderMap::with_capacity(parsed.headers.len());
        for line in parsed.headers.iter() {
            let name = HeaderName::from_bytes(line.name.as_bytes());
            let value = HeaderValue::from_bytes(line.value);
            let (Ok(name), Ok(value)) = (name, value) else {
                return Err(TransportError::Protocol(format!(
                    "bad header `{}`",
                    line.name
                )));
            };
            headers.append(name, value);
        }
        buffer.advance(length);
        Ok(Some(Self { status, headers }))
    }

    /// Whether a final answer is still to come.
    pub(crate) fn is_interim(&self) -> bool {
        (100..200).contains(&self.status) && self.status != 101
    }

    /// How the body is delimited (RFC 9112, section 6.3).
    pub(crate) fn body(&self, to_head_request: bool) -> Result<BodyDecoder, TransportError> {
        if to_head_request || matches!(self.status, 100..200 | 204 | 304) {
            return Ok(BodyDecoder::length(0));
        }
        if let Some(coding) = self.headers.get(header::TRANSFER_ENCODING) {
            return if coding.as_bytes().eq_ignore_ascii_case(b"chunked") {
                Ok(BodyDecoder::chunked())
            } else {
                Err(TransportError::Protocol(format!(
                    "transfer coding {coding:?}"
                )))
            };
        }
        let mut lengths = self.headers.get_all(header::CONTENT_LENGTH).iter();
        let Some(length) = lengths.next() else {
            return Ok(BodyDecoder::until_close());
        };
        let parsed = length.to_str().ok().and_then(|text| text.parse().ok());
        match parsed {
            Some(bytes) if lengths.all(|other| other == length) => Ok(BodyDecoder::length(bytes)),
            _ => Err(TransportError::Protocol(format!(
                "content length {length:?}"
            ))),
        }
    }
}

/// The head is over one of the bounds.
pub(crate) fn too_large() -> TransportError {
    TransportError::HeadTooLarge {
        headers: HEADERS_MAX,
        bytes: HEAD_BYTES_MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_taken_once_it_is_complete() {
        let mut buffer = BytesMut::from("HTTP/1.1 204 No Content\r\nA: b\r\n");
        assert!(Head::take(&mut buffer).unwrap().is_none());
        buffer.extend_from_slice(b"\r\nrest");
        let head = Head::take(&mut buffer).unwrap().unwrap();
        assert_eq!((head.status, &buffer[..]), (204, &b"rest"[..]));
        assert_eq!(head.headers["a"], "b");
    }

    #[test]
    fn what_is_not_http_is_a_protocol_error() {
        for bad in [
            "SSH-2.0-x\r\n",
            "HTTP/2 200\r\n\r\n",
            "HTTP/1.1 abc\r\n\r\n",
        ] {
            let result = Head::take(&mut BytesMut::from(bad));
            assert!(
                matches!(result, Err(TransportError::Protocol(_))),
                "{bad:?}"
            );
        }
        let mut endless = BytesMut::from("HTTP/1.1 200 OK\r\nA: ");
        endless.resize(HEAD_BYTES_MAX + 100, b'a');
        assert_eq!(Head::take(&mut endless).unwrap_err(), too_large());
        let many = format!(
            "HTTP/1.1 200 OK\r\n{}\r\n",
            "a: b\r\n".repeat(HEADERS_MAX + 1)
        );
        let result = Head::take(&mut BytesMut::from(many.as_str()));
        assert_eq!(result.unwrap_err(), too_large());
    }
}
