//! The driver against scripted sockets: every way in which no answer comes has its own error.
#![expect(clippy::unwrap_used, reason = "a test ends where its setup fails")]

mod scripted;
mod streams;
mod tls;
mod uploads;

use std::time::Duration;

use bytes::Bytes;
use duologue_client::{
    BODY_BYTES_MAX, Endpoint, Http, Phase, RawResponse, Timeouts, TransportError,
};
use scripted::{Script, serve};

/// A client whose patience is short.
fn client(address: std::net::SocketAddr) -> Http {
    let timeouts = Timeouts {
        connect: Duration::from_secs(2),
        request: Duration::from_millis(300),
        upload: Duration::from_secs(10),
    };
    let endpoint = Endpoint::parse(&format!("http://{address}/base")).unwrap();
    Http::with_timeouts(endpoint.with_header("x-extra", "1").unwrap(), timeouts).unwrap()
}

/// Both ways to send: through the library and by hand.
async fn both(script: Script) -> [Result<RawResponse, TransportError>; 2] {
    let http = client(serve(script).await);
    let raw = "GET /v1/server HTTP/1.1\r\nhost: x\r\n\r\n";
    [
        http.request("GET", "/v1/server", None, &[], None).await,
        http.raw(raw).await,
    ]
}

#[tokio::test]
async fn a_request_carries_base_path_token_and_headers() {
    let (address, seen) =
        scripted::serve_once("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
    let body = Some(Bytes::from_static(b"{\"a\":1}"));
    let headers = [("content-type", "application/json")];
    let answer = client(address)
        .request("PUT", "/v1/x?a=%20", Some("t0k"), &headers, body)
        .await
        .unwrap();
    assert_eq!(
        (answer.status, answer.json().unwrap()),
        (200, serde_json::json!({}))
    );
    let seen = seen.await.unwrap().to_ascii_lowercase();
    assert!(
        seen.starts_with("put /base/v1/x?a=%20 http/1.1\r\n"),
        "{seen}"
    );
    for line in [
        "authorization: bearer t0k",
        "x-extra: 1",
        "content-length: 7",
    ] {
        assert!(
            seen.contains(&format!("\r\n{line}\r\n")),
            "{line} in {seen}"
        );
    }
    assert!(!seen.contains("accept-encoding"), "{seen}");
}

#[tokio::test]
async fn a_dead_port_is_unreachable() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let http = client(free.local_addr().unwrap());
    drop(free);
    for answer in [
        http.request("GET", "/", None, &[], None).await,
        http.raw("GET").await,
    ] {
        assert!(
            matches!(answer, Err(TransportError::Unreachable { .. })),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn silence_times_out_in_the_head() {
    for answer in both(Script::Hold("")).await {
        let expected = TransportError::TimedOut {
            phase: Phase::Head,
            after_ms: 300,
        };
        assert_eq!(answer, Err(expected));
    }
}

#[tokio::test]
async fn half_a_body_times_out_in_the_body() {
    for answer in both(Script::Hold(
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab",
    ))
    .await
    {
        let expected = TransportError::TimedOut {
            phase: Phase::Body,
            after_ms: 300,
        };
        assert_eq!(answer, Err(expected));
    }
}

#[tokio::test]
async fn an_end_in_the_middle_is_closed_early() {
    let cases = [
        ("", Phase::Head),
        ("HTTP/1.1 200", Phase::Head),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab",
            Phase::Body,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n",
            Phase::Body,
        ),
    ];
    for (text, expected) in cases {
        for answer in both(Script::Say(text)).await {
            let Err(TransportError::ClosedEarly { phase, .. }) = answer else {
                panic!("{text:?}: {answer:?}")
            };
            assert_eq!(phase, expected, "{text:?}");
        }
    }
}

#[tokio::test]
async fn other_protocols_are_protocol_errors() {
    for text in ["SSH-2.0-OpenSSH_9\r\n\r\n", "HTTP/1.1 abc\r\n\r\n"] {
        for answer in both(Script::Say(text)).await {
            assert!(
                matches!(answer, Err(TransportError::Protocol(_))),
                "{text:?}: {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_body_without_end_is_cut_at_the_bound() {
    let http = client(serve(Script::Flood).await);
    let limit = BODY_BYTES_MAX;
    let by_hand = http.raw("GET / HTTP/1.1\r\n\r\n").await;
    let by_library = http.request("GET", "/", None, &[], None).await;
    for answer in [by_hand, by_library] {
        // A slow machine may meet the deadline first; both are bounds.
        let late = matches!(
            answer,
            Err(TransportError::TimedOut {
                phase: Phase::Body,
                ..
            })
        );
        assert!(
            late || answer == Err(TransportError::BodyTooLarge { limit }),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn redirects_are_answers() {
    for answer in both(Script::Say(
        "HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n",
    ))
    .await
    {
        assert_eq!(answer.unwrap().status, 302);
    }
}

#[tokio::test]
async fn what_http_cannot_express_is_not_sent() {
    let http = client("127.0.0.1:1".parse().unwrap());
    let bad_token = http.request("GET", "/", Some("a\nb"), &[], None).await;
    let bad_method = http.request("G T", "/", None, &[], None).await;
    let bad_header = http.request("GET", "/", None, &[("a b", "c")], None).await;
    for answer in [bad_token, bad_method, bad_header] {
        assert!(
            matches!(answer, Err(TransportError::InvalidRequest(_))),
            "{answer:?}"
        );
    }
}
