//! Compares what goes over the wire with the schemas of the protocol.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

use crate::matcher::Mismatch;

static VALIDATORS: LazyLock<BTreeMap<&'static str, Validator>> = LazyLock::new(|| {
    duologue_schema::ALL
        .iter()
        .filter_map(|name| {
            let schema = duologue_schema::schema_for(name)?;
            // A test proves that every schema compiles.
            jsonschema::draft202012::new(&schema)
                .ok()
                .map(|validator| (*name, validator))
        })
        .collect()
});

/// Where `value` breaks the schema of the wire type `name`; empty: nowhere.
#[must_use]
pub fn violations(name: &str, value: &Value) -> Vec<Mismatch> {
    let Some(validator) = VALIDATORS.get(name) else {
        return Vec::new();
    };
    if validator.is_valid(value) {
        return Vec::new();
    }
    validator
        .iter_errors(value)
        .map(|error| Mismatch {
            pointer: error.instance_path().to_string(),
            expected: format!("what the schema of {name} demands: {}", error.masked()),
            actual: value.pointer(&error.instance_path().to_string()).cloned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_wire_type_has_a_validator() {
        assert_eq!(VALIDATORS.len(), duologue_schema::ALL.len());
    }

    #[test]
    fn a_violation_names_its_place() {
        let found = violations("Kicked", &json!({ "reason": 5 }));
        assert_eq!(
            found.first().map(|found| found.pointer.as_str()),
            Some("/reason")
        );
        assert_eq!(violations("SyncDone", &json!({})), vec![]);
    }
}
