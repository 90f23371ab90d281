//! Which scenarios `run` and `list` choose: by flags, variables and parts.

use std::fs;

use crate::{code, duologue, duologue_in, scenarios, text};

fn ids(args: &[&str]) -> Vec<String> {
    let output = duologue(&[&["list", "--ids"], args].concat());
    assert_eq!(code(&output), 0, "{}", text(&output));
    text(&output).lines().map(str::to_owned).collect()
}

#[test]
fn list_chooses_with_the_flags_and_variables_of_run() {
    let all = ids(&[]);
    assert!(all.len() > 300 && all.iter().all(|id| !id.contains(' ')));
    let push = ids(&["--feature", "push"]);
    assert!(!push.is_empty() && push.len() < all.len());
    let should = ids(&["--level", "should,may"]);
    let must = ids(&["--level", "must"]);
    assert_eq!(should.len() + must.len(), all.len());
    let variables = [("DUOLOGUE_FEATURE", "push"), ("DUOLOGUE_LEVEL", "must")];
    let folder = tempfile::tempdir().unwrap();
    let output = duologue_in(folder.path(), &["list", "--ids"], &variables);
    let both = ids(&["--feature", "push", "--level", "must"]);
    assert_eq!(text(&output).lines().collect::<Vec<_>>(), both);
    assert!(both.len() < push.len() || should.is_empty());
    for wrong in [["--level", "most"], ["--feature", "pull"]] {
        let output = duologue(&["list", wrong[0], wrong[1]]);
        assert_eq!(code(&output), 2, "{}", text(&output));
    }
}

#[test]
fn the_parts_of_a_list_make_up_the_whole() {
    let mut parts = [ids(&["--shard", "1/2"]), ids(&["--shard", "2/2"])].concat();
    let mut all = ids(&[]);
    assert_eq!(parts.len(), all.len());
    parts.sort();
    all.sort();
    assert_eq!(parts, all);
    let output = duologue(&["list", "--shard", "alone/2"]);
    assert_eq!(code(&output), 2);
    assert!(
        text(&output).contains("up to the server"),
        "{}",
        text(&output)
    );
}

/// Two scenarios, one with a former id, and a set; what `list --ids` makes of it.
fn chosen(set: &str) -> (i32, String) {
    let good = r#"{ "recents": { "as": "alice", "expect": { "ok": {} } } }"#;
    let folder = scenarios(&[("http-one", good), ("http-two", good)]);
    let two = folder.path().join("scenarios/http/http-two.json");
    let source = fs::read_to_string(&two).unwrap();
    let former = source.replace("\"title\"", "\"aliases\": [\"http-old\"], \"title\"");
    fs::write(&two, former).unwrap();
    fs::write(folder.path().join("my.set"), set).unwrap();
    let args = [
        "list",
        "--ids",
        "--fixtures",
        "scenarios",
        "--set",
        "my.set",
    ];
    let output = duologue_in(folder.path(), &args, &[]);
    (code(&output), text(&output))
}

#[test]
fn a_set_chooses_by_ids_and_former_ids() {
    assert_eq!(
        chosen("# mine\n\nhttp-old # renamed\n"),
        (0, "http-two\n".into())
    );
    assert_eq!(chosen("http-two\nhttp-one\r\n").1, "http-one\nhttp-two\n");
    assert_eq!(chosen("# nothing yet\n").0, 4);
}

#[test]
fn every_line_of_a_set_that_names_no_scenario_is_2_with_its_place() {
    let (code, text) = chosen("# mine\nhttp-three\nhttp-one\nhttp-four\n");
    assert_eq!(code, 2, "{text}");
    for place in ["my.set:2: there is no scenario `http-three`", "my.set:4: "] {
        assert!(text.contains(place), "{text}");
    }
    let output = duologue(&["run", "--set", "0.9"]);
    assert_eq!(crate::code(&output), 2);
    assert!(
        crate::text(&output).contains("there is no set `0.9` (this program has 1.0)"),
        "{}",
        crate::text(&output)
    );
}

#[test]
fn only_the_scenarios_of_a_set_run_and_the_list_of_ids_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let list = duologue(&["list", "--ids", "--filter", "http-"]);
    fs::write(folder.path().join("my.set"), &list.stdout).unwrap();
    let config = "[run]\nset = \"../my.set\"\nreport = [\"json=r.json\"]\n";
    fs::create_dir(folder.path().join("etc")).unwrap();
    fs::write(folder.path().join("etc/duologue.toml"), config).unwrap();
    let args = ["run", "--config", "etc/duologue.toml"];
    let output = duologue_in(folder.path(), &args, &[]);
    assert_eq!(code(&output), 0, "{}", text(&output));
    let report = fs::read_to_string(folder.path().join("r.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    let mut ran: Vec<&str> = report["scenarios"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scenario| scenario["scenario"].as_str().unwrap())
        .collect();
    ran.sort_unstable();
    let listed = text(&list);
    let mut listed: Vec<&str> = listed.lines().collect();
    listed.sort_unstable();
    assert_eq!(ran, listed);

    let named = duologue_in(
        folder.path(),
        &["list", "--ids"],
        &[("DUOLOGUE_SET", "1.0")],
    );
    assert_eq!(code(&named), 0, "{}", text(&named));
}

#[test]
fn a_permutation_goes_by_its_own_id_and_the_files_id_stands_for_all() {
    let folder = tempfile::tempdir().unwrap();
    let file = "messages-media-size-limit";
    let choose = |line: &str| {
        fs::write(folder.path().join("my.set"), line).unwrap();
        let output = duologue_in(folder.path(), &["list", "--ids", "--set", "my.set"], &[]);
        assert_eq!(code(&output), 0, "{}", text(&output));
        text(&output)
    };
    let image = format!("{file}[image]");
    assert_eq!(choose(&image), format!("{image}\n"));
    let all = ["audio", "file", "image", "video"].map(|name| format!("{file}[{name}]\n"));
    assert_eq!(choose(file), all.concat());
    assert_eq!(
        text(&duologue(&["list", "--ids", "-f", file])),
        all.concat()
    );
    let shown = text(&duologue(&["show", &image]));
    assert!(
        shown.starts_with(&format!("{image} — an image of exactly")),
        "{shown}"
    );
    let explained = text(&duologue(&["explain", "MSG-013"]));
    assert!(explained.contains(&image), "{explained}");

    let known = format!("[[known]]\nscenario = \"{image}\"\nreason = \"r\"\n");
    fs::write(folder.path().join("known.toml"), known).unwrap();
    let args = ["run", "-f", file, "--known", "known.toml"];
    let output = duologue_in(folder.path(), &args, &[]);
    let told = text(&output);
    assert!(told.contains(&format!("`{image}` passes now")), "{told}");
    assert!(told.contains("4 passed"), "{told}");
}
