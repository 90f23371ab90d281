//! `profile_changed`: on every open stream of mutual friends, and nowhere else.

use std::collections::BTreeSet;

use duologue_core::content::Content;
use duologue_core::event::Event;
use duologue_core::id::{Cursor, Seq};
use duologue_core::server::Effect;
use serde_json::{Value, json};

use crate::call::Call;
use crate::fault::Fault;
use crate::routes::{BEFRIEND, PUT_PROFILE, PUT_USER};
use crate::stores::Store;
use crate::twist::{Twist, on};
use crate::world::{Outcome, World};

const CHANGE: &str = "PUT /v1/profile | PUT /v1/admin/users/*";

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "system-profile-changed-by-admin-not-told",
        requirement: "SYS-008",
        sentence: "Friends are not told of a profile that the administrator changes.",
        twist: || on(PUT_USER).outcome(|_, outcome, _| outcome.effects.clear()),
    },
    Fault {
        id: "system-nickname-not-told",
        requirement: "SYS-008",
        sentence: "Friends are not told of a new nickname.",
        twist: || hides_when(|body| body.get("nickname").is_some()),
    },
    Fault {
        id: "system-picture-not-told",
        requirement: "SYS-008",
        sentence: "Friends are not told of a new picture.",
        twist: || hides_when(|body| body.get("avatar_url").is_some()),
    },
    Fault {
        id: "system-profile-changed-on-one-stream",
        requirement: "SYS-008",
        sentence: "`profile_changed` is shown on one stream of a friend's.",
        twist: || on(PUT_PROFILE).outcome(|_, outcome, _| outcome.effects.truncate(1)),
    },
    Fault {
        id: "system-profile-changed-with-id",
        requirement: "SYS-008",
        sentence: "`profile_changed` has an SSE `id`.",
        twist: || {
            on(PUT_PROFILE).frames(|mut frame| {
                frame.id = Some(Cursor(1));
                vec![frame]
            })
        },
    },
    Fault {
        id: "system-profile-changed-with-seq",
        requirement: "SYS-008",
        sentence: "`profile_changed` has a `seq`.",
        twist: || on(PUT_PROFILE).messages(|event| event.message.seq = Some(Seq(1))),
    },
    Fault {
        id: "system-profile-changed-without-nulls",
        requirement: "SYS-008",
        sentence: "The `data` of `profile_changed` leaves out what is null.",
        twist: || {
            changes_data(|data| {
                data.replace(r#""avatar_url":null,"#, "")
                    .replace(r#""nickname":null,"#, "")
            })
        },
    },
    Fault {
        id: "system-profile-changed-not-canonical",
        requirement: "SYS-008",
        sentence: "The `data` of `profile_changed` begins with `user_id`.",
        twist: || {
            changes_data(|data| match data.rsplit_once(r#","user_id""#) {
                Some((rest, user)) => format!(
                    r#"{{"user_id"{},{}}}"#,
                    user.trim_end_matches('}'),
                    rest.trim_start_matches('{')
                ),
                None => data.into(),
            })
        },
    },
    Fault {
        id: "system-profile-changed-told-to-who-lists",
        requirement: "SYS-008",
        sentence: "`profile_changed` goes to all who have the user in their friend list.",
        twist: || {
            let mut added = BTreeSet::new();
            on("*").outcome(move |call, outcome, world| {
                let caller = world.who(call);
                let listed = |user: &str| (caller.app().to_owned(), user.to_owned());
                if call.is(BEFRIEND) {
                    added.insert((listed(&call.segment(3)), caller.user().to_owned()));
                } else if call.is(PUT_PROFILE) {
                    let owners = added
                        .iter()
                        .filter(|(peer, _)| *peer == listed(caller.user()));
                    for (_, owner) in owners {
                        tell_once(call, outcome, world, owner);
                    }
                }
            })
        },
    },
    Fault {
        id: "system-profile-changed-told-to-who-is-listed",
        requirement: "SYS-008",
        sentence: "`profile_changed` goes to all whom the user has in the friend list.",
        twist: || {
            on(PUT_PROFILE).outcome(|call, outcome, world| {
                let caller = world.who(call);
                for friend in world.list(call, (caller.app(), caller.user()), "friends") {
                    tell_once(call, outcome, world, &friend);
                }
            })
        },
    },
    Fault {
        id: "system-profile-changed-told-to-oneself",
        requirement: "SYS-008",
        sentence: "`profile_changed` goes to the user's own devices too.",
        twist: || {
            on(PUT_PROFILE).outcome(|call, outcome, world| {
                let caller = world.who(call);
                tell_once(call, outcome, world, caller.user());
            })
        },
    },
    Fault {
        id: "system-profile-changed-told-to-everybody",
        requirement: "SYS-008",
        sentence: "`profile_changed` goes to every user who is logged in.",
        twist: || {
            let mut users = BTreeSet::new();
            on("*").outcome(move |call, outcome, world| {
                let caller = world.who(call);
                users.insert(caller.owner());
                if call.is(PUT_PROFILE) {
                    for (app, user) in &users {
                        if app == caller.app() && user != caller.user() {
                            tell_once(call, outcome, world, user);
                        }
                    }
                }
            })
        },
    },
    Fault {
        id: "system-profile-changed-waits",
        requirement: "SYS-009",
        sentence: "A friend who is away finds a notification of the new profile in the mailbox.",
        twist: || {
            on(PUT_PROFILE).outcome(|call, _, world| {
                let caller = world.who(call);
                for friend in world.list(call, (caller.app(), caller.user()), "friends") {
                    let body = json!({"to": friend, "event": "profile.changed", "data": ""});
                    let path = "/v1/admin/notifications";
                    world.as_admin(call, caller.app(), "POST", path, &body);
                }
            })
        },
    },
    Fault {
        id: "system-profile-changed-in-history",
        requirement: "SYS-009",
        sentence: "A `profile_changed` that was shown live is in the history.",
        twist: || kept_in(Store::View),
    },
    Fault {
        id: "system-profile-changed-in-mailbox",
        requirement: "SYS-009",
        sentence: "A `profile_changed` that was shown live is in the mailbox.",
        twist: || kept_in(Store::Mailbox),
    },
    Fault {
        id: "system-unchanged-profile-told",
        requirement: "SYS-009",
        sentence: "A nickname and picture as they were are told as a change.",
        twist: || {
            told_anyway(PUT_PROFILE, |body, status| {
                status == 200 && body.get("nickname").is_some()
            })
        },
    },
    Fault {
        id: "system-accept-from-told",
        requirement: "SYS-009",
        sentence: "A change of `accept_from` is told as a `profile_changed`.",
        twist: || told_anyway(PUT_PROFILE, |body, _| body.get("accept_from").is_some()),
    },
    Fault {
        id: "system-empty-change-told",
        requirement: "SYS-009",
        sentence: "A change of profile that names nothing is told as a `profile_changed`.",
        twist: || told_anyway(PUT_PROFILE, |body, _| *body == json!({})),
    },
    Fault {
        id: "system-refused-change-told",
        requirement: "SYS-009",
        sentence: "A refused change of profile is told as a `profile_changed`.",
        twist: || told_anyway(PUT_PROFILE, |_, status| status == 400),
    },
    Fault {
        id: "system-unchanged-profile-by-admin-told",
        requirement: "SYS-009",
        sentence: "A user whom the administrator sets as they were is told as changed.",
        twist: || told_anyway(PUT_USER, |_, status| status == 200),
    },
];

fn hides_when(when: fn(&Value) -> bool) -> Twist {
    on(CHANGE).outcome(move |call, outcome, _| {
        if when(&call.json()) {
            outcome.effects.clear();
        }
    })
}

fn changes_data(edit: fn(&str) -> String) -> Twist {
    on(CHANGE).messages(move |event| {
        if let Content::System { data, .. } = &mut event.message.content {
            *data = edit(data);
        }
    })
}

/// Tells the user of the caller's profile, unless the core has done so.
fn tell_once(call: &Call, outcome: &mut Outcome, world: &mut World<'_>, to: &str) {
    let told = outcome.effects.iter().any(|effect| match effect {
        Effect::Deliver { stream, .. } => world.listener(*stream).user() == to,
        Effect::Close { .. } | Effect::Push { .. } | Effect::DropMedia(_) => false,
    });
    if !told {
        let about = world.who(call).user().to_owned();
        let effects = world.tell(call, to, ("profile_changed", &about));
        outcome.effects.extend(effects);
    }
}

/// What was shown to a stream is found in a store.
fn kept_in(store: Store) -> Twist {
    let mut kept: Vec<((String, String), Value)> = Vec::new();
    on("*").outcome(move |call, outcome, world| {
        for effect in outcome.effects.iter().filter(|_| call.is(CHANGE)) {
            if let Effect::Deliver { stream, frame } = effect
                && let Event::Message(shown) = &frame.event
            {
                let reader = world.listener(*stream);
                let message = serde_json::to_value(&shown.message).unwrap_or_default();
                kept.push(((reader.app().into(), reader.user().into()), message));
            }
        }
        let caller = world.who(call);
        for ((app, user), message) in &kept {
            if app == caller.app() && user == caller.user() {
                store.show(call, outcome, "@system", message);
            }
        }
    })
}

/// A request that changed neither nickname nor picture is told to friends.
fn told_anyway(change: &'static str, when: fn(&Value, u16) -> bool) -> Twist {
    on(change).outcome(move |call, outcome, world| {
        if !outcome.effects.is_empty() || !when(&call.json(), outcome.reply.status) {
            return;
        }
        let caller = world.who(call);
        let user = match caller.user() {
            "" => call.segment(4),
            user => user.to_owned(),
        };
        for friend in world.list(call, (caller.app(), &user), "friends") {
            let told = world.tell(call, &friend, ("profile_changed", &user));
            outcome.effects.extend(told);
        }
    })
}
