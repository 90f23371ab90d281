//! The reference server behind a small proxy that does with each request what a test says.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use duologue_server::ServerOptions;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
    BufStream, copy_bidirectional,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

use crate::duologue_in;

const OPERATOR_TOKEN: &str = "operator-behind-the-front";

/// What becomes of a request.
pub(crate) enum Act {
    /// It goes to the reference server with this head.
    Forward(String),
    /// The same, and each frame of the event stream that answers it is rewritten.
    Rewrite(String, fn(String) -> String),
    /// It is answered with this, and the connection is closed.
    Say(Vec<u8>),
    /// It is answered with this, and the connection stays open.
    Hold(Vec<u8>),
    /// It is answered with this, then with the second text again and again.
    Flood(Vec<u8>, Vec<u8>),
}

/// A running front and the server behind it.
pub(crate) struct Front {
    pub(crate) url: String,
    /// The CA of a front with TLS.
    pub(crate) ca: Option<String>,
    runtime: Option<Runtime>,
}

impl Front {
    /// A front that asks `act` what to do with the head of each request.
    pub(crate) fn new(act: impl Fn(&str) -> Act + Send + Sync + 'static) -> Self {
        Self::start(None, act)
    }

    /// The same with TLS.
    pub(crate) fn tls(act: impl Fn(&str) -> Act + Send + Sync + 'static) -> Self {
        Self::start(Some(authority()), act)
    }

    fn start(
        tls: Option<(String, TlsAcceptor)>,
        act: impl Fn(&str) -> Act + Send + Sync + 'static,
    ) -> Self {
        let runtime = Runtime::new().unwrap();
        let (ca, acceptor) = tls.unzip();
        let scheme = if ca.is_some() { "https" } else { "http" };
        let address = runtime.block_on(listen(acceptor, Arc::new(act)));
        Self {
            url: format!("{scheme}://{address}"),
            ca,
            runtime: Some(runtime),
        }
    }

    /// `duologue run` against the front with the right token.
    pub(crate) fn run(&self, folder: &Path, path: &str, args: &[&str]) -> Output {
        let url = format!("{}{path}", self.url);
        let args = [&["run", "--endpoint", &url], args].concat();
        duologue_in(folder, &args, &VARIABLES)
    }
}

pub(crate) const VARIABLES: [(&str, &str); 1] = [("DUOLOGUE_OPERATOR_TOKEN", OPERATOR_TOKEN)];

impl Drop for Front {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A CA in PEM, and a server's configuration with a certificate of it for this machine.
fn authority() -> (String, TlsAcceptor) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &ca).unwrap();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    (ca.pem(), TlsAcceptor::from(Arc::new(config)))
}

async fn listen(
    acceptor: Option<TlsAcceptor>,
    act: Arc<dyn Fn(&str) -> Act + Send + Sync>,
) -> SocketAddr {
    let server = duologue_server::start(ServerOptions::new(OPERATOR_TOKEN));
    let server = server.await.unwrap();
    let behind = server.url().trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        // Lives as long as the front.
        let _server = server;
        while let Ok((socket, _)) = listener.accept().await {
            let (acceptor, act, behind) = (acceptor.clone(), Arc::clone(&act), behind.clone());
            tokio::spawn(async move {
                // A client that goes away is no concern of the front.
                let _ = match acceptor {
                    None => serve(socket, &behind, &*act).await,
                    Some(tls) => match tls.accept(socket).await {
                        Ok(socket) => serve(socket, &behind, &*act).await,
                        Err(error) => Err(error),
                    },
                };
            });
        }
    });
    address
}

/// Serves the one request of a connection.
async fn serve(
    socket: impl AsyncRead + AsyncWrite + Unpin,
    behind: &str,
    act: &(dyn Fn(&str) -> Act + Send + Sync),
) -> io::Result<()> {
    let mut client = BufStream::new(socket);
    let head = read_head(&mut client).await?;
    match act(&head) {
        Act::Forward(head) => {
            let mut server = TcpStream::connect(behind).await?;
            server.write_all(last(&head).as_bytes()).await?;
            copy_bidirectional(&mut client, &mut server).await?;
        }
        Act::Rewrite(head, rewrite) => {
            let mut server = BufReader::new(TcpStream::connect(behind).await?);
            // An answer to HTTP/1.0 is not chunked.
            let head = last(&head).replacen("HTTP/1.1", "HTTP/1.0", 1);
            server.get_mut().write_all(head.as_bytes()).await?;
            let answer = read_head(&mut server).await?;
            client.write_all(answer.as_bytes()).await?;
            client.flush().await?;
            loop {
                tokio::select! {
                    frame = read_head(&mut server) => {
                        client.write_all(rewrite(frame?).as_bytes()).await?;
                        client.flush().await?;
                    }
                    // Whatever comes from the client now is its end.
                    _ = client.read_u8() => return Ok(()),
                }
            }
        }
        Act::Say(text) => {
            client.write_all(&text).await?;
            client.shutdown().await?;
        }
        Act::Hold(text) => {
            client.write_all(&text).await?;
            client.flush().await?;
            client.read_to_end(&mut vec![]).await?;
        }
        Act::Flood(text, again) => {
            client.write_all(&text).await?;
            loop {
                client.write_all(&again).await?;
            }
        }
    }
    Ok(())
}

/// Reads up to and with the first empty line. Cancelled, it loses what it has read: a frame is
/// written in one go.
async fn read_head(reader: &mut (impl tokio::io::AsyncBufRead + Unpin)) -> io::Result<String> {
    let mut head = String::new();
    loop {
        let begin = head.len();
        if reader.read_line(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if head[begin..].trim_end().is_empty() {
            return Ok(head);
        }
    }
}

/// The head of a request after which the connection ends, so that the next one is seen as well.
fn last(head: &str) -> String {
    head.replacen("\r\n", "\r\nconnection: close\r\n", 1)
}
