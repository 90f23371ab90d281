//! The body of an answer, decoded from its transfer coding piece by piece.
//!
//! By hand, because raw exchanges, early answers and event streams read from a socket that no HTTP
//! library owns; `httparse` reads the sizes and the trailers.

use bytes::{Buf as _, Bytes, BytesMut};

use crate::error::TransportError;

const CHUNK_LINE_BYTES_MAX: usize = 4 << 10;
const TRAILER_BYTES_MAX: usize = 16 << 10;

/// Where in the body the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Length(u64),
    UntilClose,
    ChunkSize,
    ChunkData(u64),
    ChunkEnd,
    Trailers,
    Done,
}

/// A step of decoding.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decoded {
    Data(Bytes),
    NeedMore,
    Done,
}

/// Takes the body of one answer from the front of a buffer.
#[derive(Debug)]
pub(crate) struct BodyDecoder(State);

impl BodyDecoder {
    pub(crate) fn length(bytes: u64) -> Self {
        Self(State::Length(bytes))
    }

    pub(crate) fn chunked() -> Self {
        Self(State::ChunkSize)
    }

    pub(crate) fn until_close() -> Self {
        Self(State::UntilClose)
    }

    /// Whether the end of the connection is the end of the body.
    pub(crate) fn may_end(&self) -> bool {
        matches!(self.0, State::UntilClose | State::Done | State::Length(0))
    }

    /// Takes what can be taken.
    pub(crate) fn decode(&mut self, buffer: &mut BytesMut) -> Result<Decoded, TransportError> {
        loop {
            match self.0 {
                State::Done | State::Length(0) => return Ok(Decoded::Done),
                State::Length(left) => return Ok(self.data(buffer, left, State::Length)),
                State::UntilClose => return Ok(self.data(buffer, u64::MAX, |_| State::UntilClose)),
                State::ChunkData(0) => self.0 = State::ChunkEnd,
                State::ChunkData(left) => return Ok(self.data(buffer, left, State::ChunkData)),
                State::ChunkSize => {
                    let Some(size) = chunk_size(buffer)? else {
                        return Ok(Decoded::NeedMore);
                    };
                    self.0 = if size == 0 {
                        State::Trailers
                    } else {
                        State::ChunkData(size)
                    };
                }
                State::ChunkEnd => {
                    if buffer.len() < 2 {
                        return Ok(Decoded::NeedMore);
                    }
                    if !buffer.starts_with(b"\r\n") {
                        return Err(TransportError::Protocol("a chunk does not end".into()));
                    }
                    buffer.advance(2);
                    self.0 = State::ChunkSize;
                }
                State::Trailers => {
                    let Some(length) = trailers(buffer)? else {
                        return Ok(Decoded::NeedMore);
                    };
                    buffer.advance(length);
                    self.0 = State::Done;
                }
            }
        }
    }

    fn data(&mut self, buffer: &mut BytesMut, left: u64, then: fn(u64) -> State) -> Decoded {
        if buffer.is_empty() {
            return Decoded::NeedMore;
        }
        let take = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        self.0 = then(left - take as u64);
        Decoded::Data(buffer.split_to(take).freeze())
    }
}

fn chunk_size(buffer: &mut BytesMut) -> Result<Option<u64>, TransportError> {
    match httparse::parse_chunk_size(buffer) {
        Ok(httparse::Status::Complete((length, size))) => {
            buffer.advance(length);
            Ok(Some(size))
        }
        Ok(httparse::Status::Partial) if buffer.len() <= CHUNK_LINE_BYTES_MAX => Ok(None),
        Ok(httparse::Status::Partial) | Err(_) => {
            Err(TransportError::Protocol("a chunk size is malformed".into()))
        }
    }
}

fn trailers(buffer: &BytesMut) -> Result<Option<usize>, TransportError> {
    let mut lines = [httparse::EMPTY_HEADER; 32];
    match httparse::parse_headers(buffer, &mut lines) {
        Ok(httparse::Status::Complete((length, _))) => Ok(Some(length)),
        Ok(httparse::Status::Partial) if buffer.len() <= TRAILER_BYTES_MAX => Ok(None),
        Ok(httparse::Status::Partial) => Err(TransportError::Protocol("endless trailers".into())),
        Err(error) => Err(TransportError::Protocol(format!("trailers: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `text` a byte at a time; returns the data and whether the end was seen.
    fn drip(mut decoder: BodyDecoder, text: &str) -> Result<(String, bool), TransportError> {
        let (mut buffer, mut data) = (BytesMut::new(), Vec::new());
        for byte in text.bytes() {
            buffer.extend_from_slice(&[byte]);
            loop {
                match decoder.decode(&mut buffer)? {
                    Decoded::Data(bytes) => data.extend_from_slice(&bytes),
                    Decoded::NeedMore => break,
                    Decoded::Done => return Ok((String::from_utf8(data).unwrap(), true)),
                }
            }
        }
        Ok((String::from_utf8(data).unwrap(), false))
    }

    #[test]
    fn chunks_are_joined_and_their_end_is_seen() {
        let whole = "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n";
        assert_eq!(
            drip(BodyDecoder::chunked(), whole),
            Ok(("abcde".into(), true))
        );
        assert_eq!(
            drip(BodyDecoder::chunked(), "3\r\nab"),
            Ok(("ab".into(), false))
        );
        assert!(drip(BodyDecoder::chunked(), "3\r\nabcde").is_err());
        assert!(drip(BodyDecoder::chunked(), "zz\r\n").is_err());
    }

    #[test]
    fn lengths_end_and_open_bodies_do_not() {
        assert_eq!(
            drip(BodyDecoder::length(3), "abcdef"),
            Ok(("abc".into(), true))
        );
        assert_eq!(
            drip(BodyDecoder::until_close(), "abc"),
            Ok(("abc".into(), false))
        );
        assert!(BodyDecoder::until_close().may_end());
        assert!(!BodyDecoder::chunked().may_end());
    }
}
