//! Requests in, answers out.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use duologue_core::limits::REQUEST_BYTES_CEILING;
use duologue_core::server::{Body, Reply};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::scripted::{Server, done, reply};

/// A server that notes every request as one line.
async fn noting() -> (Server, Arc<Mutex<Vec<String>>>) {
    let notes = Arc::new(Mutex::new(Vec::new()));
    let book = Arc::clone(&notes);
    let server = Server::start(move |request| {
        book.lock().unwrap().push(format!(
            "{} {} ? {} | {} | {} | {}",
            request.method,
            request.path,
            request.query,
            request.authorization.unwrap_or("-"),
            request.last_event_id.unwrap_or("-"),
            String::from_utf8_lossy(request.body),
        ));
        done(vec![])
    });
    (server.await, notes)
}

#[tokio::test]
async fn every_request_reaches_the_machine_as_it_came() {
    let (server, notes) = noting().await;
    let headers = [("last-event-id", "7")];
    let body = Some(Bytes::from_static(b"not json"));
    let sent = server
        .http
        .request("PUT", "/v1/a%2Fb?x=%20&y", Some("tok"), &headers, body)
        .await;
    assert_eq!(sent.unwrap().status, 204);
    for method in ["GET", "HEAD", "OPTIONS", "PATCH", "BREW"] {
        server.call(method, "/anything", 204).await;
    }
    let expected = [
        "PUT /v1/a%2Fb ? x=%20&y | Bearer tok | 7 | not json",
        "GET /anything ?  | - | - | ",
        "HEAD /anything ?  | - | - | ",
        "OPTIONS /anything ?  | - | - | ",
        "PATCH /anything ?  | - | - | ",
        "BREW /anything ?  | - | - | ",
    ];
    assert_eq!(*notes.lock().unwrap(), expected);
}

#[tokio::test]
async fn replies_become_answers() {
    let server = Server::start(|request| match request.path {
        "/json" => {
            let headers = vec![("allow", "GET, PUT".to_owned())];
            (
                Reply {
                    status: 405,
                    headers,
                    body: Body::Json("{\"a\":1}".into()),
                },
                vec![],
            )
        }
        _ => done(vec![]),
    });
    let server = server.await;
    let json = server
        .http
        .request("GET", "/json", None, &[], None)
        .await
        .unwrap();
    assert_eq!((json.status, &json.body[..]), (405, &b"{\"a\":1}"[..]));
    assert_eq!(json.header("content-type"), Some("application/json"));
    assert_eq!(json.header("allow"), Some("GET, PUT"));
    let empty = server
        .http
        .request("GET", "/", None, &[], None)
        .await
        .unwrap();
    assert_eq!(
        (empty.status, empty.body.len(), empty.header("content-type")),
        (204, 0, None)
    );
}

#[tokio::test]
async fn a_failure_of_the_machine_is_an_answer_and_no_more() {
    let server = Server::start(|request| {
        assert_ne!(request.path, "/bug", "what a bug looks like");
        done(vec![])
    });
    let server = server.await;
    let failed = server
        .http
        .request("GET", "/bug", None, &[], None)
        .await
        .unwrap();
    assert_eq!(failed.status, 500);
    assert_eq!(failed.json().unwrap()["code"], "internal");
    server.call("GET", "/", 204).await;
}

#[tokio::test]
async fn an_endless_body_is_read_to_the_ceiling_and_its_refusal_can_be_read() {
    let server = Server::start(|request| {
        assert_eq!(request.content_length, Some(64 << 20));
        let over = request.body.len() as u64 > REQUEST_BYTES_CEILING;
        (
            reply(if over { 413 } else { 200 }, Body::Json("{}".into())),
            vec![],
        )
    });
    let server = server.await;
    // A client that reads nothing before it has written everything.
    let mut socket = TcpStream::connect(server.handle.address()).await.unwrap();
    let head = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
        64 << 20
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&vec![b' '; 64 << 20]).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(
        answer.to_ascii_lowercase().contains("connection: close"),
        "{answer}"
    );
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let (server, notes) = noting().await;
    for bytes in ["NONSENSE\r\n\r\n", "GET / HTTP/1.1\r\nbad header\r\n\r\n"] {
        assert_eq!(server.http.raw(bytes).await.unwrap().status, 400);
    }
    assert!(notes.lock().unwrap().is_empty());
}
