//! Event streams on the wire.

use std::time::Duration;

use duologue_client::{EventStream, Opened, StreamItem};
use duologue_core::server::{Body, Effect, StreamId};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::scripted::{Report, Server, deliver, done, numbered, reply};

const STREAM: StreamId = StreamId(5);

/// `GET /v1/events` opens the stream with two events; `/deliver`, `/close` do what they say.
async fn server(heartbeat_ms: u64) -> Server {
    let mut cursor = 2;
    Server::start(move |request| match request.path {
        "/v1/events" => {
            let body = Body::Stream {
                stream: STREAM,
                heartbeat_ms,
            };
            let sync = [1, 2].map(|cursor| deliver(STREAM, numbered(cursor)));
            (reply(200, body), sync.to_vec())
        }
        "/deliver" => {
            cursor += 1;
            done(vec![
                deliver(STREAM, numbered(cursor)),
                deliver(StreamId(99), numbered(0)),
            ])
        }
        "/close" => {
            cursor += 1;
            let last = deliver(STREAM, numbered(cursor));
            done(vec![last, Effect::Close { stream: STREAM }])
        }
        "/flood" => done(vec![deliver(STREAM, numbered(3)); 10_010]),
        _ => done(vec![]),
    })
    .await
}

async fn open(server: &Server) -> EventStream {
    match EventStream::open(&server.http, None, None).await.unwrap() {
        Opened::Stream(stream) => *stream,
        Opened::Refused(answer) => panic!("{answer:?}"),
    }
}

/// The next item that is no heartbeat: an event's id, or `None` at the end.
async fn next(stream: &mut EventStream) -> Option<String> {
    loop {
        match stream
            .next(Instant::now() + Duration::from_secs(5))
            .await
            .unwrap()
        {
            StreamItem::Event { id, .. } => return Some(id.unwrap()),
            StreamItem::Comment => {}
            StreamItem::End => return None,
        }
    }
}

#[tokio::test]
async fn the_sync_comes_first_then_live_in_order_then_the_end() {
    let mut server = server(60_000).await;
    let mut stream = open(&server).await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    assert_eq!(stream.headers()["cache-control"], "no-store");
    for _ in 0..200 {
        server.call("POST", "/deliver", 204).await;
    }
    server.call("POST", "/close", 204).await;
    for cursor in 1..=203 {
        assert_eq!(next(&mut stream).await, Some(cursor.to_string()));
    }
    assert_eq!(next(&mut stream).await, None);
    assert_eq!(server.reports.recv().await, Some(Report::Closed(STREAM)));
    server.call("POST", "/deliver", 204).await;
}

#[tokio::test]
async fn an_event_is_one_frame_of_plain_lines() {
    let server = server(60_000).await;
    let mut socket = TcpStream::connect(server.handle.address()).await.unwrap();
    socket
        .write_all(b"GET /v1/events HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let one = "event: kicked\nid: 1\ndata: {\"reason\":\"replaced\"}\n\n";
    let expected = format!("{one}{}", one.replace('1', "2"));
    let mut text = String::new();
    while !text.contains(&expected) {
        let mut bytes = [0; 4096];
        let read = timeout(Duration::from_secs(5), socket.read(&mut bytes))
            .await
            .unwrap()
            .unwrap();
        assert!(read > 0, "{text}");
        text.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
    }
}

#[tokio::test]
async fn a_reader_that_is_too_slow_is_ended_after_what_was_kept() {
    let mut server = server(60_000).await;
    let mut stream = open(&server).await;
    server.call("POST", "/flood", 204).await;
    assert_eq!(server.reports.recv().await, Some(Report::Closed(STREAM)));
    let mut count = 0;
    while next(&mut stream).await.is_some() {
        count += 1;
    }
    // As much may wait as the sync and 10 000 live events.
    assert_eq!(count, 2 + 2 + 10_000);
}

#[tokio::test]
async fn heartbeats_come_with_and_without_events() {
    let server = server(200).await;
    let mut stream = open(&server).await;
    let mut last = Instant::now();
    let mut beats = 0;
    while beats < 4 {
        // Busy for two beats, then silent.
        if beats < 2 {
            server.call("POST", "/deliver", 204).await;
        }
        let item = stream
            .next(last + Duration::from_millis(200 + 300))
            .await
            .unwrap();
        if item == StreamItem::Comment {
            beats += 1;
            last = Instant::now();
        }
    }
}

#[tokio::test]
async fn the_machine_is_told_when_the_reader_has_gone() {
    for cut in [true, false] {
        let mut server = server(60_000).await;
        let mut stream = open(&server).await;
        assert_eq!(next(&mut stream).await.as_deref(), Some("1"));
        if cut {
            stream.cut();
        } else {
            stream.close().await;
        }
        assert_eq!(server.reports.recv().await, Some(Report::Closed(STREAM)));
    }
}
