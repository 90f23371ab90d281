//! Servers that are not simply there: behind TLS, a path prefix, a gateway that wants a header.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::front::{Act, Front};
use crate::{code, duologue, one_scenario, text};

const KEY: &str = "a-key-for-the-gateway";

/// Lets through what is below `/chat` and has the gateway's key.
fn gateway(head: &str) -> Act {
    let bare = head.replacen(" /chat/v1/", " /v1/", 1);
    let lower = head.to_ascii_lowercase();
    let keyed = lower
        .matches(&format!("\r\nx-gateway-key: {KEY}\r\n"))
        .count()
        == 1;
    if bare == head || !keyed {
        return Act::Say("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n".into());
    }
    Act::Forward(bare)
}

/// One scenario for each way to send.
const SELECTION: [&str; 8] = [
    "--filter",
    "security-odd-authorization-headers",
    "--filter",
    "security-dot-segments",
    "--filter",
    "media-range",
    "--filter",
    "offline-six-step-flow",
];

#[test]
fn every_way_to_send_goes_through_tls_prefix_and_header() {
    let front = Front::tls(gateway);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ca.pem"), front.ca.as_ref().unwrap()).unwrap();
    fs::write(
        folder.path().join("keys"),
        format!("\nX-Gateway-Key: {KEY}\n"),
    )
    .unwrap();
    let (ca, keys) = (["--ca-file", "ca.pem"], ["--header-file", "keys"]);

    let args = [&SELECTION[..], &ca, &keys].concat();
    let output = front.run(folder.path(), "/chat/", &args);
    assert_eq!(code(&output), 0, "{}", text(&output));
    assert!(text(&output).contains("pass: "), "{}", text(&output));

    let output = front.run(folder.path(), "/chat", &keys);
    assert_eq!(code(&output), 3, "{}", text(&output));
    let address = front.url.trim_start_matches("https://");
    for words in [
        "certificate not trusted",
        address,
        "--ca-file",
        "COULD NOT RUN",
    ] {
        assert!(text(&output).contains(words), "{words}: {}", text(&output));
    }

    let output = front.run(folder.path(), "/chat", &ca);
    assert_eq!(code(&output), 1, "{}", text(&output));
    assert!(text(&output).contains("answered 400"), "{}", text(&output));
}

#[test]
fn the_configuration_names_files_beside_itself() {
    let front = Front::tls(gateway);
    let folder = tempfile::tempdir().unwrap();
    let beside = folder.path().join("etc");
    fs::create_dir(&beside).unwrap();
    fs::write(beside.join("ca.pem"), front.ca.as_ref().unwrap()).unwrap();
    fs::write(beside.join("keys"), format!("x-gateway-key: {KEY}")).unwrap();
    let table = "[run]\nca-file = \"ca.pem\"\nheader-file = \"keys\"\n";
    fs::write(beside.join("duologue.toml"), table).unwrap();
    let args = [
        "--config",
        "etc/duologue.toml",
        "--filter",
        "security-dot-segments",
    ];
    let output = front.run(folder.path(), "/chat", &args);
    assert_eq!(code(&output), 0, "{}", text(&output));
}

#[test]
fn what_cannot_be_sent_or_trusted_is_2_and_no_value_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "x-ok: 1\nno colon but s3cret\n").unwrap();
    let file = path.to_str().unwrap();
    let cases: [(&[&str], &str); 6] = [
        (&["--header", "s3cret"], "Name: value"),
        (&["--header", "host: s3cret"], "the run sets `host` itself"),
        (&["--header-file", file], "line 2"),
        (&["--header-file", "/nowhere"], "/nowhere"),
        (&["--ca-file", file], "BEGIN CERTIFICATE"),
        (&["--ca-file", "/nowhere"], "/nowhere"),
    ];
    for (args, words) in cases {
        let output = duologue(&[&["run"], args].concat());
        assert_eq!(code(&output), 2, "{args:?}: {}", text(&output));
        assert!(text(&output).contains(words), "{args:?}: {}", text(&output));
        assert!(!text(&output).contains("s3cret"), "{}", text(&output));
    }
}

#[test]
fn a_secret_header_is_in_no_output_even_if_the_server_repeats_it() {
    let front = Front::new(|head| {
        if head.starts_with("POST /v1/messages ") {
            let body = format!("{{\"code\":\"internal\",\"message\":\"no {KEY}\"}}");
            let length = body.len();
            let head = "HTTP/1.1 500 No\r\ncontent-type: application/json";
            let answer = format!("{head}\r\ncontent-length: {length}\r\n\r\n{body}");
            return Act::Say(answer.into());
        }
        Act::Forward(head.into())
    });
    let fixtures = one_scenario(SEND);
    let header = format!("X-Gateway-Key: {KEY}");
    let dir = fixtures.path().to_str().unwrap();
    let args = [
        "--fixtures",
        dir,
        "--header",
        &header,
        "--report",
        "ndjson=r.ndjson",
    ];
    let folder = tempfile::tempdir().unwrap();
    let output = front.run(folder.path(), "", &args);
    assert_eq!(code(&output), 1, "{}", text(&output));
    let report = fs::read_to_string(folder.path().join("r.ndjson")).unwrap();
    for shown in [text(&output), report] {
        assert!(shown.contains("[header x-gateway-key]"), "{shown}");
        assert!(!shown.contains(KEY), "{shown}");
    }
}

const SEND: &str = r#"{ "send": { "as": "alice", "to": "bob",
    "content": { "type": "text", "text": "hi" }, "expect": { "ok": {} } } }"#;

#[test]
fn no_second_sees_more_requests_than_allowed() {
    let times = Arc::new(Mutex::new(vec![]));
    let seen = Arc::clone(&times);
    let front = Front::new(move |head| {
        seen.lock().unwrap().push(Instant::now());
        Act::Forward(head.into())
    });
    let raw = r#"{ "raw_http": { "bytes": "GET /v1/server HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "expect": { "ok": {} } } }"#;
    let stream = r#"{ "open_stream": { "as": "bob", "until": "sync_done", "expect": { "ok": {} } } },
        { "close_stream": { "on": "bob" } }"#;
    let repeat = |times: u32, steps: &str| {
        format!(r#"{{ "repeat": {{ "times": {times}, "steps": [{steps}] }} }}"#)
    };
    let steps = [repeat(12, SEND), repeat(12, raw), repeat(4, stream)].join(",");
    let fixtures = one_scenario(&steps);
    let dir = fixtures.path().to_str().unwrap();
    let args = ["--fixtures", dir, "--max-requests-per-second", "20"];
    let output = front.run(fixtures.path(), "", &args);
    assert_eq!(code(&output), 0, "{}", text(&output));
    let times = times.lock().unwrap();
    assert!(times.len() > 36, "{}", times.len());
    // One request waits for the other, so that nothing but a hiccup of the clock can bunch them.
    let window = 20 + 2;
    for span in times.windows(window + 1) {
        assert!(span[window] - span[0] > Duration::from_secs(1), "{span:?}");
    }
}
