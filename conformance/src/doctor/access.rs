//! Are there tokens, does the server take them, and which app do they lead to?

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::finding::{Blame, Finding};
use super::patient::{Patient, Trouble};
use crate::executor::Access;
use crate::plan::Facts;

/// The app in which the examination goes on.
pub(super) struct Site {
    /// As the server describes it.
    pub(super) app: Value,
    pub(super) admin: String,
    /// The token that made the app and deletes it; none: the app is shared.
    pub(super) operator: Option<String>,
}

impl Site {
    pub(super) fn facts(&self, features: BTreeSet<String>) -> Facts {
        let provisions = self.operator.is_some();
        Facts {
            features,
            provisions,
            shared_app: (!provisions).then(|| self.app.clone()),
        }
    }

    pub(super) fn app_id(&self) -> &str {
        self.app["app_id"].as_str().unwrap_or_default()
    }
}

/// `None`: without an app there is nothing more to be examined.
pub(super) async fn look(
    patient: &Patient,
    access: &Access,
    features: &BTreeSet<String>,
    found: &mut Vec<Finding>,
) -> Option<Site> {
    let provisioning = features.contains("provisioning");
    match (&access.operator, &access.admin) {
        (Some(operator), _) if provisioning => as_operator(patient, operator, found).await,
        (_, Some(admin)) => as_admin(patient, admin, provisioning, found).await,
        (given, None) => {
            let (told, mend) = match (provisioning, given.is_some()) {
                (true, _) => (
                    "none given",
                    "set DUOLOGUE_OPERATOR_TOKEN, or DUOLOGUE_ADMIN_TOKEN of an app for tests; \
                     _FILE behind either names a file",
                ),
                (false, true) => (
                    "an operator token is given, but the server does not declare provisioning",
                    "set DUOLOGUE_ADMIN_TOKEN (or _FILE) to the admin token of an app for tests",
                ),
                (false, false) => (
                    "none given",
                    "set DUOLOGUE_ADMIN_TOKEN (or _FILE) to the admin token of an app for tests",
                ),
            };
            found.push(Finding::fail("tokens", told, mend).blaming(Blame::Configuration));
            None
        }
    }
}

async fn as_operator(patient: &Patient, operator: &str, found: &mut Vec<Finding>) -> Option<Site> {
    let info = accepted(patient, operator, "DUOLOGUE_OPERATOR_TOKEN", found).await?;
    if info["defaults"].is_null() {
        let told = "GET /v1/server does not show the operator `defaults`";
        found.push(Finding::fail("tokens", told, "show them as HTT-017 says"));
        return None;
    }
    found.push(Finding::ok("tokens", "the operator token is accepted"));
    match create(patient, operator, &json!({})).await {
        Ok((app, admin)) => Some(Site {
            app,
            admin,
            operator: Some(operator.to_owned()),
        }),
        Err(trouble) => {
            let mend = "make it work (HTT-018), or leave `provisioning` out of `features`";
            found.push(trouble.finding("provisioning", mend));
            None
        }
    }
}

/// Creates an app; returns its description and its admin token.
pub(super) async fn create(
    patient: &Patient,
    operator: &str,
    wishes: &Value,
) -> Result<(Value, String), Trouble> {
    let mut app = patient
        .demand("POST", "/v1/apps", Some(operator), Some(wishes))
        .await?;
    let token = app["admin_token"].take();
    let admin = token.as_str().unwrap_or_default().to_owned();
    Ok((app, admin))
}

async fn as_admin(
    patient: &Patient,
    admin: &str,
    provisioning: bool,
    found: &mut Vec<Finding>,
) -> Option<Site> {
    let mut info = accepted(patient, admin, "DUOLOGUE_ADMIN_TOKEN", found).await?;
    if info["app"].is_null() {
        let told = "GET /v1/server does not show the administrator his `app`";
        found.push(Finding::fail("tokens", told, "show it as HTT-016 says"));
        return None;
    }
    let told = "the admin token is accepted: all scenarios share its app";
    found.push(if provisioning {
        let mend = "set DUOLOGUE_OPERATOR_TOKEN, and scenarios get apps of their own";
        Finding::warn("tokens", told, mend).blaming(Blame::Configuration)
    } else {
        Finding::ok("tokens", told)
    });
    Some(Site {
        app: info["app"].take(),
        admin: admin.to_owned(),
        operator: None,
    })
}

async fn accepted(
    patient: &Patient,
    token: &str,
    variable: &str,
    found: &mut Vec<Finding>,
) -> Option<Value> {
    let answer = match patient.ask("GET", "/v1/server", Some(token), None).await {
        Ok(answer) => answer,
        Err(trouble) => {
            found.push(trouble.finding("tokens", "see `reach`"));
            return None;
        }
    };
    if matches!(answer.status, 401 | 403) {
        let told = format!("the server refuses {variable} with {}", answer.status);
        let mend = "give the token it was started with";
        found.push(Finding::fail("tokens", told, mend).blaming(Blame::Configuration));
        return None;
    }
    match patient.check("GET", "/v1/server", &answer) {
        Ok(info) => Some(info),
        Err(trouble) => {
            found.push(trouble.finding("tokens", "answer as ServerInfo.schema.json says"));
            None
        }
    }
}
