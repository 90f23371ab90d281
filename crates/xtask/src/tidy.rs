//! Checks of what no compiler checks. Each takes the tree and lists defects as `file: what`.

mod arrows;
mod book;
mod citations;
mod requirements;
mod sizes;

use std::path::Path;

use duologue_conformance::requirements::Requirements;
use duologue_conformance::scenario::Corpus;

use crate::sources::rust_sources;

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
