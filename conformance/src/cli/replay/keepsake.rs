//! What `--keep` leaves: ids on standard output, tokens only in a file of the user's.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::super::Failure;
use super::super::list::print;
use crate::executor::{Kept, KeptName};

/// The file that `--keep-secrets` names, readable by its owner only.
pub(super) struct SecretsFile {
    path: PathBuf,
    file: File,
}

impl SecretsFile {
    /// Made before the replay, so that no replay is wasted on a file nobody can write.
    pub(super) fn create(path: &Path) -> Result<Self, String> {
        open(path)
            .map(|file| Self {
                path: path.to_owned(),
                file,
            })
            .map_err(|error| format!("cannot write the secrets to {}: {error}", path.display()))
    }
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::fs::Permissions;
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    // The mode above is for a new file; an old one may have been open to everybody.
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
}

/// Says what was left, and writes the tokens if there is a file for them.
pub(super) fn tell(
    endpoint: &str,
    kept: &[Kept],
    secrets: Option<SecretsFile>,
) -> Result<(), Failure> {
    let mut text = format!("\nleft on {endpoint}:\n");
    for left in kept {
        text.push_str(&format!("  {}\n", left.scenario));
        for app in &left.apps {
            let name = match app.name.as_str() {
                "" => String::new(),
                name => format!(" {name}"),
            };
            text.push_str(&format!("    app{name}: {}\n", app.id));
        }
        for user in &left.users {
            text.push_str(&format!("    user {}: {}\n", user.name, user.id));
        }
        for session in &left.sessions {
            text.push_str(&format!("    session {}\n", session.name));
        }
    }
    print(&text)?;
    let Some(SecretsFile { path, mut file }) = secrets else {
        return Ok(());
    };
    let all: Vec<Value> = kept.iter().map(with_secrets).collect();
    let json = json!({ "endpoint": endpoint, "scenarios": all });
    let written = writeln!(file, "{json:#}").and_then(|()| file.flush());
    written.map_err(|error| {
        let path = path.display();
        Failure::usage(format!("cannot write the secrets to {path}: {error}"))
    })?;
    print(&format!("  tokens: in {}\n", path.display())).map(drop)
}

fn with_secrets(kept: &Kept) -> Value {
    let list = |names: &[KeptName], id: &str, secret: &str| -> Value {
        names
            .iter()
            .map(|one| json!({ "name": one.name, id: one.id, secret: one.secret }))
            .collect()
    };
    json!({
        "scenario": kept.scenario,
        "apps": list(&kept.apps, "app_id", "admin_token"),
        "users": list(&kept.users, "user_id", "credential"),
        "sessions": list(&kept.sessions, "user_id", "session_token"),
    })
}
