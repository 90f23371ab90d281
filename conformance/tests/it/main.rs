//! The binary as people meet it: exit codes, reports, defects of scenario files.
#![expect(clippy::unwrap_used, reason = "a test ends where its setup fails")]

mod attach;
mod config;
mod corpora;
mod diff;
mod doctor;
mod exit_codes;
mod explain;
mod faults;
mod features;
mod front;
mod gateway;
mod golden;
mod hostile;
mod known;
mod lint;
mod matrix;
mod merge;
mod oracle;
mod patience;
mod promises;
mod proxy;
mod replay;
mod reports;
mod schemas;
mod secrets;
mod selection;
mod single_app;
mod spread;

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
    write_scenarios(folder.path(), &[("http-one", steps)]);
    folder
}

/// A folder whose folder `scenarios` holds these: ids and steps, with alice and bob.
fn scenarios(all: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_scenarios(&folder.path().join("scenarios"), all);
    folder
}

fn write_scenarios(folder: &Path, all: &[(&str, &str)]) {
    let chapter = folder.join("http");
    std::fs::create_dir_all(&chapter).unwrap();
    for (id, steps) in all {
        let scenario = format!(
            r#"{{ "format": 1, "id": "{id}", "title": "{id}", "requirements": ["HTT-001"],
                 "level": "must", "actors": {{ "alice": {{}}, "bob": {{}} }}, "steps": [{steps}] }}"#
        );
        std::fs::write(chapter.join(format!("{id}.json")), scenario).unwrap();
    }
}
