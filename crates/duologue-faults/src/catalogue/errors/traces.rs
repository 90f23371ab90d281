//! Errors: what a refused request leaves behind.

use duologue_core::ErrorCode;
use duologue_core::event::KickReason;
use serde_json::{Value, json};

use crate::call::Call;
use crate::fault::Fault;
use crate::frames::kicked;
use crate::json::{remove, set, text};
use crate::routes::{
    ADMIN_SEND, ANY_SEND, BLOCK, CLOCK, LOGIN, PUT_POLICY, PUT_PROFILE, PUT_USER, REGISTER, SEND,
};
use crate::twist::{Twist, on};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "errors-refused-content-leaves-an-empty-message",
        requirement: "ERR-008",
        sentence: "A send that is refused for its content leaves an empty message in both views.",
        twist: || {
            all_the_same(SEND, ErrorCode::InvalidField, |body| {
                set(body, "/content", json!({"type": "custom", "data": ""}));
                remove(body, "/custom_data");
            })
        },
    },
    Fault {
        id: "errors-refused-custom-data-left-out",
        requirement: "ERR-008",
        sentence: "A send that is refused for its `custom_data` is stored without it.",
        twist: || {
            all_the_same(ANY_SEND, ErrorCode::InvalidField, |body| {
                remove(body, "/custom_data");
            })
        },
    },
    Fault {
        id: "errors-refused-for-size-and-cut",
        requirement: "ERR-008",
        sentence: "A message that is refused for its size is stored as far as it fits.",
        twist: || {
            all_the_same(ANY_SEND, ErrorCode::MessageTooLarge, |body| {
                set(body, "/content/text", "the beginning");
            })
        },
    },
    Fault {
        id: "errors-refused-lifetime-left-out",
        requirement: "ERR-008",
        sentence: "A send that is refused for its lifetime is stored without one.",
        twist: || {
            all_the_same(ANY_SEND, ErrorCode::InvalidLifetime, |body| {
                remove(body, "/lifetime_s");
            })
        },
    },
    Fault {
        id: "errors-refused-from-left-out",
        requirement: "ERR-008",
        sentence: "A send that is refused for its `from` is stored in the caller's own name.",
        twist: || {
            all_the_same(SEND, ErrorCode::AdminRequired, |body| {
                remove(body, "/from");
            })
        },
    },
    Fault {
        id: "errors-refused-null-left-out",
        requirement: "ERR-008",
        sentence: "A send that is refused for a null is stored without it.",
        twist: || {
            all_the_same(SEND, ErrorCode::InvalidField, |body| {
                if let Some(fields) = body.as_object_mut() {
                    fields.retain(|_, value| !value.is_null());
                }
            })
        },
    },
    Fault {
        id: "errors-refused-for-a-block-and-kept",
        requirement: "ERR-008",
        sentence: "A send that the recipient's block refuses is kept in the sender's view.",
        twist: || on(SEND).outcome(keep_what_is_blocked),
    },
    Fault {
        id: "errors-refused-for-friends-and-delivered",
        requirement: "ERR-008",
        sentence: "A send that is refused because of friend lists or a block arrives all the same.",
        twist: || on(SEND).outcome(deliver_what_is_forbidden),
    },
    Fault {
        id: "errors-refused-batch-begins",
        requirement: "ERR-008",
        sentence: "The first recipient of a batch that is refused gets the message.",
        twist: || on(ADMIN_SEND).outcome(send_to_the_first),
    },
    Fault {
        id: "errors-refused-profile-half-changed",
        requirement: "ERR-008",
        sentence: "Of a profile that is refused the good fields are kept.",
        twist: || good_fields_kept(PUT_PROFILE),
    },
    Fault {
        id: "errors-refused-policy-half-changed",
        requirement: "ERR-008",
        sentence: "Of a policy that is refused the good fields are in force.",
        twist: || good_fields_kept(PUT_POLICY),
    },
    Fault {
        id: "errors-refused-user-half-changed",
        requirement: "ERR-008",
        sentence: "Of a user's update that is refused the good fields are kept.",
        twist: || good_fields_kept(PUT_USER),
    },
    Fault {
        id: "errors-refused-user-created",
        requirement: "ERR-008",
        sentence: "A user whose creation is refused is there all the same.",
        twist: || {
            on(PUT_USER).outcome(|call, outcome, world| {
                if outcome.reply.status == 400 {
                    world.again(call, |body| *body = json!({}));
                }
            })
        },
    },
    Fault {
        id: "errors-refused-login-ends-the-session",
        requirement: "ERR-008",
        sentence: "A refused login ends the session of the user it names.",
        twist: || on(LOGIN).outcome(end_the_session),
    },
    Fault {
        id: "errors-refused-login-shows-the-door",
        requirement: "ERR-008",
        sentence: "A refused login tells the streams of the user it names that they are replaced.",
        twist: || on(LOGIN).outcome(show_the_door),
    },
    Fault {
        id: "errors-refused-registration-ends-the-old-one",
        requirement: "ERR-008",
        sentence: "A push token that is refused ends the registration before it.",
        twist: || {
            on(REGISTER).outcome(|call, outcome, world| {
                if outcome.reply.status == 400 {
                    world.ask(&as_delete(call));
                }
            })
        },
    },
    Fault {
        id: "errors-refused-block-ends-the-friendship",
        requirement: "ERR-008",
        sentence: "Who cannot be blocked because the list is full is no friend any more.",
        twist: || {
            on(BLOCK).outcome(|call, outcome, world| {
                if outcome.is_refused(ErrorCode::RelationLimit) {
                    let mut unfriend = as_delete(call);
                    unfriend.path = unfriend.path.replace("/blocklist/", "/friends/");
                    world.ask(&unfriend);
                }
            })
        },
    },
    Fault {
        id: "errors-refused-advance-moves-the-clock",
        requirement: "ERR-008",
        sentence: "An advance that is refused moves the clock by a second.",
        twist: || {
            on(CLOCK).outcome(|call, outcome, world| {
                if outcome.is_refused(ErrorCode::InvalidField) {
                    world.again(call, |body| *body = json!({"advance_ms": 1000}));
                }
            })
        },
    },
];

/// A send that was refused with `code` is accepted as `edit` mends it; its sender is not told.
fn all_the_same(pattern: &'static str, code: ErrorCode, edit: fn(&mut Value)) -> Twist {
    on(pattern).outcome(move |call, outcome, world| {
        if outcome.is_refused(code) {
            outcome.effects.extend(world.again(call, edit).effects);
        }
    })
}

/// For a moment the app does not tell of blocks: then the sender keeps what the recipient never sees.
fn keep_what_is_blocked(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    if outcome.is_refused(ErrorCode::BlockedByRecipient) {
        let kept = world.ask_under(call, "block_visibility", "silent");
        outcome.effects.extend(kept.effects);
    }
}

fn deliver_what_is_forbidden(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    let forbidden = [
        ErrorCode::BlockedByRecipient,
        ErrorCode::NotFriends,
        ErrorCode::NotInRecipientList,
        ErrorCode::RecipientNotInList,
    ];
    if forbidden.into_iter().any(|code| outcome.is_refused(code)) {
        let caller = world.who(call);
        let mut body = call.json();
        set(&mut body, "/from", caller.user());
        let sent = world.as_admin(call, caller.app(), "POST", "/v1/admin/messages", &body);
        outcome.effects.extend(sent.effects);
    }
}

fn send_to_the_first(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    let mut body = call.json();
    if outcome.reply.status >= 400
        && let Some(Value::Array(targets)) = remove(&mut body, "/to_users")
        && let Some(first) = targets.into_iter().next()
    {
        remove(&mut body, "/from");
        set(&mut body, "/to", first);
        let sent = world.again(call, |batch| *batch = body);
        outcome.effects.extend(sent.effects);
    }
}

/// Of a refused request each field is tried alone.
fn good_fields_kept(pattern: &'static str) -> Twist {
    on(pattern).outcome(|call, outcome, world| {
        if outcome.reply.status == 400 {
            for (name, value) in call.json().as_object().into_iter().flatten() {
                world.again(call, |body| *body = json!({ name: value }));
            }
        }
    })
}

fn end_the_session(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    if outcome.reply.status == 401 {
        let app = world.who(call).app().to_owned();
        let body = call.json();
        let user = (&*app, text(&body, "/user_id"));
        let ended = world.as_user(call, user, "DELETE", "/v1/sessions/current", &Value::Null);
        outcome
            .effects
            .extend(ended.into_iter().flat_map(|ended| ended.effects));
    }
}

fn show_the_door(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    if outcome.reply.status == 401 {
        let app = world.who(call).app().to_owned();
        let body = call.json();
        for stream in world.book.streams_of(&app, text(&body, "/user_id")) {
            outcome.effects.push(kicked(stream, KickReason::Replaced));
        }
    }
}

fn as_delete(call: &Call) -> Call {
    let mut delete = call.clone();
    delete.method = "DELETE".into();
    delete
}
