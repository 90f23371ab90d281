//! `duologue list` and `duologue show`.

use clap::Args;
use duologue_faults::Fault;
use serde_json::json;

use super::near::did_you_mean;
use super::select_args::SelectArgs;
use super::{Failure, FixtureArgs};
use crate::plan::needed_features;
use crate::requirements::Requirements;
use crate::scenario::{Corpus, RequirementId, Scenario};
use crate::shard::Shard;
use crate::verdict::ExitCode;

/// Lists scenarios: id and title, a line each.
#[derive(Debug, Clone, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    select: SelectArgs,
    /// Only the part k of n that `run --shard` would take
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,
    /// Only the ids, one a line
    #[arg(long)]
    ids: bool,
    /// As a JSON array
    #[arg(long, conflicts_with = "ids")]
    json: bool,
    /// Not scenarios but deliberate faults, for --fault of `run` and `serve`: id, requirement, sentence
    #[arg(long, conflicts_with_all = ["ids", "json", "shard", "level", "feature", "set", "fixtures"])]
    faults: bool,
    #[command(flatten)]
    fixtures: FixtureArgs,
}

/// Shows a scenario with the requirements it proves.
#[derive(Debug, Clone, Args)]
pub(super) struct ShowArgs {
    /// The id of the scenario, or a former one
    id: String,
    #[command(flatten)]
    fixtures: FixtureArgs,
}

pub(super) fn list(args: &ListArgs) -> Result<ExitCode, Failure> {
    if args.shard.is_some_and(|shard| shard.index == 0) {
        let message =
            "--shard alone/n: which scenarios run alone is up to the server; only `run` can tell";
        return Err(Failure::usage(message));
    }
    if args.faults {
        return faults(&args.select.filter);
    }
    let selection = args.select.clone().selection()?;
    let corpus = args.fixtures.corpus()?;
    let mut fixtures = selection.select(corpus).map_err(Failure::usage)?;
    fixtures.retain(|fixture| {
        let id = &fixture.scenario.id;
        args.shard.is_none_or(|shard| shard.takes(id, false))
    });
    if fixtures.is_empty() {
        let message = "no scenario fits the filters".into();
        return Err(Failure {
            message,
            code: ExitCode::NothingSelected,
        });
    }
    let mut text = String::new();
    if args.json {
        let all: Vec<_> = fixtures
            .iter()
            .map(|fixture| {
                let scenario = &fixture.scenario;
                json!({
                    "id": scenario.id, "title": scenario.title, "chapter": fixture.chapter,
                    "file": fixture.file, "level": scenario.level,
                    "requirements": scenario.requirements,
                    "features": needed_features(scenario),
                })
            })
            .collect();
        text.push_str(&format!("{:#}\n", serde_json::Value::Array(all)));
    } else {
        for fixture in &fixtures {
            let Scenario { id, title, .. } = &fixture.scenario;
            if args.ids {
                text.push_str(&format!("{id}\n"));
            } else {
                text.push_str(&format!("{id}  {title}\n"));
            }
        }
    }
    print(&text)
}

/// Lists the faults that have one of `filters` in their line.
fn faults(filters: &[String]) -> Result<ExitCode, Failure> {
    let lines = Fault::all().map(|fault| {
        let (id, requirement, sentence) = (fault.id, fault.requirement, fault.sentence);
        format!("{id}  {requirement}  {sentence}\n")
    });
    let fits = |line: &String| {
        let line = line.to_lowercase();
        let fits = |filter: &String| line.contains(&filter.to_lowercase());
        filters.is_empty() || filters.iter().any(fits)
    };
    let text: String = lines.filter(fits).collect();
    if text.is_empty() {
        return Err(Failure {
            message: "no fault fits the filters".into(),
            code: ExitCode::NothingSelected,
        });
    }
    print(&text)
}

pub(super) fn show(args: &ShowArgs) -> Result<ExitCode, Failure> {
    let corpus = args.fixtures.corpus()?;
    let fixture = corpus
        .find(&args.id.to_lowercase())
        .ok_or_else(|| unknown(&args.id, &corpus))?;
    let mut text = format!(
        "{} — {}\n{}\n\n",
        fixture.scenario.id, fixture.scenario.title, fixture.file
    );
    for id in &fixture.scenario.requirements {
        let sentence = Requirements::embedded()
            .get(id)
            .map_or("(not in this specification)", |requirement| {
                requirement.text.as_str()
            });
        text.push_str(&format!("{id}: {sentence}\n"));
    }
    text.push_str(&format!("\n{}", fixture.source));
    print(&text)
}

/// There is no scenario of this id.
pub(super) fn unknown(id: &str, corpus: &Corpus) -> Failure {
    let requirement = RequirementId::parse(&id.to_uppercase())
        .ok()
        .and_then(|id| Requirements::embedded().get(&id));
    let message = if let Some(found) = requirement {
        let id = &found.id;
        format!("`{id}` is a requirement; `duologue explain {id}` explains it")
    } else {
        let ids = corpus.fixtures.iter();
        let near = did_you_mean(id, ids.map(|fixture| fixture.scenario.id.as_str()));
        format!("there is no scenario `{id}` in `duologue list`{near}")
    };
    Failure {
        message,
        code: ExitCode::NothingSelected,
    }
}

/// Writes data; a reader that has gone away is no error.
pub(super) fn print(text: &str) -> Result<ExitCode, Failure> {
    print_to(std::io::stdout(), text)
}

/// The same with colour codes, which `out` leaves out where they do not belong.
pub(super) fn print_to(mut out: impl std::io::Write, text: &str) -> Result<ExitCode, Failure> {
    match out.write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::usage(error)),
        Ok(()) | Err(_) => Ok(ExitCode::Pass),
    }
}
