//! `spec/generated/kill-matrix.json` and `.md`.

use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::generated::Generated;

const JSON: &str = "spec/generated/kill-matrix.json";
const MARKDOWN: &str = "spec/generated/kill-matrix.md";

/// Every fault and who notices it.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Matrix {
    pub(crate) faults: Vec<Row>,
}

/// One fault.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) sentence: String,
    pub(crate) requirement: String,
    /// The scenarios that cite the requirement and fail, by id.
    pub(crate) killed_by: Vec<String>,
}

/// The recorded matrix; an empty one if there is none yet.
pub(crate) fn read(root: &Path) -> anyhow::Result<Matrix> {
    match fs::read(root.join(JSON)) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .with_context(|| format!("{JSON} is no kill matrix; delete it and run again")),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Matrix::default()),
        Err(error) => Err(error).with_context(|| format!("reading {JSON}")),
    }
}

/// Both files, as they should be.
pub(super) fn texts(matrix: &Matrix) -> anyhow::Result<Vec<Generated>> {
    let json = serde_json::to_string_pretty(matrix)? + "\n";
    Ok(vec![(JSON, json), (MARKDOWN, markdown(matrix))])
}

fn markdown(matrix: &Matrix) -> String {
    let mut text = format!(
        "# Kill matrix\n\n\
         Servers that break one rule each, and the scenarios that notice: {} faults. Start one with\n\
         `duologue serve --fault ID`, or let the suite meet it with `duologue run --fault ID`.\n\n\
         Written by `cargo xtask kill-matrix`; do not edit.\n\n\
         | fault | breaks | what goes wrong | noticed by |\n|---|---|---|---|\n",
        matrix.faults.len()
    );
    for row in &matrix.faults {
        let killers: Vec<String> = row.killed_by.iter().map(|id| format!("`{id}`")).collect();
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} |",
            row.id,
            row.requirement,
            row.sentence,
            killers.join(" ")
        );
    }
    text
}
