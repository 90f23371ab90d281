//! `cargo xtask ledger`: what proves each requirement, and what implements it.
//!
//! Nothing in it is taken from annotations alone: a scenario counts when it passes on the reference
//! server in this very run, a fault when the kill matrix says that a scenario notices it, code when the
//! doc comment of an item names the requirement.

mod code;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use duologue_conformance::event::ScenarioFinished;
use duologue_conformance::requirements::{Keyword, Proof, Requirement, Requirements};
use duologue_conformance::scenario::Corpus;
use serde::{Deserialize, Serialize};

use crate::generated;
use crate::kill_matrix::{self, Matrix};
use crate::sources::{Source, read, rust_sources};
use crate::suite::Suite;
use code::Citations;

const PATH: &str = "spec/generated/ledger.json";

/// The flags of the command.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail if the file in spec/generated says something else
    #[arg(long)]
    check: bool,
}

/// Every requirement.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ledger {
    pub(crate) requirements: Vec<Entry>,
}

/// One requirement.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) chapter: String,
    pub(crate) keyword: Keyword,
    pub(crate) sentence: String,
    /// Why nobody can prove it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) untestable: Option<String>,
    /// The scenarios that prove it: they cite it, and they passed.
    pub(crate) scenarios: Vec<String>,
    /// The faults that break it, each noticed.
    pub(crate) faults: Vec<String>,
    /// For requirements of a client: the Rust tests that cite it, `file: item`.
    pub(crate) tests: Vec<String>,
    /// The items that implement it, `file: item`.
    pub(crate) code: Vec<String>,
}

/// Runs the suite and writes the ledger.
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<ExitCode> {
    let suite = Suite::new(Corpus::from_dir(&root.join("fixtures/scenarios"))?);
    let runtime = tokio::runtime::Runtime::new().context("starting the runtime")?;
    let passed = runtime.block_on(suite.passes())?;
    let ledger = ledger(
        Requirements::embedded(),
        &passed,
        &kill_matrix::read(root)?,
        &rust_sources(root)?,
    )?;
    let mut complaints = gaps(&ledger);
    if complaints.is_empty() {
        let files = [(PATH, serde_json::to_string_pretty(&ledger)? + "\n")];
        if args.check {
            complaints.extend(generated::differences(root, &files, "cargo xtask ledger"));
        } else {
            generated::write(root, &files)?;
        }
    }
    for complaint in &complaints {
        eprintln!("{complaint}");
    }
    println!(
        "ledger: {} requirements, {} scenarios passed, {} gaps",
        ledger.requirements.len(),
        passed.len(),
        complaints.len()
    );
    Ok(ExitCode::from(u8::from(!complaints.is_empty())))
}

/// The ledger as it was written last.
pub(crate) fn recorded(root: &Path) -> anyhow::Result<Ledger> {
    serde_json::from_str(&read(&root.join(PATH))?)
        .with_context(|| format!("{PATH} is no ledger; run `cargo xtask ledger`"))
}

fn ledger(
    requirements: &Requirements,
    passed: &[ScenarioFinished],
    matrix: &Matrix,
    sources: &[Source],
) -> anyhow::Result<Ledger> {
    let mut scenarios: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for scenario in passed {
        for id in &scenario.requirements {
            let proving = scenarios.entry(id.as_str()).or_default();
            proving.push(scenario.scenario.to_string());
        }
    }
    let mut faults: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in matrix.faults.iter().filter(|row| !row.killed_by.is_empty()) {
        faults
            .entry(&row.requirement)
            .or_default()
            .push(row.id.clone());
    }
    let (tests, code): (Vec<&Source>, Vec<&Source>) = sources
        .iter()
        .filter(|source| {
            IMPLEMENTING
                .iter()
                .any(|name| source.path.starts_with(name))
        })
        .partition(|source| source.path.contains("/tests/"));
    let tests = Citations::of(&tests)?;
    let code = Citations::of(&code)?;
    let entry = |requirement: &Requirement| {
        let id = requirement.id.as_str();
        Entry {
            id: id.to_owned(),
            chapter: requirement.chapter.clone(),
            keyword: requirement.keyword,
            sentence: requirement.text.clone(),
            untestable: match &requirement.proof {
                Proof::Untestable(reason) => Some(reason.clone()),
                Proof::Scenario | Proof::Client => None,
            },
            scenarios: scenarios.get(id).cloned().unwrap_or_default(),
            faults: faults.get(id).cloned().unwrap_or_default(),
            tests: match requirement.proof {
                Proof::Client => tests.at(id),
                Proof::Scenario | Proof::Untestable(_) => Vec::new(),
            },
            code: code.at(id),
        }
    };
    Ok(Ledger {
        requirements: requirements.iter().map(entry).collect(),
    })
}

/// The crates that implement the specification.
const IMPLEMENTING: [&str; 3] = [
    "crates/duologue-core/",
    "crates/duologue-server/",
    "crates/duologue-client/",
];

/// What a requirement lacks, a sentence each.
fn gaps(ledger: &Ledger) -> Vec<String> {
    let mut gaps = Vec::new();
    for entry in &ledger.requirements {
        let Entry { id, chapter, .. } = entry;
        if entry.untestable.is_some() {
            continue;
        }
        if entry.scenarios.is_empty() && entry.tests.is_empty() {
            gaps.push(format!(
                "spec/src/{chapter}.md: {id}: nothing that passed proves it"
            ));
        }
        if entry.code.is_empty() {
            gaps.push(format!(
                "spec/src/{chapter}.md: {id}: no doc comment of the code cites it"
            ));
        }
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source {
            path: path.into(),
            text: text.into(),
        }
    }

    #[test]
    fn what_nobody_proves_or_implements_is_a_gap_and_what_is_untestable_is_not() {
        let mut requirements = Requirements::default();
        requirements.add(
            "client",
            "- **CLI-001** (client) — A client MUST ask.\n\
             - **CLI-002** (client) — A client MUST wait.\n\
             - **CLI-003** (untestable: taste) — A client SHOULD shine.\n",
        );
        let sources = [
            source(
                "crates/duologue-core/src/a.rs",
                "/// Asks (CLI-001).\nfn ask() {}\n",
            ),
            source(
                "crates/duologue-core/tests/it/a.rs",
                "/// CLI-001\n#[test]\nfn it_asks() {}\n",
            ),
            source("conformance/src/b.rs", "/// CLI-002\nfn elsewhere() {}\n"),
        ];
        let ledger = ledger(&requirements, &[], &Matrix::default(), &sources).unwrap();
        let first = &ledger.requirements[0];
        assert_eq!(first.code, ["crates/duologue-core/src/a.rs: ask"]);
        assert_eq!(first.tests, ["crates/duologue-core/tests/it/a.rs: it_asks"]);
        assert_eq!(ledger.requirements[2].untestable.as_deref(), Some("taste"));
        let gaps = gaps(&ledger);
        assert_eq!(gaps.len(), 2, "{gaps:?}");
        assert!(gaps.iter().all(|gap| gap.contains("CLI-002")));
    }
}
