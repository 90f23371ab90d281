//! What the oracle says, as plain text.

use super::summary::plain_mismatch;
use crate::event::ScenarioFinished;
use crate::oracle::{Disagreement, ModelVerdict};

/// More scenarios are only counted.
const SCENARIOS_MAX: usize = 10;

/// The first place where the model would have done something else.
pub(super) fn first(scenario: &ScenarioFinished) -> Option<&Disagreement> {
    match &scenario.model {
        Some(ModelVerdict::Disagrees { disagreements }) => disagreements.first(),
        Some(ModelVerdict::Agrees { .. } | ModelVerdict::Unknown { .. }) | None => None,
    }
}

/// What the model would have done at the step that failed; empty: the same, or nobody knows.
pub(super) fn beside_failure(scenario: &ScenarioFinished) -> String {
    let step = scenario
        .reason
        .as_ref()
        .and_then(|reason| reason.step.as_ref());
    match first(scenario) {
        Some(found) if Some(&found.step) == step => {
            let mut text = format!("the model disagrees here: {}", found.message);
            found
                .mismatches
                .iter()
                .for_each(|mismatch| text.push_str(&plain_mismatch(mismatch)));
            text
        }
        Some(_) | None => String::new(),
    }
}

/// A block about scenarios that passed though the model disagrees; empty if there are none.
pub(super) fn advice(scenarios: &[ScenarioFinished]) -> String {
    let found: Vec<_> = scenarios
        .iter()
        .filter_map(|scenario| Some((scenario, first(scenario)?)))
        .collect();
    if found.is_empty() {
        return String::new();
    }
    let count = match found.len() {
        1 => "1 scenario that passed".to_owned(),
        count => format!("{count} scenarios that passed"),
    };
    let mut text = format!("The model disagrees in {count} (a hint, not a failure):\n");
    for (scenario, found) in found.iter().take(SCENARIOS_MAX) {
        let Disagreement {
            step,
            message,
            mismatches,
        } = found;
        text.push_str(&format!("  {} at {step}: {message}", scenario.scenario));
        let first = mismatches.first().map(plain_mismatch).unwrap_or_default();
        text.push_str(&first.replace('\n', "\n  "));
        text.push('\n');
    }
    if found.len() > SCENARIOS_MAX {
        let more = found.len() - SCENARIOS_MAX;
        text.push_str(&format!(
            "  … and {more} more; a json report has them all\n"
        ));
    }
    text
}
