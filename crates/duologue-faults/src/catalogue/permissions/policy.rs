//! Who may write to whom: the policy and `accept_from`.

use duologue_core::ErrorCode;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::json::{remove, set, text};
use crate::routes::{PUT_PROFILE, PUT_USER, SEND};
use crate::sending::{Sending, send_accepted, send_refused};
use crate::twist::{Twist, on};

const NOT_FRIENDS: &[ErrorCode] = &[
    ErrorCode::NotFriends,
    ErrorCode::NotInRecipientList,
    ErrorCode::RecipientNotInList,
];

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "permissions-strangers-refused-under-anyone",
        requirement: "PRM-001",
        sentence: "Under `anyone` strangers are refused.",
        twist: || {
            send_refused(ErrorCode::NotFriends, |sending| {
                sending.policy_is("messaging", "anyone")
                    && !sending.sender_lists()
                    && !sending.recipient_lists()
            })
        },
    },
    Fault {
        id: "permissions-strangers-wait-in-the-mailbox",
        requirement: "PRM-001",
        sentence: "Under `anyone` what a stranger sends is kept, and shown to no open stream.",
        twist: || {
            on(SEND).outcome(|call, outcome, world| {
                let sending = Sending::of(call, world);
                if sending.is_some_and(|mut sending| !sending.recipient_lists()) {
                    outcome.effects.clear();
                }
            })
        },
    },
    Fault {
        id: "permissions-strangers-write-to-friends-only",
        requirement: "PRM-002",
        sentence: "Under `friends_only` strangers are accepted.",
        twist: || send_accepted(ErrorCode::NotFriends, under_friends_only),
    },
    Fault {
        id: "permissions-senders-list-suffices",
        requirement: "PRM-002",
        sentence: "Under `friends_only` it is enough that the sender lists the recipient.",
        twist: || send_accepted(ErrorCode::NotInRecipientList, under_friends_only),
    },
    Fault {
        id: "permissions-recipients-list-suffices",
        requirement: "PRM-002",
        sentence: "Under `friends_only` it is enough that the recipient lists the sender.",
        twist: || send_accepted(ErrorCode::RecipientNotInList, under_friends_only),
    },
    Fault {
        id: "permissions-mutual-friends-refused",
        requirement: "PRM-002",
        sentence: "Under `friends_only` mutual friends are refused like strangers.",
        twist: || send_refused(ErrorCode::NotFriends, mutual_friends),
    },
    Fault {
        id: "permissions-first-to-write-has-the-word",
        requirement: "PRM-002",
        sentence: "Under `friends_only` the friend who did not write first is refused.",
        twist: || {
            send_refused(ErrorCode::NotFriends, |sending| {
                mutual_friends(sending) && wrote_first(sending)
            })
        },
    },
    Fault {
        id: "permissions-sender-side-told-as-strangers",
        requirement: "PRM-002",
        sentence: "A sender who lists a recipient that does not list them is told `not_friends`.",
        twist: || on(SEND).confuses(ErrorCode::NotInRecipientList, ErrorCode::NotFriends),
    },
    Fault {
        id: "permissions-recipient-side-told-as-strangers",
        requirement: "PRM-002",
        sentence: "A sender whom the recipient lists is told `not_friends`.",
        twist: || on(SEND).confuses(ErrorCode::RecipientNotInList, ErrorCode::NotFriends),
    },
    Fault {
        id: "permissions-strangers-told-as-one-sided",
        requirement: "PRM-002",
        sentence: "Strangers are told `not_in_recipient_list`.",
        twist: || on(SEND).confuses(ErrorCode::NotFriends, ErrorCode::NotInRecipientList),
    },
    Fault {
        id: "permissions-refused-message-goes-live",
        requirement: "PRM-002",
        sentence: "A message refused for want of friendship is shown to the recipient's streams.",
        twist: || when_refused(|sending| Some(sending.only_live().effects)),
    },
    Fault {
        id: "permissions-refused-message-kept",
        requirement: "PRM-002",
        sentence: "A message refused for want of friendship stands in both histories.",
        twist: || {
            when_refused(|sending| {
                sending.past_permission(&Value::Null);
                None
            })
        },
    },
    Fault {
        id: "permissions-accept-from-anyone-means-policy",
        requirement: "PRM-003",
        sentence: "An `accept_from` of `anyone` admits nobody whom the policy keeps out.",
        twist: || {
            send_refused(ErrorCode::NotFriends, |sending| {
                sending.recipient_accepts_from("anyone")
                    && sending.policy_is("messaging", "friends_only")
                    && !(sending.sender_lists() && sending.recipient_lists())
            })
        },
    },
    Fault {
        id: "permissions-accept-from-friends-means-policy",
        requirement: "PRM-003",
        sentence: "An `accept_from` of `friends` keeps out no stranger whom the policy admits.",
        twist: || {
            send_accepted(ErrorCode::NotFriends, |sending| {
                sending.recipient_accepts_from("friends")
            })
        },
    },
    Fault {
        id: "permissions-accept-from-friends-means-either-list",
        requirement: "PRM-003",
        sentence: "For an `accept_from` of `friends` it is enough that the sender lists the recipient.",
        twist: || {
            send_accepted(ErrorCode::NotInRecipientList, |sending| {
                sending.recipient_accepts_from("friends")
            })
        },
    },
    Fault {
        id: "permissions-accept-from-anyone-lets-write-to-anyone",
        requirement: "PRM-003",
        sentence: "Who accepts from anyone may write to anyone.",
        twist: || {
            send_accepted(ErrorCode::NotFriends, |sending| {
                sending.sender_accepts_from("anyone")
            })
        },
    },
    Fault {
        id: "permissions-accept-from-friends-binds-the-sender",
        requirement: "PRM-003",
        sentence: "Who accepts from friends only may write to friends only.",
        twist: || {
            send_refused(ErrorCode::NotFriends, |sending| {
                sending.sender_accepts_from("friends") && !sending.sender_lists()
            })
        },
    },
    Fault {
        id: "permissions-accept-from-anyone-lifts-blocks",
        requirement: "PRM-003",
        sentence: "Who accepts from anyone accepts also from those they block.",
        twist: || {
            send_accepted(ErrorCode::BlockedByRecipient, |sending| {
                sending.recipient_accepts_from("anyone")
            })
        },
    },
    Fault {
        id: "permissions-accept-from-lost-by-new-nickname",
        requirement: "PRM-003",
        sentence: "A change of profile that does not name `accept_from` sets it back to `policy`.",
        twist: || {
            on(PUT_PROFILE).body(|body| {
                if body["accept_from"].is_null() {
                    set(body, "/accept_from", "policy");
                }
            })
        },
    },
    Fault {
        id: "permissions-accept-from-lost-by-administrator",
        requirement: "PRM-003",
        sentence: "When the administrator changes a user, `accept_from` is set back to `policy`.",
        twist: || {
            on(PUT_USER).outcome(|call, outcome, world| {
                if outcome.reply.status == 200 {
                    let (caller, user) = (world.who(call), call.segment(4));
                    let policy = json!({"accept_from": "policy"});
                    world.as_user(call, (caller.app(), &user), "PUT", "/v1/profile", &policy);
                }
            })
        },
    },
    Fault {
        id: "permissions-accept-from-never-back-to-policy",
        requirement: "PRM-003",
        sentence: "An `accept_from` of `policy` is answered and not taken on.",
        twist: || {
            let chosen = on(PUT_PROFILE).body(|body| {
                if body["accept_from"] == "policy" {
                    remove(body, "/accept_from");
                }
            });
            chosen.and(on(PUT_PROFILE).outcome(|call, outcome, _| {
                if call.json()["accept_from"] == "policy" {
                    let mut body = outcome.json();
                    set(&mut body, "/accept_from", "policy");
                    outcome.set_json(&body);
                }
            }))
        },
    },
    Fault {
        id: "permissions-unknown-accept-from-means-policy",
        requirement: "PRM-018",
        sentence: "An unknown `accept_from` is taken for `policy`.",
        twist: || {
            on(PUT_PROFILE).body(|body| {
                let chosen = text(body, "/accept_from");
                if !chosen.is_empty() && !["policy", "anyone", "friends"].contains(&chosen) {
                    set(body, "/accept_from", "policy");
                }
            })
        },
    },
    Fault {
        id: "permissions-accept-from-in-any-case",
        requirement: "PRM-018",
        sentence: "`Friends` is taken for `friends`.",
        twist: || {
            on(PUT_PROFILE).body(|body| {
                if let Some(chosen) = body["accept_from"].as_str() {
                    body["accept_from"] = chosen.to_lowercase().into();
                }
            })
        },
    },
    Fault {
        id: "permissions-accept-from-cleared-by-null",
        requirement: "PRM-018",
        sentence: "An `accept_from` of null sets it back to `policy`.",
        twist: || {
            on(PUT_PROFILE).body(|body| {
                if body.get("accept_from").is_some_and(Value::is_null) {
                    set(body, "/accept_from", "policy");
                }
            })
        },
    },
    Fault {
        id: "permissions-accept-from-of-another-type-ignored",
        requirement: "PRM-018",
        sentence: "An `accept_from` that is no string is passed over.",
        twist: || {
            on(PUT_PROFILE).body(|body| {
                if body
                    .get("accept_from")
                    .is_some_and(|it| !it.is_string() && !it.is_null())
                {
                    remove(body, "/accept_from");
                }
            })
        },
    },
    Fault {
        id: "permissions-unknown-accept-from-not-named",
        requirement: "PRM-018",
        sentence: "The refusal of an unknown `accept_from` names no field.",
        twist: || {
            on(PUT_PROFILE).error(|body| {
                if body["field"] == "accept_from" {
                    remove(body, "/field");
                }
            })
        },
    },
    Fault {
        id: "permissions-unknown-accept-from-changes-the-rest",
        requirement: "PRM-018",
        sentence: "An unknown `accept_from` is refused, and the nickname beside it taken on.",
        twist: || {
            on(PUT_PROFILE).outcome(|call, outcome, world| {
                let mut rest = call.clone();
                let mut body = call.json();
                if outcome.json()["field"] == "accept_from" && body.is_object() {
                    remove(&mut body, "/accept_from");
                    rest.set_json(&body);
                    world.ask(&rest);
                }
            })
        },
    },
];

fn under_friends_only(sending: &mut Sending<'_, '_>) -> bool {
    sending.policy_is("messaging", "friends_only")
}

fn mutual_friends(sending: &mut Sending<'_, '_>) -> bool {
    under_friends_only(sending) && sending.sender_lists() && sending.recipient_lists()
}

/// Whether the recipient was the first to write.
fn wrote_first(sending: &mut Sending<'_, '_>) -> bool {
    let path = format!("/v1/conversations/{}/messages?after=0&limit=1", sending.to);
    let user = (sending.app.as_str(), sending.from.as_str());
    let history = sending
        .world
        .as_user(sending.call, user, "GET", &path, &Value::Null);
    history.is_some_and(|history| text(&history.json(), "/messages/0/from") == sending.to)
}

/// What comes of a send that is refused for want of friendship, beside the refusal.
fn when_refused(
    act: fn(&mut Sending<'_, '_>) -> Option<Vec<duologue_core::server::Effect>>,
) -> Twist {
    on(SEND).outcome(move |call, outcome, world| {
        if !NOT_FRIENDS.iter().any(|code| outcome.is_refused(*code)) {
            return;
        }
        if let Some(mut sending) = Sending::of(call, world) {
            outcome
                .effects
                .extend(act(&mut sending).unwrap_or_default());
        }
    })
}
