//! Servers that behave but for the event stream.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::front::{Act, Front};
use crate::{one_scenario, text};

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
const STEPS: &str = r#"
    { "open_stream": { "as": "bob", "until": "sync_done", "expect": { "ok": { "offline": [] } } } },
    { "send": { "as": "alice", "to": "bob", "content": { "type": "text", "text": "one" }, "expect": { "ok": {} } } },
    { "expect_event": { "on": "bob", "event": "message", "data": { "path": "live" } } },
    { "send": { "as": "alice", "to": "bob", "content": { "type": "text", "text": "two" }, "expect": { "ok": {} } } },
    { "expect_no_event_before": { "on": "bob", "forbidden": [{ "event": "kicked" }],
        "marker": { "event": "message", "data": { "message": { "content": { "text": "two" } } } } } }"#;
const BOUND: Duration = Duration::from_secs(20);

/// Forwards everything but the opening of an event stream.
fn but_for_the_stream(stream: impl Fn(&str) -> Act + Send + Sync + 'static) -> Front {
    Front::new(move |head| {
        if head.starts_with("GET /v1/events ") {
            stream(head)
        } else {
            Act::Forward(head.into())
        }
    })
}

#[track_caller]
fn ends(front: &Front, expected: i32, verdict: &str, words: &[&str]) {
    super::ends(&front.url, STEPS, BOUND, expected, verdict, words);
}

#[test]
fn the_steps_pass_without_hostility() {
    let front = but_for_the_stream(|head| Act::Rewrite(head.into(), |frame| frame));
    let fixtures = one_scenario(STEPS);
    let dir = fixtures.path().to_str().unwrap();
    let output = front.run(fixtures.path(), "", &["--fixtures", dir]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

#[test]
fn a_stream_that_is_not_answered_is_incomplete() {
    let front = but_for_the_stream(|_| Act::Hold(vec![]));
    let words = ["gave up while waiting for the head of the answer"];
    ends(&front, 3, "TIMEOUT", &words);
}

#[test]
fn a_stream_without_a_sync_fails() {
    let front = but_for_the_stream(|_| Act::Hold(HEAD.into()));
    let words = [
        "nothing came on bob.phone within 2 s",
        "`recents` of the sync",
    ];
    ends(&front, 1, "FAIL", &words);
}

#[test]
fn a_sync_without_an_end_fails() {
    let front = but_for_the_stream(|head| {
        Act::Rewrite(head.into(), |frame| without(&frame, "event: sync_done"))
    });
    let words = ["nothing came on bob.phone within 2 s", "`sync_done`"];
    ends(&front, 1, "FAIL", &words);
}

#[test]
fn a_server_that_goes_silent_with_its_stream_is_incomplete() {
    let silent = AtomicBool::new(false);
    let front = Front::new(move |head| {
        if head.starts_with("GET /v1/events ") {
            silent.store(true, Ordering::SeqCst);
            Act::Hold(HEAD.into())
        } else if silent.load(Ordering::SeqCst) {
            Act::Hold(vec![])
        } else {
            Act::Forward(head.into())
        }
    });
    let words = [
        "nothing came on bob.phone",
        "nor does the server answer requests",
    ];
    ends(&front, 3, "TIMEOUT", &words);
}

#[test]
fn a_stream_that_is_closed_at_once_is_incomplete() {
    let front = but_for_the_stream(|_| Act::Say(HEAD.into()));
    ends(
        &front,
        3,
        "COULD NOT RUN",
        &["the server closed the stream"],
    );
}

#[test]
fn a_stream_that_swallows_the_marker_fails() {
    let front =
        but_for_the_stream(|head| Act::Rewrite(head.into(), |frame| without(&frame, "\"two\"")));
    let words = [
        "nothing came on bob.phone",
        "expected: message",
        "at /steps/4",
    ];
    ends(&front, 1, "FAIL", &words);
}

#[test]
fn broken_cursors_fail() {
    let front = but_for_the_stream(|head| Act::Rewrite(head.into(), |frame| with_id(&frame, "")));
    ends(&front, 1, "FAIL", &["the cursor \"\" of a `message` event"]);
    let front =
        but_for_the_stream(|head| Act::Rewrite(head.into(), |frame| with_id(&frame, "1 2")));
    ends(
        &front,
        1,
        "FAIL",
        &["the cursor \"1 2\" of a `message` event"],
    );
    let front = but_for_the_stream(|head| Act::Rewrite(head.into(), |frame| with_id(&frame, "7")));
    let words = ["two messages on one stream have the cursor 7"];
    ends(&front, 1, "FAIL", &words);
}

#[test]
fn a_line_without_end_fails_and_is_not_kept() {
    let hundred_megabytes = [HEAD.as_bytes(), b"data: ", &vec![b'x'; 100 << 20], b"\n\n"].concat();
    let front = but_for_the_stream(move |_| Act::Say(hundred_megabytes.clone()));
    let words = ["the stream bob.phone is broken", "over 4194304 bytes"];
    ends(&front, 1, "FAIL", &words);
    let front = but_for_the_stream(|_| Act::Flood(format!("{HEAD}: ").into(), vec![b'x'; 1 << 20]));
    ends(&front, 1, "FAIL", &words);
}

#[test]
fn a_flood_of_comments_counts_as_silence() {
    let front = but_for_the_stream(|_| Act::Flood(HEAD.into(), b":\n\n".repeat(10_000)));
    let words = ["nothing but comments came on bob.phone within 2 s"];
    ends(&front, 1, "FAIL", &words);
}

#[test]
fn a_flood_of_unknown_events_counts_as_silence_and_is_not_kept() {
    let event = || format!("event: noise\ndata: {{\"x\":\"{}\"}}\n\n", "y ".repeat(500));
    let front = but_for_the_stream(move |_| Act::Flood(HEAD.into(), event().repeat(100).into()));
    let words = ["nothing came on bob.phone within 2 s", "more lines"];
    ends(&front, 1, "FAIL", &words);
}

#[test]
fn an_event_that_is_not_utf_8_fails() {
    let event = [HEAD.as_bytes(), b"event: recents\ndata: \xff\n\n"].concat();
    let front = but_for_the_stream(move |_| Act::Hold(event.clone()));
    let words = ["the stream bob.phone is broken: the stream is not UTF-8"];
    ends(&front, 1, "FAIL", &words);
}

#[test]
fn a_stream_of_another_type_fails() {
    let front = but_for_the_stream(|_| Act::Hold(HEAD.replace("event-stream", "plain").into()));
    ends(&front, 1, "FAIL", &["content type \"text/plain\""]);
}

fn without(frame: &str, words: &str) -> String {
    if frame.contains(words) {
        String::new()
    } else {
        frame.to_owned()
    }
}

fn with_id(frame: &str, id: &str) -> String {
    let lines = frame.split_inclusive('\n');
    lines
        .map(|line| match line.strip_prefix("id:") {
            Some(_) => format!("id: {id}\n"),
            None => line.to_owned(),
        })
        .collect()
}
