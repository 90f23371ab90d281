//! The configuration file `duologue.toml`, above all its table `[run]`.

use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use duologue_core::limits::Profile;
use duologue_server::ServeTable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::ScenarioSet;
use crate::scenario::{Feature, Level};

/// Read when it exists and no other file is named.
const DEFAULT_FILE: &str = "duologue.toml";

/// What the file says about running; flags and environment variables go before it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RunTable {
    /// Base URL of the server under test.
    pub(super) endpoint: Option<String>,
    /// Shell command that starts the server under test.
    pub(super) exec: Option<String>,
    /// Named limits that new apps begin with.
    #[schemars(with = "Option<Profile>")]
    pub(super) profile: Option<String>,
    /// Folder of scenarios, relative to the folder of the file.
    pub(super) fixtures: Option<PathBuf>,
    /// List of known failures, relative to the folder of the file.
    pub(crate) known: Option<PathBuf>,
    /// Only scenarios with one of these texts in id, title, chapter or requirement.
    #[serde(default)]
    pub(super) filter: Vec<String>,
    /// Only scenarios of these levels.
    #[serde(default)]
    #[schemars(with = "Vec<Level>")]
    pub(super) level: Vec<String>,
    /// Only scenarios that need one of these features.
    #[serde(default)]
    #[schemars(with = "Vec<Feature>")]
    pub(super) feature: Vec<String>,
    /// Only scenarios of this set: a name, or a file relative to the folder of the file.
    pub(super) set: Option<String>,
    /// Report files, `KIND=PATH` each.
    #[serde(default)]
    pub(super) report: Vec<String>,
    /// Scenarios at the same time.
    pub(super) jobs: Option<usize>,
    /// Longest wait for an answer or an event, in seconds.
    pub(super) step_timeout: Option<f64>,
    /// Longest time for a scenario, in seconds.
    pub(super) scenario_timeout: Option<f64>,
    /// Longest wait for the end of a message's lifetime on a real clock, in seconds.
    pub(crate) max_wait: Option<f64>,
    /// With fewer graded scenarios the run is incomplete.
    pub(super) min_graded: Option<u64>,
    /// PEM file of CA certificates to trust too, relative to the folder of the file.
    pub(crate) ca_file: Option<PathBuf>,
    /// Headers for every request, `Name: value` each.
    #[serde(default)]
    pub(crate) header: Vec<String>,
    /// File of such headers, one a line, relative to the folder of the file.
    pub(crate) header_file: Option<PathBuf>,
    /// At most so many requests a second.
    pub(crate) max_requests_per_second: Option<NonZeroU32>,
}

/// `duologue.toml`.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    /// What `duologue run` reads.
    #[serde(default)]
    run: RunTable,
    /// What `duologue serve` reads.
    #[serde(default, skip_serializing)]
    #[expect(
        dead_code,
        reason = "read for its errors; `duologue serve` reads it itself"
    )]
    serve: Option<ServeTable>,
}

/// Reads the file named, or the default one if there is one.
pub(super) fn read(named: Option<&Path>) -> Result<RunTable, String> {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE));
    if named.is_none() && !path.exists() {
        return Ok(RunTable::default());
    }
    let text = fs::read_to_string(path)
        .map_err(|error| format!("cannot read the configuration {}: {error}", path.display()))?;
    let mut table = parse(&text).map_err(|error| format!("{}:{error}", path.display()))?;
    if let Some(folder) = path.parent() {
        let beside = |path: PathBuf| folder.join(path);
        table.fixtures = table.fixtures.map(beside);
        table.known = table.known.map(beside);
        table.set = table.set.map(|set| named_or_beside(set, folder));
        table.ca_file = table.ca_file.map(beside);
        table.header_file = table.header_file.map(beside);
    }
    Ok(table)
}

/// A set goes by a name, or is a file.
fn named_or_beside(set: String, folder: &Path) -> String {
    if ScenarioSet::shipped().any(|name| name == set) {
        return set;
    }
    folder.join(set).to_string_lossy().into_owned()
}

/// The table as a file would say it.
pub(super) fn written(mut run: RunTable) -> Result<String, String> {
    for header in &mut run.header {
        let name = header.split(':').next().unwrap_or_default();
        *header = format!("{name}: [redacted]");
    }
    toml::to_string(&File { run, serve: None }).map_err(|error| error.to_string())
}

/// An error is `line:column: what is wrong`.
fn parse(text: &str) -> Result<RunTable, String> {
    toml::from_str::<File>(text)
        .map(|file| file.run)
        .map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let before = &text[..text.floor_char_boundary(at)];
            let line = before.matches('\n').count() + 1;
            let column = before
                .rsplit('\n')
                .next()
                .unwrap_or_default()
                .chars()
                .count()
                + 1;
            format!("{line}:{column}: {}", error.message())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_flags_and_no_others() {
        let table = parse(
            "[run]\nendpoint = \"http://x\"\nstep-timeout = 2.5\n[serve]\nprofile = \"seed-ja\"\n",
        );
        assert_eq!(table.unwrap().step_timeout, Some(2.5));
        let check = |text: &str, place: &str, word: &str| {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(place) && error.contains(word), "{error}");
        };
        check("[run]\n\n  endpont = \"http://x\"\n", "3:3: ", "endpont");
        check("[rum]\n", "1:2: ", "rum");
        check("[run]\njobs = \"many\"\n", "2:8: ", "many");
        check("[serve]\nport = 1\n", "2:1: ", "port");
        check("[run]\nfilter = [\"é\", x]\n", "2:16: ", "");
    }
}
