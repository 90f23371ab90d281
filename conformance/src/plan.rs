//! Which scenarios run, and where: in an app of their own, in the shared app, or alone.

mod features;
mod set;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

pub use features::{feature_of, needed_features, outlives};
pub use set::{ScenarioSet, SetError};

use crate::scenario::{ClockNeed, Corpus, Feature, Fixture, Level, Scenario, ScenarioId, Step};

/// Which scenarios are wanted; an empty list means no restriction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Parts of id, alias, title, chapter or requirement, any of them; case does not count.
    pub filters: Vec<String>,
    /// Levels.
    pub levels: Vec<Level>,
    /// Only scenarios that need one of these features.
    pub features: Vec<Feature>,
    /// Only scenarios of this set.
    pub set: Option<ScenarioSet>,
}

impl Selection {
    /// The wanted scenarios, in the order of the corpus.
    ///
    /// # Errors
    /// When the set names a scenario that the corpus does not have.
    pub fn select(&self, corpus: Corpus) -> Result<Vec<Arc<Fixture>>, SetError> {
        let set = self.set.as_ref().map(|set| set.resolve(&corpus));
        let set = set.transpose()?;
        let in_set = |id: &ScenarioId| set.as_ref().is_none_or(|set| set.contains(id));
        Ok(corpus
            .fixtures
            .into_iter()
            .filter(|fixture| in_set(&fixture.scenario.id) && self.wants(fixture))
            .map(Arc::new)
            .collect())
    }

    /// Whether nothing is left out.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    fn wants(&self, fixture: &Fixture) -> bool {
        let scenario = &fixture.scenario;
        let any_filter = self.filters.is_empty()
            || self
                .filters
                .iter()
                .any(|filter| mentions(fixture, &filter.to_lowercase()));
        let level = self.levels.is_empty() || self.levels.contains(&scenario.level);
        let needed = needed_features(scenario);
        let feature = self.features.is_empty() || self.features.iter().any(|f| needed.contains(f));
        any_filter && level && feature
    }
}

fn mentions(fixture: &Fixture, filter: &str) -> bool {
    let scenario = &fixture.scenario;
    let texts = [scenario.id.as_str(), &scenario.title, &fixture.chapter];
    let aliases = scenario.aliases.iter().map(ScenarioId::as_str);
    let requirements = scenario
        .requirements
        .iter()
        .map(crate::scenario::RequirementId::as_str);
    texts
        .into_iter()
        .chain(aliases)
        .chain(requirements)
        .any(|text| text.to_lowercase().contains(filter))
}

/// What a server and its tokens allow.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// The features the server declares.
    pub features: BTreeSet<String>,
    /// Whether scenarios get an app each.
    pub provisions: bool,
    /// The shared app as `GET /v1/server` shows it, if scenarios do not get their own.
    pub shared_app: Option<Value>,
}

/// Where a scenario runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In an app of its own, beside others.
    OwnApp,
    /// In the shared app, beside others.
    SharedApp,
    /// In the shared app after everything else, because it changes what others rely on.
    Alone,
    /// Nowhere: the server does not declare what it needs.
    NotApplicable(String),
}

impl Facts {
    /// Where a scenario runs.
    #[must_use]
    pub fn place(&self, scenario: &Scenario) -> Place {
        let missing = self.undeclared(scenario);
        if !missing.is_empty() {
            let list = missing.join(" and ");
            return Place::NotApplicable(format!("the server does not declare {list}"));
        }
        if self.provisions {
            return Place::OwnApp;
        }
        match self.unmet_in_shared_app(scenario) {
            Some(reason) => Place::NotApplicable(reason),
            None if changes_app(scenario, self.shared_app.as_ref()) => Place::Alone,
            None => Place::SharedApp,
        }
    }

    /// The features a scenario needs and the server does not declare.
    #[must_use]
    pub fn undeclared(&self, scenario: &Scenario) -> Vec<&'static str> {
        needed_features(scenario)
            .into_iter()
            .map(Feature::as_str)
            .filter(|feature| !self.features.contains(*feature))
            .collect()
    }

    /// Whether new apps can have a clock that is moved instead of waited for.
    #[must_use]
    pub fn has_manual_clock(&self) -> bool {
        self.features.contains(Feature::ManualClock.as_str())
    }

    /// Whether a scenario waits for real time to pass.
    #[must_use]
    pub fn waits(&self, scenario: &Scenario) -> bool {
        let manual = match &self.shared_app {
            Some(app) => app["clock"] == "manual",
            None => self.has_manual_clock() && scenario.app.clock != Some(ClockNeed::Real),
        };
        !manual && outlives(&scenario.steps)
    }

    fn unmet_in_shared_app(&self, scenario: &Scenario) -> Option<String> {
        if needed_features(scenario).contains(&Feature::Provisioning) {
            return Some("creating apps takes the operator token".into());
        }
        let app = self.shared_app.as_ref()?;
        let needs = &scenario.app;
        if needs.push {
            return Some("the shared app does not push to this runner".into());
        }
        let clock = match needs.clock {
            Some(ClockNeed::Manual) => "manual",
            Some(ClockNeed::Real) | None => "real",
        };
        if needs.clock.is_some() && app["clock"] != clock {
            return Some(format!("the shared app does not run on the {clock} clock"));
        }
        if needs
            .profile
            .as_ref()
            .is_some_and(|profile| app["profile"] != profile.as_str())
        {
            return Some("the shared app has another profile".into());
        }
        unmet_limits(scenario, &app["limits"])
    }
}

/// Why the limits of an app do not fit a scenario; `None`: they do.
#[must_use]
pub fn unmet_limits(scenario: &Scenario, limits: &Value) -> Option<String> {
    let other = scenario
        .app
        .limits
        .iter()
        .find(|(name, wanted)| limits[name.as_str()] != **wanted);
    if let Some((name, wanted)) = other {
        let declared = &limits[name.as_str()];
        return Some(format!(
            "needs {name} = {wanted}, and the app has {declared}"
        ));
    }
    let requires = &scenario.requires;
    let null = |name: &&String| limits[name.as_str()].is_null();
    if let Some(name) = requires.limits.iter().find(null) {
        return Some(format!("the app has no {name}"));
    }
    let fits = |name: &str, most| limits[name].as_u64().is_some_and(|limit| limit <= most);
    let (name, most) = requires
        .limits_at_most
        .iter()
        .find(|(name, most)| !fits(name, **most))?;
    let declared = &limits[name.as_str()];
    Some(format!(
        "needs {name} of at most {most}, and the app has {declared}"
    ))
}

/// Whether a step changes the policy, by its verb or by a bare request.
#[must_use]
#[expect(clippy::wildcard_enum_match_arm, reason = "two verbs can")]
pub fn sets_policy(step: &Step) -> bool {
    match step {
        Step::SetPolicy(_) => true,
        Step::Request(request) => {
            request.path.source() == "/v1/admin/policy" && request.method.source() != "GET"
        }
        _ => false,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "most verbs change no app")]
fn changes_app(scenario: &Scenario, app: Option<&Value>) -> bool {
    let policy = app.map(|app| &app["policy"]);
    let other_policy = scenario
        .app
        .policy
        .iter()
        .any(|(name, wanted)| policy.is_none_or(|policy| policy[name.as_str()] != *wanted));
    let mut changes = false;
    for step in &scenario.steps {
        step.each(&mut |step| {
            changes |= sets_policy(step);
            changes |= match step {
                Step::AdvanceClock(_) => true,
                Step::Outlive(_) => app.is_some_and(|app| app["clock"] == "manual"),
                Step::Request(request) => {
                    request.path.source() == "/v1/admin/clock" && request.method.source() != "GET"
                }
                _ => false,
            };
        });
    }
    changes || other_policy
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scenario(app: &Value, steps: &Value) -> Scenario {
        serde_json::from_value(json!({
            "format": 1, "id": "x", "title": "t", "requirements": ["OFF-001"], "level": "must",
            "app": app, "actors": { "alice": {} }, "steps": steps
        }))
        .unwrap()
    }

    fn facts(features: &[&str], shared_app: Option<Value>) -> Facts {
        Facts {
            features: features.iter().map(ToString::to_string).collect(),
            provisions: shared_app.is_none(),
            shared_app,
        }
    }

    fn shared() -> Option<Value> {
        Some(json!({
            "clock": "real", "profile": "default",
            "policy": { "messaging": "anyone" }, "limits": { "batch_max": 5, "offline_bytes_max": null }
        }))
    }

    const RECENTS: &str = r#"[{ "recents": { "as": "alice", "expect": { "ok": {} } } }]"#;

    fn place(facts: &Facts, app: &Value) -> Place {
        facts.place(&scenario(app, &serde_json::from_str(RECENTS).unwrap()))
    }

    #[test]
    fn undeclared_features_make_a_scenario_not_applicable() {
        let bare = facts(&["provisioning"], None);
        assert_eq!(place(&bare, &json!({})), Place::OwnApp);
        for app in [json!({ "clock": "manual" }), json!({ "push": true })] {
            assert!(
                matches!(place(&bare, &app), Place::NotApplicable(_)),
                "{app}"
            );
        }
        let media = json!([{ "upload": { "as": "alice", "kind": "file", "bytes": 1, "expect": { "ok": {} } } }]);
        assert_eq!(
            bare.place(&scenario(&json!({}), &media)),
            Place::NotApplicable("the server does not declare media".into())
        );
    }

    #[test]
    fn limits_beyond_what_a_scenario_can_reach_make_it_not_applicable() {
        let app = shared().unwrap();
        let unmet = |limits_at_most: Value| {
            let mut scenario = scenario(&json!({}), &json!([]));
            scenario.requires.limits_at_most = serde_json::from_value(limits_at_most).unwrap();
            unmet_limits(&scenario, &app["limits"])
        };
        assert_eq!(unmet(json!({ "batch_max": 5 })), None);
        let reason = unmet(json!({ "batch_max": 4 })).unwrap();
        assert_eq!(reason, "needs batch_max of at most 4, and the app has 5");
        assert!(unmet(json!({ "offline_bytes_max": 100 })).is_some());
    }

    #[test]
    fn a_shared_app_takes_what_fits_it_and_what_changes_it_runs_alone() {
        let shared = facts(&["manual-clock", "push"], shared());
        assert_eq!(
            place(&shared, &json!({ "limits": { "batch_max": 5 } })),
            Place::SharedApp
        );
        assert_eq!(
            place(&shared, &json!({ "limits": { "offline_bytes_max": null } })),
            Place::SharedApp
        );
        assert_eq!(
            place(
                &shared,
                &json!({ "policy": { "messaging": "friends_only" } })
            ),
            Place::Alone
        );
        assert_eq!(
            place(&shared, &json!({ "policy": { "messaging": "anyone" } })),
            Place::SharedApp
        );
        for app in [
            json!({ "limits": { "batch_max": 6 } }),
            json!({ "clock": "manual" }),
            json!({ "push": true }),
            json!({ "profile": "seed-ja" }),
        ] {
            assert!(
                matches!(place(&shared, &app), Place::NotApplicable(_)),
                "{app}"
            );
        }
    }

    #[test]
    fn a_bare_request_that_changes_the_app_runs_alone_too() {
        let check = |method: &str, path: &str, expected: Place| {
            let steps = json!([{ "request": { "as": "admin", "method": method, "path": path,
                "expect": { "ok": {} } } }]);
            let scenario = scenario(&json!({}), &steps);
            let facts = facts(&["manual-clock"], shared());
            assert_eq!(facts.place(&scenario), expected, "{method} {path}");
        };
        check("POST", "/v1/admin/clock", Place::Alone);
        check("PUT", "/v1/admin/policy", Place::Alone);
        check("GET", "/v1/admin/policy", Place::SharedApp);
        check("PUT", "/v1/profile", Place::SharedApp);
    }
}
