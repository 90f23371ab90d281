//! The table `[serve]` of the configuration file.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use duologue_core::feature::Feature;
use duologue_core::limits::Profile;
use serde::Deserialize;
use thiserror::Error;

/// Why the configuration file cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not TOML, or has an unknown key or a wrong value.
    #[error("{}:{line}: {message}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
}

/// What the file says; the other tables belong to other commands.
#[derive(Debug, Default, Deserialize)]
struct File {
    #[serde(default)]
    serve: ServeTable,
}

/// The table `[serve]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServeTable {
    pub(crate) listen: Option<SocketAddr>,
    /// Relative to the folder of the file.
    pub(crate) operator_token_file: Option<PathBuf>,
    /// Relative to the folder of the file.
    pub(crate) admin_token_file: Option<PathBuf>,
    #[serde(default)]
    pub(crate) without: Vec<Feature>,
    pub(crate) profile: Option<Profile>,
}

/// Reads the table from a file.
pub(crate) fn read(path: &Path) -> Result<ServeTable, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.into(),
        source,
    })?;
    let mut table = parse(&text).map_err(|(line, message)| ConfigError::Parse {
        path: path.into(),
        line,
        message,
    })?;
    for file in [&mut table.operator_token_file, &mut table.admin_token_file] {
        if let (Some(file), Some(folder)) = (file, path.parent()) {
            *file = folder.join(&*file);
        }
    }
    Ok(table)
}

fn parse(text: &str) -> Result<ServeTable, (usize, String)> {
    let file: File = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = text
            .bytes()
            .take(start)
            .filter(|&byte| byte == b'\n')
            .count()
            + 1;
        (line, error.message().to_owned())
    })?;
    Ok(file.serve)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_tables_are_left_to_other_commands() {
        let table = parse("[run]\nx = 1\n[serve]\nprofile = \"seed-ja\"\n").unwrap();
        assert_eq!(table.profile, Some(Profile::SeedJa));
        assert_eq!(parse("").unwrap().listen, None);
    }

    #[test]
    fn errors_name_their_line() {
        let check = |text: &str, line: usize, part: &str| {
            let (found, message) = parse(text).unwrap_err();
            assert_eq!(found, line, "{text:?}: {message}");
            assert!(message.contains(part), "{message}");
        };
        check("[serve]\n\nlisten_on = 1\n", 3, "listen_on");
        check("[serve]\nprofile = \"x\"\n", 2, "seed-ja");
        check("[serve]\nlisten = \"x\"\n", 2, "socket address");
        check("[serve\n", 1, "");
    }
}
