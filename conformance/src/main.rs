//! The binary `duologue`.

use std::process::ExitCode;

use clap::Parser as _;
use duologue_conformance::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    Cli::parse().execute().await.into()
}
