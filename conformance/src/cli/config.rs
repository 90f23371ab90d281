//! The table `[run]` of `duologue.toml`.

use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

/// Read when it exists and no other file is named.
const DEFAULT_FILE: &str = "duologue.toml";

/// What the file says about running; flags and environment variables go before it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RunTable {
    pub(super) endpoint: Option<String>,
    pub(super) exec: Option<String>,
    pub(super) profile: Option<String>,
    /// Relative to the folder of the file.
    pub(super) fixtures: Option<PathBuf>,
    #[serde(default)]
    pub(super) filter: Vec<String>,
    #[serde(default)]
    pub(super) level: Vec<String>,
    #[serde(default)]
    pub(super) feature: Vec<String>,
    #[serde(default)]
    pub(super) report: Vec<String>,
    pub(super) jobs: Option<usize>,
    pub(super) step_timeout: Option<f64>,
    pub(super) scenario_timeout: Option<f64>,
    pub(super) min_graded: Option<u64>,
    /// Relative to the folder of the file, like `header_file`.
    pub(super) ca_file: Option<PathBuf>,
    #[serde(default)]
    pub(super) header: Vec<String>,
    pub(super) header_file: Option<PathBuf>,
    pub(super) max_requests_per_second: Option<NonZeroU32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    run: RunTable,
    /// Belongs to `duologue serve`.
    #[serde(default, rename = "serve")]
    _serve: Option<IgnoredAny>,
}

/// Reads the file named, or the default one if there is one.
pub(super) fn read(named: Option<&Path>) -> Result<RunTable, String> {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE));
    if named.is_none() && !path.exists() {
        return Ok(RunTable::default());
    }
    let text = fs::read_to_string(path)
        .map_err(|error| format!("cannot read the configuration {}: {error}", path.display()))?;
    let mut table = parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    if let Some(folder) = path.parent() {
        let RunTable {
            fixtures,
            ca_file,
            header_file,
            ..
        } = &mut table;
        for named in [fixtures, ca_file, header_file].into_iter().flatten() {
            *named = folder.join(&named);
        }
    }
    Ok(table)
}

fn parse(text: &str) -> Result<RunTable, String> {
    toml::from_str::<File>(text)
        .map(|file| file.run)
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_flags_and_no_others() {
        let table = parse("[run]\nendpoint = \"http://x\"\nstep-timeout = 2.5\n[serve]\nx = 1\n");
        assert_eq!(table.unwrap().step_timeout, Some(2.5));
        assert!(
            parse("[run]\nendpont = \"http://x\"\n")
                .unwrap_err()
                .contains("endpont")
        );
        assert!(parse("[rum]\n").is_err());
        assert!(parse("[run]\njobs = \"many\"\n").is_err());
    }
}
