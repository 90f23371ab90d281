//! What twists look up by requests that nobody sent, and what they have done by some.

use duologue_core::content::Content;
use duologue_core::id::SystemEventName;
use duologue_core::server::Effect;
use serde_json::{Value, json};

use crate::call::Call;
use crate::frames::messages_of;
use crate::json::{list, text};
use crate::world::{Outcome, World};

impl World<'_> {
    /// A user's `friends` or `blocklist`; empty when the user is not logged in.
    pub(crate) fn list(&mut self, call: &Call, user: (&str, &str), name: &str) -> Vec<String> {
        let answer = self.as_user(call, user, "GET", &format!("/v1/{name}"), &Value::Null);
        let mut body = answer.map(|answer| answer.json()).unwrap_or_default();
        let ids = list(&mut body, &format!("/{name}")).cloned();
        let ids = ids.unwrap_or_default().into_iter();
        ids.filter_map(|id| Some(id.as_str()?.to_owned())).collect()
    }

    /// Whether a user's `friends` or `blocklist` has `peer`.
    pub(crate) fn lists(
        &mut self,
        call: &Call,
        user: (&str, &str),
        list: &str,
        peer: &str,
    ) -> bool {
        self.list(call, user, list).iter().any(|id| id == peer)
    }

    /// The time on the clock of the caller's app.
    pub(crate) fn now(&mut self, call: &Call) -> u64 {
        let app = self.who(call).app().to_owned();
        let body = json!({"advance_ms": 0});
        let clock = self.as_admin(call, &app, "POST", "/v1/admin/clock", &body);
        // An app on the real clock refuses.
        clock.json()["now_ms"].as_u64().unwrap_or(call.now.0)
    }

    /// The sessions of a user as the administrator sees them.
    pub(crate) fn presence(&mut self, call: &Call, app: &str, user: &str) -> Vec<Value> {
        let path = format!("/v1/admin/users/{user}/presence");
        let presence = self.as_admin(call, app, "GET", &path, &Value::Null);
        let sessions = presence.json()["sessions"].as_array().cloned();
        sessions.unwrap_or_default()
    }

    /// A limit of the caller's app, as the core has it.
    pub(crate) fn limit(&mut self, call: &Call, name: &str) -> Option<u64> {
        let app = self.who(call).app().to_owned();
        let server = self.as_admin(call, &app, "GET", "/v1/server", &Value::Null);
        server.json()["app"]["limits"][name].as_u64()
    }

    /// A user as the administrator sees them; none if there is no such user.
    pub(crate) fn user(&mut self, call: &Call, app: &str, user: &str) -> Option<Value> {
        let path = format!("/v1/admin/users/{user}");
        let found = self.as_admin(call, app, "GET", &path, &Value::Null);
        (found.reply.status == 200).then(|| found.json())
    }

    /// The policy of the caller's app.
    pub(crate) fn policy(&mut self, call: &Call) -> Value {
        let app = self.who(call).app().to_owned();
        self.as_admin(call, &app, "GET", "/v1/admin/policy", &Value::Null)
            .json()
    }

    /// A message as the administrator finds it in the view of `owner` with `peer`; null: not there.
    pub(crate) fn filed(&mut self, call: &Call, owner: &str, peer: &str, id: &str) -> Value {
        let app = self.who(call).app().to_owned();
        let path = format!("/v1/admin/conversations/{owner}/{peer}/messages");
        let mut view = self.as_admin(call, &app, "GET", &path, &Value::Null).json();
        let messages = list(&mut view, "/messages").into_iter().flatten();
        let mut found = messages.filter(|message| text(message, "/message_id") == id);
        found.next().map(Value::take).unwrap_or_default()
    }
}

/// Done in the course of a request, though nobody asked for it.
impl World<'_> {
    /// Lets the core handle the request while the app's policy has another value in `field`.
    pub(crate) fn ask_under(&mut self, call: &Call, field: &str, value: &str) -> Outcome {
        let app = self.who(call).app().to_owned();
        let before = self.policy(call);
        let path = "/v1/admin/policy";
        self.as_admin(call, &app, "PUT", path, &json!({ field: value }));
        let outcome = self.ask(call);
        self.as_admin(call, &app, "PUT", path, &json!({ field: before[field] }));
        outcome
    }

    /// A built-in event about `user` on the open streams of `to`, in no store.
    pub(crate) fn tell(
        &mut self,
        call: &Call,
        to: &str,
        (event, user): (&str, &str),
    ) -> Vec<Effect> {
        let app = self.who(call).app().to_owned();
        let mut data = json!({ "user_id": user });
        if event == "profile_changed" {
            let profile = self.user(call, &app, user).unwrap_or_default();
            data["nickname"] = profile["nickname"].clone();
            data["avatar_url"] = profile["avatar_url"].clone();
        }
        // The administrator may not use the name, so the event gets it on its way out.
        let body = json!({
            "to": to, "event": "built-in", "data": data.to_string(), "lifetime_s": 0
        });
        let mut told = self.as_admin(call, &app, "POST", "/v1/admin/notifications", &body);
        for message in messages_of(&mut told) {
            if let Content::System { event: name, .. } = &mut message.content
                && let Ok(built_in) = SystemEventName::parse(event)
            {
                *name = built_in;
            }
        }
        told.effects
    }
}
