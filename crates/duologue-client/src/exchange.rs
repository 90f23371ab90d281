//! One exchange on a connection of its own that reads while it writes.
//!
//! A server may answer before it has read the request, then close; a client that only looks after
//! it has written everything sees a reset in place of that answer.

use std::io;

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::connection::{Connection, closed, ended};
use crate::deadline::Deadline;
use crate::error::{Phase, TransportError};
use crate::head::Head;
use crate::response::RawResponse;

const READ_BYTES: usize = 16 << 10;

impl Connection {
    /// Sends the pieces of a request until the head of the final answer is there or no piece is
    /// left, then waits for that head. Returns it and the number of bytes sent.
    pub(crate) async fn send_and_read_head(
        &mut self,
        mut pieces: impl Iterator<Item = Bytes>,
        deadline: Deadline,
    ) -> Result<(Head, u64), TransportError> {
        let mut sent = 0;
        let mut piece = Bytes::new();
        let mut broken: Option<io::Error> = None;
        // TLS may hold back what was written to it.
        let mut held = false;
        loop {
            if let Some(head) = self.final_head()? {
                return Ok((head, sent));
            }
            if piece.is_empty() && broken.is_none() {
                piece = pieces.find(|next| !next.is_empty()).unwrap_or_default();
            }
            let writing = match broken {
                None if !piece.is_empty() => Writing::Piece,
                None if held => Writing::Flush,
                None | Some(_) => Writing::Nothing,
            };
            let phase = match writing {
                Writing::Piece | Writing::Flush => Phase::Send,
                Writing::Nothing => Phase::Head,
            };
            match deadline.run(phase, self.step(&piece, writing)).await? {
                Step::Wrote(Ok(bytes)) => {
                    piece.advance(bytes);
                    sent += bytes as u64;
                    held = true;
                }
                Step::Flushed(Ok(())) => held = false,
                // An answer may have come before the connection broke: read on.
                Step::Wrote(Err(error)) | Step::Flushed(Err(error)) => broken = Some(error),
                Step::Read(Ok(0)) => {
                    return Err(broken.map_or(ended(phase), |error| closed(Phase::Send, &error)));
                }
                Step::Read(Ok(_)) => {}
                Step::Read(Err(error)) => return Err(closed(phase, &error)),
            }
        }
    }

    /// Reads the body that belongs to `head`.
    pub(crate) async fn finish(
        &mut self,
        head: Head,
        to_head_request: bool,
        deadline: Deadline,
    ) -> Result<RawResponse, TransportError> {
        let body = self.body(head.body(to_head_request)?, deadline).await?;
        Ok(RawResponse {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    fn final_head(&mut self) -> Result<Option<Head>, TransportError> {
        while let Some(head) = Head::take(&mut self.buffer)? {
            if !head.is_interim() {
                return Ok(Some(head));
            }
        }
        Ok(None)
    }

    async fn step(&mut self, piece: &Bytes, writing: Writing) -> Step {
        self.buffer.reserve(READ_BYTES);
        let (mut reader, mut writer) = tokio::io::split(&mut self.socket);
        tokio::select! {
            biased;
            read = reader.read_buf(&mut self.buffer) => Step::Read(read),
            step = write(&mut writer, piece, writing), if writing != Writing::Nothing => step,
        }
    }
}

/// Does one piece of writing; cancelled, it has done none.
async fn write(writer: &mut (impl AsyncWrite + Unpin), piece: &Bytes, writing: Writing) -> Step {
    match writing {
        Writing::Piece => Step::Wrote(writer.write(piece).await),
        Writing::Flush | Writing::Nothing => Step::Flushed(writer.flush().await),
    }
}

/// What is to be done beside reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writing {
    Piece,
    Flush,
    Nothing,
}

enum Step {
    Read(io::Result<usize>),
    Wrote(io::Result<usize>),
    Flushed(io::Result<()>),
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use rustls::ServerConfig;
    use rustls::pki_types::{PrivatePkcs8KeyDer, ServerName};
    use tokio::net::{TcpListener, TcpSocket};
    use tokio_rustls::{TlsAcceptor, TlsConnector};
    use tokio_util::either::Either;

    use super::*;
    use crate::endpoint::Endpoint;
    use crate::tls::{Roots, client_config};

    const BYTES: usize = 1 << 20;

    /// A certificate of its own for this machine, and a server that has it.
    fn authority() -> (Roots, TlsAcceptor) {
        let names = ["127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let roots = Roots::from_pem(made.cert.pem().as_bytes()).unwrap();
        (roots, TlsAcceptor::from(Arc::new(config)))
    }

    #[tokio::test]
    async fn what_tls_holds_back_is_sent_although_nothing_is_left_to_write() {
        let (roots, acceptor) = authority();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = async {
            let (socket, _) = listener.accept().await.unwrap();
            let mut socket = acceptor.accept(socket).await.unwrap();
            socket.read_exact(&mut vec![0; BYTES]).await.unwrap();
            let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
            socket.write_all(answer).await.unwrap();
            socket.flush().await.unwrap();
        };
        let client = async {
            let socket = TcpSocket::new_v4().unwrap();
            // Smaller than a piece, so that of each a part is held back.
            socket.set_send_buffer_size(4096).unwrap();
            let socket = socket.connect(address).await.unwrap();
            let endpoint = Endpoint::parse("https://127.0.0.1").unwrap();
            let config = client_config(&endpoint.with_roots(roots)).unwrap();
            let connector = TlsConnector::from(Arc::new(config));
            let name = ServerName::try_from("127.0.0.1").unwrap();
            let tls = connector.connect(name, socket).await.unwrap();
            let mut connection = Connection {
                socket: Either::Right(Box::new(tls)),
                buffer: bytes::BytesMut::new(),
            };
            let pieces = (0..16).map(|_| Bytes::from(vec![b'x'; BYTES / 16]));
            let deadline = Deadline::after(Duration::from_secs(10));
            connection.send_and_read_head(pieces, deadline).await
        };
        let (head, ()) = tokio::join!(client, server);
        let (head, sent) = head.unwrap();
        assert_eq!((head.status, sent), (204, BYTES as u64));
    }
}
