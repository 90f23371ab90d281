//! Why no complete answer came.

use std::fmt;

use thiserror::Error;

/// Where in an exchange something went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Opening the connection.
    Connect,
    /// Sending the request.
    Send,
    /// Waiting for the head of the answer.
    Head,
    /// Reading the body of the answer.
    Body,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Send => "sending the request",
            Self::Head => "waiting for the head of the answer",
            Self::Body => "reading the body of the answer",
        })
    }
}

/// No complete HTTP answer came, and why.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TransportError {
    /// The caller asked for something that HTTP cannot express.
    #[error("the request cannot be sent: {0}")]
    InvalidRequest(String),
    /// Nobody listens there, or the name does not resolve.
    #[error("cannot reach {address}: {reason}")]
    Unreachable {
        /// Host and port.
        address: String,
        /// What the system said.
        reason: String,
    },
    /// The certificate of an `https` endpoint does not prove that it is the one asked for.
    #[error("certificate not trusted: {address}: {reason}")]
    Certificate {
        /// Host and port.
        address: String,
        /// What is wrong with it and how to mend that.
        reason: String,
    },
    /// No TLS session came about, for another reason than the certificate.
    #[error("no TLS with {address}: {reason}")]
    Tls {
        /// Host and port.
        address: String,
        /// What is wrong.
        reason: String,
    },
    /// The deadline passed.
    #[error("no answer within {after_ms} ms: gave up while {phase}")]
    TimedOut {
        /// What was going on.
        phase: Phase,
        /// The time allowed.
        after_ms: u64,
    },
    /// The connection ended or was reset before the answer was complete.
    #[error("the connection ended while {phase}: {reason}")]
    ClosedEarly {
        /// What was going on.
        phase: Phase,
        /// What the system said.
        reason: String,
    },
    /// The head of the answer is larger than this crate reads.
    #[error("the head of the answer is too large: over {headers} headers or {bytes} bytes")]
    HeadTooLarge {
        /// The bound for the number of headers.
        headers: usize,
        /// The bound for its size.
        bytes: usize,
    },
    /// The body of the answer is larger than this crate reads.
    #[error("the body of the answer is over {limit} bytes")]
    BodyTooLarge {
        /// The bound.
        limit: usize,
    },
    /// What came is not HTTP/1.1.
    #[error("the answer is not HTTP/1.1: {0}")]
    Protocol(String),
}

/// Why no further item of an event stream can be had.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StreamError {
    /// Nothing came before the deadline; the stream is still usable.
    #[error("nothing came on the stream in time")]
    TimedOut,
    /// A line or an event is larger than this crate reads.
    #[error("an event of the stream is over {limit} bytes")]
    TooLong {
        /// The bound.
        limit: usize,
    },
    /// A line is not UTF-8.
    #[error("the stream is not UTF-8")]
    NotUtf8,
    /// The chunked coding is broken.
    #[error("the stream is not HTTP/1.1: {0}")]
    Protocol(String),
    /// The connection was reset.
    #[error("the connection of the stream broke: {0}")]
    Broken(String),
}
