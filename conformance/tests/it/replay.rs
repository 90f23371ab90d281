//! `duologue replay`: the same steps again, one at a time if wanted, and what is left of them.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use duologue_client::{Api, Endpoint, Http};
use duologue_core::id::UserId;
use serde_json::{Value, json};

use crate::{code, duologue_in, one_scenario, text};

const OPERATOR: &str = "the-operator-token-of-a-test";
/// Three steps, of which the last one fails on every server.
const STEPS: &str = r#"
    { "send": { "as": "alice", "to": "bob", "content": { "type": "text", "text": "one" },
      "why": "the first", "expect": { "ok": { "seq": 1 } } } },
    { "send": { "as": "alice", "to": "bob", "content": { "type": "text", "text": "two" }, "expect": { "ok": {} } } },
    { "send": { "as": "alice", "to": "bob", "content": { "type": "text", "text": "three" }, "expect": { "ok": { "seq": 9 } } } }"#;

async fn reference() -> (duologue_server::Handle, Api) {
    let options = duologue_server::ServerOptions::new(OPERATOR);
    let server = duologue_server::start(options).await.unwrap();
    let api = Api::new(Http::new(Endpoint::parse(&server.url()).unwrap()).unwrap());
    (server, api)
}

/// Runs `duologue replay` with lines on its standard input.
fn replay(folder: &Path, args: &[&str], input: &str, token: (&str, &str)) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_duologue"));
    command.arg("replay").args(args).current_dir(folder);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DUOLOGUE_")) {
        command.env_remove(name);
    }
    let mut child = command
        .env(token.0, token.1)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A replay that has ended before it read everything is no failure of the test.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().unwrap()
}

const NO_TOKEN: (&str, &str) = ("DUOLOGUE_LOG", "info");

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn every_step_is_shown_with_its_transcript_then_the_verdict() {
    let fixtures = one_scenario(STEPS);
    let dir = fixtures.path().to_str().unwrap();
    let output = replay(
        fixtures.path(),
        &["HTTP-ONE", "--fixtures", dir],
        "",
        NO_TOKEN,
    );
    let text = text(&output);
    assert_eq!(code(&output), 1, "{text}");
    let mut rest = text.as_str();
    for words in [
        "replaying 1 scenario on duologue-reference",
        "== http-one — http-one",
        "ok /setup setup",
        "POST /v1/apps",
        "ok /steps/0 send",
        "the first",
        r#""text":"one""#,
        "ok /steps/1 send",
        "STOP /steps/2 send",
        r#""text":"three""#,
        "FAIL http-one — http-one",
        "HTT-001: ",
        "expected 9",
        "actual   3",
        "curl -sS",
        "fail: 0 passed of 1 graded",
    ] {
        let at = rest
            .find(words)
            .unwrap_or_else(|| panic!("{words} in {rest}"));
        rest = &rest[at..];
    }
}

#[test]
fn a_report_brings_its_failures_and_its_seed() {
    let fixtures = one_scenario(STEPS);
    let good = STEPS.replace(r#""seq": 9"#, r#""seq": 3"#);
    let passing = fs::read_to_string(fixtures.path().join("http/http-one.json")).unwrap();
    let passing = passing
        .replace(STEPS, &good)
        .replace("http-one", "http-two");
    fs::write(fixtures.path().join("http/http-two.json"), passing).unwrap();
    let dir = fixtures.path().to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let run = |report: &str| {
        let args = [
            "run",
            "--fixtures",
            dir,
            "--seed",
            "abc",
            "--report",
            report,
        ];
        assert_eq!(code(&duologue_in(folder.path(), &args, &[])), 1);
    };
    run("ndjson=r.ndjson");
    run("json=r.json");
    for report in ["r.ndjson", "r.json"] {
        let args = [report, "--embedded", "--fixtures", dir];
        let output = replay(folder.path(), &args, "", NO_TOKEN);
        let text = text(&output);
        assert_eq!(code(&output), 1, "{text}");
        assert!(
            text.contains("seed abc (the same users as before)"),
            "{text}"
        );
        assert!(text.contains("alice-abc000"), "{text}");
        assert!(!text.contains("http-two"), "{text}");
    }
    let args = [
        "r.json",
        "--embedded",
        "--fixtures",
        dir,
        "--scenario",
        "http-two",
    ];
    let output = replay(folder.path(), &args, "", NO_TOKEN);
    assert_eq!(code(&output), 0, "{}", text(&output));
    assert!(text(&output).contains("PASS http-two"), "{}", text(&output));
    // The server of the report was embedded, so it is gone: said, not guessed.
    let output = replay(folder.path(), &["r.json", "--fixtures", dir], "", NO_TOKEN);
    assert_eq!(code(&output), 3, "{}", text(&output));
    assert!(text(&output).contains("--embedded"), "{}", text(&output));
}

#[test]
fn what_cannot_be_replayed_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let check = |args: &[&str], expected: i32, words: &str| {
        let output = replay(folder.path(), args, "", NO_TOKEN);
        assert_eq!(code(&output), expected, "{}", text(&output));
        assert!(text(&output).contains(words), "{}", text(&output));
    };
    check(&["no-such-scenario"], 4, "there is no scenario");
    check(&["nowhere.json"], 2, "cannot read the report nowhere.json");
    check(
        &["offline-six-step-flow", "--keep"],
        2,
        "--keep needs --endpoint",
    );
    check(
        &["offline-six-step-flow", "--scenario", "x"],
        2,
        "narrows a report",
    );
    let args = [
        "run",
        "--filter",
        "offline-six-step-flow",
        "--report",
        "json=good.json",
    ];
    assert_eq!(code(&duologue_in(folder.path(), &args, &[])), 0);
    check(&["good.json"], 4, "has passed");
    check(
        &["good.json", "--scenario", "x"],
        4,
        "the report has no scenario `x`",
    );
}

#[test]
fn step_by_step_every_step_is_shown_before_it_runs() {
    let fixtures = one_scenario(STEPS);
    let dir = fixtures.path().to_str().unwrap();
    let args = ["http-one", "--step", "--fixtures", dir];
    let output = replay(fixtures.path(), &args, "\n\nc\n", NO_TOKEN);
    assert_eq!(code(&output), 1, "{}", text(&output));
    let shown = stdout(&output);
    let places: Vec<usize> = [
        "next /steps/0 send",
        "ok /steps/0",
        "next /steps/1",
        "ok /steps/1",
        "next /steps/2",
        "STOP /steps/2",
    ]
    .iter()
    .map(|words| {
        shown
            .find(words)
            .unwrap_or_else(|| panic!("{words} in {shown}"))
    })
    .collect();
    assert!(places.is_sorted(), "{places:?} in {shown}");
    assert!(shown.contains(r#"{ "send": { "as": "alice""#), "{shown}");
    assert_eq!(text(&output).matches("[Enter: run this step").count(), 3);

    let output = replay(fixtures.path(), &args, "c\n", NO_TOKEN);
    assert!(
        !stdout(&output).contains("next /steps/1"),
        "{}",
        text(&output)
    );
    assert!(
        stdout(&output).contains("STOP /steps/2"),
        "{}",
        text(&output)
    );
}

#[test]
fn thinking_longer_than_the_scenario_may_take_does_not_end_it() {
    let fixtures = one_scenario(STEPS);
    let mut child = Command::new(env!("CARGO_BIN_EXE_duologue"))
        .args(["replay", "http-one", "--embedded", "--step"])
        .args(["--scenario-timeout", "2", "--fixtures"])
        .arg(fixtures.path())
        .current_dir(fixtures.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // What is tested is that this time does not count.
    std::thread::sleep(std::time::Duration::from_millis(2500));
    child.stdin.take().unwrap().write_all(b"c\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 1, "{}", text(&output));
    assert!(
        stdout(&output).contains("STOP /steps/2"),
        "{}",
        text(&output)
    );
}

#[test]
fn an_input_that_ends_runs_on_and_q_ends() {
    let fixtures = one_scenario(STEPS);
    let dir = fixtures.path().to_str().unwrap();
    let args = ["http-one", "--step", "--fixtures", dir];
    let output = replay(fixtures.path(), &args, "", NO_TOKEN);
    assert_eq!(code(&output), 1, "{}", text(&output));
    assert!(
        stdout(&output).contains("STOP /steps/2"),
        "{}",
        text(&output)
    );
    let output = replay(fixtures.path(), &args, "\nq\n", NO_TOKEN);
    assert_eq!(code(&output), 3, "{}", text(&output));
    assert!(
        !stdout(&output).contains("ok /steps/1"),
        "{}",
        text(&output)
    );
    assert!(stdout(&output).contains("interrupted"), "{}", text(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_there_afterwards_and_its_tokens_only_in_the_file() {
    let (server, api) = reference().await;
    let fixtures = one_scenario(STEPS);
    let dir = fixtures.path().to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = server.url();
    let args = ["http-one", "--endpoint", &url, "--fixtures", dir];
    let token = ("DUOLOGUE_OPERATOR_TOKEN", OPERATOR);
    let kept = [&args[..], &["--keep", "--keep-secrets", "s.json"]].concat();
    let output = replay(folder.path(), &kept, "", token);
    assert_eq!(code(&output), 1, "{}", text(&output));
    let path = folder.path().join("s.json");
    let secrets: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let left = &secrets["scenarios"][0];
    let admin = left["apps"][0]["admin_token"].as_str().unwrap();
    let info = api.server_info(Some(admin)).await.unwrap();
    let app = info.app.unwrap().app_id.to_string();
    assert_eq!(left["apps"][0]["app_id"], app.as_str());
    let alice = left["users"][0]["user_id"].as_str().unwrap();
    let presence = api
        .presence(admin, &UserId::parse(alice).unwrap())
        .await
        .unwrap();
    assert_eq!((presence.open_streams, presence.sessions.len()), (0, 1));
    let shown = text(&output);
    for words in [
        &format!("app: {app}"),
        &format!("user alice: {alice}"),
        "session alice.phone",
        "s.json",
    ] {
        assert!(shown.contains(words), "{words} in {shown}");
    }
    for one in ["apps", "users", "sessions"] {
        let secret = ["admin_token", "credential", "session_token"]
            .iter()
            .find_map(|name| left[one][0][*name].as_str());
        assert!(!shown.contains(secret.unwrap()), "{shown}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_keep_the_app_is_gone_afterwards() {
    let (server, api) = reference().await;
    let fixtures = one_scenario(STEPS);
    let dir = fixtures.path().to_str().unwrap();
    let url = server.url();
    let args = ["http-one", "--endpoint", &url, "--fixtures", dir];
    let output = replay(
        fixtures.path(),
        &args,
        "",
        ("DUOLOGUE_OPERATOR_TOKEN", OPERATOR),
    );
    let shown = stdout(&output);
    let after = shown.split(r#""app_id":""#).nth(1).unwrap();
    let app = after.split('"').next().unwrap();
    let path = format!("/v1/apps/{app}");
    let answer = api
        .http()
        .json("DELETE", &path, Some(OPERATOR), None)
        .await
        .unwrap();
    assert_eq!(answer.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_shared_app_the_users_are_new_ones() {
    let (server, api) = reference().await;
    let app = api.provision(OPERATOR, &json!({})).await.unwrap();
    let token = ("DUOLOGUE_ADMIN_TOKEN", app.admin_token.as_str());
    let fixtures = one_scenario(STEPS);
    let dir = fixtures.path().to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let url = server.url();
    let report = ["--seed", "abc", "--report", "json=r.json"];
    let args = [&["run", "--endpoint", &url, "--fixtures", dir], &report[..]].concat();
    assert_eq!(code(&duologue_in(folder.path(), &args, &[token])), 1);
    // The server and the seed come from the report; the same users again would make seq 4.
    let output = replay(folder.path(), &["r.json", "--fixtures", dir], "", token);
    let shown = text(&output);
    assert_eq!(code(&output), 1, "{shown}");
    assert!(
        shown.contains("(abc and a fresh end: the app is shared"),
        "{shown}"
    );
    assert!(shown.contains("actual   3"), "{shown}");
}
