//! Event streams against scripted sockets.

use std::time::Duration;

use duologue_client::{EventStream, Opened, StreamError, StreamItem};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::client;
use crate::scripted::{Script, read_head, serve};

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

/// Here an event without a name of its own has no `event` line.
fn event(name: &str, id: Option<&str>, data: &str) -> StreamItem {
    StreamItem::Event {
        name: name.into(),
        id: id.map(Into::into),
        data: data.into(),
        plain: name != "message",
    }
}

async fn open(script: Script) -> EventStream {
    let http = client(serve(script).await);
    match EventStream::open(&http, Some("t"), Some("7"))
        .await
        .unwrap()
    {
        Opened::Stream(stream) => *stream,
        Opened::Refused(answer) => panic!("{answer:?}"),
    }
}

#[tokio::test]
async fn items_come_one_by_one_and_the_end_stays() {
    let text = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
        9\r\nevent: a\n\r\n1a\r\nid: 4\ndata: {}\n\n:\n\ndata: b\r\n3\r\nc\n\n\r\n0\r\n\r\n";
    let mut stream = open(Script::Hold(text)).await;
    assert_eq!(stream.next(soon()).await, Ok(event("a", Some("4"), "{}")));
    assert_eq!(stream.next(soon()).await, Ok(StreamItem::Comment));
    assert_eq!(stream.next(soon()).await, Ok(event("message", None, "bc")));
    assert_eq!(stream.next(soon()).await, Ok(StreamItem::End));
    assert_eq!(stream.next(soon()).await, Ok(StreamItem::End));
}

#[tokio::test]
async fn a_plain_close_is_an_end_and_a_reset_is_not() {
    let mut stream = open(Script::Say("HTTP/1.1 200 OK\r\n\r\ndata: a\n\ndata: half")).await;
    assert_eq!(stream.next(soon()).await, Ok(event("message", None, "a")));
    assert_eq!(stream.next(soon()).await, Ok(StreamItem::End));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let http = client(listener.local_addr().unwrap());
    let server = async {
        let (mut socket, _) = listener.accept().await.unwrap();
        read_head(&mut socket).await;
        socket.write_all(HEAD.as_bytes()).await.unwrap();
        socket
    };
    let (opened, socket) = tokio::join!(EventStream::open(&http, None, None), server);
    let Ok(Opened::Stream(mut stream)) = opened else {
        panic!("{opened:?}")
    };
    socket.set_zero_linger().unwrap();
    drop(socket);
    assert!(matches!(
        stream.next(soon()).await,
        Err(StreamError::Broken(_))
    ));
}

#[tokio::test]
async fn a_timeout_loses_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let http = client(listener.local_addr().unwrap());
    let server = async {
        let (mut socket, _) = listener.accept().await.unwrap();
        let head = read_head(&mut socket).await.to_ascii_lowercase();
        socket.write_all(HEAD.as_bytes()).await.unwrap();
        socket.write_all(b"event: x\ndata: on").await.unwrap();
        (socket, head)
    };
    let opening = EventStream::open(&http, Some("t"), Some("7"));
    let (opened, (mut socket, head)) = tokio::join!(opening, server);
    assert!(head.contains("\r\nlast-event-id: 7\r\n"), "{head}");
    let Ok(Opened::Stream(mut stream)) = opened else {
        panic!("{opened:?}")
    };
    let now = Instant::now() + Duration::from_millis(20);
    assert_eq!(stream.next(now).await, Err(StreamError::TimedOut));
    socket.write_all(b"e\n\n").await.unwrap();
    assert_eq!(stream.next(soon()).await, Ok(event("x", None, "one")));
}

#[tokio::test]
async fn a_refusal_is_a_whole_answer() {
    let script = Script::Say("HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\n{}");
    let opened = EventStream::open(&client(serve(script).await), None, None)
        .await
        .unwrap();
    let Opened::Refused(answer) = opened else {
        panic!("{opened:?}")
    };
    assert_eq!((answer.status, &answer.body[..]), (401, &b"{}"[..]));
}

#[tokio::test]
async fn closing_is_orderly_and_cutting_is_a_reset() {
    for cut in [false, true] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let http = client(listener.local_addr().unwrap());
        let server = async {
            let (mut socket, _) = listener.accept().await.unwrap();
            read_head(&mut socket).await;
            socket.write_all(HEAD.as_bytes()).await.unwrap();
            socket.read(&mut [0; 8]).await
        };
        let client = async {
            let Ok(Opened::Stream(stream)) = EventStream::open(&http, None, None).await else {
                panic!("no stream")
            };
            if cut {
                stream.cut();
            } else {
                stream.close().await;
            }
        };
        let (seen, ()) = tokio::join!(server, client);
        assert_eq!(seen.is_err(), cut, "{seen:?}");
    }
}
