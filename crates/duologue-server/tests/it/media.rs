//! Uploads and downloads.

use bytes::Bytes;
use duologue_client::{Framing, RawResponse, Upload, generated_bytes};
use duologue_core::content::MediaKind;
use duologue_core::id::AppId;
use duologue_core::server::{Body, Effect, UploadPermit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::scripted::{Report, Server, done, media_id, reply, stored};

const MOST: u64 = 300_000;

/// Uploads up to [`MOST`] bytes; a declared length above it is refused at once.
async fn server() -> Server {
    Server::start(|request| match (request.method, request.path) {
        ("POST", "/v1/media" | "/v1/%6dedia") => {
            assert!(request.body.is_empty());
            if request.content_length.is_some_and(|length| length > MOST) {
                return (reply(413, Body::Json("{\"early\":true}".into())), vec![]);
            }
            let app = AppId::parse("a").unwrap();
            let permit = UploadPermit {
                app,
                kind: MediaKind::File,
                bytes_max: MOST,
            };
            (reply(201, Body::Upload(permit)), vec![])
        }
        ("GET", "/v1/media/m1") => (reply(200, Body::Download(stored(MOST))), vec![]),
        ("DELETE", _) => done(vec![Effect::DropMedia(vec![media_id()])]),
        _ => done(vec![]),
    })
    .await
}

fn upload(bytes: u64, framing: Framing) -> Upload<'static> {
    Upload {
        path_and_query: "/v1/media?kind=file",
        token: None,
        content_type: Some("image/png"),
        bytes,
        framing,
    }
}

#[tokio::test]
async fn uploads_fit_up_to_the_limit_in_both_framings() {
    for framing in [Framing::Declared, Framing::Chunked] {
        let mut server = server().await;
        let fits = server.http.upload(&upload(MOST, framing)).await.unwrap();
        assert_eq!(
            (fits.response.status, fits.continued, fits.complete),
            (201, true, true)
        );
        let report = server.reports.recv().await;
        assert_eq!(report, Some(Report::Finished(MOST, "image/png".into())));
        let over = server
            .http
            .upload(&upload(MOST + 1, framing))
            .await
            .unwrap();
        assert_eq!(over.response.status, 413);
        assert_eq!(
            over.response.header("content-type"),
            Some("application/json")
        );
        assert!(server.reports.try_recv().is_err(), "nothing is recorded");
    }
}

#[tokio::test]
async fn a_declared_length_over_the_limit_is_refused_before_the_body() {
    let over = server()
        .await
        .http
        .upload(&upload(1 << 30, Framing::Declared))
        .await
        .unwrap();
    assert_eq!(
        (over.response.status, over.continued, over.complete),
        (413, false, false)
    );
    assert_eq!(over.response.json().unwrap()["early"], true);
}

#[tokio::test]
async fn a_client_that_reads_late_still_reads_the_refusal() {
    let server = server().await;
    let bytes = 32 << 20;
    for length in [
        format!("content-length: {bytes}"),
        "transfer-encoding: chunked".into(),
    ] {
        let mut socket = TcpStream::connect(server.handle.address()).await.unwrap();
        let head = format!("POST /v1/media HTTP/1.1\r\nhost: x\r\n{length}\r\n\r\n");
        socket.write_all(head.as_bytes()).await.unwrap();
        socket
            .write_all(format!("{bytes:x}\r\n").as_bytes())
            .await
            .unwrap();
        socket.write_all(&vec![0; bytes]).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(
            answer
                .to_ascii_lowercase()
                .contains("\r\nconnection: close\r\n"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_not_recorded() {
    let mut server = server().await;
    let mut socket = TcpStream::connect(server.handle.address()).await.unwrap();
    let head = "POST /v1/media HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc";
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.shutdown().await.unwrap();
    let mut rest = Vec::new();
    socket.read_to_end(&mut rest).await.unwrap();
    assert!(
        !rest.starts_with(b"HTTP/1.1 2"),
        "{}",
        String::from_utf8_lossy(&rest)
    );
    assert!(server.reports.try_recv().is_err());
}

#[tokio::test]
async fn an_empty_upload_and_an_encoded_path_are_the_machines_business() {
    let mut server = server().await;
    let empty = server
        .http
        .request("POST", "/v1/%6dedia", None, &[], Some(Bytes::new()))
        .await;
    assert_eq!(empty.unwrap().status, 400);
    let report = server.reports.recv().await;
    assert_eq!(
        report,
        Some(Report::Finished(0, "application/octet-stream".into()))
    );
}

async fn download(server: &Server, range: &str) -> RawResponse {
    let headers = [("range", range)];
    server
        .http
        .request("GET", "/v1/media/m1", None, &headers, None)
        .await
        .unwrap()
}

#[tokio::test]
async fn downloads_are_whole_or_one_range() {
    let server = server().await;
    server
        .http
        .upload(&upload(MOST, Framing::Chunked))
        .await
        .unwrap();
    let check = async |range: &str, status: u16, from: u64, to: u64| {
        let answer = download(&server, range).await;
        assert_eq!(answer.status, status, "{range}");
        assert!(answer.body == generated_bytes(from, to), "{range}");
        let length = (to - from).to_string();
        for (name, value) in [
            ("content-type", "image/png"),
            ("content-length", &length),
            ("accept-ranges", "bytes"),
            ("content-disposition", "attachment"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{range}");
        }
        let part = format!("bytes {from}-{}/{MOST}", to - 1);
        let expected = (status == 206).then_some(&*part);
        assert_eq!(answer.header("content-range"), expected, "{range}");
    };
    check("bytes=0-", 206, 0, MOST).await;
    check("bytes=100000-200000", 206, 100_000, 200_001).await;
    check("bytes=-1", 206, MOST - 1, MOST).await;
    check("bytes=0-0,5-6", 200, 0, MOST).await;
    check("nonsense", 200, 0, MOST).await;
}

#[tokio::test]
async fn a_range_outside_is_416_with_the_size() {
    let server = server().await;
    server
        .http
        .upload(&upload(MOST, Framing::Declared))
        .await
        .unwrap();
    let answer = download(&server, &format!("bytes={MOST}-")).await;
    assert_eq!(answer.status, 416);
    assert_eq!(answer.json().unwrap()["code"], "range_not_satisfiable");
    assert_eq!(
        answer.header("content-range"),
        Some(&*format!("bytes */{MOST}"))
    );
}

#[tokio::test]
async fn dropped_media_are_gone() {
    let server = server().await;
    server
        .http
        .upload(&upload(MOST, Framing::Declared))
        .await
        .unwrap();
    server.call("DELETE", "/", 204).await;
    let lost = download(&server, "bytes=0-").await;
    assert_eq!(
        (lost.status, &lost.json().unwrap()["code"]),
        (500, &"internal".into())
    );
}
