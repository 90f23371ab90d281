//! All scenarios: those in the binary, or those of a folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use serde::de::IgnoredAny;
use serde_json::Value;
use thiserror::Error;

use super::lint::lint;
use super::locate::Places;
use super::{Problem, Scenario, load_all};
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

    /// The scenario of an id or a former id, or all permutations of a file's.
    #[must_use]
    pub fn find_all(&self, id: &str) -> Vec<&Fixture> {
        if let Some(one) = self.find(id) {
            return vec![one];
        }
        let of_file = |fixture: &&Fixture| {
            let scenario = &fixture.scenario;
            std::iter::once(&scenario.id)
                .chain(&scenario.aliases)
                .any(|known| known.base() == id)
        };
        self.fixtures.iter().filter(of_file).collect()
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
                let bytes = read(path)?;
                files.push(Source {
                    file: slashes(path),
                    bytes,
                    below_folder: false,
                });
            }
        }
        Self::read(files, Check::FormAndReferences)
    }

    fn read(mut files: Vec<Source>, check: Check) -> Result<Self, CorpusError> {
        files.sort_by(|a, b| a.file.cmp(&b.file));
        let mut problems = Vec::new();
        let mut fixtures = Vec::new();
        for file in files {
            let found = match file.fixtures() {
                Ok(found) => found,
                Err(found) => {
                    problems.extend(found);
                    continue;
                }
            };
            for (raw, fixture) in found {
                if check == Check::FormAndReferences {
                    let Fixture {
                        file: name,
                        source,
                        scenario,
                        ..
                    } = &fixture;
                    problems.extend(lint(name, source, &raw, scenario, Requirements::embedded()));
                    if file.below_folder {
                        problems.extend(misplaced(&fixture));
                    }
                }
                fixtures.push(Fixture {
                    number: fixtures.len(),
                    ..fixture
                });
            }
        }
        problems.extend(duplicates(&fixtures));
        problems.sort();
        // Permutations share most of their defects.
        problems.dedup();
        if problems.is_empty() {
            Ok(Self { fixtures })
        } else {
            Err(CorpusError::Problems(problems))
        }
    }
}

/// A file that has been read.
struct Source {
    file: String,
    bytes: Vec<u8>,
    /// Whether `file` is a path below a folder of scenarios.
    below_folder: bool,
}

impl Source {
    /// The scenarios of the file, with the JSON that each was made of.
    fn fixtures(&self) -> Result<Vec<(Value, Fixture)>, Vec<Problem>> {
        let file = self.file.clone();
        let source = std::str::from_utf8(&self.bytes).map_err(|error| {
            let valid = &self.bytes[..error.valid_up_to()];
            let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
            let start = valid.iter().rposition(|byte| *byte == b'\n');
            vec![Problem {
                file: file.clone(),
                line,
                column: String::from_utf8_lossy(&valid[start.map_or(0, |at| at + 1)..])
                    .chars()
                    .count()
                    + 1,
                pointer: String::new(),
                message: "the file is not UTF-8 from here on; save it as UTF-8".into(),
            }]
        })?;
        let chapter = file.rsplit('/').nth(1).unwrap_or_default();
        let fixture = |(raw, scenario)| {
            let fixture = Fixture {
                chapter: chapter.to_owned(),
                scenario,
                source: source.to_owned(),
                file: file.clone(),
                number: 0,
            };
            (raw, fixture)
        };
        Ok(load_all(&file, source)?.into_iter().map(fixture).collect())
    }
}

/// What the folder of a scenario says and its id does not. A file in no folder is of no chapter.
fn misplaced(fixture: &Fixture) -> Option<Problem> {
    let Fixture {
        file,
        chapter,
        source,
        scenario,
        ..
    } = fixture;
    let places = Places::new(file, source);
    let mut chapters = Requirements::embedded().iter().map(|found| &found.chapter);
    if chapter.is_empty() {
        None
    } else if file.matches('/').count() > 1 {
        let message = "the file is too deep; scenarios are in `<chapter>/<slug>.json`";
        Some(places.problem("", message))
    } else if !chapters.any(|known| known == chapter) {
        let message = format!(
            "the folder `{chapter}` is no chapter of the specification; scenarios are in \
             `<chapter>/<slug>.json`"
        );
        Some(places.problem("", message))
    } else if !scenario.id.as_str().starts_with(&format!("{chapter}-")) {
        let message = format!("an id in the folder `{chapter}` begins with `{chapter}-`");
        Some(places.problem("/id", message))
    } else {
        None
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
        let id = std::iter::once((&scenario.id, "/id".to_owned()));
        let aliases = scenario.aliases.iter().enumerate();
        let aliases = aliases.map(|(index, alias)| (alias, format!("/aliases/{index}")));
        for (id, pointer) in id.chain(aliases) {
            // The id of a file stands for all its permutations.
            let owner = *owners.entry(id.base()).or_insert(&fixture.file);
            if owner != fixture.file {
                let id = id.base();
                let message = format!("the id `{id}` is already taken by {owner}; choose another");
                let places = Places::new(&fixture.file, &fixture.source);
                problems.push(places.problem(&pointer, message));
            }
        }
    }
    problems
}

fn embedded_files(dir: &Dir<'_>, files: &mut Vec<Source>) {
    for file in dir.files().filter(|file| is_json(file.path())) {
        files.push(Source {
            file: slashes(file.path()),
            bytes: file.contents().to_owned(),
            below_folder: true,
        });
    }
    dir.dirs().for_each(|dir| embedded_files(dir, files));
}

fn folder(dir: &Path) -> Result<Vec<Source>, CorpusError> {
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
                files.push(Source {
                    file: slashes(name),
                    bytes: read(&path)?,
                    below_folder: true,
                });
            }
        }
    }
    Ok(files)
}

fn read(path: &Path) -> Result<Vec<u8>, CorpusError> {
    fs::read(path).map_err(|error| unreadable(path, &error))
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
