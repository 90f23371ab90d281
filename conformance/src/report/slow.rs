//! Steps that took long.

use std::collections::BTreeSet;

use crate::event::{Entry, StepFinished};
use crate::scenario::ScenarioId;

/// From here on a step is slow.
const SLOW_MS: u64 = 1_000;
/// More are not listed.
const LISTED_MAX: usize = 10;
/// These wait on purpose: for a heartbeat, for a gateway that hangs, for the server to hang up, for
/// the end of a lifetime.
const PATIENT_VERBS: &[&str] = &[
    "expect_comment",
    "expect_end",
    "expect_push",
    "expect_no_push_before",
    "outlive",
];

/// A slow step: duration, scenario, pointer and verb.
type SlowStep = (u64, ScenarioId, String, String);

/// The slowest steps of a run.
#[derive(Debug, Default)]
pub(super) struct Slow(BTreeSet<SlowStep>);

impl Slow {
    /// Takes note of a step, if it is slow and does not wait on purpose.
    pub(super) fn add(&mut self, step: &StepFinished) {
        let waited = step.transcript.iter().any(|line| match &line.entry {
            Entry::Note { text } => text.starts_with("rate limited: waiting"),
            Entry::Exchange(_) | Entry::StreamEvent { .. } | Entry::Push { .. } => false,
        });
        if step.duration_ms < SLOW_MS || waited || PATIENT_VERBS.contains(&step.verb.as_str()) {
            return;
        }
        let scenario = step.scenario.clone();
        self.0.insert((
            step.duration_ms,
            scenario,
            step.step.clone(),
            step.verb.clone(),
        ));
        if self.0.len() > LISTED_MAX {
            self.0.pop_first();
        }
    }

    /// A line a step, the slowest first.
    pub(super) fn lines(&self) -> Vec<String> {
        self.0
            .iter()
            .rev()
            .map(|(duration_ms, scenario, step, verb)| {
                let seconds = std::time::Duration::from_millis(*duration_ms).as_secs_f32();
                format!("{seconds:>5.1} s  {scenario} {step} {verb}")
            })
            .collect()
    }
}
