//! Presence: who is reachable, on which devices.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::fault::Fault;
use crate::json::{list, number, set};
use crate::routes::{LOGOUT, PRESENCE};
use crate::twist::{Twist, on};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "admin-presence-descends",
        requirement: "ADM-009",
        sentence: "The sessions of a presence descend by `device_id`.",
        twist: || {
            on(PRESENCE).answer(|presence| {
                if let Some(sessions) = list(presence, "/sessions") {
                    sessions.reverse();
                }
            })
        },
    },
    Fault {
        id: "admin-presence-without-platform",
        requirement: "ADM-009",
        sentence: "Every session of a presence has the platform `unknown`.",
        twist: || sessions(|session| set(session, "/platform", "unknown")),
    },
    Fault {
        id: "admin-presence-never-streaming",
        requirement: "ADM-009",
        sentence: "No session of a presence is streaming.",
        twist: || sessions(|session| set(session, "/streaming", false)),
    },
    Fault {
        id: "admin-presence-always-streaming",
        requirement: "ADM-009",
        sentence: "Every session of a presence is streaming.",
        twist: || sessions(|session| set(session, "/streaming", true)),
    },
    Fault {
        id: "admin-presence-counts-sessions",
        requirement: "ADM-009",
        sentence: "`open_streams` counts the sessions.",
        twist: || {
            on(PRESENCE).answer(|presence| {
                let count = list(presence, "/sessions").map(|sessions| sessions.len());
                set(presence, "/open_streams", count.unwrap_or_default());
            })
        },
    },
    Fault {
        id: "admin-presence-counts-one-stream",
        requirement: "ADM-009",
        sentence: "`open_streams` is never more than 1.",
        twist: || {
            on(PRESENCE).answer(|presence| {
                let open = number(presence, "/open_streams");
                set(presence, "/open_streams", open.min(1));
            })
        },
    },
    Fault {
        id: "admin-presence-of-streams-only",
        requirement: "ADM-009",
        sentence: "A presence lists only the sessions that have an open stream.",
        twist: || {
            on(PRESENCE).outcome(|_, outcome, _| {
                outcome.edit_list("/sessions", |all| {
                    all.retain(|it| it["streaming"] == true);
                });
            })
        },
    },
    Fault {
        id: "admin-presence-after-logout",
        requirement: "ADM-009",
        sentence: "A presence lists sessions that have ended.",
        twist: ended_sessions_stay,
    },
];

fn sessions(edit: fn(&mut Value)) -> Twist {
    on(PRESENCE).outcome(move |_, outcome, _| {
        outcome.edit_list("/sessions", |all| all.iter_mut().for_each(edit));
    })
}

fn ended_sessions_stay() -> Twist {
    let mut ended: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    on("*").outcome(move |call, outcome, world| {
        let caller = world.who(call);
        let key = |user: &str| (caller.app().to_owned(), user.to_owned());
        if call.is(LOGOUT) {
            let devices = ended.entry(key(caller.user())).or_default();
            devices.push(caller.device().into());
        } else if call.is(PRESENCE) {
            let devices = ended.get(&key(&call.segment(4))).into_iter().flatten();
            outcome.edit_list("/sessions", |all| {
                all.extend(devices.map(
                    |device| json!({"device_id": device, "platform": "test", "streaming": false}),
                ));
            });
        }
    })
}
