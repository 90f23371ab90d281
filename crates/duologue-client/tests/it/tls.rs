//! The same exchanges over TLS, with a CA of one's own, and servers that are not to be trusted.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use duologue_client::{
    Endpoint, EventStream, Framing, Http, Opened, Roots, StreamItem, Timeouts, TransportError,
    Upload, generated_bytes,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

const BYTES: u64 = 3 << 20;

/// A CA in PEM, and a server's configuration with a certificate of it for `name`.
fn authority(name: &str) -> (String, TlsAcceptor) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new([name.to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &ca).unwrap();
    let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    (ca.pem(), TlsAcceptor::from(Arc::new(config)))
}

/// Answers each connection's one request by its first word.
async fn server(acceptor: TlsAcceptor) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            if let Ok(socket) = acceptor.accept(socket).await {
                tokio::spawn(answer(socket));
            }
        }
    });
    address
}

async fn answer(mut socket: TlsStream<TcpStream>) {
    assert_eq!(socket.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let head = read_head(&mut socket).await.to_ascii_lowercase();
    assert!(head.contains("\r\nx-extra: 1\r\n"), "{head}");
    let text = if head.starts_with("get /base/v1/events ") {
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nevent: a\ndata: {}\n\n"
    } else if head.starts_with("post /base/v1/media ") {
        let go = b"HTTP/1.1 100 Continue\r\n\r\n";
        socket.write_all(go).await.unwrap();
        let mut body = vec![0; usize::try_from(BYTES).unwrap()];
        socket.read_exact(&mut body).await.unwrap();
        assert!(body == generated_bytes(0, BYTES));
        "HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n"
    } else {
        assert!(head.starts_with("get /base/v1/server "), "{head}");
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"
    };
    socket.write_all(text.as_bytes()).await.unwrap();
    socket.flush().await.unwrap();
    // Until the client goes, which is how a stream ends here.
    let _ = socket.read(&mut [0; 64]).await;
}

async fn read_head(socket: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

fn client(base: &str, ca: Option<&str>) -> Http {
    let timeouts = Timeouts {
        connect: Duration::from_secs(5),
        request: Duration::from_secs(5),
        upload: Duration::from_secs(30),
    };
    let endpoint = Endpoint::parse(&format!("{base}/base")).unwrap();
    let mut endpoint = endpoint.with_header("x-extra", "1").unwrap();
    if let Some(pem) = ca {
        endpoint = endpoint.with_roots(Roots::from_pem(pem.as_bytes()).unwrap());
    }
    Http::with_timeouts(endpoint, timeouts).unwrap()
}

/// What a request through the library and one by hand come to.
async fn errors(http: &Http) -> [TransportError; 2] {
    let by_library = http.request("GET", "/v1/server", None, &[], None).await;
    let by_hand = http.raw("GET /v1/server HTTP/1.1\r\nhost: x\r\n\r\n").await;
    [by_library.unwrap_err(), by_hand.unwrap_err()]
}

#[tokio::test]
async fn every_way_to_send_works_with_a_private_ca() {
    let (pem, acceptor) = authority("127.0.0.1");
    let http = client(&format!("https://{}", server(acceptor).await), Some(&pem));
    let answer = http.request("GET", "/v1/server", None, &[], None).await;
    assert_eq!(answer.unwrap().status, 200);
    let raw = http.raw("GET /v1/server HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(raw.unwrap().status, 200);

    let upload = Upload {
        path_and_query: "/v1/media",
        token: None,
        content_type: None,
        bytes: BYTES,
        framing: Framing::Declared,
    };
    let outcome = http.upload(&upload).await.unwrap();
    assert_eq!((outcome.response.status, outcome.complete), (201, true));

    for cut in [false, true] {
        let opened = EventStream::open(&http, Some("t"), None).await.unwrap();
        let Opened::Stream(mut stream) = opened else {
            panic!("{opened:?}")
        };
        let item = stream.next(Instant::now() + Duration::from_secs(5)).await;
        assert!(
            matches!(&item, Ok(StreamItem::Event { name, .. }) if name == "a"),
            "{item:?}"
        );
        if cut {
            stream.cut();
        } else {
            stream.close().await;
        }
    }
}

#[tokio::test]
async fn a_certificate_of_an_unknown_ca_is_not_trusted_and_the_way_out_is_named() {
    let (_, acceptor) = authority("127.0.0.1");
    let (other, _) = authority("127.0.0.1");
    let address = server(acceptor).await;
    for error in errors(&client(&format!("https://{address}"), Some(&other))).await {
        let text = error.to_string();
        assert!(
            matches!(error, TransportError::Certificate { .. }),
            "{text}"
        );
        for words in ["certificate not trusted", &address.to_string(), "--ca-file"] {
            assert!(text.contains(words), "{words} in {text}");
        }
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let (pem, acceptor) = authority("chat.example");
    let address = server(acceptor).await;
    for error in errors(&client(&format!("https://{address}"), Some(&pem))).await {
        let text = error.to_string();
        assert!(
            matches!(error, TransportError::Certificate { .. }),
            "{text}"
        );
        assert!(text.contains("chat.example"), "{text}");
        assert!(!text.contains("--ca-file"), "{text}");
    }
}

#[tokio::test]
async fn a_plain_server_has_no_tls_and_the_other_scheme_is_named() {
    let (pem, _) = authority("127.0.0.1");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.read(&mut [0; 4096]).await;
            let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    for error in errors(&client(&format!("https://{address}"), Some(&pem))).await {
        assert!(matches!(error, TransportError::Tls { .. }), "{error}");
        assert!(error.to_string().contains("http://"), "{error}");
    }
}
