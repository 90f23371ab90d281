//! Hostile from the first answer on.

use std::io::Write as _;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use super::{answer, listener};
use crate::front::{Act, Front};
use crate::{code, one_scenario, text};

const SOON: Duration = Duration::from_secs(10);
const STEP: &str = r#"{ "recents": { "as": "alice", "expect": { "ok": { "recents": [] } } } }"#;

#[track_caller]
fn ends(url: &str, expected: i32, verdict: &str, words: &str) {
    super::ends(url, STEP, SOON, expected, verdict, &[words]);
}

fn wait_for_the_client_to_go(socket: &mut std::net::TcpStream) {
    let _ = std::io::copy(socket, &mut std::io::sink());
}

#[test]
fn a_dead_port_is_incomplete_at_once() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (url, words) = (format!("http://{free}"), ["cannot reach"]);
    let at_once = Duration::from_secs(2);
    super::ends(&url, STEP, at_once, 3, "COULD NOT RUN", &words);
}

#[test]
fn a_server_that_hangs_is_incomplete_after_the_step_timeout() {
    let url = listener(|mut socket| wait_for_the_client_to_go(&mut socket));
    let words = "gave up while waiting for the head of the answer";
    ends(&url, 3, "TIMEOUT", words);
}

#[test]
fn a_server_that_hangs_before_the_body_is_incomplete() {
    let url = listener(|mut socket| {
        answer(&mut socket, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
        wait_for_the_client_to_go(&mut socket);
    });
    let words = "gave up while reading the body of the answer";
    ends(&url, 3, "TIMEOUT", words);
}

#[test]
fn a_server_that_hangs_inside_the_body_is_incomplete() {
    let url = listener(|mut socket| {
        answer(
            &mut socket,
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n{\"",
        );
        wait_for_the_client_to_go(&mut socket);
    });
    let words = "gave up while reading the body of the answer";
    ends(&url, 3, "TIMEOUT", words);
}

#[test]
fn a_server_that_hangs_up_is_incomplete() {
    let words = "the connection ended while waiting for the head";
    ends(&listener(drop), 3, "COULD NOT RUN", words);
}

#[test]
fn a_reset_in_the_middle_of_the_body_is_incomplete() {
    let url = listener(|mut socket| {
        // One byte of the request stays unread: closing then resets the connection.
        let _ = std::io::Read::read(&mut socket, &mut [0; 1]);
        let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{\"features");
        let _ = std::io::Read::read(&mut socket, &mut [0; 1]);
    });
    ends(&url, 3, "COULD NOT RUN", "the connection ended while");
}

#[test]
fn an_end_in_the_middle_of_the_body_is_incomplete() {
    let url = listener(|mut socket| {
        answer(
            &mut socket,
            "HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{}",
        );
    });
    let words = "the connection ended while reading the body of the answer";
    ends(&url, 3, "COULD NOT RUN", words);
}

#[test]
fn a_server_that_fails_every_request_fails_every_scenario() {
    let url = listener(|mut socket| {
        let head = "HTTP/1.1 500 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        answer(&mut socket, head);
    });
    ends(&url, 1, "FAIL", "GET /v1/server answered 500");
}

#[test]
fn something_that_is_no_duologue_server_fails() {
    let url = listener(|mut socket| answer(&mut socket, whole("application/json", b"{}")));
    ends(&url, 1, "FAIL", "breaks its schema");
}

/// A 200 whose length is told.
fn whole(content_type: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[test]
fn a_page_for_people_fails_and_its_type_is_named() {
    let url = listener(|mut socket| answer(&mut socket, whole("text/html", b"<h1>Hi</h1>")));
    let words = "GET /v1/server did not answer JSON: the content type is `text/html`";
    ends(&url, 1, "FAIL", words);
}

#[test]
fn bytes_that_are_not_utf_8_fail() {
    let url = listener(|mut socket| {
        answer(&mut socket, whole("application/json", b"{\"a\":\"\xff\"}"));
    });
    let words = "GET /v1/server did not answer JSON: the body is not UTF-8 from byte 6 on";
    ends(&url, 1, "FAIL", words);
}

/// What `head -c 10G /dev/zero | gzip` begins with, as far as the harness is concerned: it may look
/// at the header line and never at this.
#[test]
fn a_gzip_bomb_fails_as_what_it_is_and_is_not_inflated() {
    let url = listener(|mut socket| {
        let mut bomb = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
        bomb.resize(1 << 20, 0);
        let kind = "application/json\r\ncontent-encoding: gzip";
        answer(&mut socket, whole(kind, &bomb));
    });
    let words = "the body has the content coding `gzip`, which the request did not ask for";
    ends(&url, 1, "FAIL", words);
}

#[test]
fn ten_thousand_headers_are_incomplete() {
    let url = listener(|mut socket| {
        let lines: String = (0..10_000).map(|n| format!("x-{n}: y\r\n")).collect();
        answer(&mut socket, format!("HTTP/1.1 200 OK\r\n{lines}\r\n{{}}"));
        wait_for_the_client_to_go(&mut socket);
    });
    let words = "the head of the answer is too large: over 128 headers";
    ends(&url, 3, "COULD NOT RUN", words);
}

#[test]
fn an_endless_body_is_incomplete_and_not_kept() {
    let url = listener(|mut socket| {
        answer(&mut socket, "HTTP/1.1 200 OK\r\n\r\n");
        while socket.write_all(&[b'x'; 65_536]).is_ok() {}
    });
    let words = "the body of the answer is over 16777216 bytes";
    ends(&url, 3, "COULD NOT RUN", words);
}

#[test]
fn a_byte_a_second_is_incomplete() {
    let url = listener(|mut socket| {
        answer(&mut socket, "HTTP/1.1 200 OK\r\n\r\n");
        while socket.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_secs(1));
        }
    });
    let words = "gave up while reading the body of the answer";
    ends(&url, 3, "TIMEOUT", words);
}

#[test]
fn a_redirect_loop_is_graded_and_not_followed() {
    let url = listener(|mut socket| {
        answer(
            &mut socket,
            "HTTP/1.1 302 Found\r\nlocation: /v1/server\r\ncontent-length: 0\r\n\
             connection: close\r\n\r\n",
        );
    });
    ends(&url, 1, "FAIL", "GET /v1/server answered 302");
}

#[test]
fn an_answer_in_http_1_0_up_to_the_end_of_the_connection_is_an_answer() {
    let front = Front::new(|head| {
        if !head.starts_with("GET /v1/server ") || head.contains("uthorization") {
            return Act::Forward(head.into());
        }
        let info = r#"{"protocol_version":"1.0","implementation":{"name":"old","version":"1"},"features":["provisioning"]}"#;
        let head = "HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n";
        Act::Say(format!("{head}{info}").into())
    });
    let fixtures = one_scenario(STEP);
    let output = front.run(
        fixtures.path(),
        "",
        &["--fixtures", fixtures.path().to_str().unwrap()],
    );
    assert_eq!(code(&output), 0, "{}", text(&output));
}
