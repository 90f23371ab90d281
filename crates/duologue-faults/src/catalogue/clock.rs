//! Clock: time within a view, the end of messages, and the clock that stands still.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use duologue_core::ErrorCode;
use duologue_core::time::Timestamp;
use serde_json::{Value, json};

use crate::book::Who;
use crate::call::Call;
use crate::fault::Fault;
use crate::json::{list, number, remove, set};
use crate::limits::limit;
use crate::routes::{CLOCK, HISTORY, LOGIN, PUT_USER, SEND};
use crate::twist::{Twist, error, on};
use crate::wire::Wire;
use crate::world::{Outcome, World, reply};

const MONTH_MS: u64 = 30 * 24 * 3600 * 1000;

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "clock-runs-back-within-a-view",
        requirement: "CLK-001",
        sentence: "Every second message of a view is a minute older than it was accepted.",
        twist: || {
            on(HISTORY).answer(|page| {
                for message in list(page, "/messages").into_iter().flatten() {
                    if number(message, "/seq").is_multiple_of(2) {
                        let earlier = number(message, "/time_ms").saturating_sub(60_000);
                        set(message, "/time_ms", earlier);
                    }
                }
            })
        },
    },
    Fault {
        id: "clock-keeps-what-is-over",
        requirement: "CLK-002",
        sentence: "What is read is as it was three seconds ago, so messages end too late.",
        twist: || reads_at(|now| now.saturating_sub(3000)),
    },
    Fault {
        id: "clock-ends-what-is-not-over",
        requirement: "CLK-002",
        sentence: "What is read is as it will be in four seconds, so messages end too early.",
        twist: || reads_at(|now| now + 4000),
    },
    Fault {
        id: "clock-login-tells-real-time",
        requirement: "CLK-003",
        sentence: "A login to an app with a manual clock is answered with the real time.",
        twist: || real_time(LOGIN, "/now_ms"),
    },
    Fault {
        id: "clock-messages-have-real-time",
        requirement: "CLK-003",
        sentence: "A message sent in an app with a manual clock has the real time.",
        twist: || real_time(SEND, "/time_ms"),
    },
    Fault {
        id: "clock-users-are-created-in-real-time",
        requirement: "CLK-003",
        sentence: "A user of an app with a manual clock is created at the real time.",
        twist: || real_time(PUT_USER, "/created_ms"),
    },
    Fault {
        id: "clock-ticks-by-itself",
        requirement: "CLK-003",
        sentence: "Every request of a user moves a manual clock by a millisecond.",
        twist: || {
            on("*").request(|call, world| {
                let who = world.who(call);
                if !who.device().is_empty() {
                    advance(call, world, who.app(), 1);
                }
            })
        },
    },
    Fault {
        id: "clock-advances-by-seconds",
        requirement: "CLK-004",
        sentence: "An advance moves the clock by whole seconds only.",
        twist: || {
            advances(|ms| match ms.as_u64() {
                Some(exact) => json!(exact / 1000 * 1000),
                None => ms.clone(),
            })
        },
    },
    Fault {
        id: "clock-advance-tells-the-time-before",
        requirement: "CLK-004",
        sentence: "An advance is answered with the time before it.",
        twist: || {
            on(CLOCK).outcome(|call, outcome, _| {
                let moved = number(&call.json(), "/advance_ms");
                outcome.edit(|answer| {
                    if let Some(now) = answer["now_ms"].as_u64() {
                        set(answer, "/now_ms", now - moved);
                    }
                });
            })
        },
    },
    Fault {
        id: "clock-negative-advance-is-none",
        requirement: "CLK-004",
        sentence: "A negative advance is taken for one by 0.",
        twist: || advances(|ms| instead_of(ms, ms.as_i64().is_some_and(|ms| ms < 0), 0)),
    },
    Fault {
        id: "clock-fraction-rounded",
        requirement: "CLK-004",
        sentence: "A fraction of a millisecond is dropped.",
        twist: || advances(|ms| instead_of(ms, ms.is_f64(), 0)),
    },
    Fault {
        id: "clock-advance-in-a-string",
        requirement: "CLK-004",
        sentence: "A string of digits is taken for a number of milliseconds.",
        twist: || {
            advances(|ms| {
                let digits = ms.as_str().and_then(|ms| ms.parse().ok());
                instead_of(ms, digits.is_some(), digits.unwrap_or_default())
            })
        },
    },
    Fault {
        id: "clock-advance-by-true",
        requirement: "CLK-004",
        sentence: "`true` is taken for a millisecond.",
        twist: || advances(|ms| instead_of(ms, *ms == true, 1)),
    },
    Fault {
        id: "clock-missing-advance-is-none",
        requirement: "CLK-004",
        sentence: "A missing `advance_ms` is taken for 0.",
        twist: || advances(|ms| instead_of(ms, ms.is_null(), 0)),
    },
    Fault {
        id: "clock-refused-advance-moves",
        requirement: "CLK-004",
        sentence: "An advance that is refused moves the clock by a millisecond.",
        twist: || {
            on(CLOCK).outcome(|call, outcome, world| {
                if outcome.is_refused(ErrorCode::InvalidField) {
                    let app = world.who(call).app().to_owned();
                    advance(call, world, &app, 1);
                }
            })
        },
    },
    Fault {
        id: "clock-refusal-names-no-field",
        requirement: "CLK-004",
        sentence: "The refusal of an advance names no field.",
        twist: || on(CLOCK).error(|body| drop(remove(body, "/field"))),
    },
    Fault {
        id: "clock-real-one-advanced",
        requirement: "CLK-005",
        sentence: "An advance on an app with the real clock is answered as if it had moved.",
        twist: || on(CLOCK).accepts(ErrorCode::ClockNotManual, 200, json!({"now_ms": 1})),
    },
    Fault {
        id: "clock-real-one-advanced-by-nothing",
        requirement: "CLK-005",
        sentence: "An advance by 0 on an app with the real clock is accepted.",
        twist: || {
            on(CLOCK).outcome(|call, outcome, _| {
                let refused = outcome.is_refused(ErrorCode::ClockNotManual);
                if refused && call.json()["advance_ms"] == 0 {
                    let answer = json!({"now_ms": call.now});
                    outcome.reply = reply(200, &answer);
                }
            })
        },
    },
    Fault {
        id: "clock-real-one-unsupported",
        requirement: "CLK-005",
        sentence: "An advance on an app with the real clock is answered `unsupported`.",
        twist: || on(CLOCK).confuses(ErrorCode::ClockNotManual, ErrorCode::Unsupported),
    },
    Fault {
        id: "clock-expiry-is-a-reading-late",
        requirement: "CLK-006",
        sentence: "The first reading after an advance still sees what the advance has ended.",
        twist: || {
            let mut late = BTreeMap::new();
            on("*").instead(move |call, world| lag(&mut late, call, world))
        },
    },
    Fault {
        id: "clock-mailbox-a-second-early",
        requirement: "CLK-006",
        sentence: "A place in the mailbox ends a second early.",
        twist: || limit("offline_ttl_s", |ttl| ttl.saturating_sub(1)),
    },
    Fault {
        id: "clock-history-a-millisecond-early",
        requirement: "CLK-006",
        sentence: "History leaves out what ends within a millisecond.",
        twist: || on(HISTORY).outcome(leave_out_early),
    },
    Fault {
        id: "clock-advance-ends-sessions",
        requirement: "CLK-007",
        sentence: "An advance of 30 days ends all sessions.",
        twist: || on(CLOCK).outcome(end_sessions),
    },
    Fault {
        id: "clock-advance-ends-credentials",
        requirement: "CLK-007",
        sentence: "A credential is worth nothing once the clock was moved by 30 days.",
        twist: || {
            let mut old = BTreeMap::new();
            on("POST /v1/admin/clock | POST /v1/sessions").instead(move |call, world| {
                let app = world.who(call).app().to_owned();
                let moved: &mut u64 = old.entry(app).or_default();
                *moved += number(&call.json(), "/advance_ms");
                let over = call.is(LOGIN) && *moved >= MONTH_MS;
                over.then(|| error(ErrorCode::CredentialInvalid).into())
            })
        },
    },
    Fault {
        id: "clock-advance-stops-heartbeats",
        requirement: "CLK-007",
        sentence: "No heartbeat comes after a manual clock was moved.",
        twist: stop_heartbeats,
    },
    Fault {
        id: "clock-shared-by-all-apps",
        requirement: "CLK-008",
        sentence: "An advance moves the clocks of all apps.",
        twist: || on(CLOCK).outcome(move_all),
    },
];

fn reads_at(shifted: fn(u64) -> u64) -> Twist {
    on("*").request(move |call, _| {
        if call.method == "GET" {
            call.now = Timestamp(shifted(call.now.0));
        }
    })
}

fn real_time(pattern: &'static str, pointer: &'static str) -> Twist {
    on(pattern).outcome(move |call, outcome, _| {
        outcome.edit(|answer| {
            if answer.pointer(pointer).is_some() {
                set(answer, pointer, call.now.0);
            }
        });
    })
}

/// The server takes what stands for `advance_ms`, null if nothing does, for something else.
fn advances(taken_for: fn(&Value) -> Value) -> Twist {
    on(CLOCK).body(move |body| {
        let taken = taken_for(&body["advance_ms"]);
        if !taken.is_null() {
            set(body, "/advance_ms", taken);
        }
    })
}

fn instead_of(ms: &Value, when: bool, other: u64) -> Value {
    if when { json!(other) } else { ms.clone() }
}

/// The time of an app that could be advanced by `ms`.
fn advance(call: &Call, world: &mut World<'_>, app: &str, ms: u64) -> Option<u64> {
    let body = json!({"advance_ms": ms});
    let moved = world.as_admin(call, app, "POST", "/v1/admin/clock", &body);
    moved.json()["now_ms"].as_u64()
}

/// What an advance was asked for, by app, and whether it has been read since.
type Late = BTreeMap<String, (u64, bool)>;

fn lag(late: &mut Late, call: &mut Call, world: &mut World<'_>) -> Option<Outcome> {
    let app = world.who(call).app().to_owned();
    let due = late.get_mut(&app);
    match due {
        Some((_, read)) if call.method == "GET" && !*read => {
            *read = true;
            return None;
        }
        _ => {}
    }
    if let Some((ms, _)) = late.remove(&app) {
        advance(call, world, &app, ms);
    }
    let ms = call.json()["advance_ms"]
        .as_u64()
        .filter(|_| call.is(CLOCK))?;
    let now = advance(call, world, &app, 0)?;
    late.insert(app, (ms, false));
    Some(reply(200, &json!({"now_ms": now + ms})).into())
}

fn leave_out_early(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    let app = world.who(call).app().to_owned();
    let Some(now) = advance(call, world, &app, 0) else {
        return;
    };
    outcome.edit_list("/messages", |messages| {
        messages.retain(|message| number(message, "/expires_ms") > now + 1);
    });
}

fn end_sessions(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    if outcome.reply.status != 200 || number(&call.json(), "/advance_ms") < MONTH_MS {
        return;
    }
    let admin = world.who(call);
    let here = world
        .book
        .tokens()
        .filter(|(_, who)| who.app() == admin.app());
    let sessions = here.filter(|(_, who)| !who.device().is_empty());
    let sessions: Vec<String> = sessions.map(|(token, _)| token.to_owned()).collect();
    for token in sessions {
        let path = "/v1/sessions/current";
        let ended = world.with_token(call, &token, "DELETE", path, &Value::Null);
        outcome.effects.extend(ended.effects);
    }
}

fn stop_heartbeats() -> Twist {
    let stopped = Arc::new(AtomicBool::new(false));
    let silent = Arc::clone(&stopped);
    let stops = on(CLOCK).outcome(move |_, outcome, _| {
        if outcome.reply.status == 200 {
            stopped.store(true, Ordering::Relaxed);
        }
    });
    let silence = Wire::on_frame(move |frame| {
        let comment = frame.starts_with(':') && silent.load(Ordering::Relaxed);
        if comment { String::new() } else { frame.into() }
    });
    stops.and(silence.into())
}

fn move_all(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    if outcome.reply.status != 200 {
        return;
    }
    let mine = world.who(call);
    let admins = world.book.tokens();
    let others = admins.filter(|(_, who)| matches!(who, Who::Admin { .. }) && **who != mine);
    let others: Vec<String> = others.map(|(_, who)| who.app().to_owned()).collect();
    for app in others {
        advance(call, world, &app, number(&call.json(), "/advance_ms"));
    }
}
