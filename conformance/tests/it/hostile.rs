//! Servers that are none: each ends a run in bounded time.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::{code, duologue, text};

/// Listens and hands every connection to `serve`; returns the base URL.
pub(crate) fn listener(serve: fn(TcpStream)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            thread::spawn(move || serve(socket));
        }
    });
    url
}

fn answer(mut socket: TcpStream, text: &str) {
    let _ = socket.read(&mut [0; 4096]);
    let _ = socket.write_all(text.as_bytes());
}

#[track_caller]
fn ends(url: &str, within: Duration, expected: i32, words: &str) {
    let begun = Instant::now();
    let output = duologue(&["run", "--endpoint", url, "--step-timeout", "1"]);
    let took = begun.elapsed();
    assert_eq!(code(&output), expected, "{}", text(&output));
    assert!(text(&output).contains(words), "{}", text(&output));
    assert!(took < within, "took {took:?}");
}

const SOON: Duration = Duration::from_secs(5);

#[test]
fn a_dead_port_is_incomplete_at_once() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    ends(&format!("http://{free}"), SOON, 3, "cannot reach");
}

#[test]
fn a_server_that_hangs_is_incomplete_after_the_step_timeout() {
    let url = listener(|socket| {
        thread::sleep(Duration::from_secs(60));
        drop(socket);
    });
    ends(&url, SOON, 3, "timed out");
}

#[test]
fn a_server_that_hangs_up_is_incomplete() {
    ends(&listener(drop), SOON, 3, "could not run");
}

#[test]
fn a_server_that_fails_every_request_fails_every_scenario() {
    let url = listener(|socket| {
        answer(
            socket,
            "HTTP/1.1 500 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        );
    });
    ends(&url, SOON, 1, "GET /v1/server answered 500");
}

#[test]
fn something_that_is_no_duologue_server_fails() {
    let url = listener(|socket| {
        answer(
            socket,
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
        );
    });
    ends(&url, SOON, 1, "breaks its schema");
}

#[test]
fn an_endless_body_is_incomplete() {
    let url = listener(|mut socket| {
        let _ = socket.read(&mut [0; 4096]);
        let _ = socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while socket.write_all(&[b'x'; 65_536]).is_ok() {}
    });
    ends(&url, SOON, 3, "could not run");
}

#[test]
fn a_slow_drip_is_incomplete() {
    let url = listener(|mut socket| {
        let _ = socket.read(&mut [0; 4096]);
        let _ = socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while socket.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    });
    ends(&url, SOON, 3, "timed out");
}

#[test]
fn a_redirect_loop_is_graded_and_not_followed() {
    let url = listener(|socket| {
        answer(
            socket,
            "HTTP/1.1 302 Found\r\nlocation: /v1/server\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        );
    });
    ends(&url, SOON, 1, "answered 302");
}
