//! Report files of a real run, and what must not be in them.

use serde_json::Value;

use crate::{code, duologue_in, one_scenario, text};

const STEPS: &str = r#"
    { "open_stream": { "as": "bob", "until": "sync_done", "expect": { "ok": { "offline": [] } } } },
    { "send": { "as": "alice", "to": "bob", "content": { "type": "text", "text": "hi" }, "expect": { "ok": {} } } },
    { "expect_event": { "on": "bob", "event": "message", "data": { "path": "offline" } } }"#;

#[test]
fn all_reports_tell_the_same_failure_and_no_secret() {
    let fixtures = one_scenario(STEPS);
    let folder = tempfile::tempdir().unwrap();
    let dir = fixtures.path().to_str().unwrap();
    let args = [
        "run",
        "--fixtures",
        dir,
        "--report",
        "json=r.json",
        "--report",
        "junit=r.xml",
        "--report",
        "ndjson=r.ndjson",
    ];
    let output = duologue_in(folder.path(), &args, &[]);
    assert_eq!(code(&output), 1, "{}", text(&output));
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();

    let json: Value = serde_json::from_str(&read("r.json")).unwrap();
    assert_eq!(json["finished"]["outcome"], "fail");
    assert_eq!(json["finished"]["totals"]["fail"], 1);
    assert_eq!(json["scenarios"][0]["scenario"], "http-one");
    assert_eq!(json["scenarios"][0]["reason"]["step"], "/steps/2");
    assert_eq!(
        json["scenarios"][0]["reason"]["mismatches"][0]["pointer"],
        "/path"
    );

    assert!(read("r.xml").contains(r#"failures="1""#));
    let events = read("r.ndjson");
    let kinds: Vec<String> = events
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["event"]
                .as_str()
                .unwrap()
                .into()
        })
        .collect();
    assert_eq!(kinds.first().map(String::as_str), Some("run_started"));
    assert_eq!(kinds.last().map(String::as_str), Some("run_finished"));
    assert_eq!(
        kinds.iter().filter(|kind| *kind == "step_finished").count(),
        4
    );

    for shown in [read("r.json"), read("r.xml"), events, text(&output)] {
        assert!(
            !shown.replace("Bearer $TOKEN", "").contains("Bearer "),
            "{shown}"
        );
        for member in ["session_token", "credential", "admin_token"] {
            let secret = format!("\"{member}\":\"");
            let after = shown.replace('\\', "");
            let mut places = after.match_indices(&secret);
            assert!(
                places.all(|(at, _)| after[at + secret.len()..].starts_with('[')),
                "{member}"
            );
        }
    }
}
