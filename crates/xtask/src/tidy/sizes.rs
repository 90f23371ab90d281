//! File sizes and first lines: a file fits the head, and its first line says what it is.

use crate::sources::Source;

/// Split at this many lines.
const LINES_MAX: usize = 500;

pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let mut defects = Vec::new();
    for source in sources {
        let lines = source.text.lines().count();
        if lines > LINES_MAX {
            defects.push(format!(
                "{}: {lines} lines; split at {LINES_MAX}",
                source.path
            ));
        }
        if !source.text.starts_with("//!") {
            defects.push(format!(
                "{}: the first line must say what it is (`//!`)",
                source.path
            ));
        }
        if source.path.ends_with("/mod.rs") {
            defects.push(format!(
                "{}: name the file after its module, not mod.rs",
                source.path
            ));
        }
    }
    defects
}
