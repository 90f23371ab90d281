//! What is said of a scenario, of a run, and to the shell.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is said of one scenario.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything was as expected.
    Pass,
    /// The server broke a MUST.
    Fail,
    /// The server broke a SHOULD, or did what is merely tolerated.
    Warn,
    /// The server does not declare what the scenario needs; it counts neither way.
    NotApplicable,
    /// The environment was in the way: no answer, a refused connection, a closed stream.
    CouldNotRun,
    /// No answer in time.
    Timeout,
    /// The scenario or this program is at fault.
    HarnessFault,
}

impl Verdict {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::NotApplicable => "not_applicable",
            Self::CouldNotRun => "could_not_run",
            Self::Timeout => "timeout",
            Self::HarnessFault => "harness_fault",
        }
    }
}

/// How many scenarios ended how. Known failures are in `known` and nowhere else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "each field counts what its name says")]
pub struct Totals {
    pub pass: u64,
    pub fail: u64,
    pub warn: u64,
    pub not_applicable: u64,
    pub could_not_run: u64,
    pub timeout: u64,
    pub harness_fault: u64,
    #[serde(default)]
    pub known: u64,
}

impl Totals {
    /// Counts one scenario.
    pub fn count(&mut self, verdict: Verdict) {
        *match verdict {
            Verdict::Pass => &mut self.pass,
            Verdict::Fail => &mut self.fail,
            Verdict::Warn => &mut self.warn,
            Verdict::NotApplicable => &mut self.not_applicable,
            Verdict::CouldNotRun => &mut self.could_not_run,
            Verdict::Timeout => &mut self.timeout,
            Verdict::HarnessFault => &mut self.harness_fault,
        } += 1;
    }

    /// Scenarios that say something about the server.
    #[must_use]
    pub fn graded(&self) -> u64 {
        self.pass + self.fail + self.warn + self.known
    }

    /// The outcome of a run that has to grade at least `min_graded` scenarios.
    #[must_use]
    pub fn outcome(&self, min_graded: u64) -> RunOutcome {
        if self.fail > 0 {
            RunOutcome::Fail
        } else if self.harness_fault + self.could_not_run + self.timeout > 0
            || self.graded() < min_graded
        {
            RunOutcome::Incomplete
        } else {
            RunOutcome::Pass
        }
    }
}

/// The outcome of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunOutcome {
    /// Enough was graded and nothing failed.
    Pass,
    /// Something failed.
    Fail,
    /// Nothing failed, but not everything could be graded.
    Incomplete,
}

impl RunOutcome {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Incomplete => "incomplete",
        }
    }
}

/// What the program tells the shell. These numbers are a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// Everything applicable was graded and nothing failed.
    Pass = 0,
    /// A scenario failed, or the list of known failures is stale.
    Fail = 1,
    /// Usage or configuration: unknown flag, unreadable file, missing or refused token.
    Usage = 2,
    /// Nothing failed, but not everything could be graded: unreachable server, timeouts,
    /// interruption, too few graded scenarios.
    Incomplete = 3,
    /// The filters select no scenario.
    NothingSelected = 4,
    /// Nothing failed, but a scenario or this program is at fault.
    HarnessFault = 5,
}

impl ExitCode {
    /// The exit code of a run. A failure outranks everything, since it is the server's own.
    #[must_use]
    pub fn of(outcome: RunOutcome, totals: &Totals) -> Self {
        match outcome {
            RunOutcome::Pass => Self::Pass,
            RunOutcome::Fail => Self::Fail,
            RunOutcome::Incomplete if totals.harness_fault > 0 => Self::HarnessFault,
            RunOutcome::Incomplete => Self::Incomplete,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_graded_and_flawless_runs_pass() {
        use Verdict::*;
        let check = |verdicts: &[Verdict], expected: ExitCode| {
            let mut totals = Totals::default();
            verdicts.iter().for_each(|&verdict| totals.count(verdict));
            let outcome = totals.outcome(1);
            assert_eq!(ExitCode::of(outcome, &totals), expected, "{verdicts:?}");
        };
        check(&[Pass, Warn, NotApplicable], ExitCode::Pass);
        check(&[Pass, Fail, HarnessFault, Timeout], ExitCode::Fail);
        check(&[NotApplicable], ExitCode::Incomplete);
        check(&[], ExitCode::Incomplete);
        check(&[Pass, CouldNotRun], ExitCode::Incomplete);
        check(&[Pass, Timeout], ExitCode::Incomplete);
        check(&[Pass, HarnessFault, Timeout], ExitCode::HarnessFault);
    }
}
