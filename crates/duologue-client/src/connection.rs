//! One connection of its own, plain or with TLS.

use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

use crate::body::{BodyDecoder, Decoded};
use crate::deadline::Deadline;
use crate::error::{Phase, TransportError};
use crate::http::Http;
use crate::response::BODY_BYTES_MAX;
use crate::tls;

const READ_BYTES: usize = 16 << 10;

/// A TCP connection or TLS on one.
pub(crate) type Socket = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// A connection and the bytes read from it that nobody has taken yet.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) socket: Socket,
    pub(crate) buffer: BytesMut,
}

impl Connection {
    /// Connects within `deadline` and the time allowed for connecting.
    pub(crate) async fn open(http: &Http, deadline: Deadline) -> Result<Self, TransportError> {
        let endpoint = http.endpoint();
        let deadline = deadline.sooner(http.timeouts().connect);
        let (host, port) = endpoint.address();
        let socket = deadline
            .run(Phase::Connect, TcpStream::connect((host.as_str(), port)))
            .await?
            .and_then(|socket| socket.set_nodelay(true).map(|()| socket))
            .map_err(|error| TransportError::Unreachable {
                address: endpoint.authority(),
                reason: error.to_string(),
            })?;
        let socket = if endpoint.is_https() {
            let handshake = handshake(http, host, socket);
            Either::Right(Box::new(deadline.run(Phase::Connect, handshake).await??))
        } else {
            Either::Left(socket)
        };
        Ok(Self {
            socket,
            buffer: BytesMut::with_capacity(READ_BYTES),
        })
    }

    /// The TCP connection beneath.
    pub(crate) fn tcp(&self) -> &TcpStream {
        match &self.socket {
            Either::Left(tcp) => tcp,
            Either::Right(tls) => tls.get_ref().0,
        }
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
        let send = async {
            self.socket.write_all(bytes).await?;
            self.socket.flush().await
        };
        deadline
            .run(Phase::Send, send)
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

async fn handshake(
    http: &Http,
    host: String,
    socket: TcpStream,
) -> Result<TlsStream<TcpStream>, TransportError> {
    let address = http.endpoint().authority();
    let name = ServerName::try_from(host)
        .map_err(|error| TransportError::InvalidRequest(error.to_string()))?;
    let connector = TlsConnector::from(Arc::clone(http.tls()));
    connector.connect(name, socket).await.map_err(|error| {
        match tls::explain(address.clone(), &error) {
            Some(explained) => explained,
            None => TransportError::Unreachable {
                address,
                reason: error.to_string(),
            },
        }
    })
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
