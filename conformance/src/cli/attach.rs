//! What the way to a server takes beside its URL: CAs, headers, a pace.

use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use clap::Args;
use duologue_client::{Endpoint, Roots};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::Failure;
use super::config::RunTable;

/// The runner needs these for itself, or scenarios are about them.
const OWN_HEADERS: &[HeaderName] = &[
    header::ACCEPT,
    header::AUTHORIZATION,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::EXPECT,
    header::HOST,
    header::TRANSFER_ENCODING,
];

/// Flags about the way to the server.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct AttachArgs {
    /// For https: trust the CA certificates in this file too, beside those the system trusts
    #[arg(long, env = "DUOLOGUE_CA_FILE", value_name = "PEM")]
    pub(super) ca_file: Option<PathBuf>,
    /// Send this header with every request, for instance to a gateway; repeatable
    #[arg(
        long,
        env = "DUOLOGUE_HEADER",
        value_name = "NAME: VALUE",
        value_delimiter = '\n'
    )]
    pub(super) header: Vec<String>,
    /// Send the headers in this file, one a line, with every request: the place for secret ones
    #[arg(long, env = "DUOLOGUE_HEADER_FILE", value_name = "FILE")]
    pub(super) header_file: Option<PathBuf>,
    /// Send at most so many requests a second, evenly spaced; a slow pace needs a longer
    /// --scenario-timeout [default: no limit]
    #[arg(long, env = "DUOLOGUE_MAX_REQUESTS_PER_SECOND", value_name = "N")]
    pub(super) max_requests_per_second: Option<NonZeroU32>,
}

/// The way to the server, read and checked.
#[derive(Debug)]
pub(super) struct Attach {
    roots: Option<Roots>,
    headers: HeaderMap,
    pub(super) max_requests_per_second: Option<NonZeroU32>,
}

impl Attach {
    /// Reads the files that the merged configuration names.
    pub(super) fn new(table: &RunTable) -> Result<Self, Failure> {
        let given = &table.header;
        let mut headers = HeaderMap::new();
        for line in given.iter().filter(|line| !line.trim().is_empty()) {
            add(&mut headers, line).map_err(|what| Failure::usage(format!("--header: {what}")))?;
        }
        if let Some(path) = &table.header_file {
            for (index, line) in read(path, "--header-file")?.lines().enumerate() {
                if !line.trim().is_empty() {
                    add(&mut headers, line).map_err(|what| {
                        let place = format!("{} line {}", path.display(), index + 1);
                        Failure::usage(format!("{place}: {what}"))
                    })?;
                }
            }
        }
        Ok(Self {
            roots: table.ca_file.as_deref().map(roots).transpose()?,
            headers,
            max_requests_per_second: table.max_requests_per_second,
        })
    }

    /// The endpoint as requests to it need it.
    pub(super) fn to(&self, endpoint: Endpoint) -> Endpoint {
        let endpoint = endpoint.with_headers(self.headers.clone());
        match &self.roots {
            Some(roots) => endpoint.with_roots(roots.clone()),
            None => endpoint,
        }
    }
}

fn roots(path: &Path) -> Result<Roots, Failure> {
    Roots::from_pem(read(path, "--ca-file")?.as_bytes())
        .map_err(|error| Failure::usage(format!("--ca-file {}: {error}", path.display())))
}

fn read(path: &Path, flag: &str) -> Result<String, Failure> {
    fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{flag} {}: {error}", path.display())))
}

/// Takes `Name: value`. Values may be secrets and are not repeated in errors.
fn add(headers: &mut HeaderMap, line: &str) -> Result<(), String> {
    let (name, value) = line
        .split_once(':')
        .ok_or("a header is written `Name: value`, but there is no colon")?;
    let name = HeaderName::from_bytes(name.trim().as_bytes())
        .map_err(|_| "what stands before the colon is not a header's name".to_owned())?;
    if OWN_HEADERS.contains(&name) {
        return Err(format!("the run sets `{name}` itself"));
    }
    let mut value = HeaderValue::from_str(value.trim())
        .map_err(|_| format!("the value of `{name}` cannot stand in a header"))?;
    value.set_sensitive(true);
    headers.append(name, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_names_and_values_and_errors_keep_the_secret() {
        let mut headers = HeaderMap::new();
        add(&mut headers, "X-Key:  a: b ").unwrap();
        add(&mut headers, "x-key: c").unwrap();
        let values: Vec<_> = headers.get_all("x-key").iter().collect();
        assert_eq!(values, ["a: b", "c"]);
        for line in [
            "s3cret",
            "x y: s3cret",
            "x-key: s3cret\u{1}",
            "Host: s3cret",
            "authorization: s3cret",
        ] {
            let error = add(&mut headers, line).unwrap_err();
            assert!(!error.contains("s3cret"), "{error}");
        }
    }
}
