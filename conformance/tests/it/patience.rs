//! What a server may take its time for is not held against it.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use duologue_server::{ServerOptions, start};
use tokio::runtime::Runtime;

use crate::{code, duologue_in, one_scenario, text};

const OPERATOR: (&str, &str) = ("DUOLOGUE_OPERATOR_TOKEN", "an-operator-token");
const TOO_MANY: &str = "HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\n\
    retry-after: 0\r\ncontent-length: 47\r\nconnection: close\r\n\r\n\
    {\"code\":\"rate_limited\",\"message\":\"not so fast\"}";

/// What stands between the runner and the reference server.
#[derive(Clone, Copy)]
struct Front {
    /// How many openings of streams in a row get through before one is answered 429.
    openings: usize,
    /// How long the server does not hear that a stream's connection has gone.
    notices_after: Duration,
}

impl Front {
    /// Listens before the server at `upstream`; returns the base URL.
    fn listen(self, upstream: String) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let opened = Arc::new(AtomicUsize::new(0));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (upstream, opened) = (upstream.clone(), Arc::clone(&opened));
                thread::spawn(move || self.serve(client, &upstream, &opened));
            }
        });
        url
    }

    /// Hands bytes on both ways; the first piece of a connection holds the whole head.
    fn serve(self, mut client: TcpStream, upstream: &str, opened: &AtomicUsize) -> Option<()> {
        let mut first = [0; 8192];
        let length = client.read(&mut first).ok()?;
        let first = &first[..length];
        let is_stream = first.starts_with(b"GET /v1/events ");
        if is_stream
            && opened.fetch_add(1, Ordering::Relaxed) % (self.openings + 1) == self.openings
        {
            return client.write_all(TOO_MANY.as_bytes()).ok();
        }
        let mut server = TcpStream::connect(upstream).ok()?;
        server.write_all(first).ok()?;
        let (mut answers, mut reader) = (server.try_clone().ok()?, client.try_clone().ok()?);
        thread::spawn(move || {
            let _ = io::copy(&mut answers, &mut client);
            let _ = client.shutdown(Shutdown::Both);
        });
        let _ = io::copy(&mut reader, &mut server);
        if is_stream {
            thread::sleep(self.notices_after);
        }
        server.shutdown(Shutdown::Both).ok()
    }
}

/// Runs one scenario of these steps through the front.
#[track_caller]
fn passes(front: Front, steps: &str, args: &[&str]) {
    let runtime = Runtime::new().unwrap();
    let server = runtime
        .block_on(start(ServerOptions::new(OPERATOR.1)))
        .unwrap();
    let url = front.listen(server.url().replace("http://", ""));
    let fixtures = one_scenario(steps);
    let fixtures = fixtures.path().to_str().unwrap();
    let mut all = vec!["run", "--endpoint", &url, "--fixtures", fixtures];
    all.extend(args);
    let here = tempfile::tempdir().unwrap();
    let output = duologue_in(here.path(), &all, &[OPERATOR]);
    assert_eq!(code(&output), 0, "{}", text(&output));
    runtime.block_on(server.stop());
}

const OPEN: &str =
    r#"{ "open_stream": { "as": "bob", "until": "sync_done", "expect": { "ok": {} } } }"#;
const CLOSE: &str = r#"{ "close_stream": { "on": "bob" } }"#;

#[test]
fn a_429_on_opening_a_stream_is_waited_out() {
    let front = Front {
        openings: 2,
        notices_after: Duration::ZERO,
    };
    passes(front, &[OPEN; 8].join(","), &[]);
}

#[test]
fn waiting_until_a_closed_stream_is_noticed_takes_nothing_of_the_scenarios_time() {
    let front = Front {
        openings: usize::MAX - 1,
        notices_after: Duration::from_millis(1500),
    };
    let steps = [OPEN, CLOSE, OPEN, CLOSE].join(",");
    passes(front, &steps, &["--scenario-timeout", "2"]);
}
