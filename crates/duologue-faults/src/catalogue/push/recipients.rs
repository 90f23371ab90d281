//! Whom a message is pushed to, how often, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use duologue_core::answer::PushRequest;
use duologue_core::server::{Effect, SessionId};
use serde_json::Value;

use super::beside::{Case, also_pushed, streaming};
use crate::call::Call;
use crate::fault::Fault;
use crate::json::{remove, text};
use crate::routes::{ADMIN_SEND, ANY_SEND, REGISTER, SEND, UNREGISTER};
use crate::twist::{on, pushes};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "push-one-device-of-a-user",
        requirement: "PSH-007",
        sentence: "Of all devices of a user only one is pushed to.",
        twist: || {
            on(ANY_SEND).outcome(|_, outcome, _| {
                let mut told = BTreeSet::new();
                keep_pushes(outcome, |push| told.insert(push.to.clone()));
            })
        },
    },
    Fault {
        id: "push-one-vendor-forgotten",
        requirement: "PSH-007",
        sentence: "Devices of the vendor `meizu` are not pushed to.",
        twist: || {
            on(ANY_SEND).outcome(|_, outcome, _| {
                keep_pushes(outcome, |push| push.vendor.as_str() != "meizu");
            })
        },
    },
    Fault {
        id: "push-none-while-another-device-is-online",
        requirement: "PSH-007",
        sentence: "A user with a stream open on any device is not pushed to.",
        twist: || on(ANY_SEND).outcome(silent_while_online),
    },
    Fault {
        id: "push-opt-out-silences-all-devices",
        requirement: "PSH-007",
        sentence: "When one device opts out no device of the user is pushed to.",
        twist: || {
            let mut silent = BTreeSet::new();
            on("PUT /v1/push-token | POST /v1/messages | POST /v1/admin/messages").outcome(
                move |call, outcome, world| opt_out_everywhere(&mut silent, call, outcome, world),
            )
        },
    },
    Fault {
        id: "push-deletion-silences-all-devices",
        requirement: "PSH-007",
        sentence: "Deleting a registration deletes those of the user's other devices, too.",
        twist: || {
            on(UNREGISTER).outcome(|call, _, world| {
                let who = world.who(call);
                for token in world.book.sessions_of(who.app(), who.user()) {
                    world.with_token(call, &token, "DELETE", "/v1/push-token", &Value::Null);
                }
            })
        },
    },
    Fault {
        id: "push-batch-pushed-to-the-first-target",
        requirement: "PSH-007",
        sentence: "A message to several users is pushed to the first of them only.",
        twist: || {
            on(ADMIN_SEND).outcome(|_, outcome, _| {
                let first = text(&outcome.json(), "/results/0/to").to_owned();
                keep_pushes(outcome, |push| {
                    first.is_empty() || push.to.as_str() == first
                });
            })
        },
    },
    Fault {
        id: "push-none-without-a-mailbox-entry",
        requirement: "PSH-007",
        sentence: "A message that does not fit the offline cache is not pushed.",
        twist: || on(ANY_SEND).outcome(|_, outcome, _| keep_pushes(outcome, |push| push.badge > 0)),
    },
    Fault {
        id: "push-to-an-open-stream",
        requirement: "PSH-008",
        sentence: "A session with an open stream is pushed to as well.",
        twist: || {
            also_pushed(|case, world| case.is_for_the_recipient() && case.has_open_stream(world))
        },
    },
    Fault {
        id: "push-opt-out-ignored",
        requirement: "PSH-008",
        sentence: "A session that registered with `push: false` is pushed to.",
        twist: || on(REGISTER).body(|body| drop(remove(body, "/push"))),
    },
    Fault {
        id: "push-to-the-senders-other-devices",
        requirement: "PSH-008",
        sentence: "A message is also pushed to the other devices of the user who sent it.",
        twist: || also_pushed(|case, _| case.call.is(SEND) && is_elsewhere(case)),
    },
    Fault {
        id: "push-to-the-user-spoken-for",
        requirement: "PSH-008",
        sentence: "What the administrator sends in a user's name is pushed to that user.",
        twist: || also_pushed(|case, _| !case.call.is(SEND) && is_elsewhere(case)),
    },
    Fault {
        id: "push-custom-without-description",
        requirement: "PSH-009",
        sentence: "A `custom` without `description` is pushed with an empty body.",
        twist: || {
            also_pushed(|case, _| case.is_for_the_recipient() && is_without_description(case))
        },
    },
    Fault {
        id: "push-custom-with-a-push-body",
        requirement: "PSH-009",
        sentence: "A `custom` without `description` is pushed when the sender gave a `push.body`.",
        twist: || {
            also_pushed(|case, _| {
                case.is_for_the_recipient()
                    && is_without_description(case)
                    && case.call.json()["push"]["body"].is_string()
            })
        },
    },
    Fault {
        id: "push-despite-enabled-false",
        requirement: "PSH-010",
        sentence: "A message sent with `push.enabled: false` is pushed.",
        twist: || on(ANY_SEND).body(|body| drop(remove(body, "/push/enabled"))),
    },
    Fault {
        id: "push-twice",
        requirement: "PSH-011",
        sentence: "Every push is made twice.",
        twist: || pushes(|push| vec![push.clone(), push]),
    },
    Fault {
        id: "push-again-at-a-repeat",
        requirement: "PSH-011",
        sentence: "The repeat of a send is pushed once more.",
        twist: || {
            let mut made = BTreeMap::new();
            on(ANY_SEND).outcome(move |call, outcome, _| push_again(&mut made, call, outcome))
        },
    },
    Fault {
        id: "push-overtakes-the-one-before",
        requirement: "PSH-012",
        sentence: "Each second push to a session overtakes the one before it.",
        twist: || {
            let mut waiting: BTreeMap<SessionId, Effect> = BTreeMap::new();
            on("*").effects(move |effect, _| match &effect {
                Effect::Push { target, .. } => {
                    if let Some(overtaken) = waiting.remove(&target.session) {
                        vec![effect, overtaken]
                    } else {
                        waiting.insert(target.session, effect);
                        vec![]
                    }
                }
                _ => vec![effect],
            })
        },
    },
];

fn keep_pushes(outcome: &mut Outcome, mut keep: impl FnMut(&PushRequest) -> bool) {
    outcome.effects.retain(|effect| match effect {
        Effect::Push { request, .. } => keep(request),
        _ => true,
    });
}

fn silent_while_online(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    let app = world.who(call).app().to_owned();
    keep_pushes(outcome, |push| {
        streaming(call, world, &app, push.to.as_str()).is_empty()
    });
}

fn opt_out_everywhere(
    silent: &mut BTreeSet<(String, String)>,
    call: &Call,
    outcome: &mut Outcome,
    world: &World<'_>,
) {
    let who = world.who(call);
    let app = who.app().to_owned();
    if !call.is(REGISTER) {
        keep_pushes(outcome, |push| {
            !silent.contains(&(app.clone(), push.to.to_string()))
        });
    } else if call.json()["push"] == false {
        silent.insert((app, who.user().to_owned()));
    }
}

/// Whether it is another session of the user who speaks.
fn is_elsewhere(case: &Case<'_>) -> bool {
    let speaker = text(case.message, "/from");
    let elsewhere = case.call.token() != Some(&case.to.session);
    elsewhere && case.to.who.user() == speaker && text(case.message, "/to") != speaker
}

fn is_without_description(case: &Case<'_>) -> bool {
    let content = &case.message["content"];
    content["type"] == "custom" && content["description"].is_null()
}

fn push_again(
    made: &mut BTreeMap<(String, String), Vec<Effect>>,
    call: &Call,
    outcome: &mut Outcome,
) {
    let body = call.json();
    let Some(key) = body["client_msg_id"].as_str() else {
        return;
    };
    let key = (call.token().unwrap_or_default().to_owned(), key.to_owned());
    let (pushes, _): (Vec<Effect>, Vec<Effect>) = outcome
        .effects
        .iter()
        .cloned()
        .partition(|effect| matches!(effect, Effect::Push { .. }));
    match made.get(&key) {
        Some(pushes) if outcome.reply.status == 200 => outcome.effects.extend(pushes.clone()),
        _ => drop(made.insert(key, pushes)),
    }
}
