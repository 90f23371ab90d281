//! The tests that `docs/promises.md` names exist.

use std::fs;
use std::path::Path;

#[test]
fn every_promise_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(root.join("docs/promises.md")).unwrap();
    let mut sources = String::new();
    for folder in ["src", "tests", "../crates/xtask/src"] {
        read_all(&root.join(folder), &mut sources);
    }
    let mut promises = 0;
    for line in document.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        let (promise, proof) = (cells[0].trim(), cells[1].trim().trim_end_matches('|'));
        if promise == "promise" || promise.starts_with("**") {
            continue;
        }
        promises += 1;
        let names: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test behind: {promise}");
        for name in names {
            let known = match name.ends_with(".mjs") {
                true => root.join("tests/browser").join(name).exists(),
                false => sources.contains(&format!("fn {name}(")),
            };
            assert!(known, "`{name}` is no test, but stands behind: {promise}");
        }
    }
    assert!(promises > 30, "{promises}");
}

fn read_all(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}
