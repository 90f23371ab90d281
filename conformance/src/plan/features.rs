//! Which optional features a scenario needs: those it names and those its steps imply.

use std::collections::BTreeSet;

use crate::scenario::{ClockNeed, Expect, Feature, Outcome, Scenario, Step};

/// The features a scenario needs.
#[must_use]
pub fn needed_features(scenario: &Scenario) -> BTreeSet<Feature> {
    let mut needed: BTreeSet<Feature> = scenario.requires.features.iter().copied().collect();
    if scenario.app.clock == Some(ClockNeed::Manual) {
        needed.insert(Feature::ManualClock);
    }
    if scenario.app.push {
        needed.insert(Feature::Push);
    }
    for step in &scenario.steps {
        step.each(&mut |step| needed.extend(implied(step)));
    }
    needed
}

#[expect(clippy::wildcard_enum_match_arm, reason = "most verbs need no feature")]
fn implied(step: &Step) -> Option<Feature> {
    match step {
        Step::Upload(_) | Step::Download(_) => Some(Feature::Media),
        Step::Provision(_) => Some(Feature::Provisioning),
        Step::RegisterPush(_) | Step::UnregisterPush(_) => Some(Feature::Push),
        Step::Request(request) if request.r#as.source() == "operator" => {
            Some(Feature::Provisioning)
        }
        Step::Request(request) if wants_success(&request.expect) => {
            feature_of(request.path.source())
        }
        _ => None,
    }
}

/// Whether nothing but a success will do.
fn wants_success(expect: &Expect) -> bool {
    matches!(expect.outcome, Outcome::Ok(_))
}

/// The feature that an endpoint belongs to.
#[must_use]
pub fn feature_of(path: &str) -> Option<Feature> {
    Feature::of_path(path)
}

/// Whether steps wait until the time of a message is over.
#[must_use]
pub fn outlives(steps: &[Step]) -> bool {
    let mut found = false;
    for step in steps {
        step.each(&mut |step| found |= matches!(step, Step::Outlive(_)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_of_features_are_told_by_their_paths() {
        let check = |path: &str, feature| assert_eq!(feature_of(path), feature, "{path}");
        check("/v1/apps", Some(Feature::Provisioning));
        check("/v1/apps/k3", Some(Feature::Provisioning));
        check("/v1/media?kind=file", Some(Feature::Media));
        check("/v1/mediaeval", None);
        check("/v1/messages", None);
    }
}
