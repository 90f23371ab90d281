//! `duologue matrix` on reports of a run that was written by hand.

use std::fs;

use crate::{code, duologue_in, text};

const RUN: &str = include_str!("../data/run.jsonl");

#[test]
fn implementations_stand_beside_each_other_by_requirement_and_by_scenario() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("old.ndjson", RUN);
    let mended = RUN
        .replace("chatter 2.7", "chatter 3.0")
        .replace(r#""verdict": "fail""#, r#""verdict": "pass""#);
    write("new.ndjson", &mended);
    let output = duologue_in(folder.path(), &["matrix", "old.ndjson", "new.ndjson"], &[]);
    assert_eq!(code(&output), 0, "{}", text(&output));
    let table = text(&output);
    assert!(
        table.contains("| requirement | chatter 2.7 | chatter 3.0 |"),
        "{table}"
    );
    assert!(
        table.contains("| OFF-004 | ✗ broken | ✓ proved |"),
        "{table}"
    );
    assert!(
        table.contains("| MED-001 | – not applicable | – not applicable |"),
        "{table}"
    );
    assert!(!table.contains("not of the same scenarios"), "{table}");

    let args = [
        "matrix",
        "--by",
        "scenario",
        "--html",
        "m.html",
        "--markdown",
        "m.md",
    ];
    let args: Vec<&str> = args
        .into_iter()
        .chain(["old.ndjson", "new.ndjson"])
        .collect();
    let output = duologue_in(folder.path(), &args, &[]);
    assert_eq!((code(&output), text(&output).as_str()), (0, ""));
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("m.md").contains("| http-odd-header | ✗ fail | ✓ pass |"));
    assert!(!read("m.html").contains('`'));
    assert!(read("m.html").contains("<span class=\"tag fail\">✗ fail</span>"));
}

#[test]
fn reports_of_one_implementation_are_told_apart_and_other_corpora_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("a.ndjson", RUN);
    write(
        "b.ndjson",
        &RUN.replace("00c0ffee00c0ffee", "1111111111111111"),
    );
    let output = duologue_in(folder.path(), &["matrix", "a.ndjson", "b.ndjson"], &[]);
    let table = text(&output);
    assert!(
        table.contains("| chatter 2.7 (a.ndjson) | chatter 2.7 (b.ndjson) |"),
        "{table}"
    );
    assert!(table.contains("not of the same scenarios"), "{table}");
}

#[test]
fn what_is_no_report_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.json"), "{}").unwrap();
    let output = duologue_in(folder.path(), &["matrix", "x.json"], &[]);
    assert_eq!(code(&output), 2);
    assert!(text(&output).contains("x.json"), "{}", text(&output));
}
