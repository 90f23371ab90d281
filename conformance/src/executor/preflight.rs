//! The look at the server before the first scenario.

use duologue_client::{Http, Phase, RawResponse, TransportError};
use serde_json::Value;

use super::context::Access;
use super::unreadable::why_not_json;
use crate::plan::Facts;
use crate::wire_check::violations;

/// What the look shows.
#[derive(Debug)]
pub(super) enum Preflight {
    /// The server can be tested.
    Ready {
        implementation: Option<String>,
        facts: Facts,
    },
    /// A token is missing or refused: the user's to mend.
    Refused(String),
    /// Nobody answers.
    Unreachable(String),
    /// Somebody listens, but no answer comes in time.
    Silent(String),
    /// The server answers, but not as the protocol says: that is graded.
    Broken(String),
}

/// Asks `GET /v1/server`, first as anybody, then with the tokens given.
pub(super) async fn preflight(http: &Http, access: &Access) -> Preflight {
    let info = match server_info(http, None).await {
        Ok(info) => info,
        Err(problem) => return problem.into_preflight(),
    };
    let features = info["features"].as_array().into_iter().flatten();
    let mut facts = Facts {
        features: features
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect(),
        ..Facts::default()
    };
    let implementation = implementation(&info);
    if let (Some(operator), true) = (&access.operator, facts.features.contains("provisioning")) {
        facts.provisions = true;
        return match server_info(http, Some(operator)).await {
            Ok(_) => Preflight::Ready {
                implementation,
                facts,
            },
            Err(problem) => problem.about("the operator token"),
        };
    }
    let Some(admin) = &access.admin else {
        return Preflight::Refused(match facts.features.contains("provisioning") {
            true => "no token: set DUOLOGUE_OPERATOR_TOKEN (scenarios get apps of their own) or \
                     DUOLOGUE_ADMIN_TOKEN (all share one app); …_FILE names a file instead"
                .into(),
            false => "the server does not declare provisioning: set DUOLOGUE_ADMIN_TOKEN (or \
                      DUOLOGUE_ADMIN_TOKEN_FILE) to the admin token of an app for tests"
                .into(),
        });
    };
    match server_info(http, Some(admin)).await {
        Ok(info) if info["app"].is_null() => {
            Preflight::Broken("GET /v1/server with the admin token does not show the app".into())
        }
        Ok(mut info) => {
            facts.shared_app = Some(info["app"].take());
            Preflight::Ready {
                implementation,
                facts,
            }
        }
        Err(problem) => problem.about("the admin token"),
    }
}

enum Problem {
    Transport(TransportError),
    /// 401 or 403.
    Forbidden(u16),
    Broken(String),
}

impl Problem {
    fn into_preflight(self) -> Preflight {
        match self {
            Self::Transport(
                error @ TransportError::TimedOut {
                    phase: Phase::Send | Phase::Head | Phase::Body,
                    ..
                },
            ) => Preflight::Silent(format!("GET /v1/server: {error}")),
            Self::Transport(error) => Preflight::Unreachable(format!("GET /v1/server: {error}")),
            Self::Forbidden(status) => {
                Preflight::Broken(format!("GET /v1/server without a token answered {status}"))
            }
            Self::Broken(message) => Preflight::Broken(message),
        }
    }

    fn about(self, token: &str) -> Preflight {
        match self {
            Self::Forbidden(status) => {
                Preflight::Refused(format!("the server refuses {token}: status {status}"))
            }
            Self::Transport(_) | Self::Broken(_) => self.into_preflight(),
        }
    }
}

async fn server_info(http: &Http, token: Option<&str>) -> Result<Value, Problem> {
    let answer = http
        .request("GET", "/v1/server", token, &[], None)
        .await
        .map_err(Problem::Transport)?;
    match answer.status {
        200 => read(&answer).map_err(Problem::Broken),
        401 | 403 => Err(Problem::Forbidden(answer.status)),
        other => Err(Problem::Broken(format!("GET /v1/server answered {other}"))),
    }
}

fn read(answer: &RawResponse) -> Result<Value, String> {
    let json = answer.json().map_err(|_| {
        let why = why_not_json(&answer.headers, &answer.body);
        format!("GET /v1/server did not answer JSON: {why}")
    })?;
    match violations("ServerInfo", &json).first() {
        None => Ok(json),
        Some(first) => Err(format!(
            "the answer to GET /v1/server breaks its schema at `{}`: {}",
            first.pointer, first.expected
        )),
    }
}

fn implementation(info: &Value) -> Option<String> {
    let part = |name: &str| info["implementation"][name].as_str();
    Some(format!("{} {}", part("name")?, part("version")?))
}
