//! Servers with fewer features than the reference server: honest ones get no false failure.

use std::collections::BTreeSet;
use std::path::Path;

use duologue_core::feature::Feature;
use duologue_server::{Handle, ServerOptions, start};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::{code, duologue_in, text};

const OPERATOR: (&str, &str) = ("DUOLOGUE_OPERATOR_TOKEN", "an-operator-token");
const ADMIN: (&str, &str) = ("DUOLOGUE_ADMIN_TOKEN", "an-admin-token");

/// The reference server without some features, in this process.
fn server(runtime: &Runtime, without: &[Feature]) -> Handle {
    let mut options = ServerOptions::new(OPERATOR.1);
    options.admin_token = Some(ADMIN.1.into());
    options.features = BTreeSet::from(Feature::ALL);
    options
        .features
        .retain(|feature| !without.contains(feature));
    runtime.block_on(start(options)).unwrap()
}

/// Runs the embedded scenarios that `filters` select; returns the result.
fn run(server: &Handle, token: (&str, &str), filters: &[&str], folder: &Path) -> Value {
    let url = server.url();
    let mut args = vec!["run", "--endpoint", &url, "--report", "json=r.json"];
    for filter in filters {
        args.extend(["--filter", filter]);
    }
    let output = duologue_in(folder, &args, &[token]);
    assert_eq!(code(&output), 0, "{}", text(&output));
    serde_json::from_str(&std::fs::read_to_string(folder.join("r.json")).unwrap()).unwrap()
}

fn count(result: &Value, verdict: &str) -> u64 {
    result["finished"]["totals"][verdict].as_u64().unwrap()
}

fn verdict<'a>(result: &'a Value, id: &str) -> &'a str {
    let scenarios = result["scenarios"].as_array().unwrap();
    let found = scenarios.iter().find(|one| one["scenario"] == id).unwrap();
    found["verdict"].as_str().unwrap()
}

#[test]
fn a_server_without_any_optional_feature_is_graded_on_the_rest() {
    let runtime = Runtime::new().unwrap();
    let server = server(&runtime, &Feature::ALL);
    let folder = tempfile::tempdir().unwrap();
    let result = run(&server, ADMIN, &[], folder.path());
    assert!(count(&result, "pass") > 300, "{}", result["finished"]);
    assert_eq!(result["started"]["own_apps"], false);
    let check = |id: &str, expected: &str| assert_eq!(verdict(&result, id), expected, "{id}");
    check("errors-undeclared-feature", "pass");
    check("clock-real-clock-ends-a-lifetime", "pass");
    check("roaming-expired-messages-are-covered-holes", "pass");
    check("clock-advance-moves-the-clock-exactly", "not_applicable");
    check("versioning-unknown-field-of-a-push-token", "not_applicable");
    runtime.block_on(server.stop());
}

#[test]
fn without_a_manual_clock_lifetimes_are_waited_for_all_at_the_same_time() {
    let runtime = Runtime::new().unwrap();
    let server = server(&runtime, &[Feature::ManualClock]);
    let folder = tempfile::tempdir().unwrap();
    let result = run(&server, OPERATOR, &["expire"], folder.path());
    assert_eq!(result["started"]["own_apps"], true);
    let check = |id: &str, expected: &str| assert_eq!(verdict(&result, id), expected, "{id}");
    check("offline-expired-messages-take-no-place", "pass");
    check("stream-ack-by-the-cursor-of-an-expired-entry", "pass");
    runtime.block_on(server.stop());
}

#[test]
fn whoever_has_only_the_admin_token_of_an_app_shares_it() {
    let runtime = Runtime::new().unwrap();
    let server = server(&runtime, &[]);
    let folder = tempfile::tempdir().unwrap();
    let filters = ["permissions", "offline", "admin"];
    let first = run(&server, ADMIN, &filters, folder.path());
    let second = run(&server, ADMIN, &filters, folder.path());
    for result in [&first, &second] {
        assert_eq!(result["started"]["own_apps"], false);
        assert!(count(result, "pass") > 50, "{}", result["finished"]);
    }
    assert_eq!(first["finished"]["totals"], second["finished"]["totals"]);
    runtime.block_on(server.stop());
}
