//! Devices and sessions: logins side by side, who is shown out, logout.

mod sessions;

use std::collections::BTreeMap;

use duologue_core::event::{Event, KickReason};
use duologue_core::server::Effect;
use serde_json::json;

use crate::fault::Fault;
use crate::frames::kicked;
use crate::limits::limit;
use crate::routes::{DELETE_APP, DELETE_USER, EVENTS, LOGIN, LOGOUT, PUT_POLICY};
use crate::twist::{Twist, on};
use crate::world::{Outcome, reply};

pub(super) use sessions::show_out;
use sessions::{
    as_another_device, close_only, end_all_but_the_newest, end_the_newest_only, log_out_everywhere,
    make_room_first, multi_login_unchanged, one_a_platform, refuse_above_limit, same_session,
    streaming_last, use_again_before_login,
};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "devices-login-ends-the-others",
        requirement: "DEV-001",
        sentence: "A login ends the user's other sessions under either policy.",
        twist: || {
            on(LOGIN).instead(|call, world| Some(world.ask_under(call, "multi_login", "single")))
        },
    },
    Fault {
        id: "devices-one-session-a-platform",
        requirement: "DEV-001",
        sentence: "A login ends the user's session on another device of the same platform.",
        twist: || {
            let mut platforms = BTreeMap::new();
            on(LOGIN).outcome(move |call, outcome, world| {
                one_a_platform(&mut platforms, call, outcome, world);
            })
        },
    },
    Fault {
        id: "devices-one-session-less-than-declared",
        requirement: "DEV-001",
        sentence: "A user can have one session less than `sessions_max`.",
        twist: || limit("sessions_max", |max| max.saturating_sub(1)),
    },
    Fault {
        id: "devices-same-device-logged-in-twice",
        requirement: "DEV-002",
        sentence: "A login of a device that is logged in is one more session beside the old one.",
        twist: || {
            let mut logins = BTreeMap::new();
            on(LOGIN).instead(move |call, world| as_another_device(&mut logins, call, world))
        },
    },
    Fault {
        id: "devices-same-device-keeps-its-session",
        requirement: "DEV-002",
        sentence: "A login of a device that is logged in answers with the session it has already.",
        twist: || {
            let mut answers = BTreeMap::new();
            on(LOGIN).instead(move |call, world| same_session(&mut answers, call, world))
        },
    },
    Fault {
        id: "devices-replaced-under-another-reason",
        requirement: "DEV-002",
        sentence: "A session whose device logs in anew is told `logged_in_elsewhere`.",
        twist: || kicks(LOGIN, "replaced", Some("logged_in_elsewhere")),
    },
    Fault {
        id: "devices-single-login-leaves-the-others",
        requirement: "DEV-003",
        sentence: "Under `single` a login leaves the sessions on other devices as they are.",
        twist: || {
            on(LOGIN).instead(|call, world| Some(world.ask_under(call, "multi_login", "all")))
        },
    },
    Fault {
        id: "devices-single-login-ends-one",
        requirement: "DEV-003",
        sentence: "Under `single` a login ends the newest of the other sessions only.",
        twist: || on(LOGIN).instead(end_the_newest_only),
    },
    Fault {
        id: "devices-policy-change-ends-sessions",
        requirement: "DEV-004",
        sentence: "A change to `single` ends all sessions but the newest of each user.",
        twist: || on(PUT_POLICY).outcome(end_all_but_the_newest),
    },
    Fault {
        id: "devices-policy-change-has-no-effect",
        requirement: "DEV-004",
        sentence: "A change of `multi_login` is acknowledged and applies to apps created after it.",
        twist: || on(PUT_POLICY).instead(multi_login_unchanged),
    },
    Fault {
        id: "devices-one-session-more-than-declared",
        requirement: "DEV-005",
        sentence: "A user can have one session more than `sessions_max`.",
        twist: || limit("sessions_max", |max| max + 1),
    },
    Fault {
        id: "devices-login-above-the-limit-refused",
        requirement: "DEV-005",
        sentence: "A login above `sessions_max` is refused.",
        twist: || on(LOGIN).instead(refuse_above_limit),
    },
    Fault {
        id: "devices-limit-ends-the-first-login",
        requirement: "DEV-005",
        sentence: "A login above `sessions_max` ends the session that logged in first.",
        twist: || use_again_before_login(|_| false, |_, _, _| {}),
    },
    Fault {
        id: "devices-limit-ends-the-most-recently-used",
        requirement: "DEV-005",
        sentence: "A login above `sessions_max` ends the session that was used last.",
        twist: || use_again_before_login(|_| true, |_, _, sessions| sessions.reverse()),
    },
    Fault {
        id: "devices-opening-a-stream-is-no-use",
        requirement: "DEV-005",
        sentence: "The opening of a stream does not count as use of the session.",
        twist: || use_again_before_login(|call| !call.is(EVENTS), |_, _, _| {}),
    },
    Fault {
        id: "devices-open-stream-is-use",
        requirement: "DEV-005",
        sentence: "A login above `sessions_max` spares sessions that hold a stream open.",
        twist: || use_again_before_login(|_| true, streaming_last),
    },
    Fault {
        id: "devices-limit-under-another-reason",
        requirement: "DEV-005",
        sentence: "A session that ends because of `sessions_max` is told `replaced`.",
        twist: || kicks(LOGIN, "session_limit", Some("replaced")),
    },
    Fault {
        id: "devices-room-made-before-replacing",
        requirement: "DEV-005",
        sentence: "At the limit, a login of a device that is logged in ends another session too.",
        twist: || on(LOGIN).instead(make_room_first),
    },
    Fault {
        id: "devices-replaced-without-a-word",
        requirement: "DEV-006",
        sentence: "The stream of a replaced session closes without `kicked`.",
        twist: || kicks(LOGIN, "replaced", None),
    },
    Fault {
        id: "devices-limit-without-a-word",
        requirement: "DEV-006",
        sentence: "The stream of a session above the limit closes without `kicked`.",
        twist: || kicks(LOGIN, "session_limit", None),
    },
    Fault {
        id: "devices-user-deleted-without-a-word",
        requirement: "DEV-006",
        sentence: "The streams of a deleted user close without `kicked`.",
        twist: || kicks(DELETE_USER, "user_deleted", None),
    },
    Fault {
        id: "devices-user-deleted-under-another-reason",
        requirement: "DEV-006",
        sentence: "The streams of a deleted user are told `replaced`.",
        twist: || kicks(DELETE_USER, "user_deleted", Some("replaced")),
    },
    Fault {
        id: "devices-user-deleted-told-once",
        requirement: "DEV-006",
        sentence: "When a user is deleted only one of the streams gets `kicked`.",
        twist: || on(DELETE_USER).outcome(|_, outcome, _| first_kick_only(outcome)),
    },
    Fault {
        id: "devices-app-deleted-without-a-word",
        requirement: "DEV-006",
        sentence: "The streams of a deleted app close without `kicked`.",
        twist: || kicks(DELETE_APP, "app_deleted", None),
    },
    Fault {
        id: "devices-app-deleted-told-once",
        requirement: "DEV-006",
        sentence: "When an app is deleted only one stream gets `kicked`.",
        twist: || on(DELETE_APP).outcome(|_, outcome, _| first_kick_only(outcome)),
    },
    Fault {
        id: "devices-logout-answered-with-200",
        requirement: "DEV-007",
        sentence: "A logout is answered 200 with an empty object.",
        twist: || on(LOGOUT).outcome(|_, outcome, _| outcome.reply = reply(200, &json!({}))),
    },
    Fault {
        id: "devices-logout-ends-nothing",
        requirement: "DEV-007",
        sentence: "A logout closes the stream and leaves the session.",
        twist: || on(LOGOUT).instead(close_only),
    },
    Fault {
        id: "devices-logout-ends-all-sessions",
        requirement: "DEV-007",
        sentence: "A logout ends all sessions of the user.",
        twist: || on(LOGOUT).instead(log_out_everywhere),
    },
    Fault {
        id: "devices-logout-kicks",
        requirement: "DEV-008",
        sentence: "The stream of a session that logs out gets `kicked`.",
        twist: || {
            on(LOGOUT).effects(|effect, _| match effect {
                Effect::Close { stream } => {
                    let reason = KickReason::Other("logged_out".into());
                    vec![kicked(stream, reason), effect]
                }
                other => vec![other],
            })
        },
    },
    Fault {
        id: "devices-logout-leaves-the-stream-open",
        requirement: "DEV-008",
        sentence: "The stream of a session that has logged out stays open.",
        twist: || {
            on(LOGOUT).effects(|effect, _| match effect {
                Effect::Close { .. } => vec![],
                other => vec![other],
            })
        },
    },
];

/// `kicked` with `reason` says something else, or does not come.
fn kicks(pattern: &'static str, reason: &'static str, other: Option<&'static str>) -> Twist {
    on(pattern).frames(move |mut frame| {
        if let Event::Kicked(kicked) = &mut frame.event
            && kicked.reason.as_str() == reason
        {
            let Some(other) = other else { return vec![] };
            kicked.reason = KickReason::Other(other.into());
        }
        vec![frame]
    })
}

fn first_kick_only(outcome: &mut Outcome) {
    let mut told = false;
    outcome.effects.retain(|effect| match effect {
        Effect::Deliver { frame, .. } if frame.event.name() == "kicked" => {
            !std::mem::replace(&mut told, true)
        }
        _ => true,
    });
}
