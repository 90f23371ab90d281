//! JUnit XML: a suite a chapter, a case a scenario.
//!
//! `fail` is a failure; `could_not_run`, `timeout` and `harness_fault` are errors;
//! `not_applicable` is skipped; `warn` is a success with its reason on standard output.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use quick_junit::{NonSuccessKind, Report as JunitReport, TestCase, TestCaseStatus, TestSuite};

use super::summary::plain_reason;
use crate::event::{Event, ScenarioFinished};
use crate::executor::Report;
use crate::verdict::Verdict;

/// Collects scenarios and writes the file at the end.
#[derive(Debug)]
pub(super) struct Junit<W> {
    out: W,
    chapters: BTreeMap<String, Vec<ScenarioFinished>>,
}

impl<W: Write> Junit<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            chapters: BTreeMap::new(),
        }
    }

    fn write(&mut self, duration_ms: u64) -> io::Result<()> {
        let mut report = JunitReport::new("duologue");
        report.set_time(Duration::from_millis(duration_ms));
        for (chapter, scenarios) in &mut self.chapters {
            scenarios.sort_by(|a, b| a.file.cmp(&b.file));
            let mut suite = TestSuite::new(chapter.as_str());
            suite.add_test_cases(scenarios.iter().map(case));
            report.add_test_suite(suite);
        }
        report.serialize(&mut self.out).map_err(io::Error::other)?;
        self.out.flush()
    }
}

fn case(scenario: &ScenarioFinished) -> TestCase {
    let reason = scenario.reason.as_ref();
    let message = reason
        .map(|reason| reason.message.clone())
        .unwrap_or_default();
    let text = reason.map(plain_reason).unwrap_or_default();
    let broken = |kind| {
        let mut status = TestCaseStatus::non_success(kind);
        status
            .set_message(message.clone())
            .set_type(scenario.verdict.as_str());
        status.set_description(text.clone());
        status
    };
    let status = match scenario.verdict {
        Verdict::Pass | Verdict::Warn => TestCaseStatus::success(),
        Verdict::Fail => broken(NonSuccessKind::Failure),
        Verdict::CouldNotRun | Verdict::Timeout | Verdict::HarnessFault => {
            broken(NonSuccessKind::Error)
        }
        Verdict::NotApplicable => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(message.clone());
            status
        }
    };
    let mut case = TestCase::new(scenario.scenario.as_str(), status);
    case.set_classname(scenario.chapter.as_str());
    case.set_time(Duration::from_millis(scenario.duration_ms));
    for id in &scenario.requirements {
        case.add_property(("requirement", id.as_str()));
    }
    if scenario.verdict == Verdict::Warn {
        case.set_system_out(text);
    }
    case
}

impl<W: Write + Send> Report for Junit<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::ScenarioFinished(finished) => {
                self.chapters
                    .entry(finished.chapter.clone())
                    .or_default()
                    .push(finished.clone());
                Ok(())
            }
            Event::RunFinished(finished) => self.write(finished.duration_ms),
            Event::RunStarted(_) | Event::ScenarioStarted(_) | Event::StepFinished(_) => Ok(()),
        }
    }
}
