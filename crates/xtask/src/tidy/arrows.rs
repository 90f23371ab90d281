//! Crate arrows: who may depend on whom, as `crates/README.md` draws it.

use std::path::Path;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Each crate and the crates of this workspace it may use outside its tests.
const ALLOWED: &[(&str, &[&str])] = &[
    ("duologue-core", &[]),
    ("duologue-client", &["duologue-core"]),
    ("duologue-schema", &["duologue-core"]),
    ("duologue-faults", &["duologue-core"]),
    ("duologue-server", &["duologue-core", "duologue-faults"]),
    (
        "duologue-conformance",
        &[
            "duologue-core",
            "duologue-client",
            "duologue-faults",
            "duologue-schema",
            "duologue-server",
        ],
    ),
    (
        "xtask",
        &[
            "duologue-client",
            "duologue-conformance",
            "duologue-faults",
            "duologue-server",
        ],
    ),
];

pub(super) fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .no_deps()
        .other_options(vec!["--offline".into()])
        .exec()?;
    let names: Vec<&str> = metadata
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    let mut defects = Vec::new();
    for package in &metadata.packages {
        let Some((_, allowed)) = ALLOWED
            .iter()
            .find(|(name, _)| *name == package.name.as_str())
        else {
            defects.push(format!(
                "{}: a crate without arrows; add it to tidy",
                package.name
            ));
            continue;
        };
        for dependency in &package.dependencies {
            let ours = names.contains(&dependency.name.as_str());
            let normal = dependency.kind == DependencyKind::Normal;
            if ours && normal && !allowed.contains(&dependency.name.as_str()) {
                defects.push(format!(
                    "{} may not depend on {}",
                    package.name, dependency.name
                ));
            }
        }
    }
    Ok(defects)
}
