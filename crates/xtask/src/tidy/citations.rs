//! Citations: every requirement that can be proved is cited by what proves it.

use duologue_conformance::requirements::{Proof, Requirements};
use duologue_conformance::scenario::Corpus;

use crate::sources::Source;

pub(super) fn check(
    requirements: &Requirements,
    corpus: &Corpus,
    sources: &[Source],
) -> Vec<String> {
    let mut defects = Vec::new();
    for fixture in &corpus.fixtures {
        for id in &fixture.scenario.requirements {
            if requirements.get(id).is_none() {
                defects.push(format!(
                    "fixtures/scenarios/{}: no requirement {id}",
                    fixture.file
                ));
            }
        }
    }
    for requirement in requirements.iter() {
        let id = requirement.id.as_str();
        let in_scenario = || {
            corpus
                .fixtures
                .iter()
                .any(|fixture| fixture.scenario.requirements.contains(&requirement.id))
        };
        let in_test = || {
            sources
                .iter()
                .any(|s| s.path.contains("/tests/") && s.text.contains(id))
        };
        let missing = match &requirement.proof {
            Proof::Scenario if !in_scenario() => "no scenario cites it",
            Proof::Client if !in_test() => "no Rust test cites it",
            Proof::Untestable(reason) if reason.is_empty() => "untestable, but no reason given",
            Proof::Scenario | Proof::Client | Proof::Untestable(_) => continue,
        };
        defects.push(format!(
            "spec/src/{}.md: {id}: {missing}",
            requirement.chapter
        ));
    }
    defects
}
