//! The Rust files of the workspace.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// A Rust file, by its path below the root.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// All of them, ascending by path.
pub(crate) fn rust_sources(root: &Path) -> anyhow::Result<Vec<Source>> {
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
pub(crate) fn collect(
    folder: &Path,
    extension: &str,
    into: &mut Vec<PathBuf>,
) -> anyhow::Result<()> {
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

pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}
