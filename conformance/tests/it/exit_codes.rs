//! Each exit code, as the shell sees it.

use std::fs;

use crate::hostile::listener;
use crate::{code, duologue, duologue_in, one_scenario, text};

const SEND: &str = r#"{ "send": { "as": "alice", "to": "bob",
    "content": { "type": "text", "text": "hi" }, "save": "m", "expect": { "ok": { "seq": 1 } } } }"#;

#[track_caller]
fn exits(args: &[&str], expected: i32, words: &str) {
    let output = duologue(args);
    assert_eq!(code(&output), expected, "{args:?}: {}", text(&output));
    assert!(text(&output).contains(words), "{args:?}: {}", text(&output));
}

#[test]
fn a_scenario_the_reference_server_passes_is_0() {
    let fixtures = one_scenario(SEND);
    exits(
        &["--fixtures", fixtures.path().to_str().unwrap()],
        0,
        "pass: 1 passed",
    );
}

#[test]
fn a_broken_expectation_is_1_and_shows_both_sides() {
    let steps = SEND.replace(r#""seq": 1"#, r#""seq": 2"#);
    let fixtures = one_scenario(&steps);
    let output = duologue(&["run", "--fixtures", fixtures.path().to_str().unwrap()]);
    let text = text(&output);
    assert_eq!(code(&output), 1, "{text}");
    for words in [
        "HTT-001",
        "at /steps/0 send",
        "/seq",
        "expected 2",
        "actual   1",
        "curl -sS",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
}

#[test]
fn usage_and_configuration_are_2() {
    exits(&["run", "--surprise"], 2, "--surprise");
    exits(&["run", "--jobs", "0"], 2, "--jobs");
    exits(&["run", "--step-timeout", "0"], 2, "positive");
    exits(&["run", "--level", "perhaps"], 2, "perhaps");
    exits(&["run", "--endpoint", "ftp://x"], 2, "http://");
    exits(
        &["run", "--config", "/nowhere/duologue.toml"],
        2,
        "/nowhere/duologue.toml",
    );
    exits(&["run", "--fixtures", "/nowhere"], 2, "/nowhere");
    exits(
        &["run", "--report", "json=/nowhere/report.json"],
        2,
        "/nowhere/report.json",
    );
    exits(&["run", "--report", "pdf=x"], 2, "KIND=PATH");
    exits(
        &["run", "--endpoint", "http://x", "--exec", "y"],
        2,
        "cannot be used with",
    );
}

#[test]
fn unknown_keys_of_the_configuration_are_2() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("duologue.toml"),
        "[run]\nendpont = \"http://x\"\n",
    )
    .unwrap();
    let output = duologue_in(folder.path(), &["run"], &[]);
    assert_eq!(code(&output), 2);
    assert!(text(&output).contains("endpont"), "{}", text(&output));
}

#[test]
fn a_refused_token_is_2_and_is_not_shown() {
    let steps = r#"{ "recents": { "as": "alice", "expect": { "ok": {} } } }"#;
    let fixtures = one_scenario(steps);
    let server = std::process::Command::new(env!("CARGO_BIN_EXE_duologue"))
        .args([
            "run",
            "--fixtures",
            fixtures.path().to_str().unwrap(),
            "--exec",
        ])
        .arg(format!(
            "DUOLOGUE_OPERATOR_TOKEN_FILE=$0 exec {} serve --listen 127.0.0.1:0",
            env!("CARGO_BIN_EXE_duologue")
        ))
        .output()
        .unwrap();
    // The shell's own name is not a file with a token, so the server does not come up at all.
    assert_eq!(code(&server), 3, "{}", text(&server));

    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, "another-operator-token\n").unwrap();
    let command = format!(
        "DUOLOGUE_OPERATOR_TOKEN_FILE={} exec {} serve --listen 127.0.0.1:0",
        token.display(),
        env!("CARGO_BIN_EXE_duologue")
    );
    let args = [
        "run",
        "--fixtures",
        fixtures.path().to_str().unwrap(),
        "--exec",
        &command,
    ];
    let output = duologue(&args);
    assert_eq!(code(&output), 2, "{}", text(&output));
    assert!(
        text(&output).contains("refuses the operator token"),
        "{}",
        text(&output)
    );
    assert!(!text(&output).contains("another-operator-token"));
}

#[test]
fn a_missing_token_is_2() {
    let url = listener(|mut socket| {
        use std::io::{Read as _, Write as _};
        let _ = socket.read(&mut [0; 4096]);
        let body = r#"{"protocol_version":"1.0","implementation":{"name":"x","version":"1"},"features":["provisioning"]}"#;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
        let _ = write!(
            socket,
            "{head}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
    });
    exits(&["run", "--endpoint", &url], 2, "DUOLOGUE_OPERATOR_TOKEN");
}

#[test]
fn an_empty_selection_is_4() {
    exits(
        &["run", "--filter", "no-such-scenario-anywhere"],
        4,
        "nothing selected",
    );
    exits(
        &["list", "--filter", "no-such-scenario-anywhere"],
        4,
        "no scenario",
    );
}

#[test]
fn a_scenario_that_refers_to_nothing_is_5() {
    let steps =
        r#"{ "ack": { "as": "alice", "cursor": "${nothing.id}", "expect": { "ok": null } } }"#;
    let fixtures = one_scenario(steps);
    exits(
        &["run", "--fixtures", fixtures.path().to_str().unwrap()],
        5,
        "nothing.id",
    );
}

#[test]
fn a_run_that_grades_too_little_is_3() {
    let fixtures = one_scenario(SEND);
    let folder = fixtures.path().to_str().unwrap();
    exits(
        &["run", "--fixtures", folder, "--min-graded", "2"],
        3,
        "incomplete: 1 passed",
    );
}

#[test]
fn a_program_under_test_is_started_and_stopped() {
    let fixtures = one_scenario(SEND);
    let command = format!(
        "{} serve --listen 127.0.0.1:0",
        env!("CARGO_BIN_EXE_duologue")
    );
    let args = [
        "run",
        "--fixtures",
        fixtures.path().to_str().unwrap(),
        "--exec",
        &command,
    ];
    let output = duologue(&args);
    assert_eq!(code(&output), 0, "{}", text(&output));
    exits(&["run", "--exec", "exit 7"], 3, "ended without the line");
}

/// Nobody reads the pipe, so the run cannot get rid of its output and hears the second signal only.
#[cfg(unix)]
#[test]
fn a_second_signal_ends_a_run_whose_output_nobody_reads() {
    let step = r#"{ "history": { "as": "alice", "peer": "bob", "expect": { "ok": { "first_seq": 1 } } } }"#;
    let all: Vec<(String, &str)> = (0..150)
        .map(|number| (format!("http-{number}"), step))
        .collect();
    let all: Vec<(&str, &str)> = all.iter().map(|(id, step)| (id.as_str(), *step)).collect();
    let folder = crate::scenarios(&all);
    // Every failure is told at length, since the paths in their messages differ.
    let mut run = std::process::Command::new(env!("CARGO_BIN_EXE_duologue"))
        .args([
            "run",
            "--fixtures",
            "scenarios",
            "--report",
            "ndjson=r.ndjson",
        ])
        .current_dir(folder.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let report = folder.path().join("r.ndjson");
    let finished = || {
        let text = fs::read_to_string(&report).unwrap_or_default();
        text.contains("run_finished")
    };
    while !finished() {
        std::thread::yield_now();
    }
    let begun = std::time::Instant::now();
    let status = loop {
        let id = run.id().to_string();
        let sent = std::process::Command::new("kill").arg(id).status().unwrap();
        if let Some(status) = run.try_wait().unwrap() {
            break status;
        }
        assert!(sent.success() && begun.elapsed().as_secs() < 30);
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    assert!(matches!(status.code(), Some(1 | 3)), "{status}");
}

#[test]
fn one_cause_before_all_steps_is_one_block_and_breaks_no_rule() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let output = duologue(&["run", "--endpoint", &format!("http://{free}")]);
    assert_eq!(code(&output), 3, "{}", text(&output));
    let text = text(&output);
    assert!(
        text.contains("scenarios, before their first step"),
        "{text}"
    );
    assert!(text.contains("duologue doctor"), "{text}");
    assert!(!text.contains("requirements that did not hold"), "{text}");
    assert!(text.lines().count() < 12, "{text}");
}

#[test]
fn too_few_graded_and_a_folder_without_scenarios_are_told_in_words() {
    let fixtures = one_scenario(SEND);
    let folder = fixtures.path().to_str().unwrap();
    let args = ["run", "--fixtures", folder, "--min-graded", "2"];
    exits(
        &args,
        3,
        "too few scenarios were graded: 1; --min-graded asks for 2",
    );
    let empty = tempfile::tempdir().unwrap();
    let args = ["run", "--fixtures", empty.path().to_str().unwrap()];
    exits(&args, 4, "no scenarios in ");
}
