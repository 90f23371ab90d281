//! Deletion: what of the user ends, and what others keep.

use std::collections::BTreeSet;

use duologue_core::ErrorCode;
use duologue_core::server::Effect;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::json::remove;
use crate::routes::{DELETE_USER, GET_PROFILE, HISTORY, LOGIN, PUT_USER, RECENTS};
use crate::stores::Store;
use crate::twist::{Twist, on};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "admin-deleted-session-lives-on",
        requirement: "ADM-005",
        sentence: "A session of a deleted user still reads the profile.",
        twist: || {
            let profile = json!({
                "user_id": "gone", "nickname": null, "avatar_url": null, "accept_from": "policy"
            });
            on(GET_PROFILE).accepts(ErrorCode::SessionEnded, 200, profile)
        },
    },
    Fault {
        id: "admin-deleted-session-reads-recents",
        requirement: "ADM-005",
        sentence: "A session of a deleted user that has no stream still reads the recent contacts.",
        twist: || on(RECENTS).accepts(ErrorCode::SessionEnded, 200, json!({"recents": []})),
    },
    Fault {
        id: "admin-deleted-session-told-as-unknown",
        requirement: "ADM-005",
        sentence: "The session token of a deleted user is told as one that never was.",
        twist: || on("*").confuses(ErrorCode::SessionEnded, ErrorCode::CredentialInvalid),
    },
    Fault {
        id: "admin-deleted-credential-lives-on",
        requirement: "ADM-005",
        sentence: "The credential of a deleted user still logs in.",
        twist: || {
            let login = json!({
                "session_token": "dls_1", "user_id": "gone", "device_id": "phone",
                "platform": "test", "now_ms": 0
            });
            on(LOGIN).accepts(ErrorCode::CredentialInvalid, 201, login)
        },
    },
    Fault {
        id: "admin-deleted-credential-told-as-unknown-user",
        requirement: "ADM-005",
        sentence: "A login with the credential of a deleted user is answered 404.",
        twist: || on(LOGIN).confuses(ErrorCode::CredentialInvalid, ErrorCode::UserNotFound),
    },
    Fault {
        id: "admin-deleted-streams-stay-open",
        requirement: "ADM-005",
        sentence: "The streams of a deleted user stay open.",
        twist: || {
            on(DELETE_USER).effects(|effect, _| match effect {
                Effect::Close { .. } => Vec::new(),
                other => vec![other],
            })
        },
    },
    Fault {
        id: "admin-deleted-user-stays-a-friend",
        requirement: "ADM-006",
        sentence: "A deleted user stays in the friend lists of others.",
        twist: || stays_listed("friends"),
    },
    Fault {
        id: "admin-deleted-user-stays-blocked",
        requirement: "ADM-006",
        sentence: "A deleted user stays on the blocklists of others.",
        twist: || stays_listed("blocklist"),
    },
    Fault {
        id: "admin-created-anew-is-a-friend",
        requirement: "ADM-006",
        sentence: "A user created anew is in the friend lists that had the deleted one.",
        twist: || listed_anew("friends"),
    },
    Fault {
        id: "admin-created-anew-is-blocked",
        requirement: "ADM-006",
        sentence: "A user created anew is on the blocklists that had the deleted one.",
        twist: || listed_anew("blocklist"),
    },
    Fault {
        id: "admin-deletion-empties-others-histories",
        requirement: "ADM-007",
        sentence: "A deletion takes what the user sent out of the histories of others.",
        twist: || takes_away(Store::View),
    },
    Fault {
        id: "admin-deletion-empties-others-mailboxes",
        requirement: "ADM-007",
        sentence: "A deletion takes what the user sent out of the mailboxes of others.",
        twist: || takes_away(Store::Mailbox),
    },
    Fault {
        id: "admin-deletion-empties-others-recents",
        requirement: "ADM-007",
        sentence: "A deletion takes the user out of the recent contacts of others.",
        twist: || takes_away(Store::Recents),
    },
    Fault {
        id: "admin-deletion-blanks-the-sender",
        requirement: "ADM-007",
        sentence: "A deletion takes the nickname out of what the user sent.",
        twist: || {
            let mut deleted = BTreeSet::new();
            on("*").outcome(move |call, outcome, world| {
                let app = world.who(call).app().to_owned();
                if call.is(DELETE_USER) {
                    deleted.insert((app, call.segment(4)));
                } else if call.is(HISTORY) && deleted.contains(&(app, call.segment(3))) {
                    outcome.edit_list("/messages", |messages| {
                        for message in messages {
                            remove(message, "/sender/nickname");
                        }
                    });
                }
            })
        },
    },
];

/// Users who put a peer on a list: app, owner, peer.
type Listed = BTreeSet<(String, String, String)>;

/// A list goes on showing deleted users.
fn stays_listed(name: &'static str) -> Twist {
    let (mut listed, mut deleted) = (Listed::new(), BTreeSet::new());
    on("*").outcome(move |call, outcome, world| {
        let caller = world.who(call);
        let (app, owner) = caller.owner();
        if call.is("PUT /v1/*/*") && call.segment(2) == name {
            listed.insert((app, owner, call.segment(3)));
        } else if call.is(DELETE_USER) {
            deleted.insert((app, call.segment(4)));
        } else if call.is("GET /v1/*") && call.segment(2) == name {
            let gone = listed.iter().filter(|(in_app, of, peer)| {
                *in_app == app && *of == owner && deleted.contains(&(app.clone(), peer.clone()))
            });
            outcome.edit_list(&format!("/{name}"), |all| {
                all.extend(gone.map(|(.., peer)| Value::from(peer.as_str())));
            });
        }
    })
}

/// Creating a user anew puts them on the lists where they were.
fn listed_anew(name: &'static str) -> Twist {
    let mut listed = Listed::new();
    on("*").outcome(move |call, outcome, world| {
        let caller = world.who(call);
        let app = caller.app().to_owned();
        if call.is("PUT /v1/*/*") && call.segment(2) == name {
            listed.insert((app, caller.user().into(), call.segment(3)));
        } else if call.is(PUT_USER) && outcome.reply.status == 201 {
            let user = call.segment(4);
            let owners = listed
                .iter()
                .filter(|(in_app, _, peer)| *in_app == app && *peer == user);
            for (_, owner, peer) in owners {
                let path = format!("/v1/{name}/{peer}");
                world.as_user(call, (&app, owner), "PUT", &path, &Value::Null);
            }
        }
    })
}

/// A store of others no longer shows what the deleted user sent.
fn takes_away(store: Store) -> Twist {
    let mut deleted = BTreeSet::new();
    on("*").outcome(move |call, outcome, world| {
        let app = world.who(call).app().to_owned();
        if call.is(DELETE_USER) {
            deleted.insert((app, call.segment(4)));
            return;
        }
        store.hide(call, outcome, |message| {
            let end = |name| message[name].as_str().unwrap_or_default().to_owned();
            let is_gone = |user| deleted.contains(&(app.clone(), user));
            is_gone(end("from")) || (store == Store::Recents && is_gone(end("to")))
        });
    })
}
