//! Sender information.

use duologue_core::event::Event;
use duologue_core::message::Role;
use duologue_core::server::Effect;
use serde_json::Value;

use crate::fault::Fault;
use crate::json::set;
use crate::stores::set_body;
use crate::twist::on;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        id: "sender-accept-from-shown-to-the-administrator",
        requirement: "SDR-007",
        sentence: "The administrator is shown a user's `accept_from`.",
        twist: || {
            on("GET /v1/admin/users/*").outcome(|call, outcome, world| {
                let (admin, user) = (world.who(call), call.segment(4));
                let user = (admin.app(), user.as_str());
                let own = world.as_user(call, user, "GET", "/v1/profile", &Value::Null);
                if let Some(own) = own {
                    let mut body = outcome.json();
                    set(&mut body, "/accept_from", own.json()["accept_from"].clone());
                    set_body(outcome, &body);
                }
            })
        },
    },
    Fault {
        id: "sender-role-as-claimed",
        requirement: "SDR-004",
        sentence: "The `role` that a user's send claims is shown to the recipient.",
        twist: || {
            on("POST /v1/messages").outcome(|call, outcome, _| {
                for effect in &mut outcome.effects {
                    if let Effect::Deliver { frame, .. } = effect
                        && let Event::Message(shown) = &mut frame.event
                        && call.json()["role"] == "admin"
                    {
                        shown.message.sender.role = Role::Admin;
                    }
                }
            })
        },
    },
];
