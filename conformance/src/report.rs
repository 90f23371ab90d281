//! Reports: folds of the events of a run.

mod curl;
mod json;
mod junit;
mod model;
mod ndjson;
mod progress;
mod summary;

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

pub use curl::curl_line;
pub use json::JsonResult;
pub use progress::progress;
pub use summary::Summary;

use crate::executor::Report;

/// A report file: `KIND=PATH` on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportSpec {
    /// Its format.
    pub kind: ReportKind,
    /// Where it goes.
    pub path: PathBuf,
}

/// The formats of report files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportKind {
    /// Every event, one a line, flushed as it happens.
    Ndjson,
    /// The result as one JSON object.
    Json,
    /// JUnit XML.
    Junit,
}

/// Why there is no report.
#[derive(Debug, Error)]
pub enum ReportError {
    /// The text is not `KIND=PATH`.
    #[error("`{0}` is not KIND=PATH with a kind of ndjson, json or junit")]
    Spec(String),
    /// The file cannot be written.
    #[error("cannot write the report {}: {source}", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl FromStr for ReportSpec {
    type Err = ReportError;

    fn from_str(text: &str) -> Result<Self, ReportError> {
        let wrong = || ReportError::Spec(text.to_owned());
        let (kind, path) = text.split_once('=').ok_or_else(wrong)?;
        let kind = match kind {
            "ndjson" => ReportKind::Ndjson,
            "json" => ReportKind::Json,
            "junit" => ReportKind::Junit,
            _ => return Err(wrong()),
        };
        if path.is_empty() {
            return Err(wrong());
        }
        Ok(Self {
            kind,
            path: path.into(),
        })
    }
}

impl ReportSpec {
    /// Creates the file at once, so that a run is not wasted on a report nobody can write.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn open(&self) -> Result<Box<dyn Report>, ReportError> {
        let file = File::create(&self.path).map_err(|source| ReportError::Create {
            path: self.path.clone(),
            source,
        })?;
        let file = BufWriter::new(file);
        Ok(match self.kind {
            ReportKind::Ndjson => Box::new(ndjson::Ndjson::new(file)),
            ReportKind::Json => Box::new(json::Json::new(file)),
            ReportKind::Junit => Box::new(junit::Junit::new(file)),
        })
    }
}
