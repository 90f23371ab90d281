//! What a kill matrix must show.

use std::collections::{BTreeMap, BTreeSet};

use duologue_conformance::requirements::{Keyword, Proof, Requirements};

use super::files::Matrix;

/// What is wrong with the catalogue or the suite, a sentence each.
pub(super) fn complaints(
    matrix: &Matrix,
    requirements: &Requirements,
    scenarios: &BTreeSet<String>,
) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut seen = BTreeSet::new();
    let provable: BTreeMap<&str, &str> = requirements
        .iter()
        .filter(|found| found.proof == Proof::Scenario)
        .map(|found| (found.id.as_str(), found.chapter.as_str()))
        .collect();
    for row in &matrix.faults {
        let (id, requirement) = (&row.id, row.requirement.as_str());
        if !seen.insert(id) {
            complaints.push(format!("{id}: two faults have this id"));
        }
        match provable.get(requirement) {
            None => complaints.push(format!("{id}: no scenario can prove {requirement}")),
            Some(chapter) if !id.starts_with(&format!("{chapter}-")) => {
                complaints.push(format!(
                    "{id}: its requirement stands in the chapter {chapter}"
                ));
            }
            Some(_) => {}
        }
        if row.killed_by.is_empty() {
            complaints.push(format!(
                "{id}: no scenario that cites {requirement} notices"
            ));
        }
    }
    let broken: BTreeSet<&str> = matrix
        .faults
        .iter()
        .map(|row| row.requirement.as_str())
        .collect();
    for found in requirements.iter() {
        let bound = found.keyword == Keyword::Must && found.proof == Proof::Scenario;
        if bound && !broken.contains(found.id.as_str()) {
            complaints.push(format!("{}: no fault breaks this MUST", found.id));
        }
    }
    let killers: BTreeSet<&String> = matrix
        .faults
        .iter()
        .flat_map(|row| &row.killed_by)
        .collect();
    for scenario in scenarios {
        if !killers.contains(scenario) {
            complaints.push(format!(
                "{scenario}: notices no fault; sharpen it, add the fault it is for, or delete it"
            ));
        }
    }
    complaints
}

/// Kills that the recorded matrix has and this one has not, of faults and scenarios that still are.
pub(super) fn lost(
    matrix: &Matrix,
    recorded: &Matrix,
    scenarios: &BTreeSet<String>,
) -> Vec<String> {
    let now: BTreeMap<&String, &Vec<String>> = matrix
        .faults
        .iter()
        .map(|row| (&row.id, &row.killed_by))
        .collect();
    let mut complaints = Vec::new();
    for row in &recorded.faults {
        let Some(killed_by) = now.get(&row.id) else {
            continue;
        };
        for scenario in &row.killed_by {
            if scenarios.contains(scenario) && !killed_by.contains(scenario) {
                complaints.push(format!(
                    "{scenario}: no longer notices {}; if that is meant, --accept-lost",
                    row.id
                ));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::super::files::Row;
    use super::*;

    fn matrix(rows: &[(&str, &str, &[&str])]) -> Matrix {
        let row = |(id, requirement, killers): &(&str, &str, &[&str])| Row {
            id: (*id).into(),
            sentence: "It is wrong.".into(),
            requirement: (*requirement).into(),
            killed_by: killers.iter().map(|killer| (*killer).into()).collect(),
        };
        Matrix {
            faults: rows.iter().map(row).collect(),
        }
    }

    fn requirements() -> Requirements {
        let mut all = Requirements::default();
        let items = "- **OFF-001** — A cache MUST keep.\n- **OFF-002** — A cache MUST drop.\n\
                     - **OFF-003** — A cache MAY hum.\n- **OFF-004** (client) — A client MUST ask.\n";
        all.add("offline", items);
        all
    }

    fn ids(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(|id| (*id).into()).collect()
    }

    #[test]
    fn a_full_matrix_has_no_complaint() {
        let full = matrix(&[
            ("offline-a", "OFF-001", &["s1"]),
            ("offline-b", "OFF-002", &["s2"]),
        ]);
        let found = complaints(&full, &requirements(), &ids(&["s1", "s2"]));
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn every_gap_is_a_complaint_of_its_own() {
        let gaps = matrix(&[
            ("offline-a", "OFF-001", &[]),
            ("offline-a", "OFF-001", &["s1"]),
            ("sending-b", "OFF-003", &["s1"]),
            ("offline-c", "OFF-004", &["s1"]),
        ]);
        let found = complaints(&gaps, &requirements(), &ids(&["s1", "s2"])).join("\n");
        for part in [
            "offline-a: no scenario that cites OFF-001 notices",
            "offline-a: two faults",
            "sending-b: its requirement stands in the chapter offline",
            "offline-c: no scenario can prove OFF-004",
            "OFF-002: no fault breaks this MUST",
            "s2: notices no fault",
        ] {
            assert!(found.contains(part), "{part} is not in:\n{found}");
        }
        assert_eq!(found.lines().count(), 6, "{found}");
    }

    #[test]
    fn a_kill_that_is_gone_is_a_complaint_unless_its_scenario_is_gone() {
        let recorded = matrix(&[("offline-a", "OFF-001", &["s1", "s2", "s3"])]);
        let now = matrix(&[("offline-a", "OFF-001", &["s1"])]);
        let found = lost(&now, &recorded, &ids(&["s1", "s2"]));
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("s2: no longer notices offline-a"));
    }
}
