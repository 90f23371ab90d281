//! The table `[serve]` of the configuration file.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use duologue_core::feature::Feature;
use duologue_core::limits::Profile;
use schemars::JsonSchema;
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
    #[error("{}:{line}:{column}: {message}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The character in the line, counted from 1.
        column: usize,
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

/// The table `[serve]` of `duologue.toml`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServeTable {
    /// Address and port; port 0 takes a free one.
    #[schemars(with = "Option<String>")]
    pub listen: Option<SocketAddr>,
    /// File whose only line is the operator token, relative to the folder of the configuration.
    pub operator_token_file: Option<PathBuf>,
    /// File whose only line is the token of the administrator of an app that is there from the start.
    pub admin_token_file: Option<PathBuf>,
    /// Features to leave out.
    #[serde(default)]
    pub without: Vec<Feature>,
    /// Named limits of new apps.
    pub profile: Option<Profile>,
}

/// Reads the table from a file.
pub(crate) fn read(path: &Path) -> Result<ServeTable, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.into(),
        source,
    })?;
    let mut table = parse(&text).map_err(|(line, column, message)| ConfigError::Parse {
        path: path.into(),
        line,
        column,
        message,
    })?;
    for file in [&mut table.operator_token_file, &mut table.admin_token_file] {
        if let (Some(file), Some(folder)) = (file, path.parent()) {
            *file = folder.join(&*file);
        }
    }
    Ok(table)
}

fn parse(text: &str) -> Result<ServeTable, (usize, usize, String)> {
    let file: File = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let before = &text[..text.floor_char_boundary(at)];
        let line = before.matches('\n').count() + 1;
        let last = before.rsplit('\n').next().unwrap_or_default();
        (line, last.chars().count() + 1, error.message().to_owned())
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
    fn errors_name_their_place() {
        let check = |text: &str, place: (usize, usize), part: &str| {
            let (line, column, message) = parse(text).unwrap_err();
            assert_eq!((line, column), place, "{text:?}: {message}");
            assert!(message.contains(part), "{message}");
        };
        check("[serve]\n\nlisten_on = 1\n", (3, 1), "listen_on");
        check("[serve]\nprofile = \"x\"\n", (2, 11), "seed-ja");
        check("[serve]\nlisten = \"x\"\n", (2, 10), "socket address");
        check("[serve\n", (1, 7), "");
    }
}
