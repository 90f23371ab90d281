//! Stopping leaves nothing behind.

use std::time::Duration;

use duologue_client::{EventStream, Opened, StreamItem};
use duologue_core::content::MediaKind;
use duologue_core::id::AppId;
use duologue_core::server::{Body, StreamId, UploadPermit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::scripted::{Report, Server, deliver, done, numbered, reply};

const STREAM: StreamId = StreamId(1);

async fn server() -> Server {
    Server::start(|request| match request.path {
        "/v1/events" => {
            let body = Body::Stream {
                stream: STREAM,
                heartbeat_ms: 60_000,
            };
            (reply(200, body), vec![deliver(STREAM, numbered(1))])
        }
        "/v1/media" => {
            let app = AppId::parse("a").unwrap();
            let permit = UploadPermit {
                app,
                kind: MediaKind::File,
                bytes_max: 100,
            };
            (reply(201, Body::Upload(permit)), vec![])
        }
        _ => done(vec![]),
    })
    .await
}

#[tokio::test]
async fn streams_end_idle_connections_close_and_the_port_is_free() {
    let mut server = server().await;
    let address = server.handle.address();
    server.call("GET", "/", 204).await;
    let Ok(Opened::Stream(mut stream)) = EventStream::open(&server.http, None, None).await else {
        panic!("no stream")
    };
    let mut untouched = TcpStream::connect(address).await.unwrap();
    let began = Instant::now();
    server.handle.stop().await;
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "waited for something idle"
    );
    let soon = Instant::now() + Duration::from_secs(5);
    assert!(matches!(
        stream.next(soon).await,
        Ok(StreamItem::Event { .. })
    ));
    assert_eq!(stream.next(soon).await, Ok(StreamItem::End));
    assert_eq!(server.reports.recv().await, Some(Report::Closed(STREAM)));
    assert_eq!(untouched.read(&mut [0; 8]).await.unwrap_or(0), 0);
    tokio::net::TcpListener::bind(address).await.unwrap();
}

#[tokio::test]
async fn a_request_under_way_is_answered() {
    let server = server().await;
    let mut socket = TcpStream::connect(server.handle.address()).await.unwrap();
    let head = "POST /v1/media HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\
        expect: 100-continue\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    socket.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    let finish = async {
        socket.write_all(b"abc").await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let ((), answer) = tokio::join!(server.handle.stop(), finish);
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
}

#[tokio::test]
async fn dropping_the_handle_ends_the_server_too() {
    let mut server = server().await;
    let stream = EventStream::open(&server.http, None, None).await.unwrap();
    drop(server.handle);
    assert_eq!(server.reports.recv().await, Some(Report::Closed(STREAM)));
    // The machine goes with the last task.
    assert_eq!(server.reports.recv().await, None);
    drop(stream);
}
