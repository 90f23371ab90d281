//! Are declared features there, and undeclared ones politely refused?

use std::collections::BTreeSet;

use duologue_client::{Framing, Upload};
use serde_json::json;

use super::access::{Site, create};
use super::finding::Finding;
use super::patient::{Patient, Trouble, brief, code, no_answer};
use super::session::Session;

/// A feature and one endpoint of it.
const ENDPOINTS: [(&str, &str, &str); 4] = [
    ("provisioning", "POST", "/v1/apps"),
    ("manual-clock", "POST", "/v1/admin/clock"),
    ("media", "POST", "/v1/media?kind=file"),
    ("push", "PUT", "/v1/push-token"),
];

/// An endpoint of an undeclared feature answers 501, and before it asks for a token (ERR-007).
pub(super) async fn look_at_undeclared(
    patient: &Patient,
    features: &BTreeSet<String>,
    found: &mut Vec<Finding>,
) {
    for (feature, method, path) in ENDPOINTS {
        if features.contains(feature) {
            continue;
        }
        found.push(
            match patient.ask(method, path, None, Some(&json!({}))).await {
                Ok(answer)
                    if answer.status == 501 && code(&answer).as_deref() == Some("unsupported") =>
                {
                    Finding::ok(feature, "not declared, and refused as unsupported")
                }
                Ok(answer) => {
                    let what = format!(
                        "not declared, but {method} {path} answered {}",
                        brief(&answer)
                    );
                    let mend = "answer 501 `unsupported` (ERR-010), or declare it";
                    Finding::fail(feature, what, mend)
                }
                Err(trouble) => trouble.finding(feature, "see `reach`"),
            },
        );
    }
}

/// One cheap request to each feature that is declared.
pub(super) async fn look_at_declared(
    patient: &Patient,
    site: &Site,
    session: Option<&Session>,
    features: &BTreeSet<String>,
    found: &mut Vec<Finding>,
) {
    let token = session.and_then(|session| session.token.as_deref());
    for (feature, _, _) in ENDPOINTS {
        if !features.contains(feature) {
            continue;
        }
        let told = match feature {
            // The examination goes on in an app that was created; its deletion comes last.
            "provisioning" => match &site.operator {
                Some(_) => Ok("an app was created".to_owned()),
                None => Ok("declared; no operator token, so not looked at".to_owned()),
            },
            "manual-clock" => manual_clock(patient, site).await,
            "media" => with(token, |token| media(patient, token)).await,
            _ => with(token, |token| push(patient, site, token)).await,
        };
        found.push(match told {
            Ok(told) => Finding::ok(feature, told),
            Err(trouble) => {
                let trouble = Trouble {
                    what: format!("declared, but {}", trouble.what),
                    ..trouble
                };
                let mend = format!("make it work, or leave `{feature}` out of `features`");
                trouble.finding(feature, mend)
            }
        });
    }
}

/// Without a session there is nothing to be said; `login` has said why there is none.
async fn with<'a, F: Future<Output = Result<String, Trouble>>>(
    token: Option<&'a str>,
    look: impl FnOnce(&'a str) -> F,
) -> Result<String, Trouble> {
    match token {
        Some(token) => look(token).await,
        None => Ok("declared; without a login not looked at".into()),
    }
}

async fn manual_clock(patient: &Patient, site: &Site) -> Result<String, Trouble> {
    let advance = json!({ "advance_ms": 0 });
    let Some(operator) = &site.operator else {
        if site.app["clock"] != "manual" {
            return Ok("declared; this app runs on the real clock".into());
        }
        patient
            .demand("POST", "/v1/admin/clock", Some(&site.admin), Some(&advance))
            .await?;
        return Ok("the app's clock was advanced by 0 ms".into());
    };
    let (app, admin) = create(patient, operator, &json!({ "clock": "manual" })).await?;
    let advanced = patient
        .demand("POST", "/v1/admin/clock", Some(&admin), Some(&advance))
        .await;
    let path = format!("/v1/apps/{}", app["app_id"].as_str().unwrap_or_default());
    patient
        .demand("DELETE", &path, Some(operator), None)
        .await?;
    if app["clock"] != "manual" {
        return Err(Trouble::server(format!(
            "an app made with it has the clock {}",
            app["clock"]
        )));
    }
    advanced.map(|_| "the clock of a new app was advanced by 0 ms".into())
}

async fn media(patient: &Patient, token: &str) -> Result<String, Trouble> {
    let path = "/v1/media?kind=file";
    let upload = Upload {
        path_and_query: path,
        token: Some(token),
        content_type: Some("application/octet-stream"),
        bytes: 1,
        framing: Framing::Declared,
    };
    let outcome = patient.http.upload(&upload).await;
    let answer = outcome.map_err(|error| no_answer("POST", path, &error))?;
    patient.check("POST", path, &answer.response)?;
    Ok("a file of one byte was uploaded".into())
}

async fn push(patient: &Patient, site: &Site, token: &str) -> Result<String, Trouble> {
    let vendor = site.app["push_vendors"][0].as_str().unwrap_or("apns");
    let body = json!({ "vendor": vendor, "token": "doctor" });
    patient
        .demand("PUT", "/v1/push-token", Some(token), Some(&body))
        .await?;
    patient
        .demand("DELETE", "/v1/push-token", Some(token), None)
        .await?;
    Ok(format!("a token of {vendor} was registered and taken back"))
}
