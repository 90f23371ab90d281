//! The generated JSON Schema files: written by one function, checked by the same one.

use std::fs;
use std::path::{Path, PathBuf};

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::Value;
use thiserror::Error;

use crate::cli::ConfigFile;
use crate::event::Event;
use crate::report::JsonResult;
use crate::scenario::Scenario;

/// What to do with the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Write them.
    Write,
    /// Compare them with what would be written.
    Check,
}

/// Why the files are not as they should be.
#[derive(Debug, Error)]
pub enum SchemaFilesError {
    /// A file cannot be written.
    #[error("cannot write {}: {reason}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Files differ from what the types say.
    #[error("out of date: {}; write them with `duologue schema --out {}`", .files.join(", "), .out.display())]
    Drift {
        /// The files.
        files: Vec<String>,
        /// Their folder.
        out: PathBuf,
    },
}

/// Writes or checks one file a wire type, one for scenarios, two for reports and one for
/// `duologue.toml`. Returns the names.
///
/// # Errors
/// When a file cannot be written, or differs.
pub fn schema_files(out: &Path, mode: Mode) -> Result<Vec<String>, SchemaFilesError> {
    let mut stale = Vec::new();
    let files = all();
    for (name, text) in &files {
        let path = out.join(name);
        match mode {
            Mode::Write => write(&path, text)?,
            Mode::Check if fs::read_to_string(&path).is_ok_and(|found| found == *text) => {}
            Mode::Check => stale.push(name.clone()),
        }
    }
    if stale.is_empty() {
        return Ok(files.into_iter().map(|(name, _)| name).collect());
    }
    Err(SchemaFilesError::Drift {
        files: stale,
        out: out.to_owned(),
    })
}

/// The schema of the scenario format as a file.
#[must_use]
pub fn scenario_schema() -> String {
    text(&generated::<Scenario>("Duologue scenario, format 1"))
}

fn all() -> Vec<(String, String)> {
    let wire = duologue_schema::ALL.iter().filter_map(|name| {
        let schema = duologue_schema::schema_for(name)?;
        Some((format!("{name}.schema.json"), text(&schema)))
    });
    let own = [
        ("scenario.schema.json", scenario_schema()),
        (
            "report-events.schema.json",
            text(&generated::<Event>("Duologue report event")),
        ),
        (
            "report.schema.json",
            text(&generated::<JsonResult>("Duologue result")),
        ),
        (
            "duologue.toml.schema.json",
            text(&generated::<ConfigFile>("duologue.toml")),
        ),
    ];
    wire.chain(own.map(|(name, text)| (name.to_owned(), text)))
        .collect()
}

fn generated<T: JsonSchema>(title: &str) -> Value {
    let generator = SchemaGenerator::new(SchemaSettings::draft2020_12().for_deserialize());
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    schema["title"] = Value::String(title.to_owned());
    schema
}

fn text(schema: &Value) -> String {
    format!("{schema:#}\n")
}

fn write(path: &Path, text: &str) -> Result<(), SchemaFilesError> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder
        .and_then(|()| fs::write(path, text))
        .map_err(|error| SchemaFilesError::Write {
            path: path.to_owned(),
            reason: error.to_string(),
        })
}
