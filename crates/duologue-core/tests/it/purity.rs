//! The core does no IO: neither a dependency of its own nor a line of its source can.

use std::path::Path;
use std::process::Command;

/// Every crate the core may be built from. None opens a file or a socket, reads a clock or draws
/// a random number. Look before you add one.
const ALLOWED: &[&str] = &[
    "duologue-core",
    "dyn-clone",
    "form_urlencoded",
    "itoa",
    "memchr",
    "percent-encoding",
    "proc-macro2",
    "quote",
    "ref-cast",
    "ref-cast-impl",
    "ryu-js",
    "schemars",
    "schemars_derive",
    "serde",
    "serde_core",
    "serde_derive",
    "serde_derive_internals",
    "serde_json",
    "serde_json_canonicalizer",
    "syn",
    "thiserror",
    "thiserror-impl",
    "unicode-ident",
    "zmij",
];

/// What would be IO, by name.
const FORBIDDEN: &[&str] = &[
    "std::fs",
    "std::net",
    "std::io",
    "std::env",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant",
    "println!",
];

#[test]
fn no_dependency_of_the_core_does_io() {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo tree runs");
    assert!(
        tree.status.success(),
        "{}",
        String::from_utf8_lossy(&tree.stderr)
    );
    let tree = String::from_utf8(tree.stdout).unwrap();
    let strangers: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| !ALLOWED.contains(name))
        .collect();
    assert!(
        strangers.is_empty(),
        "new dependencies of the core: {strangers:?}"
    );
}

#[test]
fn no_line_of_the_core_does_io() {
    let mut offenders = Vec::new();
    visit(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")),
        &mut offenders,
    );
    assert!(offenders.is_empty(), "{offenders:#?}");
}

fn visit(folder: &Path, offenders: &mut Vec<String>) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, offenders);
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        for (number, line) in source.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if let Some(name) = FORBIDDEN.iter().find(|name| code.contains(**name)) {
                offenders.push(format!("{}:{}: {name}", path.display(), number + 1));
            }
        }
    }
}
