//! No secret of a run in anything the run shows. A proxy between runner and server knows them all.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use duologue_server::ServerOptions;
use regex::bytes::{Regex, RegexBuilder};

use crate::{code, duologue_in, text};

const OPERATOR: &str = "the-operator-token-of-this-test";

/// Forwards connections to `server` and keeps what goes through in both directions.
fn recording_proxy(server: SocketAddr) -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let tape = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&tape);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(upstream) = TcpStream::connect(server) else {
                continue;
            };
            let pairs = [
                (client.try_clone().unwrap(), upstream.try_clone().unwrap()),
                (upstream, client),
            ];
            for (from, to) in pairs {
                let tape = Arc::clone(&kept);
                thread::spawn(move || pump(from, to, &tape));
            }
        }
    });
    (url, tape)
}

fn pump(mut from: TcpStream, mut to: TcpStream, tape: &Mutex<Vec<u8>>) {
    // One buffer a direction, so that a secret split over two packets is whole on the tape.
    let mut seen = Vec::new();
    let mut buffer = [0; 16_384];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        seen.extend_from_slice(&buffer[..count]);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
        tape.lock().unwrap().extend_from_slice(&buffer[..count]);
    }
    let _ = to.shutdown(Shutdown::Write);
    tape.lock().unwrap().extend(seen);
}

/// The secrets on a tape: by the names of their members, and by the header that carries them.
fn secrets(tape: &[u8]) -> BTreeSet<String> {
    let members = r#""(?:session_token|credential|admin_token|token)"\s*:\s*"([^"]{8,})"|[Bb]earer ([A-Za-z0-9._~+/=-]{8,})"#;
    Regex::new(members)
        .unwrap()
        .captures_iter(tape)
        .map(|found| {
            let secret = found.get(1).or(found.get(2)).unwrap();
            String::from_utf8(secret.as_bytes().to_vec()).unwrap()
        })
        .collect()
}

/// Runs scenarios through the proxy with every report there is, and looks for each secret.
fn run_and_look(fixtures: &Path, filters: &str, expected_code: i32, kinds: &[&str]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime
        .block_on(duologue_server::start(ServerOptions::new(OPERATOR)))
        .unwrap();
    let (url, tape) = recording_proxy(server.address());
    let folder = tempfile::tempdir().unwrap();
    let files = ["r.ndjson", "r.json", "r.xml", "r.md", "r.html", "r.svg"];
    let kind_names = ["ndjson", "json", "junit", "markdown", "html", "badge"];
    let reports: Vec<String> = kind_names
        .iter()
        .zip(files)
        .map(|(kind, file)| format!("--report={kind}={file}"))
        .collect();
    let mut args = vec![
        "run",
        "--endpoint",
        &url,
        "--fixtures",
        fixtures.to_str().unwrap(),
    ];
    args.extend(["--filter", filters]);
    args.extend(reports.iter().map(String::as_str));
    let variables = [
        ("DUOLOGUE_OPERATOR_TOKEN", OPERATOR),
        ("DUOLOGUE_LOG", "trace"),
    ];
    let output = duologue_in(folder.path(), &args, &variables);
    assert_eq!(code(&output), expected_code, "{}", text(&output));
    runtime.block_on(server.stop());

    let found = secrets(&tape.lock().unwrap());
    assert!(found.contains(OPERATOR));
    for kind in kinds {
        assert!(
            found.iter().any(|secret| secret.contains(kind)),
            "no {kind} in {found:?}"
        );
    }
    assert!(found.len() > 10, "{found:?}");
    let mut shown = vec![("standard output and error".to_owned(), text(&output))];
    for file in files {
        let path = folder.path().join(file);
        shown.push((file.to_owned(), std::fs::read_to_string(path).unwrap()));
    }
    let any: Vec<String> = found.iter().map(|secret| regex::escape(secret)).collect();
    let any = RegexBuilder::new(&any.join("|"))
        .size_limit(1 << 30)
        .build()
        .unwrap();
    for (place, text) in &shown {
        assert!(!text.is_empty(), "{place}");
        let leak = any.find(text.as_bytes());
        assert!(leak.is_none(), "{leak:?} in {place}: {text}");
    }
}

#[test]
fn no_secret_of_failing_scenarios_is_shown_anywhere() {
    let failing = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/failing");
    let made = [
        "secret-push-token-of-",
        "plain-push-token-of-",
        "made-up-credential-of-",
    ];
    run_and_look(&failing, "http,push,messages", 1, &made);
}

/// The chapters that hand tokens about; the others do with them what these do too.
#[test]
fn no_secret_of_passing_scenarios_is_shown_anywhere() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/scenarios");
    run_and_look(&fixtures, "push-,devices-,http-,security-", 0, &["-push"]);
}
