//! `duologue doctor`: whether a server is fit to be tested.

use clap::Args;
use owo_colors::OwoColorize as _;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::Failure;
use super::connect::{Beside, ConnectArgs};
use super::list::print_to;
use super::run::listen_for_signals;
use crate::doctor::{Examination, State, examine};
use crate::verdict::ExitCode;

/// Examines whether a server is fit to be tested, and says how to mend what is not.
///
/// Exit codes: 0 fit · 1 unfit, the server's to mend · 2 a token or a flag · 3 unreachable.
#[derive(Debug, Clone, Args)]
pub(super) struct DoctorArgs {
    /// As a JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connect: ConnectArgs,
}

pub(super) async fn doctor(args: DoctorArgs) -> Result<ExitCode, Failure> {
    let settings = args.connect.settings(Beside::default())?;
    let corpus = settings.fixtures.corpus()?;
    let interrupt = CancellationToken::new();
    let _guard = listen_for_signals(&interrupt);
    let running = settings.start(&interrupt).await?;
    let endpoint = settings.attach.to(running.endpoint.clone());
    let patience = settings.options.step_timeout;
    let result = tokio::select! {
        result = examine(&endpoint, &running.access, patience, &corpus) => Some(result),
        () = interrupt.cancelled() => None,
    };
    running.stop().await;
    let Some(result) = result else {
        let message = "interrupted: what the examination has made is left on the server".into();
        return Err(Failure {
            message,
            code: ExitCode::Incomplete,
        });
    };
    let examination = result.map_err(Failure::usage)?;
    let text = if args.json {
        as_json(&examination)
    } else {
        as_text(&examination)
    };
    print_to(anstream::stdout(), &text)?;
    Ok(examination.exit_code())
}

fn as_text(examination: &Examination) -> String {
    let mut text = String::new();
    for finding in &examination.findings {
        let word = format!("{:<4}", finding.state.as_str());
        let word = match finding.state {
            State::Ok => word.green().to_string(),
            State::Warn => word.yellow().to_string(),
            State::Fail => word.red().bold().to_string(),
        };
        let mend = finding.mend.as_ref();
        let mend = mend.map(|mend| format!(" — {mend}")).unwrap_or_default();
        text.push_str(&format!(
            "{word}  {:<12}  {}{mend}\n",
            finding.name, finding.finding
        ));
    }
    text.push_str(&format!("{}\n", examination.sentence()));
    text
}

fn as_json(examination: &Examination) -> String {
    let json = json!({
        "fit": examination.is_fit(),
        "verdict": examination.sentence(),
        "examination": examination,
    });
    format!("{json:#}\n")
}
