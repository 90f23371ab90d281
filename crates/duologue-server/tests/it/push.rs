//! Calls to a push gateway.

use std::time::Duration;

use duologue_core::answer::PushRequest;
use duologue_core::id::AppId;
use duologue_core::server::{Effect, PushTarget, SessionId};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::scripted::{ENDED, Report, Server, done};

/// A call that a gateway has received and not answered.
struct Call {
    socket: TcpStream,
    body: Value,
}

impl Call {
    async fn receive(gateway: &TcpListener) -> Self {
        let (mut socket, _) = gateway.accept().await.unwrap();
        let mut text = String::new();
        let body = loop {
            let mut bytes = [0; 4096];
            let read = socket.read(&mut bytes).await.unwrap();
            text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
            let body = text
                .split_once("\r\n\r\n")
                .map(|(_, body)| serde_json::from_str(body));
            if let Some(Ok(body)) = body {
                break body;
            }
        };
        let head = text.to_ascii_lowercase();
        assert!(head.starts_with("post /gate http/1.1\r\n"), "{text}");
        assert!(
            head.contains("\r\ncontent-type: application/json\r\n"),
            "{text}"
        );
        Self { socket, body }
    }

    fn token(&self) -> &str {
        self.body["token"].as_str().unwrap()
    }

    async fn answer(mut self, status: u16) {
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
        self.socket.write_all(answer.as_bytes()).await.unwrap();
    }
}

fn request(token: &str) -> Box<PushRequest> {
    let fields = json!({
        "vendor": "apns", "token": token, "device_id": "phone", "to": "bob", "message_id": "m",
        "title": "t", "body": "b", "badge": 1, "vendor_payload": {},
    });
    Box::new(serde_json::from_value(fields).unwrap())
}

/// `POST /{session}/{token}` pushes that token to that session.
async fn server(gateway: &TcpListener) -> Server {
    let url = format!("http://{}/gate", gateway.local_addr().unwrap());
    Server::start(move |asked| {
        let (session, token) = asked.path[1..].split_once('/').unwrap();
        let app = AppId::parse("app").unwrap();
        let session = SessionId(session.parse().unwrap());
        let registration = if token == "ended" { ENDED } else { 7 };
        let target = PushTarget {
            app,
            session,
            registration,
        };
        done(vec![Effect::Push {
            target,
            url: url.clone(),
            request: request(token),
        }])
    })
    .await
}

#[tokio::test]
async fn a_session_gets_one_call_at_a_time_in_order() {
    let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = server(&gateway).await;
    for token in ["a", "b", "c"] {
        server.call("POST", &format!("/1/{token}"), 204).await;
    }
    for token in ["a", "b", "c"] {
        let call = Call::receive(&gateway).await;
        assert_eq!(call.token(), token);
        // Another session does not wait for this one; this one waits for itself.
        server.call("POST", "/2/other", 204).await;
        let other = Call::receive(&gateway).await;
        assert_eq!(other.token(), "other");
        other.answer(200).await;
        call.answer(500).await;
    }
}

#[tokio::test]
async fn gone_is_reported_and_the_next_call_follows_it() {
    let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut server = server(&gateway).await;
    server.call("POST", "/3/old", 204).await;
    server.call("POST", "/3/new", 204).await;
    Call::receive(&gateway).await.answer(410).await;
    let call = Call::receive(&gateway).await;
    assert_eq!(call.token(), "new");
    assert_eq!(server.reports.try_recv(), Ok(Report::Gone(SessionId(3), 7)));
    call.answer(204).await;
}

#[tokio::test]
async fn a_worker_that_has_ended_begins_again() {
    let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = server(&gateway).await;
    for token in ["a", "b"] {
        server.call("POST", &format!("/1/{token}"), 204).await;
        let call = Call::receive(&gateway).await;
        assert_eq!(call.token(), token);
        call.answer(200).await;
    }
}

#[tokio::test]
async fn stopping_does_not_wait_for_a_gateway() {
    let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = server(&gateway).await;
    server.call("POST", "/1/a", 204).await;
    server.call("POST", "/1/b", 204).await;
    let call = Call::receive(&gateway).await;
    let stopped = timeout(Duration::from_secs(4), server.handle.stop()).await;
    assert!(stopped.is_ok(), "waited for the gateway");
    drop(call);
}

#[tokio::test]
async fn what_waits_for_an_ended_registration_is_dropped() {
    let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = server(&gateway).await;
    for token in ["first", "ended", "last"] {
        server.call("POST", &format!("/1/{token}"), 204).await;
    }
    for token in ["first", "last"] {
        let call = Call::receive(&gateway).await;
        assert_eq!(call.token(), token);
        call.answer(200).await;
    }
}
