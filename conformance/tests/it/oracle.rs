//! The second oracle: silent on the reference server, heard about a server that lies.

use std::process::Output;
use std::sync::Arc;

use duologue_client::Endpoint;
use duologue_conformance::executor::{Access, Emitter, Options, Run};
use duologue_conformance::scenario::Corpus;
use duologue_server::{Handle, ServerOptions};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{code, duologue_in, one_scenario, text};

const OPERATOR: &str = "operator-of-the-liar";
const SEND: &str = r#"{ "send": { "as": "alice", "to": "bob", "save": "m",
    "content": { "type": "text", "text": "hi" }, "expect": { "ok": {} } } }"#;

/// Alice writes and reads her history, of which the scenario expects this of the only message.
fn history_of(message: &str) -> tempfile::TempDir {
    let read = format!(
        r#"{{ "history": {{ "as": "alice", "peer": "bob", "expect": {{ "ok": {{ "messages": [{message}] }} }} }} }}"#
    );
    one_scenario(&format!("{SEND}, {read}"))
}

/// The reference server behind something that turns the first `seq` of a history into 7.
struct Liar {
    url: String,
    server: Handle,
    _connections: JoinSet<()>,
}

impl Liar {
    async fn start() -> Self {
        let server = duologue_server::start(ServerOptions::new(OPERATOR))
            .await
            .unwrap();
        let upstream = server.address();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut connections = JoinSet::new();
        connections.spawn(async move {
            let mut each = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(upstream).await.unwrap();
                each.spawn(relay(client, server));
            }
        });
        Self {
            url,
            server,
            _connections: connections,
        }
    }

    /// Runs the scenarios of a folder against it, as a process.
    async fn run(&self, fixtures: &tempfile::TempDir) -> Output {
        let folder = fixtures.path().to_owned();
        let url = self.url.clone();
        let run = move || {
            let fixtures = folder.to_str().unwrap();
            let args = ["run", "--endpoint", &url, "--fixtures", fixtures];
            duologue_in(&folder, &args, &[("DUOLOGUE_OPERATOR_TOKEN", OPERATOR)])
        };
        tokio::task::spawn_blocking(run).await.unwrap()
    }
}

/// Hands everything on; what comes from the server, with the lie in it.
async fn relay(client: TcpStream, server: TcpStream) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = tokio::io::copy(&mut from_client, &mut to_server);
    let back = async {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
            let piece = String::from_utf8_lossy(&buffer[..count]);
            let piece = match piece.contains(r#""messages":["#) {
                true => piece.replacen(r#""seq":1,"#, r#""seq":7,"#, 1),
                false => piece.into_owned(),
            };
            if to_client.write_all(piece.as_bytes()).await.is_err() {
                break;
            }
        }
    };
    tokio::select! { _ = there => {} () = back => {} }
}

#[track_caller]
fn shows(output: &Output, expected: i32, words: &[&str]) {
    let text = text(output);
    assert_eq!(code(output), expected, "{text}");
    for words in words {
        assert!(text.contains(words), "`{words}` in {text}");
    }
}

#[test]
fn the_reference_server_and_the_model_never_disagree() {
    let folder = tempfile::tempdir().unwrap();
    let output = duologue_in(folder.path(), &["run", "--report", "json=r.json"], &[]);
    assert_eq!(code(&output), 0, "{}", text(&output));
    let json = std::fs::read(folder.path().join("r.json")).unwrap();
    let result: Value = serde_json::from_slice(&json).unwrap();
    let count = |name: &str| result["finished"]["model"][name].as_u64().unwrap();
    assert_eq!(count("disagreed"), 0);
    let graded = count("agreed") + count("unknown");
    assert_eq!(
        graded,
        result["finished"]["totals"]["pass"].as_u64().unwrap()
    );
    let compared = count("agreed");
    assert!(
        compared * 10 >= graded * 7,
        "{compared} of {graded} compared"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lie_that_no_expectation_looks_at_is_told_and_fails_nothing() {
    let liar = Liar::start().await;
    let output = liar
        .run(&history_of(r#"{ "message_id": "${m.message_id}" }"#))
        .await;
    let told = [
        "The model disagrees in 1 scenario that passed",
        "http-one at /steps/1: GET /v1/conversations/bob-",
        "/messages/0/seq",
        "expected 1",
        "actual   7",
        "pass: 1 passed, 0 failed, the model disagrees in 1 in",
    ];
    shows(&output, 0, &told);
    liar.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_shows_what_the_model_says_at_its_step() {
    let liar = Liar::start().await;
    let output = liar.run(&history_of(r#"{ "seq": 1 }"#)).await;
    shows(
        &output,
        1,
        &["at /steps/1 history", "the model disagrees here: GET"],
    );
    liar.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_reference_server_a_disagreement_is_a_fault_of_the_harness() {
    let liar = Liar::start().await;
    let fixtures = history_of("{}");
    let corpus = Corpus::from_dir(fixtures.path()).unwrap();
    let run = Run {
        corpus: String::new(),
        shard: None,
        seed: "model".into(),
        known: duologue_conformance::known::Judge::default(),
        endpoint: Endpoint::parse(&liar.url).unwrap(),
        access: Access {
            operator: Some(OPERATOR.into()),
            admin: None,
        },
        options: Options::default(),
        profile: None,
        fixtures: corpus.fixtures.into_iter().map(Arc::new).collect(),
        emitter: Arc::new(Emitter::new(Vec::new())),
        interrupt: CancellationToken::new(),
        origin: duologue_conformance::event::Origin::Embedded,
    };
    let finished = run.run().await.unwrap();
    assert_eq!(
        (finished.totals.pass, finished.totals.harness_fault),
        (0, 1)
    );
    assert_eq!(finished.model.disagreed, 1);
    liar.server.stop().await;
}
