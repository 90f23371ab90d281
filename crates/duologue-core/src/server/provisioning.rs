//! Apps: the public description of the server, creation and deletion (spec: administration).

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use crate::answer::{ClockKind, Defaults, PROTOCOL_VERSION, ProvisionedApp, ServerInfo};
use crate::content::read_url;
use crate::error::{ApiError, ErrorCode};
use crate::event::KickReason;
use crate::id::{AppId, PushVendor};
use crate::json::Object;
use crate::limits::{Limits, Profile};
use crate::policy::Policy;
use crate::server::app::{App, Context};
use crate::server::auth::{Class, Principal, new_token};
use crate::server::dedup::Dedup;
use crate::server::expiry::Expiry;
use crate::server::{Effect, Server, push};

const FEATURES: [&str; 4] = ["manual-clock", "media", "provisioning", "push"];

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
    /// The public part of `GET /v1/server`.
    pub(super) fn info(&self) -> ServerInfo {
        ServerInfo {
            protocol_version: PROTOCOL_VERSION.into(),
            implementation: self.config.implementation.clone(),
            features: FEATURES.map(str::to_owned).into(),
            app: None,
            defaults: None,
        }
    }

    /// What a new app gets unless it asks for something else.
    pub(super) fn defaults(&self) -> Defaults {
        Defaults {
            profile: self.config.profile,
            policy: Policy::default(),
            limits: self.config.profile.limits(),
            push_vendors: default_vendors(),
        }
    }

    /// `POST /v1/apps`.
    pub(super) fn create_app(
        &mut self,
        body: &Map<String, Value>,
        cx: &mut Context<'_>,
    ) -> Result<ProvisionedApp, ApiError> {
        let wishes = Wishes::read(&Object::root(body), self.config.profile)?;
        let internal = |error| ApiError::new(ErrorCode::Internal, format!("{error}"));
        let id = AppId::parse(&cx.fresh()).map_err(internal)?;
        let admin_token = new_token(Class::Admin, &id, &cx.fresh());
        let app = App {
            id: id.clone(),
            profile: wishes.profile,
            clock: wishes.clock,
            now: cx.real,
            policy: wishes.policy,
            limits: wishes.limits,
            push_vendors: wishes.push_vendors,
            gateway_url: wishes.gateway_url,
            tokens: HashMap::from([(admin_token.clone(), Principal::Admin)]),
            users: BTreeMap::new(),
            sessions: BTreeMap::new(),
            push_tokens: BTreeMap::new(),
            media: BTreeMap::new(),
            dedup: Dedup::default(),
            expiry: Expiry::default(),
            accepted: 0,
        };
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

    /// `DELETE /v1/apps/{app}`.
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

impl Wishes {
    fn read(fields: &Object<'_>, default_profile: Profile) -> Result<Self, ApiError> {
        let profile = match fields.opt_string("profile")? {
            None => default_profile,
            Some(name) => Profile::parse(name).ok_or_else(|| {
                let names = Profile::ALL.map(Profile::as_str).join(", ");
                ApiError::invalid("profile", format!("must be one of {names}"))
            })?,
        };
        let mut policy = Policy::default();
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
        let (gateway_url, push_vendors) = read_push(fields, &limits)?;
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
) -> Result<(Option<String>, Vec<PushVendor>), ApiError> {
    let Some(push) = fields.opt_object("push")? else {
        return Ok((None, default_vendors()));
    };
    let url = read_url(&push, "gateway_url", limits)?;
    if !url.starts_with("http") {
        return Err(ApiError::invalid(
            "push.gateway_url",
            "must begin with http:// or https://",
        ));
    }
    let vendors = match push.opt_strings("vendors")? {
        None => default_vendors(),
        Some(names) => names
            .into_iter()
            .map(PushVendor::parse)
            .collect::<Result<_, _>>()
            .map_err(|error| ApiError::invalid("push.vendors", error.to_string()))?,
    };
    Ok((Some(url), vendors))
}

fn default_vendors() -> Vec<PushVendor> {
    push::VENDORS
        .iter()
        .filter_map(|name| PushVendor::parse(name).ok())
        .collect()
}
