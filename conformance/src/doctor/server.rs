//! Is somebody there, how fast, and does he speak this protocol?

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use duologue_client::RawResponse;
use duologue_core::answer::PROTOCOL_VERSION;
use serde_json::Value;

use super::finding::{Blame, Finding};
use super::patient::{Patient, Trouble};

/// Requests from which the median comes.
const REQUESTS: usize = 10;
/// A server that needs more than this part of the patience for its simplest answer is slow.
const SLOW: u32 = 10;
const KNOWN: [&str; 4] = ["manual-clock", "media", "provisioning", "push"];

/// What `GET /v1/server` says.
pub(super) struct Server {
    pub(super) implementation: String,
    pub(super) features: BTreeSet<String>,
}

/// Looks at the server as anybody can; `None`: there is nothing more to be examined.
pub(super) async fn look(
    patient: &Patient,
    patience: Duration,
    found: &mut Vec<Finding>,
) -> Option<Server> {
    let answer = match reach(patient, patience, found).await {
        Ok(answer) => answer,
        Err(trouble) => {
            let mend = "start the server, or correct --endpoint; a slow one needs --step-timeout";
            found.push(trouble.finding("reach", mend));
            return None;
        }
    };
    let json = match patient.check("GET", "/v1/server", &answer) {
        Ok(json) => json,
        Err(trouble) => {
            let mend = "answer as spec/src/http.md (HTT-015) and ServerInfo.schema.json say; if \
                        this is another program, correct --endpoint";
            found.push(trouble.finding("server", mend));
            return None;
        }
    };
    let part = |name: &str| json["implementation"][name].as_str().unwrap_or_default();
    let implementation = format!("{} {}", part("name"), part("version"));
    found.push(Finding::ok(
        "server",
        format!("{implementation}, its answer obeys the schema"),
    ));
    version(&json, found);
    Some(Server {
        implementation,
        features: features(&json, found),
    })
}

/// The first answer, and how long answers take.
async fn reach(
    patient: &Patient,
    patience: Duration,
    found: &mut Vec<Finding>,
) -> Result<RawResponse, Trouble> {
    let begun = Instant::now();
    let first = patient.ask("GET", "/v1/server", None, None).await?;
    let connected = begun.elapsed();
    let mut times = Vec::new();
    for _ in 0..REQUESTS {
        let begun = Instant::now();
        patient.ask("GET", "/v1/server", None, None).await?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let median = times[REQUESTS / 2];
    let told = format!(
        "first answer after {} ms, connecting included; median of {REQUESTS}: {:.1} ms",
        connected.as_millis(),
        median.as_secs_f64() * 1000.0
    );
    found.push(if median * SLOW > patience {
        Finding::warn("reach", told, "raise --step-timeout to ten such answers")
            .blaming(Blame::Environment)
    } else {
        Finding::ok("reach", told)
    });
    Ok(first)
}

fn version(json: &Value, found: &mut Vec<Finding>) {
    let theirs = json["protocol_version"].as_str().unwrap_or_default();
    let major = |version: &str| version.split('.').next().map(str::to_owned);
    found.push(if theirs == PROTOCOL_VERSION {
        Finding::ok("version", format!("protocol {theirs}"))
    } else if major(theirs) == major(PROTOCOL_VERSION) {
        Finding::warn(
            "version",
            format!("protocol {theirs}, tested as {PROTOCOL_VERSION}"),
            "a duologue of that version tests all of it",
        )
    } else {
        Finding::fail(
            "version",
            format!("protocol {theirs}, and this program tests {PROTOCOL_VERSION}"),
            format!("declare {PROTOCOL_VERSION}, or take a duologue of that version"),
        )
    });
}

fn features(json: &Value, found: &mut Vec<Finding>) -> BTreeSet<String> {
    let features: BTreeSet<String> = json["features"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    let unknown: Vec<&str> = features
        .iter()
        .map(String::as_str)
        .filter(|name| !KNOWN.contains(name))
        .collect();
    let names: Vec<&str> = features.iter().map(String::as_str).collect();
    let told = match names.as_slice() {
        [] => "none declared".to_owned(),
        names => format!("declared: {}", names.join(", ")),
    };
    found.push(if unknown.is_empty() {
        Finding::ok("features", told)
    } else {
        let list = unknown.join(", ");
        let mend =
            format!("{list}: no such feature, no scenario looks at it; mend a spelling mistake");
        Finding::warn("features", told, mend)
    });
    features
}
