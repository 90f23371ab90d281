//! A walk through the shell with the real core behind it.

use std::time::Duration;

use duologue_client::{
    Api, ApiFailure, Endpoint, EventStream, Framing, Http, Opened, StreamItem, Upload,
    generated_bytes,
};
use duologue_core::ErrorCode;
use duologue_core::answer::{Login, ProvisionedApp};
use duologue_core::event::{Event, Path};
use duologue_core::id::{DeviceId, Platform, UserId};
use duologue_core::message::Message;
use duologue_server::{Handle, ServerOptions, start};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;

struct World {
    server: Handle,
    api: Api,
    app: ProvisionedApp,
}

impl World {
    async fn new(wishes: Value) -> Self {
        let server = start(ServerOptions::new("operator")).await.unwrap();
        let http = Http::new(Endpoint::parse(&server.url()).unwrap()).unwrap();
        let api = Api::new(http);
        let app = api.provision("operator", &wishes).await.unwrap();
        Self { server, api, app }
    }

    /// Creates a user and logs it in.
    async fn login(&self, name: &str) -> Login {
        let user = UserId::parse(name).unwrap();
        let created = self
            .api
            .put_user(&self.app.admin_token, &user, &json!({}))
            .await
            .unwrap();
        let device = DeviceId::parse("phone").unwrap();
        let platform = Platform::parse("ios").unwrap();
        self.api
            .login(&created.credential.unwrap(), &user, &device, &platform)
            .await
            .unwrap()
    }

    async fn send(&self, from: &Login, to: &str, text: &str) -> Message {
        let body = json!({ "to": to, "content": { "type": "text", "text": text } });
        self.api
            .call(
                "POST",
                "/v1/messages",
                Some(&from.session_token),
                Some(&body),
            )
            .await
            .unwrap()
    }

    async fn open(&self, who: &Login) -> EventStream {
        let opened = EventStream::open(self.api.http(), Some(&who.session_token), None).await;
        match opened.unwrap() {
            Opened::Stream(stream) => *stream,
            Opened::Refused(answer) => panic!("{answer:?}"),
        }
    }

    /// Asks until nobody streams; bounded by the runner of the tests.
    async fn until_offline(&self, who: &Login) {
        let began = Instant::now();
        while self
            .api
            .presence(&self.app.admin_token, &who.user_id)
            .await
            .unwrap()
            .open_streams
            > 0
        {
            assert!(began.elapsed() < Duration::from_secs(5), "still online");
        }
    }
}

/// The next event with its id.
async fn next(stream: &mut EventStream) -> (Option<String>, Event) {
    loop {
        match stream
            .next(Instant::now() + Duration::from_secs(5))
            .await
            .unwrap()
        {
            StreamItem::Event { name, id, data, .. } => {
                return (id, Event::parse(&name, &data).unwrap().unwrap());
            }
            StreamItem::Comment => {}
            StreamItem::End => panic!("the stream has ended"),
        }
    }
}

fn message(event: Event) -> (Path, Message) {
    match event {
        Event::Message(event) => (event.path, event.message),
        Event::Recents(_) | Event::SyncDone | Event::Kicked(_) => panic!("{event:?}"),
    }
}

#[tokio::test]
async fn offline_then_live_then_acknowledged() {
    let world = World::new(json!({})).await;
    let (alice, bob) = (world.login("alice").await, world.login("bob").await);
    let first = world.send(&alice, "bob", "one").await;

    let mut stream = world.open(&bob).await;
    let (cursor, event) = next(&mut stream).await;
    let (path, offline) = message(event);
    assert_eq!(
        (path, &offline.message_id),
        (Path::Offline, &first.message_id)
    );
    assert!(
        matches!(next(&mut stream).await, (None, Event::Recents(recents)) if recents.recents.len() == 1)
    );
    assert_eq!(next(&mut stream).await, (None, Event::SyncDone));

    let second = world
        .send(&alice, "bob", "line\nbreak \u{2028} \r end")
        .await;
    let (live_cursor, event) = next(&mut stream).await;
    let (path, live) = message(event);
    assert_eq!((path, live.content), (Path::Live, second.content));
    assert!(live_cursor.is_some());

    stream.cut();
    world.until_offline(&bob).await;
    let ack = json!({ "cursor": cursor });
    let token = Some(bob.session_token.as_str());
    world
        .api
        .order("POST", "/v1/events/ack", token, Some(&ack))
        .await
        .unwrap();
    let mut stream = world.open(&bob).await;
    let (again, event) = next(&mut stream).await;
    assert_eq!(
        (again, message(event).1.message_id),
        (live_cursor, second.message_id)
    );
    world.server.stop().await;
}

#[tokio::test]
async fn a_second_login_of_the_device_kicks_the_first() {
    let world = World::new(json!({})).await;
    let alice = world.login("alice").await;
    let mut stream = world.open(&alice).await;
    let rotate = json!({ "rotate_credential": true });
    let admin = &world.app.admin_token;
    let user = world
        .api
        .put_user(admin, &alice.user_id, &rotate)
        .await
        .unwrap();
    let credential = user.credential.unwrap();
    let again = world.api.login(
        &credential,
        &alice.user_id,
        &alice.device_id,
        &alice.platform,
    );
    again.await.unwrap();
    while !matches!(next(&mut stream).await.1, Event::Kicked(_)) {}
    let soon = Instant::now() + Duration::from_secs(5);
    assert_eq!(stream.next(soon).await, Ok(StreamItem::End));
    let failed = world.api.logout(&alice.session_token).await.unwrap_err();
    let ApiFailure::Refused {
        status: 401, error, ..
    } = failed
    else {
        panic!("{failed}")
    };
    assert_eq!(error.code, ErrorCode::SessionEnded);
}

#[tokio::test]
async fn media_go_up_and_come_back() {
    let world = World::new(json!({ "limits": { "file_bytes_max": 1000 } })).await;
    let alice = world.login("alice").await;
    let upload = |bytes, framing| Upload {
        path_and_query: "/v1/media?kind=file",
        token: Some(&alice.session_token),
        content_type: Some("text/plain"),
        bytes,
        framing,
    };
    let http = world.api.http();
    for framing in [Framing::Declared, Framing::Chunked] {
        let over = http.upload(&upload(1001, framing)).await.unwrap();
        assert_eq!(over.response.status, 413);
        assert_eq!(over.response.json().unwrap()["code"], "media_too_large");
    }
    let fits = http.upload(&upload(1000, Framing::Chunked)).await.unwrap();
    assert_eq!(fits.response.status, 201);
    let answer = fits.response.json().unwrap();
    let url = answer["url"].as_str().unwrap();
    let range = [("range", "bytes=10-19")];
    let part = http
        .request("GET", url, Some(&alice.session_token), &range, None)
        .await
        .unwrap();
    assert_eq!((part.status, part.body), (206, generated_bytes(10, 20)));
    let nobody = http.request("GET", url, None, &[], None).await.unwrap();
    assert_eq!(nobody.status, 401);
    world
        .api
        .delete_app("operator", &world.app.app_id)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_push_calls_the_gateway() {
    let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", gateway.local_addr().unwrap());
    let world = World::new(json!({ "push": { "gateway_url": url, "vendors": ["apns"] } })).await;
    let (alice, bob) = (world.login("alice").await, world.login("bob").await);
    let token = json!({ "vendor": "apns", "token": "device" });
    world
        .api
        .order(
            "PUT",
            "/v1/push-token",
            Some(&bob.session_token),
            Some(&token),
        )
        .await
        .unwrap();
    let sent = world.send(&alice, "bob", "wake up").await;
    let (mut socket, _) = gateway.accept().await.unwrap();
    let mut seen = String::new();
    while !seen.ends_with('}') {
        let mut bytes = [0; 4096];
        let read = socket.read(&mut bytes).await.unwrap();
        seen.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
    }
    socket
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        .await
        .unwrap();
    assert!(
        seen.contains(sent.message_id.as_str()) && seen.contains("wake up"),
        "{seen}"
    );
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_also_over_the_ceiling() {
    let world = World::new(json!({})).await;
    let alice = world.login("alice").await;
    for bytes in [world.app.limits.request_bytes_max + 1, 8 << 20] {
        let body = Some(vec![b' '; usize::try_from(bytes).unwrap()].into());
        let token = Some(alice.session_token.as_str());
        let sent = world
            .api
            .http()
            .request("POST", "/v1/messages", token, &[], body)
            .await;
        let answer = sent.unwrap();
        assert_eq!(
            (answer.status, &answer.json().unwrap()["code"]),
            (413, &"body_too_large".into())
        );
    }
}
