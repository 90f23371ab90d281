//! `duologue replay`: scenarios again, every step shown.

mod keepsake;
mod narrator;
mod prompt;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::Failure;
use super::connect::{Beside, ConnectArgs};
use super::list::unknown;
use super::run::{gone, listen_for_signals, run_failure};
use crate::executor::{Emitter, Hooks, Kept, Options, Run, fresh_seed};
use crate::record::Record;
use crate::scenario::{Corpus, Fixture, ScenarioId};
use crate::shard::digest;
use crate::target::Target;
use crate::verdict::{ExitCode, Verdict};

use keepsake::SecretsFile;
use narrator::Narrator;
use prompt::Prompt;

/// Runs scenarios again and shows every step.
///
/// With a report: those of its scenarios that did not pass (and do apply), against its server, with
/// its profile and its seed. Tokens come from the environment, as with `run`.
#[derive(Debug, Clone, Args)]
pub(super) struct ReplayArgs {
    /// A scenario's id, or an ndjson or json report
    #[arg(value_name = "ID|REPORT")]
    what: String,
    /// Of the report only this scenario, passed or not; repeatable
    #[arg(long, value_name = "ID")]
    scenario: Vec<String>,
    /// Stop before each step: Enter runs it, c and Enter all that follow, q and Enter ends
    #[arg(long)]
    step: bool,
    /// Leave apps and users on the server, and say which
    #[arg(long)]
    keep: bool,
    /// Write the tokens of what was left to a file that only you can read
    #[arg(long, value_name = "FILE", requires = "keep")]
    keep_secrets: Option<PathBuf>,
    /// What names of users are made from [default: the report's, or a new one]
    #[arg(long, value_name = "WORD")]
    seed: Option<String>,
    /// Longest time for a scenario, in seconds, stops not counted [default: 60]
    #[arg(long, env = "DUOLOGUE_SCENARIO_TIMEOUT", value_name = "SECONDS")]
    scenario_timeout: Option<f64>,
    #[command(flatten)]
    connect: ConnectArgs,
}

pub(super) async fn replay(args: ReplayArgs) -> Result<ExitCode, Failure> {
    let record = report(&args.what)?;
    let started = record.as_ref().and_then(|record| record.started.as_ref());
    let from_report = started.is_some() && !args.connect.names_a_server();
    let same_seed = args
        .seed
        .or_else(|| started.map(|started| started.seed.clone()));
    let settings = args.connect.settings(Beside {
        endpoint: started.map(|started| started.endpoint.clone()),
        profile: started.and_then(|started| started.profile.clone()),
        seed: same_seed.clone(),
        scenario_timeout: args.scenario_timeout,
    })?;
    let corpus = settings.fixtures.corpus()?;
    let fixtures = match &record {
        None if !args.scenario.is_empty() => {
            return Err(Failure::usage("--scenario narrows a report; give one"));
        }
        None => by_id(&corpus, &args.what)?,
        Some(record) => of_report(&corpus, record, &args.scenario)?,
    };
    if args.keep && !matches!(settings.target, Target::Endpoint(_)) {
        return Err(Failure::usage(
            "--keep needs --endpoint: a server that is started for the replay ends with it",
        ));
    }
    let secrets = args.keep_secrets.as_deref().map(SecretsFile::create);
    let secrets = secrets.transpose().map_err(Failure::usage)?;

    let interrupt = CancellationToken::new();
    let _guard = listen_for_signals(&interrupt);
    let fresh = || fresh_seed().map_err(|error| run_failure(&error));
    let kept: Arc<Mutex<Vec<Kept>>> = Arc::default();
    let mut hooks = Hooks::default();
    if same_seed.is_some() {
        hooks.shared_seed_suffix = Some(fresh()?);
    }
    if args.step {
        hooks.before_step = Some(Arc::new(Prompt::on_stdin(interrupt.clone())));
    }
    if args.keep {
        let kept = Arc::clone(&kept);
        hooks.keep = Some(Arc::new(move |left| {
            kept.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(left);
        }));
    }
    let running = settings.start(&interrupt).await?;
    let narrator = Narrator::new(anstream::stdout(), &fixtures, same_seed.clone());
    let emitter = Arc::new(Emitter::new(vec![Box::new(narrator)]));
    let run = Run {
        known: crate::known::Judge::default(),
        origin: settings.target.origin(),
        corpus: digest(&fixtures),
        shard: None,
        seed: match same_seed {
            Some(seed) => seed,
            None => fresh()?,
        },
        endpoint: settings.attach.to(running.endpoint.clone()),
        access: running.access.clone(),
        options: Options {
            // One after the other, so that the output can be read.
            jobs: 1,
            ..settings.options
        },
        profile: settings.profile,
        fixtures,
        emitter: Arc::clone(&emitter),
        interrupt,
    };
    let endpoint = running.endpoint.base().to_owned();
    let result = run.run_hooked(hooks).await;
    running.stop().await;
    let finished = result.map_err(|error| run_failure(&error))?;
    if let Some(error) = emitter.take_errors().iter().find(|error| !gone(error)) {
        return Err(Failure::usage(format!("cannot write: {error}")));
    }
    if args.keep {
        let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        keepsake::tell(&endpoint, &kept, secrets)?;
    }
    if from_report && finished.totals.graded() == 0 && finished.totals.could_not_run > 0 {
        anstream::eprintln!(
            "duologue: {endpoint} is the server of the report; if the run had started it (embedded, \
             or with --exec), it is gone: name one with --embedded, --exec or --endpoint"
        );
    }
    Ok(ExitCode::of(finished.outcome, &finished.totals))
}

/// The report, unless the word is a scenario's id.
fn report(what: &str) -> Result<Option<Record>, Failure> {
    let path = Path::new(what);
    // Every name of a report file has a dot or a slash, or is there; no id has either.
    if ScenarioId::parse(&what.to_lowercase()).is_ok() && !path.is_file() {
        return Ok(None);
    }
    if !path.exists() && !what.contains(['.', '/']) {
        return Ok(None);
    }
    Record::read(path).map(Some).map_err(Failure::usage)
}

/// The scenario, or all permutations of a file's.
fn by_id(corpus: &Corpus, id: &str) -> Result<Vec<Arc<Fixture>>, Failure> {
    let found = corpus.find_all(&id.to_lowercase());
    if found.is_empty() {
        return Err(unknown(id, corpus));
    }
    Ok(found.into_iter().cloned().map(Arc::new).collect())
}

/// The scenarios of a report that were asked for, or that are worth another look.
fn of_report(
    corpus: &Corpus,
    record: &Record,
    wanted: &[String],
) -> Result<Vec<Arc<Fixture>>, Failure> {
    let nothing = |message: String| Failure {
        message,
        code: ExitCode::NothingSelected,
    };
    if !wanted.is_empty() {
        for id in wanted {
            let known = record.scenarios.contains_key(id.as_str());
            if !known && !record.steps.contains_key(id.as_str()) {
                return Err(nothing(format!("the report has no scenario `{id}`")));
            }
        }
        let found: Result<Vec<_>, _> = wanted.iter().map(|id| by_id(corpus, id)).collect();
        return found.map(|found| found.concat());
    }
    let unhappy = record
        .scenarios
        .values()
        .filter(|finished| !matches!(finished.verdict, Verdict::Pass | Verdict::NotApplicable))
        .map(|finished| &finished.scenario);
    // What was under way when the run broke off.
    let broken_off = record
        .steps
        .keys()
        .filter(|id| !record.scenarios.contains_key(*id));
    let mut ids: Vec<&ScenarioId> = unhappy.chain(broken_off).collect();
    ids.sort();
    if ids.is_empty() {
        return Err(nothing(
            "every scenario of the report that applies has passed; --scenario ID replays one"
                .into(),
        ));
    }
    let mut fixtures = Vec::new();
    for id in ids {
        match corpus.find(id.as_str()) {
            Some(fixture) => fixtures.push(Arc::new(fixture.clone())),
            None => anstream::eprintln!("duologue: this program has no scenario `{id}`: left out"),
        }
    }
    if fixtures.is_empty() {
        return Err(nothing("this program has no scenario of the report".into()));
    }
    fixtures.sort_by_key(|fixture| fixture.number);
    Ok(fixtures)
}
