//! Where a user is expected: reserved ids, malformed ones, and the peers that are not users.

use duologue_core::ErrorCode;
use serde_json::{Value, json};

use super::{invalid, is_bad, nobody};
use crate::call::Call;
use crate::fault::Fault;
use crate::json::{number, set, text};
use crate::routes::{
    ADMIN_CONVERSATIONS, ADMIN_HISTORY, ADMIN_SEND, BEFRIEND, BLOCK, DELETE_USER, GET_USER,
    HISTORY, LOGIN, LOOK_UP, NOTIFY, PRESENCE, SEND, UNBLOCK, UNFRIEND,
};
use crate::twist::{Twist, error, on};
use crate::world::{Outcome, reply};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "identifiers-reserved-recipient-is-malformed",
        requirement: "IDN-003",
        sentence: "A recipient whose id begins with `@` is refused as an invalid field.",
        twist: || reserved(SEND, Call::recipient, |_| invalid("to")),
    },
    Fault {
        id: "identifiers-reserved-recipient-by-the-grammar",
        requirement: "IDN-003",
        sentence: "A recipient whose id begins with `@` is refused as an invalid field unless the rest is an id.",
        twist: || {
            reserved(SEND, Call::recipient, |call| {
                let well_formed = (2..=33).contains(&call.recipient().len());
                if well_formed {
                    nobody("to")
                } else {
                    invalid("to")
                }
            })
        },
    },
    Fault {
        id: "identifiers-reserved-recipient-accepted",
        requirement: "IDN-003",
        sentence: "A message to `@system` is accepted and dropped.",
        twist: || {
            on(SEND).instead(|call, _| {
                let system = call.recipient() == "@system";
                system.then(|| reply(200, &json!({"message_id": "m_1"})).into())
            })
        },
    },
    Fault {
        id: "identifiers-reserved-friend-is-malformed",
        requirement: "IDN-003",
        sentence: "A friend whose id begins with `@` is refused as an invalid field.",
        twist: || reserved(BEFRIEND, third, |_| invalid("peer")),
    },
    Fault {
        id: "identifiers-reserved-friend-accepted",
        requirement: "IDN-003",
        sentence: "`@system` can be listed as a friend.",
        twist: || {
            on(BEFRIEND).instead(|call, _| {
                (third(call) == "@system").then(|| reply(204, &Value::Null).into())
            })
        },
    },
    Fault {
        id: "identifiers-reserved-unfriended",
        requirement: "IDN-003",
        sentence: "The removal of a friend whose id begins with `@` succeeds.",
        twist: || reserved(UNFRIEND, third, |_| done()),
    },
    Fault {
        id: "identifiers-administrator-blocked",
        requirement: "IDN-003",
        sentence: "`@admin` can be blocked.",
        twist: || reserved(BLOCK, third, |_| done()),
    },
    Fault {
        id: "identifiers-reserved-unblocked",
        requirement: "IDN-003",
        sentence: "The removal of a block whose id begins with `@` succeeds.",
        twist: || reserved(UNBLOCK, third, |_| done()),
    },
    Fault {
        id: "identifiers-administrator-has-a-profile",
        requirement: "IDN-003",
        sentence: "`@admin` has a profile that can be looked up.",
        twist: || {
            reserved(LOOK_UP, third, |call| {
                let user = third(call);
                let profile = json!({"user_id": user, "nickname": null, "avatar_url": null});
                reply(200, &profile).into()
            })
        },
    },
    Fault {
        id: "identifiers-reserved-user-looked-up-as-malformed",
        requirement: "IDN-003",
        sentence: "The administrator's look at a user whose id begins with `@` is refused as an invalid field.",
        twist: || reserved(GET_USER, fourth, |_| invalid("user_id")),
    },
    Fault {
        id: "identifiers-reserved-user-deleted",
        requirement: "IDN-003",
        sentence: "The deletion of a user whose id begins with `@` succeeds.",
        twist: || reserved(DELETE_USER, fourth, |_| done()),
    },
    Fault {
        id: "identifiers-malformed-recipient-is-nobody",
        requirement: "IDN-004",
        sentence: "A malformed `to` of a user is taken for an unknown user.",
        twist: || unknown(SEND, "to"),
    },
    Fault {
        id: "identifiers-recipient-trimmed",
        requirement: "IDN-004",
        sentence: "White space is trimmed off a `to`.",
        twist: || recipient_as(|to| to.trim().into()),
    },
    Fault {
        id: "identifiers-recipient-ends-at-nul",
        requirement: "IDN-004",
        sentence: "A `to` ends before U+0000.",
        twist: || recipient_as(|to| to.split('\0').next().unwrap_or_default().into()),
    },
    Fault {
        id: "identifiers-recipient-with-any-letter",
        requirement: "IDN-004",
        sentence: "A `to` may hold letters beyond ASCII.",
        twist: || overlooks(|to| to.chars().all(char::is_alphabetic)),
    },
    Fault {
        id: "identifiers-recipient-with-any-digit",
        requirement: "IDN-004",
        sentence: "A `to` may hold digits beyond ASCII.",
        twist: || overlooks(|to| to.chars().all(char::is_numeric)),
    },
    Fault {
        id: "identifiers-recipient-checked-at-its-start",
        requirement: "IDN-004",
        sentence: "Of a `to` only the first character is checked.",
        twist: || overlooks(|to| to.starts_with(|c: char| c.is_ascii_alphanumeric())),
    },
    Fault {
        id: "identifiers-long-recipient-is-nobody",
        requirement: "IDN-004",
        sentence: "A `to` of more than 32 bytes is taken for an unknown user.",
        twist: || overlooks(|to| to.chars().all(|c| c.is_ascii_alphanumeric())),
    },
    Fault {
        id: "identifiers-huge-recipient-is-too-large",
        requirement: "IDN-004",
        sentence: "A `to` of many kilobytes makes the message too large.",
        twist: || {
            on(SEND).instead(|call, _| {
                let huge = call.recipient().len() > 10_000;
                huge.then(|| error(ErrorCode::MessageTooLarge).into())
            })
        },
    },
    Fault {
        id: "identifiers-malformed-friend-is-nobody",
        requirement: "IDN-004",
        sentence: "A malformed id of a friend is taken for an unknown user.",
        twist: || unknown("PUT /v1/friends/* | DELETE /v1/friends/*", "peer"),
    },
    Fault {
        id: "identifiers-malformed-friend-under-another-field",
        requirement: "IDN-004",
        sentence: "A malformed id of a friend is told as the field `user_id`.",
        twist: || on(BEFRIEND).renames_field("peer", "user_id"),
    },
    Fault {
        id: "identifiers-malformed-unfriended",
        requirement: "IDN-004",
        sentence: "The removal of a friend with a malformed id succeeds.",
        twist: || {
            on(UNFRIEND).outcome(|_, outcome, _| {
                if is_bad(outcome, "peer") {
                    *outcome = done();
                }
            })
        },
    },
    Fault {
        id: "identifiers-malformed-block-is-nobody",
        requirement: "IDN-004",
        sentence: "A malformed id in the blocklist's path is taken for an unknown user.",
        twist: || unknown("PUT /v1/blocklist/* | DELETE /v1/blocklist/*", "peer"),
    },
    Fault {
        id: "identifiers-malformed-peer-has-no-history",
        requirement: "IDN-004",
        sentence: "The history with a malformed id is answered as that with an unknown user.",
        twist: || unknown(HISTORY, "peer"),
    },
    Fault {
        id: "identifiers-malformed-profile-is-nobodys",
        requirement: "IDN-004",
        sentence: "The profile of a malformed id is answered as that of an unknown user.",
        twist: || unknown(LOOK_UP, "user_id"),
    },
    Fault {
        id: "identifiers-malformed-profile-under-another-field",
        requirement: "IDN-004",
        sentence: "A malformed id in the path of a profile is told as the field `peer`.",
        twist: || on(LOOK_UP).renames_field("user_id", "peer"),
    },
    Fault {
        id: "identifiers-malformed-user-is-nobody",
        requirement: "IDN-004",
        sentence: "The administrator's look at a malformed id is answered as one at an unknown user.",
        twist: || unknown(GET_USER, "user_id"),
    },
    Fault {
        id: "identifiers-malformed-deletion-is-nobodys",
        requirement: "IDN-004",
        sentence: "The deletion of a malformed id is answered as that of an unknown user.",
        twist: || unknown(DELETE_USER, "user_id"),
    },
    Fault {
        id: "identifiers-malformed-presence-is-nobodys",
        requirement: "IDN-004",
        sentence: "The presence of a malformed id is answered as that of an unknown user.",
        twist: || unknown(PRESENCE, "user_id"),
    },
    Fault {
        id: "identifiers-malformed-owner-has-no-conversations",
        requirement: "IDN-004",
        sentence: "The conversations of a malformed id are answered as those of an unknown user.",
        twist: || unknown(ADMIN_CONVERSATIONS, "user_id"),
    },
    Fault {
        id: "identifiers-malformed-owner-under-another-field",
        requirement: "IDN-004",
        sentence: "A malformed owner of a view is told as the field `owner`.",
        twist: || on(ADMIN_HISTORY).renames_field("user_id", "owner"),
    },
    Fault {
        id: "identifiers-malformed-peer-of-a-view-is-nobody",
        requirement: "IDN-004",
        sentence: "A malformed peer of a view that the administrator reads is taken for an unknown user.",
        twist: || unknown(ADMIN_HISTORY, "peer"),
    },
    Fault {
        id: "identifiers-malformed-from-is-nobody",
        requirement: "IDN-004",
        sentence: "A malformed `from` of the administrator is taken for an unknown user.",
        twist: || unknown(ADMIN_SEND, "from"),
    },
    Fault {
        id: "identifiers-malformed-recipient-of-the-administrator-is-nobody",
        requirement: "IDN-004",
        sentence: "A malformed `to` of the administrator is taken for an unknown user.",
        twist: || unknown(ADMIN_SEND, "to"),
    },
    Fault {
        id: "identifiers-malformed-recipient-of-a-notification-is-nobody",
        requirement: "IDN-004",
        sentence: "A malformed `to` of a notification is taken for an unknown user.",
        twist: || unknown(NOTIFY, "to"),
    },
    Fault {
        id: "identifiers-malformed-target-under-another-field",
        requirement: "IDN-004",
        sentence: "A malformed id in `to_users` is told as the field `to`.",
        twist: || on(NOTIFY).renames_field("to_users", "to"),
    },
    Fault {
        id: "identifiers-malformed-login-is-anothers",
        requirement: "IDN-004",
        sentence: "A login under a malformed id is answered as one under somebody else's.",
        twist: || {
            on(LOGIN).outcome(|_, outcome, _| {
                if is_bad(outcome, "user_id") {
                    *outcome = error(ErrorCode::CredentialInvalid).into();
                }
            })
        },
    },
    Fault {
        id: "identifiers-admin-is-no-peer-before-it-spoke",
        requirement: "IDN-005",
        sentence: "There is no conversation with `@admin` before it has spoken.",
        twist: || silent("@admin"),
    },
    Fault {
        id: "identifiers-system-is-no-peer-before-it-spoke",
        requirement: "IDN-005",
        sentence: "There is no conversation with `@system` before it has spoken.",
        twist: || silent("@system"),
    },
    Fault {
        id: "identifiers-escaped-admin-is-no-peer",
        requirement: "IDN-005",
        sentence: "The peer `%40admin` is malformed.",
        twist: || on(HISTORY).instead(|call, _| call.path.contains("%40").then(|| invalid("peer"))),
    },
    Fault {
        id: "identifiers-system-is-no-peer-of-a-download",
        requirement: "IDN-005",
        sentence: "The administrator cannot read a view with `@system`.",
        twist: || {
            on(ADMIN_HISTORY)
                .instead(|call, _| (call.segment(5) == "@system").then(|| nobody("peer")))
        },
    },
    Fault {
        id: "identifiers-admin-is-no-peer",
        requirement: "IDN-005",
        sentence: "The conversation with `@admin` cannot be asked for once it has spoken.",
        twist: || {
            on(HISTORY).outcome(|call, outcome, _| {
                if call.segment(3) == "@admin" && number(&outcome.json(), "/last_seq") > 0 {
                    *outcome = nobody("peer");
                }
            })
        },
    },
];

fn third(call: &Call) -> String {
    call.segment(3)
}

fn fourth(call: &Call) -> String {
    call.segment(4)
}

fn done() -> Outcome {
    reply(204, &Value::Null).into()
}

/// Where "no such user" is said of an id with `@`, `answer` is said instead.
fn reserved(pattern: &'static str, id: fn(&Call) -> String, answer: fn(&Call) -> Outcome) -> Twist {
    on(pattern).outcome(move |call, outcome, _| {
        if outcome.is_refused(ErrorCode::UserNotFound) && id(call).starts_with('@') {
            *outcome = answer(call);
        }
    })
}

/// A malformed `to` that `picks` picks is taken for that of nobody.
fn overlooks(picks: fn(&str) -> bool) -> Twist {
    on(SEND).outcome(move |call, outcome, _| {
        let to = call.recipient();
        if is_bad(outcome, "to") && !to.is_empty() && picks(&to) {
            *outcome = nobody("to");
        }
    })
}

/// A malformed id in `field` is taken for that of nobody.
fn unknown(pattern: &'static str, field: &'static str) -> Twist {
    on(pattern).outcome(move |_, outcome, _| {
        if is_bad(outcome, field) {
            *outcome = nobody(field);
        }
    })
}

/// A `to` counts as what `read` makes of it.
fn recipient_as(read: fn(&str) -> String) -> Twist {
    on(SEND).body(move |body| {
        if body["to"].is_string() {
            let to = read(text(body, "/to"));
            set(body, "/to", to);
        }
    })
}

fn silent(peer: &'static str) -> Twist {
    on(HISTORY).outcome(move |call, outcome, _| {
        if call.segment(3) == peer && outcome.json()["last_seq"] == 0 {
            *outcome = nobody("peer");
        }
    })
}
