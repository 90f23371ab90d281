//! Tokens: from the environment, from a file, or made up for the run.

use std::env;
use std::fs;
use std::path::PathBuf;

use thiserror::Error;

/// Why a token cannot be had. Never shows the token.
#[derive(Debug, Error)]
pub enum SecretError {
    /// The file that a variable names cannot be read.
    #[error("{variable} names {}, which cannot be read: {reason}", path.display())]
    Unreadable {
        /// The variable.
        variable: String,
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A token that cannot stand in a header.
    #[error("{0} does not hold a token: one line of visible ASCII is needed")]
    NotAToken(String),
    /// The system has no random numbers.
    #[error("no random numbers: {0}")]
    Random(String),
}

/// The token in `variable`, or in the file that `variable_FILE` names.
pub(super) fn from_environment(variable: &str) -> Result<Option<String>, SecretError> {
    if let Some(token) = env::var_os(variable).filter(|token| !token.is_empty()) {
        return checked(variable, &token.to_string_lossy()).map(Some);
    }
    let file_variable = format!("{variable}_FILE");
    let Some(path) = env::var_os(&file_variable).filter(|path| !path.is_empty()) else {
        return Ok(None);
    };
    let path = PathBuf::from(path);
    let text = fs::read_to_string(&path).map_err(|error| SecretError::Unreadable {
        variable: file_variable.clone(),
        path,
        reason: error.to_string(),
    })?;
    checked(&file_variable, &text).map(Some)
}

fn checked(variable: &str, text: &str) -> Result<String, SecretError> {
    let token = text.trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(SecretError::NotAToken(variable.to_owned()));
    }
    Ok(token.to_owned())
}

/// A token of 128 random bits.
pub(super) fn fresh() -> Result<String, SecretError> {
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).map_err(|error| SecretError::Random(error.to_string()))?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}
