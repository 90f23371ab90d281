//! Uploads against scripted sockets.

use duologue_client::{Framing, TransportError, Upload, UploadOutcome, generated_bytes};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::client;
use crate::scripted::{Script, read_head, serve};

const MEGA: u64 = 1 << 20;
const TOO_LARGE: &str = "HTTP/1.1 413 Content Too Large\r\ncontent-length: 2\r\n\r\n{}";

fn upload(bytes: u64, framing: Framing) -> Upload<'static> {
    let path_and_query = "/v1/media?kind=file";
    let content_type = Some("text/plain");
    Upload {
        path_and_query,
        token: Some("t"),
        content_type,
        bytes,
        framing,
    }
}

/// Uploads to a server that does `serve` after the head of the request.
async fn with<F: Future<Output = ()>>(
    upload: Upload<'_>,
    serve: impl FnOnce(TcpStream, String) -> F,
) -> Result<UploadOutcome, TransportError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let http = client(listener.local_addr().unwrap());
    let server = async {
        let (mut socket, _) = listener.accept().await.unwrap();
        let head = read_head(&mut socket).await.to_ascii_lowercase();
        serve(socket, head).await;
    };
    tokio::join!(http.upload(&upload), server).0
}

#[tokio::test]
async fn a_server_that_continues_gets_every_byte() {
    let outcome = with(upload(MEGA, Framing::Declared), async |mut socket, head| {
        assert!(head.contains("\r\nexpect: 100-continue\r\n"), "{head}");
        assert!(head.contains("\r\ncontent-length: 1048576\r\n"), "{head}");
        socket
            .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
            .await
            .unwrap();
        let mut body = vec![0; 1 << 20];
        socket.read_exact(&mut body).await.unwrap();
        assert!(body == generated_bytes(0, MEGA));
        socket
            .write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n")
            .await
            .unwrap();
    });
    let outcome = outcome.await.unwrap();
    assert_eq!(
        (outcome.response.status, outcome.continued, outcome.complete),
        (201, true, true)
    );
}

#[tokio::test]
async fn a_refusal_before_the_body_is_seen_and_the_body_stays_home() {
    let outcome = with(upload(MEGA, Framing::Declared), async |mut socket, _| {
        socket.write_all(TOO_LARGE.as_bytes()).await.unwrap();
    });
    let outcome = outcome.await.unwrap();
    assert_eq!(
        (outcome.response.status, outcome.continued, outcome.complete),
        (413, false, false)
    );
}

#[tokio::test]
async fn a_refusal_in_the_middle_is_seen_although_the_server_reads_no_further() {
    let outcome = with(
        upload(64 * MEGA, Framing::Chunked),
        async |mut socket, head| {
            assert!(
                head.contains("\r\ntransfer-encoding: chunked\r\n"),
                "{head}"
            );
            socket.read_exact(&mut vec![0; 1 << 20]).await.unwrap();
            socket.write_all(TOO_LARGE.as_bytes()).await.unwrap();
            // Keeps the connection until the client has gone.
            while socket
                .read(&mut vec![0; 1 << 16])
                .await
                .is_ok_and(|read| read > 0)
            {}
        },
    );
    let outcome = outcome.await.unwrap();
    assert_eq!((outcome.response.status, outcome.complete), (413, false));
}

#[tokio::test]
async fn a_bare_reset_is_no_answer() {
    let http = client(serve(Script::Reset("HTTP/1.1 100 Continue\r\n\r\n")).await);
    let outcome = http.upload(&upload(64 * MEGA, Framing::Declared)).await;
    assert!(
        matches!(outcome, Err(TransportError::ClosedEarly { .. })),
        "{outcome:?}"
    );
}
