//! The binary as people meet it: exit codes, reports, defects of scenario files.
#![expect(clippy::unwrap_used, reason = "a test ends where its setup fails")]

mod attach;
mod corpora;
mod exit_codes;
mod hostile;
mod lint;
mod patience;
mod reports;
mod schemas;

use std::path::Path;
use std::process::{Command, Output};

/// Runs `duologue` in an empty folder, without the caller's environment variables for it.
fn duologue(args: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    duologue_in(folder.path(), args, &[])
}

fn duologue_in(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_duologue"));
    command.args(args).current_dir(folder);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DUOLOGUE_")) {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied()).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn text(output: &Output) -> String {
    let all = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8(all).unwrap()
}

/// A folder of scenarios with one that any server passes.
fn one_scenario(steps: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let chapter = folder.path().join("http");
    std::fs::create_dir(&chapter).unwrap();
    let scenario = format!(
        r#"{{ "format": 1, "id": "http-one", "title": "one", "requirements": ["HTT-001"],
             "level": "must", "actors": {{ "alice": {{}}, "bob": {{}} }}, "steps": [{steps}] }}"#
    );
    std::fs::write(chapter.join("one.json"), scenario).unwrap();
    folder
}
