//! House keeping of the workspace: `cargo xtask tidy`, `cargo xtask kill-matrix`, `cargo xtask ledger`.

mod book;
mod generated;
mod kill_matrix;
mod ledger;
mod sources;
mod suite;
mod tidy;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "House keeping of the Duologue workspace")]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Check what no compiler checks: the specification, citations, crate arrows, file sizes
    Tidy,
    /// Run the suite against every deliberate fault, and write which scenarios notice
    KillMatrix(kill_matrix::Args),
    /// Write what proves and what implements each requirement, from a run of the suite
    Ledger(ledger::Args),
    /// mdBook's preprocessor: shows the ledger beside each requirement
    Book(book::Args),
}

fn main() -> anyhow::Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()?;
    match Cli::parse().command {
        Task::KillMatrix(args) => kill_matrix::run(&root, &args),
        Task::Ledger(args) => ledger::run(&root, &args),
        Task::Book(args) => book::run(&root, &args),
        Task::Tidy => {
            let found = tidy::check(&root)?;
            for defect in &found.defects {
                eprintln!("{defect}");
            }
            println!("{}", found.summary);
            Ok(if found.defects.is_empty() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
    }
}
