//! Checks of what no compiler checks. Each takes the tree and lists defects as `file: what`.

mod arrows;
mod book;
mod citations;
mod requirements;
mod sizes;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use duologue_conformance::requirements::Requirements;
use duologue_conformance::scenario::Corpus;

/// What `tidy` found.
pub(crate) struct Found {
    pub(crate) defects: Vec<String>,
    /// One line for stdout.
    pub(crate) summary: String,
}

/// Runs every check.
pub(crate) fn check(root: &Path) -> anyhow::Result<Found> {
    let requirements = Requirements::embedded();
    let corpus = Corpus::from_dir(&root.join("fixtures/scenarios"))?;
    let sources = rust_sources(root)?;
    let mut defects = Vec::new();
    defects.extend(requirements::check(root)?);
    defects.extend(book::check(root)?);
    defects.extend(citations::check(requirements, &corpus, &sources));
    defects.extend(arrows::check(root)?);
    defects.extend(sizes::check(&sources));
    let summary = format!(
        "tidy: {} requirements, {} scenarios, {} Rust files, {} defects",
        requirements.iter().count(),
        corpus.fixtures.len(),
        sources.len(),
        defects.len()
    );
    Ok(Found { defects, summary })
}

/// A Rust file, by its path below the root.
struct Source {
    path: String,
    text: String,
}

fn rust_sources(root: &Path) -> anyhow::Result<Vec<Source>> {
    let mut paths = Vec::new();
    for folder in ["crates", "conformance"] {
        collect(&root.join(folder), "rs", &mut paths)?;
    }
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = read(&path)?;
            let path = path.strip_prefix(root)?.display().to_string();
            Ok(Source { path, text })
        })
        .collect()
}

/// The files below a folder with one extension.
fn collect(folder: &Path, extension: &str, into: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = folder
        .read_dir()
        .with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, extension, into)?;
        } else if path.extension().is_some_and(|found| found == extension) {
            into.push(path);
        }
    }
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}
