//! `cargo xtask kill-matrix`: does the suite notice every deliberate fault?

mod demands;
mod files;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use duologue_conformance::requirements::Requirements;
use duologue_conformance::scenario::Corpus;
use duologue_faults::Fault;

use crate::generated;
use crate::suite::Suite;
use files::texts;

pub(crate) use files::{Matrix, Row, read};

/// The flags of the command.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail if the files in spec/generated say something else
    #[arg(long)]
    check: bool,
    /// Only faults whose id begins so, or that break this requirement; tells what each scenario said,
    /// and writes nothing
    #[arg(long, value_name = "PREFIX")]
    only: Vec<String>,
    /// Faults at the same time
    #[arg(long, default_value_t = 12)]
    jobs: usize,
    /// Take it that recorded kills are no more: a scenario was changed on purpose
    #[arg(long)]
    accept_lost: bool,
}

/// Runs the suite against every fault and says what it missed.
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<ExitCode> {
    let corpus = Corpus::from_dir(&root.join("fixtures/scenarios"))?;
    let suite = Suite::new(corpus);
    let runtime = tokio::runtime::Runtime::new().context("starting the runtime")?;
    let chosen: Vec<&'static Fault> = Fault::all().filter(|fault| args.chooses(fault)).collect();
    let recorded = read(root)?;
    if !args.only.is_empty() {
        let rows = runtime.block_on(suite.against(&chosen, args.jobs, true, &recorded))?;
        let missed = rows.iter().filter(|row| row.killed_by.is_empty()).count();
        println!("{} faults, {missed} not noticed", rows.len());
        return Ok(ExitCode::from(u8::from(missed > 0)));
    }
    runtime.block_on(suite.passes())?;
    let matrix = Matrix {
        faults: runtime.block_on(suite.against(&chosen, args.jobs, false, &recorded))?,
    };
    let mut complaints =
        demands::complaints(&matrix, Requirements::embedded(), &suite.scenario_ids());
    if !args.accept_lost {
        complaints.extend(demands::lost(&matrix, &recorded, &suite.scenario_ids()));
    }
    if complaints.is_empty() {
        let files = texts(&matrix)?;
        if args.check {
            complaints.extend(generated::differences(
                root,
                &files,
                "cargo xtask kill-matrix",
            ));
        } else {
            generated::write(root, &files)?;
        }
    }
    for complaint in &complaints {
        eprintln!("{complaint}");
    }
    println!(
        "kill matrix: {}, {} complaints",
        matrix.summary(),
        complaints.len()
    );
    Ok(ExitCode::from(u8::from(!complaints.is_empty())))
}

impl Args {
    fn chooses(&self, fault: &Fault) -> bool {
        let fits = |prefix: &String| {
            fault.id.starts_with(prefix.as_str()) || fault.requirement == prefix.as_str()
        };
        self.only.is_empty() || self.only.iter().any(fits)
    }
}

impl Matrix {
    fn summary(&self) -> String {
        let killed = self.faults.iter().filter(|row| !row.killed_by.is_empty());
        format!("{} faults, {} noticed", self.faults.len(), killed.count())
    }
}

impl Row {
    pub(crate) fn of(fault: &Fault, killed_by: Vec<String>) -> Self {
        Self {
            id: fault.id.to_owned(),
            sentence: fault.sentence.to_owned(),
            requirement: fault.requirement.to_owned(),
            killed_by,
        }
    }
}
