//! How much of each failure a page can show and stay small.

/// What is shown of one failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Detail {
    /// Transcript lines before the failed step.
    pub(super) before: usize,
    /// Transcript lines in all.
    pub(super) lines: usize,
    /// Bytes of a body in the transcript, and of a command.
    pub(super) width: usize,
    /// Entries in the diagram.
    pub(super) arrows: usize,
    /// Rows of a diff.
    pub(super) rows: usize,
    /// Differences.
    pub(super) findings: usize,
}

impl Detail {
    /// The more failures, the less of each: a page of 520 stays below 3 MB.
    pub(super) fn for_failures(count: usize) -> Self {
        let detail = |before, lines, width, arrows, rows, findings| Self {
            before,
            lines,
            width,
            arrows,
            rows,
            findings,
        };
        match count {
            0..=40 => detail(60, 120, 4_000, 60, 400, 40),
            41..=150 => detail(12, 30, 400, 20, 60, 8),
            _ => detail(4, 6, 90, 4, 8, 2),
        }
    }
}
