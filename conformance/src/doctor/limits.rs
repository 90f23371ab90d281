//! Limits that cannot hold beside each other.

use serde_json::Value;

use super::access::Site;
use super::finding::Finding;

/// What the table of limits calls the least value, where it is not 1.
const LEAST: [(&str, u64); 4] = [
    ("dedup_window_s", 600),
    ("heartbeat_ms", 50),
    ("json_depth_max", 4),
    ("request_bytes_max", 1024),
];
/// A shared app keeps its heartbeat; scenarios wait for two of them.
const HEARTBEAT_MS_WORTH_WAITING_FOR: u64 = 20_000;

pub(super) fn look(site: &Site, found: &mut Vec<Finding>) {
    let limits = &site.app["limits"];
    let before = found.len();
    found.extend(contradictions(limits));
    let heartbeat = limits["heartbeat_ms"].as_u64().unwrap_or_default();
    if site.operator.is_none() && heartbeat > HEARTBEAT_MS_WORTH_WAITING_FOR {
        found.push(Finding::warn(
            "limits",
            format!("heartbeat_ms is {heartbeat}, and scenarios that cut streams wait for two"),
            "give the app for tests a shorter one, or raise --scenario-timeout",
        ));
    }
    if found.len() == before {
        found.push(Finding::ok("limits", "they hold beside each other"));
    }
}

fn contradictions(limits: &Value) -> Vec<Finding> {
    let mut found = Vec::new();
    let value = |name: &str| limits[name].as_u64();
    for (name, limit) in limits.as_object().into_iter().flatten() {
        let least = LEAST
            .iter()
            .find(|(known, _)| known == name)
            .map_or(1, |(_, least)| *least);
        if limit.as_u64().is_some_and(|limit| limit < least) {
            found.push(Finding::fail(
                "limits",
                format!("{name} is {limit}, and the least is {least}"),
                "declare what LIM-001 allows",
            ));
        }
    }
    // What is on the left cannot be used up where it is larger than what is on the right.
    let ttl = (value("offline_ttl_s"), value("roaming_ttl_s"));
    if let (Some(offline), Some(roaming)) = ttl
        && offline > roaming
    {
        found.push(Finding::fail(
            "limits",
            format!("offline_ttl_s ({offline}) is over roaming_ttl_s ({roaming})"),
            "no such app may be (LIM-005): lower the first or raise the second",
        ));
    }
    for (inner, outer) in [
        ("message_bytes_max", "request_bytes_max"),
        ("nickname_bytes_max", "request_bytes_max"),
        ("url_bytes_max", "request_bytes_max"),
        ("message_bytes_max", "offline_bytes_max"),
    ] {
        if let (Some(small), Some(large)) = (value(inner), value(outer))
            && small > large
        {
            found.push(Finding::warn(
                "limits",
                format!("{inner} ({small}) is over {outer} ({large}) and can never be reached"),
                format!("lower {inner} or raise {outer}"),
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::doctor::State;

    #[track_caller]
    fn check(limits: &Value, expected: &[(State, &str)]) {
        let found = contradictions(limits);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (finding, (state, words)) in found.iter().zip(expected) {
            assert_eq!(finding.state, *state, "{finding:?}");
            assert!(finding.finding.contains(words), "{finding:?}");
        }
    }

    #[test]
    fn the_defaults_hold_beside_each_other() {
        let default = serde_json::to_value(duologue_core::limits::Limits::default()).unwrap();
        check(&default, &[]);
    }

    #[test]
    fn what_the_protocol_forbids_fails_and_what_is_odd_warns() {
        check(
            &json!({ "offline_ttl_s": 5, "roaming_ttl_s": 4, "heartbeat_ms": 49, "batch_max": 0 }),
            &[
                (State::Fail, "batch_max is 0, and the least is 1"),
                (State::Fail, "heartbeat_ms is 49, and the least is 50"),
                (State::Fail, "offline_ttl_s (5) is over roaming_ttl_s (4)"),
            ],
        );
        check(
            &json!({ "message_bytes_max": 2000, "request_bytes_max": 1024, "offline_bytes_max": null }),
            &[(
                State::Warn,
                "message_bytes_max (2000) is over request_bytes_max (1024)",
            )],
        );
    }
}
