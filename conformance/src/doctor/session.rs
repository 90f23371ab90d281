//! A user, a login, a stream: what every scenario begins with.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use duologue_client::{EventStream, Opened, StreamItem};
use serde_json::json;

use super::access::Site;
use super::finding::Finding;
use super::patient::{Patient, Trouble, brief, no_answer};
use crate::executor::fresh_seed;

/// A larger difference between two clocks confuses whoever reads reports beside a server's log.
const SKEW_MAX: Duration = Duration::from_secs(5);

/// A user of ours and his session.
pub(super) struct Session {
    pub(super) user: String,
    /// None: there is a user, but no session.
    pub(super) token: Option<String>,
}

/// `None`: not even a user could be made.
pub(super) async fn look(
    patient: &Patient,
    site: &Site,
    patience: Duration,
    found: &mut Vec<Finding>,
) -> Option<Session> {
    let seed = fresh_seed().unwrap_or_default();
    let user = format!("doctor-{seed}");
    let path = format!("/v1/admin/users/{user}");
    let made = patient
        .demand("PUT", &path, Some(&site.admin), Some(&json!({})))
        .await;
    let credential = match made {
        Ok(made) => made["credential"].as_str().unwrap_or_default().to_owned(),
        Err(trouble) => {
            let mend = "create users as spec/src/admin.md says: every scenario begins so";
            found.push(trouble.finding("login", mend));
            return None;
        }
    };
    let token = log_in(patient, site, &user, &credential, found).await;
    if let Some(token) = &token {
        found.push(stream(patient, site, token, patience).await);
    }
    Some(Session { user, token })
}

async fn log_in(
    patient: &Patient,
    site: &Site,
    user: &str,
    credential: &str,
    found: &mut Vec<Finding>,
) -> Option<String> {
    let body = json!({ "user_id": user, "device_id": "phone", "platform": "test" });
    let before = now_ms();
    let login = patient
        .demand("POST", "/v1/sessions", Some(credential), Some(&body))
        .await;
    let after = now_ms();
    match login {
        Ok(login) => {
            found.push(Finding::ok("login", "a user was created and logged in"));
            let theirs = login["now_ms"].as_i64().unwrap_or_default();
            found.push(clock(site, theirs, before, after));
            login["session_token"].as_str().map(str::to_owned)
        }
        Err(trouble) => {
            let mend = "log users in as spec/src/devices.md says: every scenario begins so";
            found.push(trouble.finding("login", mend));
            None
        }
    }
}

fn clock(site: &Site, theirs: i64, before: i64, after: i64) -> Finding {
    if site.app["clock"] == "manual" {
        return Finding::ok("clock", "the app's clock is moved by hand");
    }
    let skew = theirs - (before + after) / 2;
    let told = format!(
        "the server's is {} ms {}",
        skew.abs(),
        if skew < 0 {
            "behind ours"
        } else {
            "before ours"
        }
    );
    if u128::from(skew.unsigned_abs()) > SKEW_MAX.as_millis() {
        Finding::warn("clock", told, "set both clocks by the same source")
    } else {
        Finding::ok("clock", told)
    }
}

fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| since.as_millis().try_into().ok())
        .unwrap_or_default()
}

async fn stream(patient: &Patient, site: &Site, token: &str, patience: Duration) -> Finding {
    match sync(patient, token, patience).await {
        Ok(took) => {
            let heartbeat = &site.app["limits"]["heartbeat_ms"];
            let ms = took.as_millis();
            let told = format!("open and in sync after {ms} ms; a heartbeat every {heartbeat} ms");
            Finding::ok("stream", told)
        }
        Err(trouble) => trouble.finding(
            "stream",
            "serve it as spec/src/stream.md says; a proxy in between must not hold it back",
        ),
    }
}

/// How long it takes from opening a stream to `sync_done`.
async fn sync(patient: &Patient, token: &str, patience: Duration) -> Result<Duration, Trouble> {
    let begun = Instant::now();
    let opened = EventStream::open(&patient.http, Some(token), None).await;
    let mut stream = match opened.map_err(|error| no_answer("GET", "/v1/events", &error))? {
        Opened::Stream(stream) => stream,
        Opened::Refused(answer) => {
            let what = format!("GET /v1/events answered {}", brief(&answer));
            return Err(Trouble::server(what));
        }
    };
    let kind = stream.headers().get("content-type");
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("text/event-stream") {
        let what = format!("GET /v1/events answered with the content type `{kind}`");
        return Err(Trouble::server(what));
    }
    let deadline = tokio::time::Instant::now() + patience;
    loop {
        match stream.next(deadline).await {
            Ok(StreamItem::Event { name, .. }) if name == "sync_done" => break,
            Ok(StreamItem::Event { .. } | StreamItem::Comment) => {}
            Ok(StreamItem::End) => {
                return Err(Trouble::server(
                    "the stream ended before `sync_done`".into(),
                ));
            }
            Err(error) => {
                let what = format!("no `sync_done` on the stream: {error}");
                return Err(Trouble::server(what));
            }
        }
    }
    stream.close().await;
    Ok(begun.elapsed())
}
