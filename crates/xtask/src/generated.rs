//! Files below `spec/generated` that a task writes.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

/// A path below the root, and what should be there.
pub(crate) type Generated = (&'static str, String);

/// Writes the files.
pub(crate) fn write(root: &Path, files: &[Generated]) -> anyhow::Result<()> {
    for (path, text) in files {
        fs::write(root.join(path), text).with_context(|| format!("writing {path}"))?;
    }
    Ok(())
}

/// The files that say something else, each with the command that writes it.
pub(crate) fn differences(root: &Path, files: &[Generated], command: &str) -> Vec<String> {
    let differs = |(path, text): &&Generated| {
        fs::read_to_string(root.join(path)).unwrap_or_default() != *text
    };
    let stale = files.iter().filter(differs);
    stale
        .map(|(path, _)| format!("{path}: out of date; run `{command}`"))
        .collect()
}
