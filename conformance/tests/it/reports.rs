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

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_2_and_names_the_file_whatever_the_format() {
    let fixtures = one_scenario(STEPS);
    let folder = tempfile::tempdir().unwrap();
    for kind in ["ndjson", "json", "junit", "markdown", "html", "badge"] {
        let report = format!("{kind}=/dev/full");
        let args = [
            "run",
            "--fixtures",
            fixtures.path().to_str().unwrap(),
            "--report",
            &report,
        ];
        let output = duologue_in(folder.path(), &args, &[]);
        assert_eq!(code(&output), 2, "{kind}: {}", text(&output));
        assert!(
            text(&output).contains("/dev/full: "),
            "{kind}: {}",
            text(&output)
        );
    }
}

#[test]
fn markdown_joins_what_a_ci_step_has_said_already_and_replaces_any_other_file() {
    let fixtures = one_scenario(STEPS);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("summary.md");
    std::fs::write(&path, "before\n").unwrap();
    let report = format!("markdown={}", path.display());
    let dir = fixtures.path().to_str().unwrap();
    let args = ["run", "--fixtures", dir, "--report", &report];
    let summary = [("GITHUB_STEP_SUMMARY", path.to_str().unwrap())];
    duologue_in(folder.path(), &args, &summary);
    let joined = std::fs::read_to_string(&path).unwrap();
    assert!(
        joined.starts_with("before\n## Duologue: fail\n"),
        "{joined}"
    );
    let elsewhere = [("GITHUB_STEP_SUMMARY", "")];
    duologue_in(folder.path(), &args, &elsewhere);
    let replaced = std::fs::read_to_string(&path).unwrap();
    assert!(replaced.starts_with("## Duologue: fail\n"), "{replaced}");
}

#[test]
fn a_replay_line_names_a_server_only_if_that_is_still_there() {
    let fixtures = one_scenario(STEPS);
    let folder = tempfile::tempdir().unwrap();
    let dir = fixtures.path().to_str().unwrap();
    let run = |more: &[&str]| {
        let args = [&["run", "--fixtures", dir, "--seed", "abc"], more].concat();
        let shown = text(&duologue_in(folder.path(), &args, &[]));
        let line = shown.lines().find(|line| line.contains("replay "));
        line.unwrap().split_once("duologue ").unwrap().1.to_owned()
    };
    assert_eq!(run(&[]), "replay http-one --seed abc");
    let program = format!(
        "{} serve --listen 127.0.0.1:0",
        env!("CARGO_BIN_EXE_duologue")
    );
    let line = run(&["--exec", &program]);
    assert_eq!(line, "replay http-one --exec \"$COMMAND\" --seed abc");
    let dead = run(&["--endpoint", "http://127.0.0.1:1"]);
    assert_eq!(
        dead,
        "replay http-one --endpoint http://127.0.0.1:1 --seed abc"
    );
}
