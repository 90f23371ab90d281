//! Apps: the public description of the server, creation and deletion (spec: administration).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Map, Value};

use crate::answer::{ClockKind, Defaults, PROTOCOL_VERSION, ProvisionedApp, ServerInfo};
use crate::content::read_url;
use crate::error::{ApiError, ErrorCode};
use crate::event::KickReason;
use crate::feature::Feature;
use crate::id::{AppId, PushVendor};
use crate::json::Object;
use crate::limits::{Limits, Profile};
use crate::policy::Policy;
use crate::server::app::{App, Context};
use crate::server::auth::{Class, Principal, new_token};
use crate::server::dedup::Dedup;
use crate::server::expiry::Expiry;
use crate::server::{Effect, Server, push};
use crate::time::Timestamp;

/// The id of the app that is there from the start.
const FIRST_APP: &str = "main";

/// What a new app asks for.
struct Wishes {
    profile: Profile,
    policy: Policy,
    limits: Limits,
    clock: ClockKind,
    gateway_url: Option<String>,
    push_vendors: Vec<PushVendor>,
}

impl Server {
    /// The public part of `GET /v1/server` (HTT-015).
    pub(super) fn info(&self) -> ServerInfo {
        ServerInfo {
            protocol_version: PROTOCOL_VERSION.into(),
            implementation: self.config.implementation.clone(),
            features: self
                .config
                .features
                .iter()
                .map(|feature| feature.as_str().to_owned())
                .collect(),
            app: None,
            defaults: None,
        }
    }

    /// What a new app gets unless it asks for something else (HTT-017).
    pub(super) fn defaults(&self) -> Defaults {
        Defaults {
            profile: self.config.profile,
            policy: Policy::default(),
            limits: self.config.profile.limits(),
            push_vendors: default_vendors(&self.config.features),
        }
    }

    /// `POST /v1/apps`: a new app, as it was granted (HTT-018).
    pub(super) fn create_app(
        &mut self,
        body: &Map<String, Value>,
        cx: &mut Context<'_>,
    ) -> Result<ProvisionedApp, ApiError> {
        let wishes = Wishes::read(&Object::root(body), &self.defaults())?;
        self.has_features_for(&wishes)?;
        let internal = |error| ApiError::new(ErrorCode::Internal, format!("{error}"));
        let id = AppId::parse(&cx.fresh()).map_err(internal)?;
        let admin_token = new_token(Class::Admin, &id, &cx.fresh());
        let app = wishes.into_app(id.clone(), &admin_token, cx.real);
        let info = app.info();
        let granted = ProvisionedApp {
            app_id: info.app_id,
            profile: info.profile,
            clock: info.clock,
            policy: info.policy,
            limits: info.limits,
            push_vendors: info.push_vendors,
            admin_token,
            push_gateway_url: app.gateway_url.clone(),
        };
        self.apps.insert(id, app);
        Ok(granted)
    }

    /// Makes the app whose administrator the configuration names.
    pub(super) fn create_first_app(&mut self) {
        let Some(token) = self.config.admin_token.clone() else {
            return;
        };
        if let Ok(id) = first_app_id() {
            let app = Wishes::of(self.defaults()).into_app(id.clone(), &token, Timestamp(0));
            self.apps.insert(id, app);
        }
    }

    fn has_features_for(&self, wishes: &Wishes) -> Result<(), ApiError> {
        let needed = [
            (wishes.clock == ClockKind::Manual, Feature::ManualClock),
            (wishes.gateway_url.is_some(), Feature::Push),
        ];
        let missing = needed
            .into_iter()
            .find(|(needed, feature)| *needed && !self.config.features.contains(feature));
        missing.map_or(Ok(()), |(_, feature)| {
            let message = format!("this server does not have the feature {}", feature.as_str());
            Err(ApiError::new(ErrorCode::Unsupported, message))
        })
    }

    /// `DELETE /v1/apps/{app}`: the app goes, and with it its users, sessions and uploads
    /// (HTT-019).
    pub(super) fn delete_app(&mut self, path: &str, cx: &mut Context<'_>) -> Result<(), ApiError> {
        let unknown = || ApiError::new(ErrorCode::AppNotFound, format!("there is no app {path:?}"));
        let id = AppId::parse(path).map_err(|_| unknown())?;
        let mut app = self.apps.remove(&id).ok_or_else(unknown)?;
        let sessions: Vec<_> = app.sessions.keys().copied().collect();
        for session in sessions {
            app.end_session(session, Some(KickReason::AppDeleted), cx);
        }
        if !app.media.is_empty() {
            cx.effects
                .push(Effect::DropMedia(app.media.into_keys().collect()));
        }
        Ok(())
    }
}

/// Where the administrator of the first app belongs.
pub(super) fn first_app_id() -> Result<AppId, ApiError> {
    AppId::parse(FIRST_APP).map_err(|error| ApiError::new(ErrorCode::Internal, format!("{error}")))
}

impl Wishes {
    /// Nothing in particular.
    fn of(defaults: Defaults) -> Self {
        Self {
            profile: defaults.profile,
            policy: defaults.policy,
            limits: defaults.limits,
            clock: ClockKind::Real,
            gateway_url: None,
            push_vendors: defaults.push_vendors,
        }
    }

    fn into_app(self, id: AppId, admin_token: &str, now: Timestamp) -> App {
        App {
            id,
            profile: self.profile,
            clock: self.clock,
            now,
            policy: self.policy,
            limits: self.limits,
            push_vendors: self.push_vendors,
            gateway_url: self.gateway_url,
            tokens: HashMap::from([(admin_token.to_owned(), Principal::Admin)]),
            users: BTreeMap::new(),
            sessions: BTreeMap::new(),
            push_tokens: BTreeMap::new(),
            media: BTreeMap::new(),
            dedup: Dedup::default(),
            expiry: Expiry::default(),
            accepted: 0,
        }
    }

    /// What the body asks for; the policy's defaults and the profile's limits where it says nothing
    /// (ADM-024, LIM-002). The offline cache may not outlast the roaming store (LIM-005).
    fn read(fields: &Object<'_>, defaults: &Defaults) -> Result<Self, ApiError> {
        let profile = match fields.opt_string("profile")? {
            None => defaults.profile,
            Some(name) => Profile::parse(name).ok_or_else(|| {
                let names = Profile::ALL.map(Profile::as_str).join(", ");
                ApiError::invalid("profile", format!("must be one of {names}"))
            })?,
        };
        let mut policy = defaults.policy;
        if let Some(fields) = fields.opt_object("policy")? {
            policy.update(&fields)?;
        }
        let mut limits = profile.limits();
        if let Some(fields) = fields.opt_object("limits")? {
            limits.update(&fields)?;
        }
        if limits.offline_ttl_s > limits.roaming_ttl_s {
            let message = "the offline cache may not keep messages longer than the roaming store";
            return Err(ApiError::invalid("limits.offline_ttl_s", message));
        }
        let clock = ClockKind::read(fields, "clock")?.unwrap_or(ClockKind::Real);
        let (gateway_url, push_vendors) = read_push(fields, &limits, &defaults.push_vendors)?;
        Ok(Self {
            profile,
            policy,
            limits,
            clock,
            gateway_url,
            push_vendors,
        })
    }
}

fn read_push(
    fields: &Object<'_>,
    limits: &Limits,
    default_vendors: &[PushVendor],
) -> Result<(Option<String>, Vec<PushVendor>), ApiError> {
    let Some(push) = fields.opt_object("push")? else {
        return Ok((None, default_vendors.to_vec()));
    };
    let url = read_url(&push, "gateway_url", limits)?;
    if !url.starts_with("http") {
        return Err(ApiError::invalid(
            "push.gateway_url",
            "must begin with http:// or https://",
        ));
    }
    let vendors = match push.opt_strings("vendors")? {
        None => default_vendors.to_vec(),
        Some(names) => names
            .into_iter()
            .map(PushVendor::parse)
            .collect::<Result<_, _>>()
            .map_err(|error| ApiError::invalid("push.vendors", error.to_string()))?,
    };
    Ok((Some(url), vendors))
}

/// What a new app declares unless it names its own (PSH-001). A server that does not push has no
/// vendors.
fn default_vendors(features: &BTreeSet<Feature>) -> Vec<PushVendor> {
    push::VENDORS
        .iter()
        .filter(|_| features.contains(&Feature::Push))
        .filter_map(|name| PushVendor::parse(name).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Implementation;
    use crate::server::ServerConfig;

    fn vendors(features: &[Feature]) -> usize {
        let server = Server::new(ServerConfig {
            operator_token: Some("operator".into()),
            admin_token: None,
            features: features.iter().copied().collect(),
            profile: Profile::Default,
            implementation: Implementation {
                name: "test".into(),
                version: "0".into(),
            },
        });
        server.defaults().push_vendors.len()
    }

    #[test]
    fn only_a_server_that_pushes_has_vendors() {
        assert_eq!(vendors(&[Feature::Push]), 6);
        assert_eq!(vendors(&[Feature::Media]), 0);
    }
}
