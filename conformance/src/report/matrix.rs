//! Several runs side by side: implementations by requirement or by scenario.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::html::matrix_html;
use super::tally::{Standing, tally};
use super::visible::visible;
use crate::record::Record;
use crate::scenario::ScenarioId;
use crate::verdict::Verdict;

/// What the rows are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum By {
    /// Requirements that a server binds.
    #[default]
    Requirement,
    /// Scenarios.
    Scenario,
}

/// The table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Matrix {
    by: &'static str,
    /// The implementations.
    columns: Vec<String>,
    groups: Vec<Group>,
    /// How many rows hold, of those that apply; one a column.
    totals: Vec<String>,
    notes: Vec<String>,
    legend: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Group {
    chapter: String,
    rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Row {
    name: String,
    text: String,
    cells: Vec<Cell>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
struct Cell {
    symbol: char,
    word: &'static str,
    tone: &'static str,
}

impl Matrix {
    /// The table of these reports, each with its file.
    #[must_use]
    pub fn new(reports: &[(PathBuf, Record)], by: By) -> Self {
        let groups = match by {
            By::Requirement => by_requirement(reports),
            By::Scenario => by_scenario(reports),
        };
        let totals = (0..reports.len())
            .map(|column| total(&groups, column))
            .collect();
        Self {
            by: match by {
                By::Requirement => "requirement",
                By::Scenario => "scenario",
            },
            columns: names(reports),
            groups,
            totals,
            notes: notes(reports),
            legend: match by {
                By::Requirement => "✓ proved, ✗ broken, ! warned, ? not run, – not applicable",
                By::Scenario => "✓ pass, ✗ fail, ! warn, ? not graded or not run, – not applicable",
            },
        }
    }

    /// As Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = format!("# Implementations by {}\n\n", self.by);
        for note in &self.notes {
            text.push_str(&format!("> {note}\n\n"));
        }
        text.push_str(&format!("{}\n", self.legend));
        let row = |head: &str, cells: Vec<String>| format!("| {head} | {} |\n", cells.join(" | "));
        let columns: Vec<String> = self.columns.iter().map(|name| cell(name)).collect();
        for group in &self.groups {
            text.push_str(&format!("\n## {}\n\n", group.chapter));
            text.push_str(&row(self.by, columns.clone()));
            text.push_str(&row("---", columns.iter().map(|_| "---".into()).collect()));
            for line in &group.rows {
                let cells = line.cells.iter();
                let cells = cells
                    .map(|cell| format!("{} {}", cell.symbol, cell.word))
                    .collect();
                text.push_str(&row(&line.name, cells));
            }
        }
        text.push_str("\n## Totals\n\n");
        text.push_str(&row("", columns.clone()));
        text.push_str(&row("---", columns.iter().map(|_| "---".into()).collect()));
        text.push_str(&row("holds", self.totals.clone()));
        text
    }

    /// As a page.
    ///
    /// # Errors
    /// When a template of ours is wrong.
    pub fn html(&self) -> io::Result<String> {
        matrix_html(self)
    }
}

fn by_requirement(reports: &[(PathBuf, Record)]) -> Vec<Group> {
    let mut groups: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
    let tallies: Vec<_> = reports.iter().map(|(_, record)| tally(record)).collect();
    let Some(first) = tallies.first() else {
        return Vec::new();
    };
    for (index, row) in first.iter().enumerate() {
        if matches!(row.standing, Standing::Client | Standing::Untestable) {
            continue;
        }
        let rows = groups.entry(&row.requirement.chapter).or_default();
        rows.push(Row {
            name: row.requirement.id.to_string(),
            text: row.requirement.text.clone(),
            cells: tallies
                .iter()
                .map(|tally| standing_cell(tally[index].standing))
                .collect(),
        });
    }
    in_order(groups)
}

fn by_scenario(reports: &[(PathBuf, Record)]) -> Vec<Group> {
    let mut groups: BTreeMap<&str, Vec<Row>> = BTreeMap::new();
    let ids: BTreeSet<&ScenarioId> = reports
        .iter()
        .flat_map(|(_, record)| record.scenarios.keys())
        .collect();
    for id in ids {
        let found: Vec<_> = reports
            .iter()
            .map(|(_, record)| record.scenarios.get(id))
            .collect();
        let Some(scenario) = found.iter().flatten().next() else {
            continue;
        };
        let rows = groups.entry(&scenario.chapter).or_default();
        rows.push(Row {
            name: id.to_string(),
            text: visible(&scenario.title).into_owned(),
            cells: found
                .iter()
                .map(|found| verdict_cell(found.map(|found| found.verdict)))
                .collect(),
        });
    }
    in_order(groups)
}

fn in_order(groups: BTreeMap<&str, Vec<Row>>) -> Vec<Group> {
    groups
        .into_iter()
        .map(|(chapter, rows)| Group {
            chapter: chapter.to_owned(),
            rows,
        })
        .collect()
}

fn standing_cell(standing: Standing) -> Cell {
    Cell {
        symbol: standing.symbol(),
        word: standing.as_str(),
        tone: match standing {
            Standing::Broken => "fail",
            Standing::Warned => "warn",
            Standing::Proved => "pass",
            Standing::NotRun => "open",
            Standing::NotApplicable | Standing::Client | Standing::Untestable => "na",
        },
    }
}

fn verdict_cell(verdict: Option<Verdict>) -> Cell {
    let (symbol, word, tone) = match verdict {
        Some(Verdict::Pass) => ('✓', "pass", "pass"),
        Some(Verdict::Fail) => ('✗', "fail", "fail"),
        Some(Verdict::Warn) => ('!', "warn", "warn"),
        Some(Verdict::NotApplicable) => ('–', "not applicable", "na"),
        Some(Verdict::CouldNotRun) => ('?', "could not run", "open"),
        Some(Verdict::Timeout) => ('?', "timeout", "open"),
        Some(Verdict::HarnessFault) => ('?', "harness fault", "open"),
        None => ('?', "not run", "open"),
    };
    Cell { symbol, word, tone }
}

fn total(groups: &[Group], column: usize) -> String {
    let cells = || {
        groups
            .iter()
            .flat_map(|group| &group.rows)
            .map(|row| row.cells[column])
    };
    let holds = cells().filter(|cell| cell.tone == "pass").count();
    let applies = cells().filter(|cell| cell.tone != "na").count();
    format!("{holds} of {applies}")
}

/// The implementations' own names; where two are the same, with the name of the file.
fn names(reports: &[(PathBuf, Record)]) -> Vec<String> {
    let own = |record: &Record| {
        let name = record
            .started
            .as_ref()
            .and_then(|run| run.implementation.clone());
        visible(&name.unwrap_or_else(|| "without a name".into())).into_owned()
    };
    let file = |path: &Path| {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    let all: Vec<String> = reports.iter().map(|(_, record)| own(record)).collect();
    let files: Vec<Option<String>> = reports.iter().map(|(path, _)| file(path)).collect();
    let often = |name: &String| all.iter().filter(|other| *other == name).count() > 1;
    all.iter()
        .enumerate()
        .map(|(index, name)| {
            if !often(name) {
                return name.clone();
            }
            let same_file = files.iter().filter(|other| **other == files[index]).count() > 1;
            let label = match &files[index] {
                Some(file) if !same_file => file.clone(),
                _ => reports[index].0.display().to_string(),
            };
            format!("{name} ({label})")
        })
        .collect()
}

fn notes(reports: &[(PathBuf, Record)]) -> Vec<String> {
    let mut notes = Vec::new();
    let runs = || {
        reports
            .iter()
            .filter_map(|(path, record)| Some((path, record.started.as_ref()?)))
    };
    let corpora: BTreeSet<&str> = runs().map(|(_, run)| run.corpus.as_str()).collect();
    if corpora.len() > 1 {
        let list: Vec<String> = runs()
            .map(|(path, run)| format!("{} has {}", path.display(), run.corpus))
            .collect();
        notes.push(format!(
            "These runs are not of the same scenarios, so their numbers do not compare: {}.",
            list.join(", ")
        ));
    }
    for (path, record) in reports {
        if record.finished.as_ref().is_none_or(|run| run.interrupted) {
            notes.push(format!(
                "{} is of a run that did not come to its end.",
                path.display()
            ));
        }
    }
    for (path, run) in runs() {
        if let Some(shard) = run.shard {
            notes.push(format!(
                "{} is only the part {shard} of a run.",
                path.display()
            ));
        }
    }
    notes
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
