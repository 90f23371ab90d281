//! A defect of a scenario file, with the place where it is.

use std::fmt;

use serde::Serialize;

/// One defect; [`fmt::Display`] writes `file:line:column: message (at /pointer)`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// JSON pointer of the value at fault; empty: the whole file.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            pointer,
            message,
        } = self;
        write!(f, "{file}:{line}:{column}: {message}")?;
        if pointer.is_empty() {
            Ok(())
        } else {
            write!(f, " (at {pointer})")
        }
    }
}
