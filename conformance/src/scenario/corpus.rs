//! All scenarios: those in the binary, or those of a folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use serde::de::IgnoredAny;
use thiserror::Error;

use super::lint::lint;
use super::locate::Places;
use super::{Problem, Scenario, load};
use crate::requirements::Requirements;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../fixtures/scenarios");

/// A scenario and the file it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Fixture {
    /// The path below the folder of scenarios, with slashes.
    pub file: String,
    /// The folder it is in: a chapter of the specification.
    pub chapter: String,
    /// The text of the file.
    pub source: String,
    /// What it says.
    pub scenario: Scenario,
    /// Its place among all scenarios, from 0.
    pub number: usize,
}

/// The scenarios of a run, ordered by file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Corpus {
    /// The scenarios.
    pub fixtures: Vec<Fixture>,
}

/// Why there is no corpus.
#[derive(Debug, Error)]
pub enum CorpusError {
    /// A file or folder cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Files with defects.
    #[error("{}", list(.0))]
    Problems(Vec<Problem>),
}

fn list(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

impl Fixture {
    /// A step as its file writes it, without the file's indentation.
    #[must_use]
    pub fn step_source(&self, pointer: &str) -> Option<String> {
        let start = Places::new(&self.file, &self.source).start(pointer)?;
        let rest = self.source.get(start..)?;
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        values.next()?.ok()?;
        let line = self.source[..start].rfind('\n').map_or(0, |at| at + 1);
        let indent = &self.source[line..start];
        let indent = &indent[..indent.len() - indent.trim_start().len()];
        let lines = rest[..values.byte_offset()].lines();
        let lines: Vec<&str> = lines
            .map(|line| line.strip_prefix(indent).unwrap_or(line))
            .collect();
        Some(lines.join("\n"))
    }
}

impl Corpus {
    /// The scenarios this program was built with.
    ///
    /// # Errors
    /// When one of them has a defect.
    pub fn embedded() -> Result<Self, CorpusError> {
        let mut files = Vec::new();
        embedded_files(&EMBEDDED, &mut files);
        Self::read(files, Check::Form)
    }

    /// The scenarios below a folder: `<chapter>/<slug>.json`.
    ///
    /// # Errors
    /// When the folder or a file cannot be read, or a file has a defect.
    pub fn from_dir(dir: &Path) -> Result<Self, CorpusError> {
        Self::read(folder(dir)?, Check::Form)
    }

    /// The scenario of an id or a former id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Fixture> {
        self.fixtures.iter().find(|fixture| {
            let scenario = &fixture.scenario;
            std::iter::once(&scenario.id)
                .chain(&scenario.aliases)
                .any(|known| known.as_str() == id)
        })
    }

    /// Checks form and references of files, folders (below them every `.json`), or, without any,
    /// of the embedded scenarios.
    ///
    /// # Errors
    /// All defects of all files.
    pub fn lint(paths: &[PathBuf]) -> Result<Self, CorpusError> {
        let mut files = Vec::new();
        if paths.is_empty() {
            embedded_files(&EMBEDDED, &mut files);
        }
        for path in paths {
            if path.is_dir() {
                files.extend(folder(path)?);
            } else {
                files.push((slashes(path), read(path)?));
            }
        }
        Self::read(files, Check::FormAndReferences)
    }

    fn read(mut files: Vec<(String, String)>, check: Check) -> Result<Self, CorpusError> {
        files.sort();
        let mut problems = Vec::new();
        let mut fixtures = Vec::new();
        for (file, source) in files {
            match load(&file, &source) {
                Ok(scenario) => {
                    if check == Check::FormAndReferences {
                        problems.extend(lint(&file, &source, &scenario, Requirements::embedded()));
                    }
                    let chapter = file.rsplit('/').nth(1).unwrap_or_default().to_owned();
                    fixtures.push(Fixture {
                        file,
                        chapter,
                        source,
                        scenario,
                        number: fixtures.len(),
                    });
                }
                Err(found) => problems.extend(found),
            }
        }
        problems.extend(duplicates(&fixtures));
        if problems.is_empty() {
            Ok(Self { fixtures })
        } else {
            Err(CorpusError::Problems(problems))
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    Form,
    FormAndReferences,
}

/// Ids and aliases that two files claim.
fn duplicates(fixtures: &[Fixture]) -> Vec<Problem> {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    let mut problems = Vec::new();
    for fixture in fixtures {
        let scenario = &fixture.scenario;
        for id in std::iter::once(&scenario.id).chain(&scenario.aliases) {
            if let Some(other) = owners.insert(id.as_str(), &fixture.file) {
                problems.push(Problem {
                    file: fixture.file.clone(),
                    line: 1,
                    column: 1,
                    pointer: "/id".into(),
                    message: format!("the id `{id}` is already taken by {other}"),
                });
            }
        }
    }
    problems
}

fn embedded_files(dir: &Dir<'_>, files: &mut Vec<(String, String)>) {
    for file in dir.files() {
        let path = file.path();
        if let Some(text) = file.contents_utf8().filter(|_| is_json(path)) {
            files.push((slashes(path), text.to_owned()));
        }
    }
    dir.dirs().for_each(|dir| embedded_files(dir, files));
}

fn folder(dir: &Path) -> Result<Vec<(String, String)>, CorpusError> {
    let mut files = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(next) = folders.pop() {
        let entries = fs::read_dir(&next).map_err(|error| unreadable(&next, &error))?;
        for entry in entries {
            let path = entry.map_err(|error| unreadable(&next, &error))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if is_json(&path) {
                let name = path.strip_prefix(dir).unwrap_or(&path);
                files.push((slashes(name), read(&path)?));
            }
        }
    }
    Ok(files)
}

fn read(path: &Path) -> Result<String, CorpusError> {
    fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> CorpusError {
    CorpusError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

fn is_json(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "json")
}

fn slashes(path: &Path) -> String {
    path.components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}
