//! What the oracle says, as plain text.

use super::failure::Finding;
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

/// What the model would have done at the step that failed; none: the same, or nobody knows.
pub(super) fn beside_failure(scenario: &ScenarioFinished) -> Option<(String, Vec<Finding>)> {
    let step = scenario.reason.as_ref()?.step.as_ref()?;
    let found = first(scenario).filter(|found| found.step == *step)?;
    let findings = found.mismatches.iter().map(Finding::of).collect();
    Some((found.message.clone(), findings))
}

/// A block about scenarios that passed though the model disagrees; empty if there are none.
pub(super) fn advice<'a>(scenarios: impl Iterator<Item = &'a ScenarioFinished>) -> String {
    let found: Vec<_> = scenarios
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
        text.push('\n');
        for (_, line) in mismatches
            .iter()
            .take(1)
            .flat_map(|one| Finding::of(one).lines())
        {
            text.push_str(&format!("  {line}\n"));
        }
    }
    if found.len() > SCENARIOS_MAX {
        let more = found.len() - SCENARIOS_MAX;
        text.push_str(&format!(
            "  … and {more} more; a json report has them all\n"
        ));
    }
    text
}
