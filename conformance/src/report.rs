//! Reports: folds of the events of a run.
//!
//! What runs show while they last are [`progress`] and `ndjson`; everything else collects a
//! [`Record`](crate::record::Record) and is a function of it: the [`Summary`] on the terminal and
//! the other files. What is said of a failure is put together once, as a [`Failure`].

mod at_end;
mod badge;
mod command;
mod counts;
mod failure;
mod html;
mod json;
mod junit;
mod markdown;
mod matrix;
mod model;
mod ndjson;
mod progress;
mod slow;
mod summary;
mod tally;
mod transcript;
mod visible;

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter};
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

pub use badge::badge;
pub use command::command_line;
pub use counts::Counts;
pub use failure::{Failure, Finding, Rule};
pub use html::html;
pub use json::JsonResult;
pub use junit::junit;
pub use markdown::markdown;
pub use matrix::{By, Matrix};
pub use progress::progress;
pub use summary::Summary;
pub use tally::{Row, Standing, broken, tally};
pub use transcript::Transcript;

use crate::event::Event;
use crate::executor::Report;
use at_end::AtEnd;

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
    /// Markdown for the summary of a CI job.
    Markdown,
    /// A page of its own, without anything from a network.
    Html,
    /// A picture of one line, in SVG.
    Badge,
}

/// Why there is no report.
#[derive(Debug, Error)]
pub enum ReportError {
    /// The text is not `KIND=PATH`.
    #[error("`{0}` is not KIND=PATH with a kind of ndjson, json, junit, markdown, html or badge")]
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
            "markdown" => ReportKind::Markdown,
            "html" => ReportKind::Html,
            "badge" => ReportKind::Badge,
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
        let file = self.create().map_err(|source| ReportError::Create {
            path: self.path.clone(),
            source,
        })?;
        let report: Box<dyn Report> = match self.kind {
            ReportKind::Ndjson => Box::new(ndjson::Ndjson::new(BufWriter::new(file))),
            ReportKind::Json => Box::new(AtEnd::new(file, json::json)),
            ReportKind::Junit => Box::new(AtEnd::new(file, junit)),
            ReportKind::Markdown => Box::new(AtEnd::new(file, |record| Ok(markdown(record)))),
            ReportKind::Html => Box::new(AtEnd::new(file, html)),
            ReportKind::Badge => Box::new(AtEnd::new(file, |record| Ok(badge(record)))),
        };
        Ok(Box::new(Named {
            path: self.path.clone(),
            report,
        }))
    }

    fn create(&self) -> io::Result<File> {
        // Several commands of one CI step write into the same summary.
        let summary = std::env::var_os("GITHUB_STEP_SUMMARY");
        if self.kind == ReportKind::Markdown && summary.is_some_and(|path| path == *self.path) {
            return OpenOptions::new()
                .append(true)
                .create(true)
                .open(&self.path);
        }
        File::create(&self.path)
    }
}

/// A report whose errors tell its file.
struct Named {
    path: PathBuf,
    report: Box<dyn Report>,
}

impl Report for Named {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.report.event(event).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", self.path.display()))
        })
    }
}
