//! The file of known failures: `[[known]]` tables in TOML.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;

/// The list as it stands in its file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KnownFailures {
    /// The file, as it was named.
    pub path: PathBuf,
    /// Its entries, in order.
    pub entries: Vec<Entry>,
}

/// One known failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The line its table begins on, from 1.
    pub line: usize,
    /// The id of a scenario, or a former one.
    pub scenario: String,
    /// Only a failure at this step is excused.
    pub step: Option<String>,
    /// Only this failure is excused.
    pub signature: Option<String>,
    /// Why it is known.
    pub reason: String,
    /// Where more is told.
    pub link: Option<String>,
    /// The last day on which the entry holds.
    pub expires: Option<Date>,
    /// Whether the scenario may pass as well.
    pub flaky: bool,
}

/// Why there is no list.
#[derive(Debug, Error)]
pub enum KnownError {
    /// The file cannot be read.
    #[error("cannot read the known failures {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file does not say what it should.
    #[error("{}:{line}: {message}", path.display())]
    Defect {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong, and how to mend it.
        message: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tables {
    #[serde(default)]
    known: Vec<Spanned<Table>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    scenario: Spanned<String>,
    step: Option<Spanned<String>>,
    signature: Option<String>,
    reason: Spanned<String>,
    link: Option<String>,
    expires: Option<Spanned<String>>,
    #[serde(default)]
    flaky: bool,
}

impl KnownFailures {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or has a defect.
    pub fn read(path: &Path) -> Result<Self, KnownError> {
        let text = fs::read_to_string(path).map_err(|source| KnownError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(path, &text)
    }

    /// Parses the text of a file.
    ///
    /// # Errors
    /// The first defect.
    pub fn parse(path: &Path, text: &str) -> Result<Self, KnownError> {
        let defect = |span: Range<usize>, message: String| KnownError::Defect {
            path: path.to_owned(),
            line: line(text, span.start),
            message,
        };
        let tables: Tables = toml::from_str(text)
            .map_err(|error| defect(error.span().unwrap_or(0..0), error.message().to_owned()))?;
        let entries = tables.known.into_iter().map(|table| {
            let at = line(text, table.span().start);
            entry(at, table.into_inner()).map_err(|(span, message)| defect(span, message))
        });
        Ok(Self {
            path: path.to_owned(),
            entries: entries.collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn defect(&self, line: usize, message: String) -> KnownError {
        KnownError::Defect {
            path: self.path.clone(),
            line,
            message,
        }
    }
}

fn entry(line: usize, table: Table) -> Result<Entry, (Range<usize>, String)> {
    if table.scenario.get_ref().is_empty() {
        let message = "`scenario` is empty: write the id of a scenario".into();
        return Err((table.scenario.span(), message));
    }
    if table.reason.get_ref().trim().is_empty() {
        let message = "`reason` is empty: say why this failure is known".into();
        return Err((table.reason.span(), message));
    }
    if let Some(step) = &table.step
        && !step.get_ref().starts_with('/')
    {
        let message = format!(
            "`step = \"{}\"` is no JSON pointer such as \"/steps/2\"",
            step.get_ref()
        );
        return Err((step.span(), message));
    }
    let expires = table.expires.map(|text| {
        date(text.get_ref()).ok_or_else(|| {
            let message = format!(
                "`expires = \"{}\"` is no day: write \"YYYY-MM-DD\"",
                text.get_ref()
            );
            (text.span(), message)
        })
    });
    Ok(Entry {
        line,
        scenario: table.scenario.into_inner(),
        step: table.step.map(Spanned::into_inner),
        signature: table.signature,
        reason: table.reason.into_inner(),
        link: table.link,
        expires: expires.transpose()?,
        flaky: table.flaky,
    })
}

/// A day and nothing more; the parser alone would also take a time of day.
fn date(text: &str) -> Option<Date> {
    text.parse()
        .ok()
        .filter(|date: &Date| date.to_string() == text)
}

fn line(text: &str, offset: usize) -> usize {
    text[..offset.min(text.len())].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_all_its_keys_and_its_line() {
        let text = "# mine\n\n[[known]]\nscenario = \"a\"\nreason = \"r\"\n\n[[known]]\n\
                    scenario = \"b\"\nstep = \"/steps/2\"\nsignature = 's \"x\"'\nreason = \"r\"\n\
                    link = \"https://x.example\"\nexpires = \"2027-03-31\"\nflaky = true\n";
        let list = KnownFailures::parse(Path::new("k.toml"), text).unwrap();
        let entry = &list.entries[1];
        assert_eq!((list.entries[0].line, entry.line), (3, 7));
        assert_eq!(list.entries[0].step, None);
        assert_eq!((list.entries[0].flaky, entry.flaky), (false, true));
        assert_eq!(entry.step.as_deref(), Some("/steps/2"));
        assert_eq!(entry.signature.as_deref(), Some("s \"x\""));
        assert_eq!(entry.expires.unwrap().to_string(), "2027-03-31");
        assert_eq!(
            KnownFailures::parse(Path::new("k.toml"), "# none yet\n")
                .unwrap()
                .entries,
            []
        );
    }

    #[test]
    fn a_defect_names_file_and_line() {
        let check = |text: &str, expected: &str| {
            let error = KnownFailures::parse(Path::new("k.toml"), text).unwrap_err();
            assert!(
                error.to_string().starts_with(expected),
                "{error} for {text}"
            );
        };
        let entry = "\n[[known]]\nscenario = \"a\"\nreason = \"r\"\n";
        check(
            &format!("{entry}resaon = \"r\"\n"),
            "k.toml:5: unknown field `resaon`",
        );
        check(
            &format!("{entry}expires = \"2027-02-30\"\n"),
            "k.toml:5: `expires = \"2027-02-30\"` is no day",
        );
        for bad in ["31.3.2027", "2027-03-31T10:00", "2027-3-1"] {
            check(
                &format!("{entry}expires = \"{bad}\"\n"),
                "k.toml:5: `expires",
            );
        }
        check(
            &format!("{entry}expires = 2027-03-31\n"),
            "k.toml:5: invalid type",
        );
        check(
            &format!("{entry}step = \"steps/2\"\n"),
            "k.toml:5: `step = ",
        );
        check(
            &format!("{entry}flaky = \"yes\"\n"),
            "k.toml:5: invalid type",
        );
        check(
            "[[known]]\nscenario = \"a\"\n",
            "k.toml:1: missing field `reason`",
        );
        check(
            "[[known]]\nreason = \"r\"\n",
            "k.toml:1: missing field `scenario`",
        );
        check(
            "[[known]]\nscenario = \"a\"\nreason = \" \"\n",
            "k.toml:3: `reason` is empty",
        );
        check(
            "[[known]]\nscenario = \"\"\nreason = \"r\"\n",
            "k.toml:2: `scenario` is empty",
        );
        check("[[knwon]]\n", "k.toml:1: unknown field `knwon`");
        check("\nknown = [\n", "k.toml:");
    }
}
