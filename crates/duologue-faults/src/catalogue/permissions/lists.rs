//! Friend lists and blocklists: who is on them, how many, and what a change answers.

use std::collections::BTreeSet;

use duologue_core::ErrorCode;
use duologue_core::server::Effect;
use serde_json::Value;

use crate::call::Call;
use crate::fault::Fault;
use crate::json::list;
use crate::limits::limit;
use crate::routes::{BEFRIEND, BLOCK, FRIENDS, UNBLOCK, UNFRIEND};
use crate::twist::{error, on};
use crate::world::{Outcome, World, reply};

const ENTRY: &str = "* /v1/friends/* | * /v1/blocklist/*";

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "permissions-adding-adds-both-ways",
        requirement: "PRM-006",
        sentence: "Adding a friend adds the caller to the friend's list as well.",
        twist: || {
            on(BEFRIEND).outcome(|call, outcome, world| mirror(call, outcome, world, BEFRIEND))
        },
    },
    Fault {
        id: "permissions-removing-removes-both-ways",
        requirement: "PRM-006",
        sentence: "Removing a friend takes the caller out of the friend's list as well.",
        twist: || {
            on(UNFRIEND).outcome(|call, outcome, world| mirror(call, outcome, world, UNFRIEND))
        },
    },
    Fault {
        id: "permissions-blocking-unfriends-both-ways",
        requirement: "PRM-006",
        sentence: "A block takes the blocker out of the blocked user's friend list.",
        twist: || on(BLOCK).outcome(|call, outcome, world| mirror(call, outcome, world, UNFRIEND)),
    },
    Fault {
        id: "permissions-blocking-blocks-both-ways",
        requirement: "PRM-006",
        sentence: "A block puts the blocker on the blocked user's blocklist.",
        twist: || on(BLOCK).outcome(|call, outcome, world| mirror(call, outcome, world, BLOCK)),
    },
    Fault {
        id: "permissions-unblocking-unblocks-both-ways",
        requirement: "PRM-006",
        sentence: "Unblocking takes the caller out of the other's blocklist as well.",
        twist: || on(UNBLOCK).outcome(|call, outcome, world| mirror(call, outcome, world, UNBLOCK)),
    },
    Fault {
        id: "permissions-list-shows-the-first-only",
        requirement: "PRM-006",
        sentence: "A friend list shows its first friend and no other.",
        twist: || {
            on(FRIENDS).answer(|body| {
                if let Some(friends) = list(body, "/friends") {
                    friends.truncate(1);
                }
            })
        },
    },
    Fault {
        id: "permissions-removing-removes-nothing",
        requirement: "PRM-006",
        sentence: "Removing a friend answers 204 and removes nobody.",
        twist: || on(UNFRIEND).does_nothing(204, Value::Null),
    },
    Fault {
        id: "permissions-adding-a-friend-twice-refused",
        requirement: "PRM-007",
        sentence: "Adding a friend who is in the list already is refused.",
        twist: || on(BEFRIEND).instead(|call, world| refuses_if(call, world, true)),
    },
    Fault {
        id: "permissions-blocking-twice-refused",
        requirement: "PRM-007",
        sentence: "Blocking a user who is blocked already is refused.",
        twist: || on(BLOCK).instead(|call, world| refuses_if(call, world, true)),
    },
    Fault {
        id: "permissions-removing-a-stranger-refused",
        requirement: "PRM-007",
        sentence: "Removing a user who is not in the friend list is refused.",
        twist: || on(UNFRIEND).instead(|call, world| refuses_if(call, world, false)),
    },
    Fault {
        id: "permissions-unblocking-twice-refused",
        requirement: "PRM-007",
        sentence: "Unblocking a user who is not blocked is refused.",
        twist: || on(UNBLOCK).instead(|call, world| refuses_if(call, world, false)),
    },
    Fault {
        id: "permissions-adding-twice-is-news",
        requirement: "PRM-007",
        sentence: "Adding a friend a second time tells both of a new friendship.",
        twist: || {
            on(BEFRIEND).request(|call, world| {
                let mut remove = call.clone();
                remove.method = "DELETE".into();
                world.ask(&remove);
            })
        },
    },
    Fault {
        id: "permissions-removing-twice-is-news",
        requirement: "PRM-007",
        sentence: "Removing a friend a second time tells of the removal again.",
        twist: || {
            let mut last: Vec<Effect> = Vec::new();
            on(UNFRIEND).outcome(move |_, outcome, _| {
                if outcome.effects.is_empty() {
                    outcome.effects.append(&mut last);
                } else {
                    last.clone_from(&outcome.effects);
                }
            })
        },
    },
    Fault {
        id: "permissions-blocking-twice-unblocks",
        requirement: "PRM-007",
        sentence: "Blocking a user who is blocked already unblocks.",
        twist: || {
            on(BLOCK).request(|call, world| {
                if is_listed(call, world) {
                    call.method = "DELETE".into();
                }
            })
        },
    },
    Fault {
        id: "permissions-full-list-refuses-its-own-friend",
        requirement: "PRM-007",
        sentence: "A full friend list refuses a friend it holds already.",
        twist: || on(BEFRIEND).instead(|call, world| refuses_when_full(call, world, "friends_max")),
    },
    Fault {
        id: "permissions-full-blocklist-refuses-its-own-user",
        requirement: "PRM-007",
        sentence: "A full blocklist refuses a user it holds already.",
        twist: || on(BLOCK).instead(|call, world| refuses_when_full(call, world, "blocklist_max")),
    },
    Fault {
        id: "permissions-oneself-as-friend",
        requirement: "PRM-008",
        sentence: "Adding oneself as a friend is answered 204.",
        twist: || on(BEFRIEND).accepts(ErrorCode::InvalidField, 204, Value::Null),
    },
    Fault {
        id: "permissions-oneself-blocked",
        requirement: "PRM-008",
        sentence: "Blocking oneself is answered 204.",
        twist: || on(BLOCK).accepts(ErrorCode::InvalidField, 204, Value::Null),
    },
    Fault {
        id: "permissions-oneself-removed",
        requirement: "PRM-008",
        sentence: "Removing oneself is answered 204.",
        twist: || {
            let lists = on("DELETE /v1/friends/* | DELETE /v1/blocklist/*");
            lists.accepts(ErrorCode::InvalidField, 204, Value::Null)
        },
    },
    Fault {
        id: "permissions-oneself-under-another-field",
        requirement: "PRM-008",
        sentence: "The refusal to add or remove oneself names the field `user_id`.",
        twist: || on(ENTRY).renames_field("peer", "user_id"),
    },
    Fault {
        id: "permissions-nobody-added",
        requirement: "PRM-008",
        sentence: "Adding a user who does not exist is answered 204.",
        twist: || {
            let lists = on("PUT /v1/friends/* | PUT /v1/blocklist/*");
            lists.accepts(ErrorCode::UserNotFound, 204, Value::Null)
        },
    },
    Fault {
        id: "permissions-nobody-removed",
        requirement: "PRM-008",
        sentence: "Removing a user who does not exist is answered 204.",
        twist: || {
            let lists = on("DELETE /v1/friends/* | DELETE /v1/blocklist/*");
            lists.accepts(ErrorCode::UserNotFound, 204, Value::Null)
        },
    },
    Fault {
        id: "permissions-reserved-id-added",
        requirement: "PRM-008",
        sentence: "`@admin` may be added and removed like a user.",
        twist: || {
            on(ENTRY).instead(|call, _| {
                let reserved = call.segment(3).starts_with('@');
                reserved.then(|| reply(204, &Value::Null).into())
            })
        },
    },
    Fault {
        id: "permissions-nobody-told-as-malformed",
        requirement: "PRM-008",
        sentence: "A peer who does not exist is refused as `invalid_field`.",
        twist: || on(ENTRY).confuses(ErrorCode::UserNotFound, ErrorCode::InvalidField),
    },
    Fault {
        id: "permissions-one-friend-too-many",
        requirement: "PRM-009",
        sentence: "A friend list takes one friend more than `friends_max`.",
        twist: || limit("friends_max", |max| max + 1),
    },
    Fault {
        id: "permissions-one-friend-too-few",
        requirement: "PRM-009",
        sentence: "A friend list is full one friend before `friends_max`.",
        twist: || limit("friends_max", |max| max - 1),
    },
    Fault {
        id: "permissions-one-blocked-too-many",
        requirement: "PRM-009",
        sentence: "A blocklist takes one user more than `blocklist_max`.",
        twist: || limit("blocklist_max", |max| max + 1),
    },
    Fault {
        id: "permissions-one-blocked-too-few",
        requirement: "PRM-009",
        sentence: "A blocklist is full one user before `blocklist_max`.",
        twist: || limit("blocklist_max", |max| max - 1),
    },
    Fault {
        id: "permissions-blocked-users-fill-the-friend-list",
        requirement: "PRM-009",
        sentence: "Blocked users count towards `friends_max`.",
        twist: || on(BEFRIEND).instead(|call, world| counts_both(call, world, "friends_max")),
    },
    Fault {
        id: "permissions-friends-fill-the-blocklist",
        requirement: "PRM-009",
        sentence: "Friends count towards `blocklist_max`.",
        twist: || on(BLOCK).instead(|call, world| counts_both(call, world, "blocklist_max")),
    },
    Fault {
        id: "permissions-removed-friend-leaves-no-room",
        requirement: "PRM-009",
        sentence: "A friend who was removed still counts towards `friends_max`.",
        twist: || {
            let mut seen = BTreeSet::new();
            on(BEFRIEND).instead(move |call, world| {
                let caller = world.who(call);
                let key = |peer| (caller.app().to_owned(), caller.user().to_owned(), peer);
                let outcome = world.ask(call);
                if outcome.reply.status != 204 {
                    return Some(outcome);
                }
                seen.insert(key(call.segment(3)));
                let max = world.limit(call, "friends_max")?;
                let count = seen.range(key(String::new())..=key("~".into())).count();
                (count as u64 > max).then(|| error(ErrorCode::RelationLimit).into())
            })
        },
    },
    Fault {
        id: "permissions-full-list-drops-a-friend",
        requirement: "PRM-009",
        sentence: "A full friend list takes the new friend and drops another.",
        twist: || on(BEFRIEND).outcome(drops_another),
    },
    Fault {
        id: "permissions-full-list-told-as-blocked",
        requirement: "PRM-009",
        sentence: "A full list is told as `peer_blocked`.",
        twist: || on(ENTRY).confuses(ErrorCode::RelationLimit, ErrorCode::PeerBlocked),
    },
    Fault {
        id: "permissions-refused-block-unfriends",
        requirement: "PRM-009",
        sentence: "A block that a full list refuses ends the friendship all the same.",
        twist: || {
            on(BLOCK).outcome(|call, outcome, world| {
                if outcome.is_refused(ErrorCode::RelationLimit) {
                    let unfriend = Call {
                        method: "DELETE".into(),
                        path: call.path.replace("blocklist", "friends"),
                        ..call.clone()
                    };
                    outcome.effects.extend(world.ask(&unfriend).effects);
                }
            })
        },
    },
];

/// The peer does the same to the caller, as if asked for `pattern`.
fn mirror(call: &Call, outcome: &mut Outcome, world: &mut World<'_>, pattern: &str) {
    let (caller, peer) = (world.who(call), call.segment(3));
    let Some((method, path)) = pattern.split_once(' ') else {
        return;
    };
    if outcome.reply.status == 204 {
        let path = path.replace('*', caller.user());
        let mirrored = world.as_user(call, (caller.app(), &peer), method, &path, &Value::Null);
        let effects = mirrored.map(|mirrored| mirrored.effects);
        outcome.effects.extend(effects.unwrap_or_default());
    }
}

/// Whether the list in the path has the peer in the path.
fn is_listed(call: &Call, world: &mut World<'_>) -> bool {
    let caller = world.who(call);
    let user = (caller.app(), caller.user());
    world.lists(call, user, &call.segment(2), &call.segment(3))
}

fn refuses_if(call: &Call, world: &mut World<'_>, listed: bool) -> Option<Outcome> {
    (is_listed(call, world) == listed).then(|| error(ErrorCode::InvalidField).into())
}

fn refuses_when_full(call: &Call, world: &mut World<'_>, max: &str) -> Option<Outcome> {
    let caller = world.who(call);
    let user = (caller.app(), caller.user());
    let length = world.list(call, user, &call.segment(2)).len() as u64;
    let full = length >= world.limit(call, max)?;
    full.then(|| error(ErrorCode::RelationLimit).into())
}

/// Both lists together are held against the limit of one.
fn counts_both(call: &Call, world: &mut World<'_>, max: &str) -> Option<Outcome> {
    let caller = world.who(call);
    let user = (caller.app(), caller.user());
    let friends = world.list(call, user, "friends").len();
    let length = (friends + world.list(call, user, "blocklist").len()) as u64;
    let full = length >= world.limit(call, max)?;
    full.then(|| error(ErrorCode::RelationLimit).into())
}

fn drops_another(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    if !outcome.is_refused(ErrorCode::RelationLimit) {
        return;
    }
    let caller = world.who(call);
    let friends = world.list(call, (caller.app(), caller.user()), "friends");
    let Some(friend) = friends.first() else {
        return;
    };
    let remove = Call {
        method: "DELETE".into(),
        path: format!("/v1/friends/{friend}"),
        ..call.clone()
    };
    let mut effects = world.ask(&remove).effects;
    *outcome = world.ask(call);
    effects.append(&mut outcome.effects);
    outcome.effects = effects;
}
