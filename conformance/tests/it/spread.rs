//! A run in parts and merged is the run in one piece, with the commands the documents show.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::{code, duologue_in, text};

const TOKEN: &str = "operator-token-of-this-test";

fn document(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// The documents of the manifest by kind and name.
fn manifest() -> BTreeMap<(String, String), Value> {
    serde_saphyr::from_multiple::<Value>(&document("kubernetes-job.yaml"))
        .unwrap()
        .into_iter()
        .map(|document| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let name = text(&document["metadata"]["name"]);
            ((text(&document["kind"]), name), document)
        })
        .collect()
}

fn job(name: &str) -> Value {
    manifest()[&("Job".to_owned(), name.to_owned())].clone()
}

/// Runs the command of a job as its container would, with these variables instead of its own.
fn container(job: &str, folder: &Path, variables: &[(&str, &str)]) -> Output {
    let container = &job_container(job);
    let words = ["command", "args"].map(|key| container[key].as_array().unwrap().clone());
    let words: Vec<&str> = words
        .iter()
        .flatten()
        .map(|w| w.as_str().unwrap())
        .collect();
    let program = Path::new(env!("CARGO_BIN_EXE_duologue"));
    let mut path = program.parent().unwrap().as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).current_dir(folder);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DUOLOGUE_")) {
        command.env_remove(name);
    }
    let results = folder.to_str().unwrap();
    command.env("PATH", path).env("RESULTS", results);
    let parts = manifest()[&("ConfigMap".into(), "duologue".into())]["data"]["PARTS"].clone();
    command.env("PARTS", parts.as_str().unwrap());
    command.envs(variables.iter().copied()).output().unwrap()
}

fn job_container(name: &str) -> Value {
    job(name)["spec"]["template"]["spec"]["containers"][0].clone()
}

fn verdicts(report: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(report).unwrap();
    let mut verdicts = BTreeMap::new();
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        if event["event"] == "scenario_finished" {
            let word = |key: &str| event[key].as_str().unwrap().to_owned();
            verdicts.insert(word("scenario"), word("verdict"));
        }
    }
    verdicts
}

/// All indices of the manifest, then `alone`, then the merger; the same scenarios in one piece
/// with the same variables; the same verdicts, and the merged exit code. Returns the verdicts of
/// the whole and those of `alone`.
fn spread(
    variables: &[(&str, &str)],
    in_one_piece: &[(&str, &str)],
) -> [BTreeMap<String, String>; 2] {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let count = job("duologue-parts")["spec"]["completions"]
        .as_u64()
        .unwrap();
    for index in 0..count {
        let index = index.to_string();
        let own = [variables, &[("JOB_COMPLETION_INDEX", index.as_str())]].concat();
        let output = container("duologue-parts", path, &own);
        assert_eq!(code(&output), 0, "part {index}: {}", text(&output));
    }
    let output = container("duologue-alone", path, variables);
    assert_eq!(code(&output), 0, "alone: {}", text(&output));
    let merged = container("duologue-merge", path, &[]);
    assert!(text(&merged).contains("passed"), "{}", text(&merged));
    assert!(path.join("run.xml").exists());

    let args = ["run", "--report", "ndjson=one.ndjson"];
    let whole = duologue_in(path, &args, in_one_piece);
    assert_eq!(
        code(&merged),
        code(&whole),
        "{} {}",
        text(&merged),
        text(&whole)
    );
    let verdicts_of = |name: &str| verdicts(&path.join(name));
    assert_eq!(verdicts_of("run.ndjson"), verdicts_of("one.ndjson"));
    ["run.ndjson", "part-alone.ndjson"].map(verdicts_of)
}

#[test]
fn the_commands_of_the_manifest_grade_what_one_run_grades() {
    let variables = [("DUOLOGUE_FILTER", "offline,recents")];
    let [verdicts, alone] = spread(&variables, &variables);
    assert!(alone.is_empty(), "{alone:?}");
    assert!(verdicts.len() > 40, "{verdicts:?}");
    assert!(verdicts.values().all(|verdict| verdict == "pass"));
}

#[test]
fn on_a_shared_app_what_changes_it_is_the_part_alone() {
    let server = Server::start();
    let (spread_over, one) = (server.app(), server.app());
    let common = [
        ("DUOLOGUE_ENDPOINT", server.url.as_str()),
        ("DUOLOGUE_FILTER", "policy,clock,recents"),
    ];
    let variables = |token| [&common[..], &[("DUOLOGUE_ADMIN_TOKEN", token)]].concat();
    let [verdicts, alone] = spread(&variables(&spread_over), &variables(&one));
    for verdict in ["pass", "not_applicable"] {
        assert!(
            verdicts.values().any(|found| found == verdict),
            "{verdicts:?}"
        );
    }
    assert_eq!(
        alone["admin-policy-change-touches-named-fields-only"],
        "pass"
    );
}

/// A reference server of its own.
struct Server {
    child: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let token = folder.path().join("token");
        fs::write(&token, TOKEN).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_duologue"))
            .args(["serve", "--listen", "127.0.0.1:0", "--operator-token-file"])
            .arg(&token)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        Self {
            child,
            url: line["listening"].as_str().unwrap().to_owned(),
            _folder: folder,
        }
    }

    /// Makes an app and returns its admin token.
    fn app(&self) -> String {
        let host = self.url.trim_start_matches("http://");
        let mut socket = TcpStream::connect(host).unwrap();
        let head = "POST /v1/apps HTTP/1.1\r\nconnection: close\r\ncontent-type: application/json";
        write!(
            socket,
            "{head}\r\nhost: {host}\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: 2\r\n\r\n{{}}"
        )
        .unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        body["admin_token"].as_str().unwrap().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_manifest_is_consistent() {
    let documents = manifest();
    assert_eq!(documents.len(), 5);
    let data = &documents[&("ConfigMap".into(), "duologue".into())]["data"];
    let spec = job("duologue-parts")["spec"].clone();
    let parts: u64 = data["PARTS"].as_str().unwrap().parse().unwrap();
    assert_eq!(spec["completionMode"], "Indexed");
    assert_eq!(spec["completions"], parts);
    assert_eq!(spec["parallelism"], parts);
    assert_eq!(spec["backoffLimitPerIndex"], 0);
    for name in ["duologue-parts", "duologue-alone", "duologue-merge"] {
        let job = job(name);
        assert_eq!(job["apiVersion"], "batch/v1");
        let pod = &job["spec"]["template"]["spec"];
        assert_eq!(pod["restartPolicy"], "Never", "{name}");
        assert_eq!(
            pod["containers"][0]["volumeMounts"][0]["mountPath"],
            data["RESULTS"]
        );
        assert_eq!(
            pod["containers"][0]["volumeMounts"][0]["name"],
            pod["volumes"][0]["name"]
        );
        let claim = pod["volumes"][0]["persistentVolumeClaim"]["claimName"]
            .as_str()
            .unwrap();
        assert!(documents.contains_key(&("PersistentVolumeClaim".into(), claim.into())));
        // The label by which spread.md applies it.
        let label = job["metadata"]["labels"]["duologue"].as_str().unwrap();
        assert_eq!(name, format!("duologue-{label}"));
    }
}

#[test]
fn the_pipelines_in_the_document_are_yaml_and_use_flags_that_exist() {
    let help: String = ["run", "merge"]
        .map(|command| text(&duologue_in(Path::new("."), &[command, "--help"], &[])))
        .concat();
    let document = document("spread.md");
    let blocks: Vec<&str> = document
        .split("```yaml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        let pipeline: Value = serde_saphyr::from_str(block).unwrap();
        let commands = pipeline.to_string();
        assert!(commands.contains("duologue run --shard"), "{commands}");
        assert!(
            commands.contains("duologue merge part-*.ndjson"),
            "{commands}"
        );
        for flag in block
            .split_whitespace()
            .filter(|word| word.starts_with("--"))
        {
            assert!(help.contains(flag), "{flag}");
        }
    }
}
