//! `duologue explain`: a requirement, the scenarios that prove it, how they went, and the faults that
//! break it on purpose.

use std::path::PathBuf;

use clap::Args;
use duologue_faults::Fault;
use serde_json::{Value, json};

use super::list::print;
use super::near::did_you_mean;
use super::{Failure, FixtureArgs};
use crate::plan::needed_features;
use crate::record::Record;
use crate::requirements::{Proof, Requirement, Requirements};
use crate::scenario::{Corpus, Feature, Fixture, RequirementId, ScenarioId};
use crate::verdict::ExitCode;

/// Explains a requirement: its sentence, the scenarios that prove it, the faults that break it.
#[derive(Debug, Clone, Args)]
pub(super) struct ExplainArgs {
    /// The id of the requirement, such as OFF-004
    #[arg(value_name = "REQ")]
    id: String,
    /// An ndjson or json report whose verdicts to show; repeatable
    #[arg(long, value_name = "FILE")]
    report: Vec<PathBuf>,
    /// As a JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    fixtures: FixtureArgs,
}

pub(super) fn explain(args: &ExplainArgs) -> Result<ExitCode, Failure> {
    let corpus = args.fixtures.corpus()?;
    let requirement = find(&args.id, &corpus)?;
    let mut reports = Vec::new();
    for path in &args.report {
        let record = Record::read(path).map_err(Failure::usage)?;
        reports.push((path.display().to_string(), record));
    }
    let proofs: Vec<Proving<'_>> = corpus
        .fixtures
        .iter()
        .filter(|fixture| fixture.scenario.requirements.contains(&requirement.id))
        .map(|fixture| Proving::new(fixture, &reports))
        .collect();
    if args.json {
        print(&format!("{:#}\n", as_json(requirement, &proofs)))
    } else {
        print(&as_text(requirement, &proofs))
    }
}

fn find(id: &str, corpus: &Corpus) -> Result<&'static Requirement, Failure> {
    let requirements = Requirements::embedded();
    let known = RequirementId::parse(&written_out(id))
        .ok()
        .and_then(|id| requirements.get(&id));
    known.ok_or_else(|| {
        let message = if let Some(fixture) = corpus.find(id) {
            let id = &fixture.scenario.id;
            format!("`{id}` is a scenario; `duologue show {id}` shows it")
        } else {
            let names = requirements.iter().map(|found| found.id.as_str());
            let near = did_you_mean(id, names);
            format!("there is no requirement `{id}`{near}")
        };
        Failure {
            message,
            code: ExitCode::NothingSelected,
        }
    })
}

/// The id in capitals and with all its zeros: `off-4` means OFF-004.
fn written_out(id: &str) -> String {
    let id = id.to_uppercase();
    match id.split_once('-') {
        Some((prefix, number)) => format!("{prefix}-{number:0>3}"),
        None => id,
    }
}

/// A scenario that proves the requirement, and what reports say of it.
struct Proving<'a> {
    fixture: &'a Fixture,
    features: Vec<Feature>,
    /// By report; a report that does not know the scenario says nothing.
    verdicts: Vec<(&'a str, Option<&'static str>)>,
}

impl<'a> Proving<'a> {
    fn new(fixture: &'a Fixture, reports: &'a [(String, Record)]) -> Self {
        let verdict = |record: &Record| {
            let known = |id: &ScenarioId| record.scenarios.get(id);
            let scenario = &fixture.scenario;
            std::iter::once(&scenario.id)
                .chain(&scenario.aliases)
                .find_map(known)
                .map(|finished| finished.verdict.as_str())
        };
        Self {
            fixture,
            features: needed_features(&fixture.scenario).into_iter().collect(),
            verdicts: reports
                .iter()
                .map(|(file, record)| (file.as_str(), verdict(record)))
                .collect(),
        }
    }
}

/// Who proves it, unless scenarios do.
fn other_proof(requirement: &Requirement) -> Option<String> {
    match &requirement.proof {
        Proof::Scenario => None,
        Proof::Client => Some("client: unit tests of the client prove it".into()),
        Proof::Untestable(reason) => Some(format!("untestable: {reason}")),
    }
}

fn as_text(requirement: &Requirement, proofs: &[Proving<'_>]) -> String {
    let Requirement {
        id, chapter, text, ..
    } = requirement;
    let level = requirement.keyword.as_str();
    let mut shown = format!("{id} ({level}) — {text}\n\n");
    let title = Requirements::chapter_title(chapter).unwrap_or(chapter);
    shown.push_str(&format!("chapter: {title}, {}\n", file_of(chapter)));
    if let Some(proof) = other_proof(requirement) {
        shown.push_str(&format!("{proof}\n"));
    }
    match proofs.len() {
        0 if requirement.proof == Proof::Scenario => shown.push_str("no scenario proves it\n"),
        0 => {}
        count => shown.push_str(&format!("scenarios that prove it: {count}\n")),
    }
    for proof in proofs {
        let scenario = &proof.fixture.scenario;
        shown.push_str(&format!("\n  {} — {}\n", scenario.id, scenario.title));
        let features: Vec<&str> = proof.features.iter().map(|one| one.as_str()).collect();
        let needs = match features.as_slice() {
            [] => "no feature".to_owned(),
            some => some.join(", "),
        };
        shown.push_str(&format!(
            "    level {}, needs {needs}\n",
            scenario.level.as_str()
        ));
        for (file, verdict) in &proof.verdicts {
            let verdict = verdict.unwrap_or("not in this report");
            shown.push_str(&format!("    {verdict}: {file}\n"));
        }
    }
    let faults: Vec<&Fault> = breaking(requirement).collect();
    if !faults.is_empty() {
        shown.push_str("\nbroken on purpose by `duologue run --fault ID`:\n");
    }
    for fault in faults {
        shown.push_str(&format!("\n  {} — {}\n", fault.id, fault.sentence));
    }
    shown
}

fn breaking(requirement: &Requirement) -> impl Iterator<Item = &'static Fault> {
    Fault::all().filter(|fault| fault.requirement == requirement.id.as_str())
}

fn as_json(requirement: &Requirement, proofs: &[Proving<'_>]) -> Value {
    let scenarios: Vec<Value> = proofs
        .iter()
        .map(|proof| {
            let scenario = &proof.fixture.scenario;
            let verdicts: Vec<Value> = proof
                .verdicts
                .iter()
                .map(|(file, verdict)| json!({ "report": file, "verdict": verdict }))
                .collect();
            json!({
                "id": scenario.id, "title": scenario.title, "level": scenario.level,
                "file": proof.fixture.file, "features": proof.features, "verdicts": verdicts,
            })
        })
        .collect();
    let faults: Vec<Value> = breaking(requirement)
        .map(|fault| json!({ "id": fault.id, "sentence": fault.sentence }))
        .collect();
    json!({
        "id": requirement.id, "level": requirement.keyword, "text": requirement.text,
        "chapter": requirement.chapter, "file": file_of(&requirement.chapter),
        "proof": requirement.proof, "scenarios": scenarios, "faults": faults,
    })
}

fn file_of(chapter: &str) -> String {
    format!("spec/src/{chapter}.md")
}
