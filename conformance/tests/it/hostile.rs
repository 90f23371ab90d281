//! Servers that are none: each ends a run in bounded time and memory, with a message that names the
//! cause.
//!
//! The rule: a complete answer is the server's and is graded, whatever it is; where no complete
//! answer comes, or none that fits the client's bounds, nothing is said about the server. A stream
//! that was opened properly is the server's too: garbage on it fails, and so does silence, as long as
//! the server answers requests meanwhile.
//!
//! | the server, to every request | verdict | exit |
//! |---|---|---|
//! | is a dead port, resets or ends the connection in the middle of an answer | could not run | 3 |
//! | hangs before the head, before the body or inside it, or drips | timeout | 3 |
//! | answers more than 128 headers, or a body without end | could not run | 3 |
//! | answers 500, a redirect, another type, bytes that are not UTF-8, an unasked gzip | fail | 1 |
//! | answers in HTTP/1.0, the body up to the end of the connection | as the answer is | 0 |
//!
//! | the server, on the event stream only | verdict | exit |
//! |---|---|---|
//! | does not answer at all | timeout | 3 |
//! | opens it and says nothing, nothing but comments, or nothing that is known | fail | 1 |
//! | opens it and goes silent altogether | timeout | 3 |
//! | opens it and closes it, which it may at any time | could not run | 3 |
//! | swallows one event | fail | 1 |
//! | has empty, malformed or repeated cursors | fail | 1 |
//! | sends an endless line, or bytes that are not UTF-8 | fail | 1 |
//! | answers 200 with another content type | fail | 1 |

mod answers;
mod streams;

use std::io::{Read as _, Seek as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::front::VARIABLES;
use crate::one_scenario;

const MEMORY_KIB_MAX: u64 = 300 << 10;

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

/// Reads a request and answers it with `bytes`.
fn answer(socket: &mut TcpStream, bytes: impl AsRef<[u8]>) {
    let _ = socket.read(&mut [0; 4096]);
    let _ = socket.write_all(bytes.as_ref());
}

/// Runs one scenario, and checks its verdict, the exit code, the words of the reason, and that time
/// and memory stay bounded.
#[track_caller]
fn ends(url: &str, steps: &str, within: Duration, expected: i32, verdict: &str, words: &[&str]) {
    let fixtures = one_scenario(steps);
    // A file, since a pipe that nobody reads would stop the program.
    let mut all = tempfile::tempfile().unwrap();
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_duologue"))
        .args(["run", "--step-timeout", "2", "--endpoint", url])
        .arg("--fixtures")
        .arg(fixtures.path())
        .current_dir(fixtures.path())
        .env_clear()
        .envs(VARIABLES)
        .stdout(all.try_clone().unwrap())
        .stderr(all.try_clone().unwrap())
        .spawn()
        .unwrap();
    let mut memory = 0;
    let status = loop {
        memory = memory.max(peak_memory_kib(child.id()));
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if begun.elapsed() > within => {
                child.kill().unwrap();
                break child.wait().unwrap();
            }
            None => thread::sleep(Duration::from_millis(5)),
        }
    };
    let took = begun.elapsed();
    all.rewind().unwrap();
    let text = std::io::read_to_string(all).unwrap();
    assert!(took < within, "took {took:?}: {text}");
    assert_eq!(status.code(), Some(expected), "{text}");
    assert!(text.contains(&format!("{verdict} http-one")), "{text}");
    let told = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in words {
        assert!(told.contains(words), "{words} in {text}");
    }
    assert!(memory < MEMORY_KIB_MAX, "{memory} KiB");
}

/// The most memory a process has had so far; 0 where the system does not tell.
fn peak_memory_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}
