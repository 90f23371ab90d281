//! Sets: lists of scenario ids, one a line. A frozen one does not grow with the suite.

use std::collections::BTreeSet;
use std::fs;
use std::io;

use include_dir::{Dir, include_dir};
use thiserror::Error;

use crate::scenario::{Corpus, ScenarioId};

static SHIPPED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../fixtures/sets");

/// A list of scenarios as its file says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioSet {
    /// How messages name the file.
    file: String,
    text: String,
}

/// Why there is no set.
#[derive(Debug, Error)]
pub enum SetError {
    /// Neither the name of a shipped set nor a file that can be read.
    #[error("there is no set `{name}` (this program has {}), and as a file it cannot be read: {source}", shipped.join(", "))]
    Unreadable {
        /// What was asked for.
        name: String,
        /// The names there are.
        shipped: Vec<String>,
        /// What the system said of the file.
        source: io::Error,
    },
    /// Lines that name no scenario, `file:line: …` each.
    #[error("{}", .0.join("\n"))]
    Unknown(Vec<String>),
}

impl ScenarioSet {
    /// The names of the sets in this program.
    pub fn shipped() -> impl Iterator<Item = &'static str> {
        SHIPPED.files().filter_map(|file| {
            let name = file.path().file_name()?.to_str()?;
            name.strip_suffix(".txt")
        })
    }

    /// A set of this program by its name, or else a file.
    ///
    /// # Errors
    /// When it is neither.
    pub fn read(name: &str) -> Result<Self, SetError> {
        let file = format!("{name}.txt");
        if let Some(shipped) = SHIPPED.get_file(&file) {
            let text = String::from_utf8_lossy(shipped.contents()).into_owned();
            return Ok(Self { file, text });
        }
        match fs::read_to_string(name) {
            Ok(text) => Ok(Self {
                file: name.to_owned(),
                text,
            }),
            Err(source) => Err(SetError::Unreadable {
                name: name.to_owned(),
                shipped: Self::shipped().map(str::to_owned).collect(),
                source,
            }),
        }
    }

    /// Today's ids of its scenarios.
    ///
    /// # Errors
    /// Every line that names no scenario.
    pub fn resolve(&self, corpus: &Corpus) -> Result<BTreeSet<ScenarioId>, SetError> {
        let mut ids = BTreeSet::new();
        let mut unknown = Vec::new();
        for (index, line) in self.text.lines().enumerate() {
            let id = line.split('#').next().unwrap_or_default().trim();
            if id.is_empty() {
                continue;
            }
            let found = corpus.find_all(id);
            if found.is_empty() {
                unknown.push(format!(
                    "{}:{}: there is no scenario `{id}`: correct the id, or remove the line; \
                     `duologue list` shows all",
                    self.file,
                    index + 1
                ));
            }
            ids.extend(found.into_iter().map(|fixture| fixture.scenario.id.clone()));
        }
        if unknown.is_empty() {
            Ok(ids)
        } else {
            Err(SetError::Unknown(unknown))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_every_shipped_set_names_a_scenario() {
        let corpus = Corpus::embedded().unwrap();
        let names: Vec<&str> = ScenarioSet::shipped().collect();
        assert!(names.contains(&"1.0"), "{names:?}");
        for name in names {
            let set = ScenarioSet::read(name).unwrap();
            let ids = set.resolve(&corpus).unwrap();
            assert!(!ids.is_empty(), "{name}");
        }
    }
}
