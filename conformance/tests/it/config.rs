//! Flags, environment and `duologue.toml`: every flag of `run` has all three, in this order.

use std::fs;

use clap::{Arg, CommandFactory as _};
use duologue_conformance::Cli;
use duologue_conformance::schema_files::{Mode, schema_files};
use serde_json::Value;

use crate::{code, duologue, duologue_in, text};

/// Flags that the file cannot say, each with the reason.
const NOT_IN_FILE: &[(&str, &str)] = &[
    ("config", "names the file"),
    ("fault", "is for looking at one, not a server of one's own"),
    ("print-config", "is an order, not a setting"),
    ("seed", "a fixed one lets runs on a shared app meet"),
    ("shard", "another one on every machine that reads the file"),
];
/// Flags without a variable, each with the reason.
const NOT_IN_ENVIRONMENT: &[(&str, &str)] = &[
    ("fault", "is for looking at one, not a server of one's own"),
    ("print-config", "is an order, not a setting"),
];

fn excepted(list: &[(&str, &str)], flag: &str) -> bool {
    list.iter().any(|(name, _)| *name == flag)
}

fn flags() -> Vec<Arg> {
    let program = Cli::command();
    let run = program.find_subcommand("run").unwrap();
    let all = run.get_arguments().cloned().collect::<Vec<_>>();
    assert!(all.len() > 10, "{all:?}");
    all
}

/// The keys of the table [run], from the published schema.
fn keys() -> serde_json::Map<String, Value> {
    let folder = tempfile::tempdir().unwrap();
    schema_files(folder.path(), Mode::Write).unwrap();
    let text = fs::read_to_string(folder.path().join("duologue.toml.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    schema["$defs"]["RunTable"]["properties"]
        .as_object()
        .unwrap()
        .clone()
}

/// Three values that the key takes, as TOML writes them.
fn samples(schema: &Value) -> [&'static str; 3] {
    let text = schema["type"].to_string();
    if text.contains("boolean") {
        ["false", "true", "true"]
    } else if text.contains("integer") {
        ["1", "2", "3"]
    } else if text.contains("number") {
        ["1.5", "2.5", "3.5"]
    } else if text.contains("array") {
        ["[\"a\"]", "[\"b\"]", "[\"c\"]"]
    } else {
        ["\"a\"", "\"b\"", "\"c\""]
    }
}

/// A TOML value as a flag or a variable is given it.
fn bare(value: &str) -> &str {
    value.trim_matches(['[', ']', '"'])
}

#[test]
fn every_flag_of_run_has_a_variable_and_a_key_and_every_key_a_flag() {
    let keys = keys();
    let flags = flags();
    for flag in &flags {
        let name = flag.get_long().unwrap();
        assert!(
            flag.get_env().is_some() != excepted(NOT_IN_ENVIRONMENT, name),
            "--{name}: give it an environment variable, or a reason in this test"
        );
        assert!(
            keys.contains_key(name) != excepted(NOT_IN_FILE, name),
            "--{name}: give it a key in [run], or a reason in this test"
        );
    }
    for key in keys.keys() {
        assert!(
            flags.iter().any(|flag| flag.get_long() == Some(key)),
            "`{key}` in [run] has no flag"
        );
    }
}

#[test]
fn a_flag_goes_before_its_variable_and_that_before_the_file() {
    let keys = keys();
    for flag in flags() {
        let name = flag.get_long().unwrap();
        let Some(schema) = keys.get(name) else {
            continue;
        };
        let [file, variable, argument] = samples(schema);
        let folder = tempfile::tempdir().unwrap();
        let config = format!("[run]\n{name} = {file}\n");
        fs::write(folder.path().join("duologue.toml"), config).unwrap();
        let env = flag.get_env().unwrap().to_str().unwrap().to_owned();
        let given = if flag.get_action().takes_values() {
            format!("--{name}={}", bare(argument))
        } else {
            format!("--{name}")
        };
        let check = |args: &[&str], variables: &[(&str, &str)], expected: &str| {
            let args = [&["run", "--print-config"], args].concat();
            let output = duologue_in(folder.path(), &args, variables);
            assert_eq!(code(&output), 0, "{name}: {}", text(&output));
            let printed: toml::Table = text(&output).parse().unwrap();
            let wanted: toml::Table = format!("x = {expected}").parse().unwrap();
            // A number without fraction may be written as either.
            let shown = |value: &toml::Value| value.to_string().replace(".0", "");
            // Of a header only its name is shown.
            let found = shown(&printed["run"][name]).replace(": [redacted]", "");
            assert_eq!(found, shown(&wanted["x"]), "{name}");
        };
        check(&[], &[], file);
        check(&[], &[(&env, bare(variable))], variable);
        check(&[&given], &[(&env, bare(variable))], argument);
    }
}

#[test]
fn a_server_that_is_named_one_way_is_not_named_another_by_the_file() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("duologue.toml"),
        "[run]\nendpoint = \"http://x\"\n",
    )
    .unwrap();
    let output = duologue_in(
        folder.path(),
        &["run", "--print-config", "--exec", "y"],
        &[],
    );
    let text = text(&output);
    assert!(
        text.contains("exec = \"y\"") && !text.contains("endpoint"),
        "{text}"
    );
}

#[test]
fn a_flag_for_one_way_goes_before_a_variable_for_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = ("DUOLOGUE_ENDPOINT", "http://x");
    let exec = ("DUOLOGUE_EXEC", "y");
    let check = |args: &[&str], variables: &[(&str, &str)], expected: i32, words: &str| {
        let args = [&["run", "--print-config"], args].concat();
        let output = duologue_in(folder.path(), &args, variables);
        let text = text(&output);
        assert_eq!(code(&output), expected, "{text}");
        assert!(text.contains(words), "{text}");
    };
    check(&["--exec", "z"], &[endpoint], 0, "exec = \"z\"");
    check(
        &["--endpoint", "http://z"],
        &[exec],
        0,
        "endpoint = \"http://z\"",
    );
    check(&[], &[endpoint, exec], 2, "unset one of them");
    let output = duologue_in(folder.path(), &["doctor", "--embedded"], &[endpoint]);
    assert_eq!(code(&output), 0, "{}", text(&output));
    let args = ["doctor", "--embedded", "--exec", "y"];
    let output = duologue_in(folder.path(), &args, &[]);
    assert_eq!(code(&output), 2, "{}", text(&output));
}

#[test]
fn an_unknown_key_is_named_with_file_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    for (config, place) in [
        ("[run]\n\nendpont = \"x\"\n", "duologue.toml:3:1: "),
        ("[serve]\nport = 1\n", "duologue.toml:2:1: "),
        ("[rum]\n", "duologue.toml:1:2: "),
    ] {
        fs::write(folder.path().join("duologue.toml"), config).unwrap();
        let output = duologue_in(folder.path(), &["run"], &[]);
        assert_eq!(code(&output), 2, "{}", text(&output));
        assert!(text(&output).contains(place), "{place}: {}", text(&output));
    }
}

#[test]
fn the_schema_of_the_file_takes_what_the_program_takes_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    schema_files(folder.path(), Mode::Write).unwrap();
    let text = fs::read_to_string(folder.path().join("duologue.toml.schema.json")).unwrap();
    let schema = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let fits = |toml: &str| {
        let table: toml::Table = toml.parse().unwrap();
        validator.is_valid(&serde_json::to_value(table).unwrap())
    };
    assert!(fits(
        "[run]\nlevel = [\"must\"]\nprofile = \"seed-ja\"\n[serve]\nlisten = \"127.0.0.1:9\"\n"
    ));
    assert!(!fits("[run]\nlevel = [\"perhaps\"]\n"));
    assert!(!fits("[run]\nendpont = \"x\"\n"));
    assert!(!fits("[serve]\nport = 1\n"));
}

#[test]
fn every_wrong_command_line_is_2_and_offers_what_is_near() {
    for (args, words) in [
        (&["run", "--endpont", "x"][..], "'--endpoint'"),
        (&["--endpont", "x"], "'--endpoint'"),
        (&["explian", "OFF-004"], "'explain'"),
        (&["run", "--jobs", "x"], "--jobs"),
        (&["show"], "<ID>"),
        (&["replay", "x", "--keep-secrets", "f"], "--keep"),
        (&["completions", "tcsh"], "zsh"),
        (&["doctor", "surplus"], "surplus"),
    ] {
        let output = duologue(args);
        assert_eq!(code(&output), 2, "{args:?}: {}", text(&output));
        assert!(text(&output).contains(words), "{args:?}: {}", text(&output));
    }
}

#[test]
fn help_fits_a_hundred_columns_and_shells_and_man_get_their_pages() {
    let program = Cli::command();
    let names: Vec<&str> = program
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    let folder = tempfile::tempdir().unwrap();
    for name in &names {
        let variable = [("DUOLOGUE_ENDPOINT", "http://not-shown")];
        let output = duologue_in(folder.path(), &[name, "--help"], &variable);
        assert_eq!(code(&output), 0);
        assert!(!text(&output).contains("not-shown"), "{}", text(&output));
        let longest = text(&output).lines().map(|line| line.chars().count()).max();
        assert!(longest.unwrap() <= 100, "{name}: {longest:?}");
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = duologue(&["completions", shell]);
        assert_eq!(code(&output), 0);
        assert!(text(&output).contains("explain"), "{shell}");
    }
    let output = duologue_in(folder.path(), &["man", "--out", "man1"], &[]);
    assert_eq!(code(&output), 0, "{}", text(&output));
    for name in names {
        let page = folder.path().join(format!("man1/duologue-{name}.1"));
        assert!(
            fs::read_to_string(&page).unwrap().contains(".TH"),
            "{}",
            page.display()
        );
    }
    assert!(text(&duologue(&["man"])).contains(".TH duologue"));
}
