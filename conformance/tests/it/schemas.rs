//! The generated schema files are those of the types.

use std::path::Path;

use duologue_conformance::schema_files::{Mode, scenario_schema, schema_files};

#[test]
fn the_schema_of_scenarios_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/scenario.schema.json");
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == scenario_schema(),
        "fixtures/scenario.schema.json is out of date; write it with \
         `duologue schema --out DIR` and copy scenario.schema.json"
    );
}

#[test]
fn every_embedded_scenario_fits_the_schema_of_scenarios() {
    let schema = serde_json::from_str(&scenario_schema()).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let corpus = duologue_conformance::scenario::Corpus::embedded().unwrap();
    for fixture in &corpus.fixtures {
        let value = serde_json::from_str(&fixture.source).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", fixture.file);
    }
}

#[test]
fn what_is_written_passes_the_check_and_what_is_changed_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let names = schema_files(folder.path(), Mode::Write).unwrap();
    assert!(
        names.iter().any(|name| name == "Message.schema.json"),
        "{names:?}"
    );
    schema_files(folder.path(), Mode::Check).unwrap();
    std::fs::write(folder.path().join("Message.schema.json"), "{}\n").unwrap();
    let error = schema_files(folder.path(), Mode::Check)
        .unwrap_err()
        .to_string();
    assert!(error.contains("Message.schema.json"), "{error}");
}
