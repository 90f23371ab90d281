//! One TCP connection of its own: the place where TLS will go in.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::body::{BodyDecoder, Decoded};
use crate::deadline::Deadline;
use crate::endpoint::Endpoint;
use crate::error::{Phase, TransportError};
use crate::response::BODY_BYTES_MAX;

const READ_BYTES: usize = 16 << 10;

/// A connection and the bytes read from it that nobody has taken yet.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) socket: TcpStream,
    pub(crate) buffer: BytesMut,
}

impl Connection {
    pub(crate) async fn open(
        endpoint: &Endpoint,
        deadline: Deadline,
    ) -> Result<Self, TransportError> {
        let (host, port) = endpoint.address();
        let socket = deadline
            .run(Phase::Connect, TcpStream::connect((host.as_str(), port)))
            .await?
            .and_then(|socket| socket.set_nodelay(true).map(|()| socket))
            .map_err(|error| TransportError::Unreachable {
                address: endpoint.authority(),
                reason: error.to_string(),
            })?;
        Ok(Self {
            socket,
            buffer: BytesMut::with_capacity(READ_BYTES),
        })
    }

    /// Reads more; 0 at the end of the connection. Loses nothing when it is cancelled.
    pub(crate) async fn fill(&mut self) -> io::Result<usize> {
        self.buffer.reserve(READ_BYTES);
        self.socket.read_buf(&mut self.buffer).await
    }

    /// Sends all of `bytes`.
    pub(crate) async fn send(
        &mut self,
        bytes: &[u8],
        deadline: Deadline,
    ) -> Result<(), TransportError> {
        deadline
            .run(Phase::Send, self.socket.write_all(bytes))
            .await?
            .map_err(|error| closed(Phase::Send, &error))
    }

    /// Reads a whole body.
    pub(crate) async fn body(
        &mut self,
        mut decoder: BodyDecoder,
        deadline: Deadline,
    ) -> Result<Bytes, TransportError> {
        let mut body = BytesMut::new();
        loop {
            match decoder.decode(&mut self.buffer)? {
                Decoded::Done => return Ok(body.freeze()),
                Decoded::Data(data) if body.len() + data.len() > BODY_BYTES_MAX => {
                    return Err(TransportError::BodyTooLarge {
                        limit: BODY_BYTES_MAX,
                    });
                }
                Decoded::Data(data) => body.extend_from_slice(&data),
                Decoded::NeedMore => match deadline.run(Phase::Body, self.fill()).await? {
                    Ok(0) if decoder.may_end() => return Ok(body.freeze()),
                    Ok(0) => return Err(ended(Phase::Body)),
                    Ok(_) => {}
                    Err(error) => return Err(closed(Phase::Body, &error)),
                },
            }
        }
    }
}

/// The connection broke.
pub(crate) fn closed(phase: Phase, error: &io::Error) -> TransportError {
    TransportError::ClosedEarly {
        phase,
        reason: error.to_string(),
    }
}

/// The server ended the connection too soon.
pub(crate) fn ended(phase: Phase) -> TransportError {
    TransportError::ClosedEarly {
        phase,
        reason: "end of the connection".into(),
    }
}
