//! A user's send to another user: what a twist wants to know of the two, and does in their names.

use duologue_core::ErrorCode;
use serde_json::{Value, json};

use crate::call::Call;
use crate::json::{remove, set};
use crate::routes::SEND;
use crate::twist::{Twist, error, on};
use crate::world::{Outcome, World};

/// Whether a fault sets in.
pub(crate) type When = fn(&mut Sending<'_, '_>) -> bool;

/// Who sends to whom.
pub(crate) struct Sending<'a, 'w> {
    pub(crate) call: &'a Call,
    pub(crate) world: &'a mut World<'w>,
    pub(crate) app: String,
    pub(crate) from: String,
    pub(crate) to: String,
}

impl<'a, 'w> Sending<'a, 'w> {
    /// None for anything but a user's send to another user.
    pub(crate) fn of(call: &'a Call, world: &'a mut World<'w>) -> Option<Self> {
        let caller = world.who(call);
        let to = call.recipient();
        let is_one = call.is(SEND) && !caller.user().is_empty() && !to.is_empty();
        (is_one && caller.user() != to).then(|| Self {
            app: caller.app().into(),
            from: caller.user().into(),
            to,
            call,
            world,
        })
    }

    /// Whether the sender's friend list has the recipient.
    pub(crate) fn sender_lists(&mut self) -> bool {
        let (app, from, to) = self.ids();
        self.world.lists(self.call, (&app, &from), "friends", &to)
    }

    /// Whether the recipient's friend list has the sender.
    pub(crate) fn recipient_lists(&mut self) -> bool {
        let (app, from, to) = self.ids();
        self.world.lists(self.call, (&app, &to), "friends", &from)
    }

    /// Whether the recipient blocks the sender.
    pub(crate) fn is_blocked(&mut self) -> bool {
        let (app, from, to) = self.ids();
        self.world.lists(self.call, (&app, &to), "blocklist", &from)
    }

    /// Whether the sender blocks the recipient.
    pub(crate) fn sender_blocks(&mut self) -> bool {
        let (app, from, to) = self.ids();
        self.world.lists(self.call, (&app, &from), "blocklist", &to)
    }

    /// Whether the app's policy says so.
    pub(crate) fn policy_is(&mut self, field: &str, value: &str) -> bool {
        self.world.policy(self.call)[field] == value
    }

    /// Whether the sender's `accept_from` is this.
    pub(crate) fn sender_accepts_from(&mut self, value: &str) -> bool {
        let (_, from, _) = self.ids();
        self.accepts_from(&from, value)
    }

    /// Whether the recipient's `accept_from` is this.
    pub(crate) fn recipient_accepts_from(&mut self, value: &str) -> bool {
        let (.., to) = self.ids();
        self.accepts_from(&to, value)
    }

    /// Sends the same in the sender's name, past every permission, with `changes` to the body.
    pub(crate) fn past_permission(&mut self, changes: &Value) -> Outcome {
        let (app, from, _) = self.ids();
        let mut body = self.call.json();
        set(&mut body, "/from", from);
        set(&mut body, "/sync_to_sender", true);
        for (name, value) in changes.as_object().into_iter().flatten() {
            set(&mut body, &format!("/{name}"), value.clone());
        }
        let path = "/v1/admin/messages";
        self.world.as_admin(self.call, &app, "POST", path, &body)
    }

    /// Shows the message to the recipient's streams and stores it nowhere.
    pub(crate) fn only_live(&mut self) -> Outcome {
        self.past_permission(&json!({"lifetime_s": 0, "sync_to_sender": false}))
    }

    fn accepts_from(&mut self, user: &str, value: &str) -> bool {
        let (app, ..) = self.ids();
        let path = "/v1/profile";
        let profile = self
            .world
            .as_user(self.call, (&app, user), "GET", path, &Value::Null);
        profile.is_some_and(|profile| profile.json()["accept_from"] == value)
    }

    fn ids(&self) -> (String, String, String) {
        (self.app.clone(), self.from.clone(), self.to.clone())
    }
}

/// A send from one user to another is refused, when `when`.
pub(crate) fn send_refused(code: ErrorCode, when: When) -> Twist {
    on(SEND).instead(move |call, world| {
        let mut sending = Sending::of(call, world)?;
        when(&mut sending).then(|| error(code).into())
    })
}

/// A send from one user to another that should be refused with `code` is accepted, when `when`.
pub(crate) fn send_accepted(code: ErrorCode, when: When) -> Twist {
    on(SEND).outcome(move |call, outcome, world| {
        if !outcome.is_refused(code) {
            return;
        }
        if let Some(mut sending) = Sending::of(call, world)
            && when(&mut sending)
        {
            *outcome = sending.past_permission(&Value::Null);
        }
    })
}

/// The same send for nobody but who listens now, and under no key: it shows whether its sender may
/// write to its recipient, and leaves nothing behind.
pub(crate) fn passing(send: &Call) -> Call {
    send.with_body(|body| {
        remove(body, "/client_msg_id");
        set(body, "/lifetime_s", 0);
    })
}
