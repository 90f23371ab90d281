//! Pushes that the core does not make, beside those it does.

use std::collections::BTreeMap;

use duologue_core::id::AppId;
use duologue_core::server::{Effect, PushTarget, SessionId};
use serde_json::{Value, json};

use crate::book::Who;
use crate::call::Call;
use crate::json::text;
use crate::routes::{ANY_SEND, CREATE_APP, REGISTER};
use crate::twist::{Twist, on};
use crate::world::{Outcome, World};

/// A registration, whatever has become of it.
#[derive(Debug)]
pub(super) struct Registered {
    pub(super) who: Who,
    /// The token of its session.
    pub(super) session: String,
    vendor: String,
    token: String,
    /// Whether the session has registered something else since.
    pub(super) replaced: bool,
}

/// A message that could be pushed to somebody.
pub(super) struct Case<'a> {
    pub(super) call: &'a Call,
    pub(super) message: &'a Value,
    pub(super) to: &'a Registered,
}

impl Case<'_> {
    pub(super) fn is_for_the_recipient(&self) -> bool {
        self.to.who.user() == text(self.message, "/to")
    }

    /// What the session's profile is answered with.
    pub(super) fn status_of_session(&self, world: &mut World<'_>) -> u16 {
        let token = &self.to.session;
        let profile = world.with_token(self.call, token, "GET", "/v1/profile", &Value::Null);
        profile.reply.status
    }

    pub(super) fn has_open_stream(&self, world: &mut World<'_>) -> bool {
        let who = &self.to.who;
        streaming(self.call, world, who.app(), who.user()).contains(&json!(who.device()))
    }
}

/// The devices of a user that have a stream open.
pub(super) fn streaming(call: &Call, world: &mut World<'_>, app: &str, user: &str) -> Vec<Value> {
    let sessions = world.presence(call, app, user).into_iter();
    sessions
        .filter(|session| session["streaming"] == true)
        .map(|session| session["device_id"].clone())
        .collect()
}

/// The messages that a send was answered with, one for each target that was not refused.
pub(super) fn accepted(outcome: &Outcome) -> Vec<Value> {
    let body = outcome.json();
    match body["results"].as_array() {
        Some(results) => results
            .iter()
            .filter_map(|result| result.get("message").cloned())
            .collect(),
        None if outcome.reply.status == 200 => vec![body],
        None => vec![],
    }
}

/// A message is pushed to every registration that `picks`, too.
pub(super) fn also_pushed(picks: fn(&Case<'_>, &mut World<'_>) -> bool) -> Twist {
    let mut seen = Seen::default();
    let twist = on("*").outcome(move |call, outcome, world| {
        if outcome.reply.status < 300 {
            seen.learn(call, outcome, world);
        }
        if call.is(ANY_SEND) {
            for message in accepted(outcome) {
                seen.push(picks, call, &message, outcome, world);
            }
        }
        seen.line_up(outcome);
    });
    Twist {
        pushes_always: true,
        ..twist
    }
}

#[derive(Default)]
struct Seen {
    /// By app.
    gateways: BTreeMap<String, String>,
    registered: Vec<Registered>,
    /// By vendor and token.
    lines: BTreeMap<(String, String), u64>,
}

impl Seen {
    fn learn(&mut self, call: &Call, outcome: &Outcome, world: &World<'_>) {
        if call.is(CREATE_APP) {
            let app = outcome.json();
            let url = text(&app, "/push_gateway_url").to_owned();
            self.gateways.insert(text(&app, "/app_id").to_owned(), url);
        }
        if !call.is(REGISTER) {
            return;
        }
        let body = call.json();
        let (vendor, token) = (text(&body, "/vendor"), text(&body, "/token"));
        let session = call.token().unwrap_or_default().to_owned();
        self.registered
            .retain(|other| (other.vendor.as_str(), other.token.as_str()) != (vendor, token));
        for other in &mut self.registered {
            other.replaced |= other.session == session;
        }
        self.registered.push(Registered {
            who: world.who(call),
            session,
            vendor: vendor.to_owned(),
            token: token.to_owned(),
            replaced: false,
        });
    }

    fn push(
        &self,
        picks: fn(&Case<'_>, &mut World<'_>) -> bool,
        call: &Call,
        message: &Value,
        outcome: &mut Outcome,
        world: &mut World<'_>,
    ) {
        let app = world.who(call).app().to_owned();
        for to in self.registered.iter().filter(|to| to.who.app() == app) {
            if picks(&Case { call, message, to }, world) {
                outcome.effects.extend(self.effect(&app, message, to));
            }
        }
    }

    fn effect(&self, app: &str, message: &Value, to: &Registered) -> Option<Effect> {
        let (title, body) = (&message["from"], text(message, "/content/text"));
        let request = json!({
            "vendor": to.vendor, "token": to.token, "device_id": to.who.device(),
            "to": to.who.user(), "message_id": message["message_id"],
            "title": title, "body": body, "badge": 1,
            "vendor_payload": {"notification": {"title": title, "body": body}},
        });
        let target = PushTarget {
            app: AppId::parse(app).ok()?,
            session: SessionId(0),
            registration: 0,
        };
        Some(Effect::Push {
            target,
            url: self.gateways.get(app)?.clone(),
            request: Box::new(serde_json::from_value(request).ok()?),
        })
    }

    /// Pushes with the same vendor and token go one after the other, whoever made them.
    fn line_up(&mut self, outcome: &mut Outcome) {
        for effect in &mut outcome.effects {
            if let Effect::Push {
                target, request, ..
            } = effect
            {
                let key = (request.vendor.to_string(), request.token.clone());
                let next = self.lines.len() as u64;
                target.session = SessionId(*self.lines.entry(key).or_insert(next));
            }
        }
    }
}
