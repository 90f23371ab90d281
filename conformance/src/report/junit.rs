//! JUnit XML: a suite a chapter, a case a scenario.
//!
//! `fail` is a failure; `could_not_run`, `timeout` and `harness_fault` are errors; `not_applicable`
//! and known failures are skipped; `warn` is a success with its reason on standard output. What is
//! wrong with the list of known failures fails in a suite of its own. The files fit the strictest
//! schema in use, `junit-10.xsd` of the Jenkins xUnit plugin.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as JunitReport, TestCase, TestCaseStatus, TestSuite};

use super::failure::Failure;
use super::visible::visible;
use crate::event::{ScenarioFinished, Stale, StaleKind};
use crate::record::Record;
use crate::scenario::RequirementId;
use crate::verdict::Verdict;

/// A run as JUnit XML.
///
/// # Errors
/// When the XML cannot be written.
pub fn junit(record: &Record) -> io::Result<String> {
    let mut chapters: BTreeMap<&str, Vec<&ScenarioFinished>> = BTreeMap::new();
    for scenario in record.scenarios.values() {
        chapters
            .entry(&scenario.chapter)
            .or_default()
            .push(scenario);
    }
    let mut report = JunitReport::new("duologue");
    for (chapter, mut scenarios) in chapters {
        scenarios.sort_by(|a, b| a.file.cmp(&b.file));
        let mut suite = TestSuite::new(chapter);
        suite.add_test_cases(scenarios.into_iter().map(|scenario| case(record, scenario)));
        report.add_test_suite(suite);
    }
    if let Some(finished) = &record.finished {
        report.set_time(Duration::from_millis(finished.duration_ms));
        if !finished.stale.is_empty() {
            let mut suite = TestSuite::new("known failures");
            suite.add_test_cases(finished.stale.iter().map(stale_case));
            report.add_test_suite(suite);
        }
    }
    let xml = report.to_string().map_err(io::Error::other)?;
    // The schema has this attribute for suites, but not for the root, which comes first.
    Ok(xml.replacen(&format!(" skipped=\"{}\"", report.skipped), "", 1))
}

fn case(record: &Record, scenario: &ScenarioFinished) -> TestCase {
    let steps = record.steps.get(&scenario.scenario);
    let failure = Failure::new(
        scenario,
        steps.map_or(&[], Vec::as_slice),
        record.started.as_ref(),
    );
    let status = match (&scenario.known, scenario.verdict) {
        (Some(known), _) => skipped(&format!("known: {}", known.reason)),
        (None, Verdict::Pass | Verdict::Warn) => TestCaseStatus::success(),
        (None, Verdict::Fail) => broken(&failure, NonSuccessKind::Failure),
        (None, Verdict::CouldNotRun | Verdict::Timeout | Verdict::HarnessFault) => {
            broken(&failure, NonSuccessKind::Error)
        }
        (None, Verdict::NotApplicable) => skipped(&failure.message),
    };
    let mut case = TestCase::new(scenario.scenario.as_str(), status);
    case.set_classname(scenario.chapter.as_str());
    case.set_time(Duration::from_millis(scenario.duration_ms));
    let ids: Vec<&str> = scenario
        .requirements
        .iter()
        .map(RequirementId::as_str)
        .collect();
    let mut out = format!("{}\nproves {}", visible(&scenario.title), ids.join(", "));
    if scenario.known.is_some() || scenario.verdict == Verdict::Warn {
        out.push_str(&format!("\n{}", failure.text()));
    }
    case.set_system_out(out);
    case
}

fn broken(failure: &Failure<'_>, kind: NonSuccessKind) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status
        .set_message(failure.message.as_str())
        .set_type(failure.scenario.verdict.as_str())
        .set_description(failure.text());
    status
}

fn skipped(message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(visible(message));
    status
}

fn stale_case(stale: &Stale) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status
        .set_message(visible(&stale.message))
        .set_type(stale.kind.as_str());
    let mut case = TestCase::new(visible(&stale.scenario), status);
    case.set_classname("known failures");
    case.set_time(Duration::ZERO);
    case
}

impl StaleKind {
    /// The words in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnexpectedPass => "unexpected pass",
            Self::DeadEntry => "dead entry",
            Self::ChangedSignature => "changed signature",
            Self::Expired => "expired",
        }
    }
}
