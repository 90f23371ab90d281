//! The ids of new users, and ids that differ in case.

use serde_json::json;

use super::{invalid, is_bad};
use crate::call::Call;
use crate::fault::Fault;
use crate::json::{set, text};
use crate::routes::{ADMIN_CONVERSATIONS, LOOK_UP, PUT_USER, SEND};
use crate::twist::{Twist, on};
use crate::world::{World, reply};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "identifiers-long-user-id-cut",
        requirement: "IDN-001",
        sentence: "The id of a new user is cut to 32 bytes.",
        twist: || created_as(|id| id.chars().take(32).collect()),
    },
    Fault {
        id: "identifiers-user-id-trimmed",
        requirement: "IDN-001",
        sentence: "White space at the ends of the id of a new user is trimmed.",
        twist: || created_as(|id| id.trim().into()),
    },
    Fault {
        id: "identifiers-user-id-with-a-space",
        requirement: "IDN-001",
        sentence: "The id of a new user may hold a space.",
        twist: || accepts(|id| id.contains(' ')),
    },
    Fault {
        id: "identifiers-user-id-of-two-lines",
        requirement: "IDN-001",
        sentence: "The id of a new user may have several lines, if each is an id.",
        twist: || accepts(|id| id.contains('\n') && !id.ends_with('\n')),
    },
    Fault {
        id: "identifiers-user-id-with-a-dot",
        requirement: "IDN-001",
        sentence: "The id of a new user may hold a dot.",
        twist: || accepts(|id| id.contains('.')),
    },
    Fault {
        id: "identifiers-user-id-with-a-colon",
        requirement: "IDN-001",
        sentence: "The id of a new user may hold a colon.",
        twist: || accepts(|id| id.contains(':')),
    },
    Fault {
        id: "identifiers-user-id-with-any-letter",
        requirement: "IDN-001",
        sentence: "The id of a new user may hold letters beyond ASCII.",
        twist: || accepts(|id| id.chars().all(char::is_alphanumeric)),
    },
    Fault {
        id: "identifiers-user-id-of-a-symbol",
        requirement: "IDN-001",
        sentence: "The id of a new user may hold symbols beyond ASCII.",
        twist: || accepts(|id| !id.contains(|c: char| c.is_ascii() || c.is_alphanumeric())),
    },
    Fault {
        id: "identifiers-reserved-user-created",
        requirement: "IDN-001",
        sentence: "A user can be created under an id that begins with `@`.",
        twist: || accepts(|id| id.starts_with('@')),
    },
    Fault {
        id: "identifiers-administrator-created-as-a-user",
        requirement: "IDN-001",
        sentence: "A user can be created under the id `@admin`.",
        twist: || accepts(|id| id == "@admin"),
    },
    Fault {
        id: "identifiers-reserved-user-is-nobody",
        requirement: "IDN-001",
        sentence: "The creation of a user under an id that begins with `@` is refused as if the user were unknown.",
        twist: || {
            on(PUT_USER).instead(|call, _| {
                let reserved = call.segment(4).starts_with('@');
                reserved.then(|| super::nobody("user_id"))
            })
        },
    },
    Fault {
        id: "identifiers-user-id-of-one-byte-refused",
        requirement: "IDN-001",
        sentence: "An id of one byte is refused for a new user.",
        twist: || refuses(|id| id.len() < 2),
    },
    Fault {
        id: "identifiers-longest-user-id-refused",
        requirement: "IDN-001",
        sentence: "An id of 32 bytes is refused for a new user.",
        twist: || refuses(|id| id.len() > 31),
    },
    Fault {
        id: "identifiers-user-id-of-digits-refused",
        requirement: "IDN-001",
        sentence: "An id that begins with a digit is refused for a new user.",
        twist: || refuses(|id| id.starts_with(|first: char| first.is_ascii_digit())),
    },
    Fault {
        id: "identifiers-user-id-of-a-hyphen-refused",
        requirement: "IDN-001",
        sentence: "An id that begins with a hyphen is refused for a new user.",
        twist: || refuses(|id| id.starts_with('-')),
    },
    Fault {
        id: "identifiers-user-id-of-an-underscore-refused",
        requirement: "IDN-001",
        sentence: "An id that begins with an underscore is refused for a new user.",
        twist: || refuses(|id| id.starts_with('_')),
    },
    Fault {
        id: "identifiers-user-id-in-capitals-refused",
        requirement: "IDN-001",
        sentence: "An id with capital letters is refused for a new user.",
        twist: || refuses(|id| id.contains(|c: char| c.is_ascii_uppercase())),
    },
    Fault {
        id: "identifiers-recipient-found-without-case",
        requirement: "IDN-002",
        sentence: "A recipient is found by an id in another case.",
        twist: || {
            without_case(SEND, |call, like| {
                let mut body = call.json();
                if let Some(user) = like(text(&body, "/to")) {
                    set(&mut body, "/to", user);
                    call.set_json(&body);
                }
            })
        },
    },
    Fault {
        id: "identifiers-user-created-without-case",
        requirement: "IDN-002",
        sentence: "The creation of a user whose id exists in another case changes that user.",
        twist: || in_path_without_case(PUT_USER),
    },
    Fault {
        id: "identifiers-profile-found-without-case",
        requirement: "IDN-002",
        sentence: "A profile is that of the first user of this id in whatever case.",
        twist: || {
            without_case(LOOK_UP, |call, like| {
                if let Some(user) = like(&call.segment(3)) {
                    call.set_segment(3, &user);
                }
            })
        },
    },
    Fault {
        id: "identifiers-views-found-without-case",
        requirement: "IDN-002",
        sentence: "The administrator gets the views of the first user of an id in whatever case.",
        twist: || in_path_without_case(ADMIN_CONVERSATIONS),
    },
];

/// A user is created under what `cut` makes of the id.
fn created_as(cut: fn(&str) -> String) -> Twist {
    on(PUT_USER).request(move |call, _| {
        let id = call.segment(4);
        if cut(&id) != id {
            call.set_segment(4, &cut(&id));
        }
    })
}

/// A bad id that `picks` picks is answered as if a user were created.
fn accepts(picks: fn(&str) -> bool) -> Twist {
    on(PUT_USER).outcome(move |call, outcome, _| {
        let id = call.segment(4);
        if is_bad(outcome, "user_id") && picks(&id) {
            let user = json!({"user_id": id, "nickname": null, "avatar_url": null,
                "created_ms": call.now.0, "credential": "made-up"});
            outcome.reply = reply(201, &user);
        }
    })
}

fn refuses(picks: fn(&str) -> bool) -> Twist {
    on(PUT_USER).instead(move |call, _| picks(&call.segment(4)).then(|| invalid("user_id")))
}

type Like<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Before a request of `pattern`, `find` may ask for the first user that was created whose id
/// differs in case at most.
fn without_case(pattern: &'static str, find: fn(&mut Call, Like<'_>)) -> Twist {
    let mut created: Vec<(String, String)> = Vec::new();
    on("*").instead(move |call, world: &mut World<'_>| {
        let app = world.who(call).app().to_owned();
        if call.is(pattern) {
            find(call, &|id: &str| {
                let same =
                    |(of, other): &&(String, String)| *of == app && other.eq_ignore_ascii_case(id);
                created.iter().find(same).map(|(_, user)| user.clone())
            });
        }
        if !call.is(PUT_USER) {
            return None;
        }
        let outcome = world.ask(call);
        if outcome.reply.status == 201 {
            created.push((app, call.segment(4)));
        }
        Some(outcome)
    })
}

fn in_path_without_case(pattern: &'static str) -> Twist {
    without_case(pattern, |call, like| {
        if let Some(user) = like(&call.segment(4)) {
            call.set_segment(4, &user);
        }
    })
}
