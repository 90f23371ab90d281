//! Whether an endpoint is fit to be tested: one cheap look at each thing a run relies on.
//!
//! Every look is a [`Finding`]. What it makes on the server it deletes again, and where it fails it
//! says how to mend that. Nothing here takes the place of a scenario: a server that is fit may
//! still break any rule.

mod access;
mod cleanup;
mod errors;
mod features;
mod finding;
mod limits;
mod patient;
mod server;
mod session;

use std::time::Duration;

use duologue_client::{Endpoint, Http, Timeouts, TransportError};
use serde::Serialize;

use crate::executor::Access;
use crate::plan::{Facts, Place};
use crate::scenario::Corpus;
use crate::verdict::ExitCode;

pub use finding::{Blame, Finding, State};

use patient::Patient;

/// What the doctor found.
#[derive(Debug, Clone, Serialize)]
pub struct Examination {
    /// The base URL.
    pub endpoint: String,
    /// The server's name and version, as it says.
    pub implementation: Option<String>,
    /// The looks, in order.
    pub findings: Vec<Finding>,
    /// How many scenarios would apply; none: that could not be told.
    pub applicable: Option<usize>,
    /// How many scenarios there are.
    pub scenarios: usize,
}

/// Examines a server with the tokens for it; no answer may take longer than `patience`.
///
/// # Errors
/// When the system refuses the means for it.
pub async fn examine(
    endpoint: &Endpoint,
    access: &Access,
    patience: Duration,
    corpus: &Corpus,
) -> Result<Examination, TransportError> {
    let timeouts = Timeouts {
        connect: patience,
        request: patience,
        upload: patience,
    };
    let http = Http::with_timeouts(endpoint.clone(), timeouts)?;
    let patient = Patient::new(http, access);
    let mut examination = Examination {
        endpoint: endpoint.base().to_owned(),
        implementation: None,
        findings: Vec::new(),
        applicable: None,
        scenarios: corpus.fixtures.len(),
    };
    examination
        .examine(&patient, access, patience, corpus)
        .await;
    Ok(examination)
}

impl Examination {
    async fn examine(
        &mut self,
        patient: &Patient,
        access: &Access,
        patience: Duration,
        corpus: &Corpus,
    ) {
        let found = &mut self.findings;
        let Some(server) = server::look(patient, patience, found).await else {
            return;
        };
        self.implementation = Some(server.implementation);
        errors::look(patient, found).await;
        features::look_at_undeclared(patient, &server.features, found).await;
        let Some(site) = access::look(patient, access, &server.features, found).await else {
            return;
        };
        limits::look(&site, found);
        let session = session::look(patient, &site, patience, found).await;
        features::look_at_declared(patient, &site, session.as_ref(), &server.features, found).await;
        cleanup::look(patient, &site, session.as_ref(), found).await;
        let facts = site.facts(server.features);
        self.applicable = Some(applicable(&facts, corpus));
    }

    /// Whether nothing is in the way of a run.
    #[must_use]
    pub fn is_fit(&self) -> bool {
        self.exit_code() == ExitCode::Pass
    }

    /// What the shell hears. What the server does wrong outranks everything, since it is its own.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        let blamed = |blame| {
            self.findings
                .iter()
                .any(|finding| finding.state == State::Fail && finding.blame == blame)
        };
        if blamed(Blame::Server) {
            ExitCode::Fail
        } else if blamed(Blame::Configuration) {
            ExitCode::Usage
        } else if blamed(Blame::Environment) {
            ExitCode::Incomplete
        } else {
            ExitCode::Pass
        }
    }

    /// The verdict.
    #[must_use]
    pub fn sentence(&self) -> String {
        let who = self.implementation.as_deref().unwrap_or("the server");
        let failed: Vec<&str> = self
            .findings
            .iter()
            .filter(|finding| finding.state == State::Fail)
            .map(|finding| finding.name)
            .collect();
        let failed = failed.join(", ");
        let all = self.scenarios;
        let verdict = match self.exit_code() {
            ExitCode::Pass => format!("fit: {who} at {}", self.endpoint),
            ExitCode::Usage => format!("not ready: mend {failed} on this side"),
            ExitCode::Incomplete => format!("unreachable: no use of {} ({failed})", self.endpoint),
            ExitCode::Fail | ExitCode::NothingSelected | ExitCode::HarnessFault => {
                format!("unfit: {who} at {} has to mend {failed}", self.endpoint)
            }
        };
        match (self.applicable, self.is_fit()) {
            (None, _) => verdict,
            (Some(count), true) => format!("{verdict}; {count} of {all} scenarios will apply"),
            (Some(count), false) => format!("{verdict}; {count} of {all} scenarios would apply"),
        }
    }
}

fn applicable(facts: &Facts, corpus: &Corpus) -> usize {
    corpus
        .fixtures
        .iter()
        .filter(|fixture| !matches!(facts.place(&fixture.scenario), Place::NotApplicable(_)))
        .count()
}
