//! The profile: what may stand in it, who sees it, and that nothing of it is changed.

use std::collections::BTreeMap;

use duologue_core::ErrorCode;
use serde_json::Value;

use crate::call::Call;
use crate::fault::Fault;
use crate::json::{list, remove, set, text};
use crate::limits::limit;
use crate::routes::{GET_USER, LOOK_UP, PUT_PROFILE, PUT_USER};
use crate::told::told;
use crate::twist::{Twist, error, on};
use crate::world::{Outcome, World, reply};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "sender-empty-name-accepted",
        requirement: "SDR-006",
        sentence: "An empty nickname is accepted.",
        twist: || accepts(PUT_PROFILE, "nickname", |name| name == ""),
    },
    Fault {
        id: "sender-empty-name-clears",
        requirement: "SDR-006",
        sentence: "An empty nickname is taken for null.",
        twist: || {
            on(PUT_PROFILE).body(|body| {
                if body["nickname"] == "" {
                    set(body, "/nickname", Value::Null);
                }
            })
        },
    },
    Fault {
        id: "sender-name-with-nul-accepted",
        requirement: "SDR-006",
        sentence: "A nickname with U+0000 is accepted.",
        twist: || {
            accepts(PUT_PROFILE, "nickname", |name| {
                name.as_str().is_some_and(|name| name.contains('\0'))
            })
        },
    },
    Fault {
        id: "sender-number-as-a-name-accepted",
        requirement: "SDR-006",
        sentence: "A number is accepted as a nickname.",
        twist: || accepts(PUT_PROFILE, "nickname", Value::is_number),
    },
    Fault {
        id: "sender-name-too-long-accepted",
        requirement: "SDR-006",
        sentence: "A nickname may have a byte more than the limit.",
        twist: || limit("nickname_bytes_max", |max| max + 1),
    },
    Fault {
        id: "sender-longest-name-refused",
        requirement: "SDR-006",
        sentence: "A nickname of exactly the limit is refused.",
        twist: || limit("nickname_bytes_max", |max| max - 1),
    },
    Fault {
        id: "sender-name-too-long-cut",
        requirement: "SDR-006",
        sentence: "A nickname that is too long is cut.",
        twist: || {
            on(PUT_PROFILE).request(|call, world| {
                let max =
                    usize::try_from(world.limit(call, "nickname_bytes_max").unwrap_or_default());
                let mut body = call.json();
                let mut name = text(&body, "/nickname").to_owned();
                while max.is_ok_and(|max| name.len() > max) {
                    name.pop();
                    set(&mut body, "/nickname", name.clone());
                }
                call.set_json(&body);
            })
        },
    },
    Fault {
        id: "sender-name-counted-in-characters",
        requirement: "SDR-006",
        sentence: "The limit of a nickname counts characters.",
        twist: || {
            on(PUT_PROFILE).outcome(|call, outcome, world| {
                let max = world.limit(call, "nickname_bytes_max").unwrap_or_default();
                let name = call.json()["nickname"].take();
                let name = text(&name, "");
                let fits = (1..=max).contains(&(name.chars().count() as u64));
                if outcome.json()["field"] == "nickname" && fits && !name.contains('\0') {
                    accept("nickname", call, outcome, world);
                }
            })
        },
    },
    Fault {
        id: "sender-bad-name-half-done",
        requirement: "SDR-006",
        sentence: "A change with a bad nickname is refused, and the new picture is set.",
        twist: || half_done(PUT_PROFILE, "nickname"),
    },
    Fault {
        id: "sender-bad-picture-half-done",
        requirement: "SDR-006",
        sentence: "A change with a bad picture is refused, and the new nickname is set.",
        twist: || half_done(PUT_PROFILE, "avatar_url"),
    },
    Fault {
        id: "sender-bad-profile-names-no-field",
        requirement: "SDR-006",
        sentence: "The refusal of a bad profile names no field.",
        twist: || on(PUT_PROFILE).without_field(ErrorCode::InvalidField),
    },
    Fault {
        id: "sender-picture-of-any-scheme",
        requirement: "SDR-006",
        sentence: "A picture may be a URL of any scheme with an authority.",
        twist: || accepts_url(|url| url.contains("://") && !url.starts_with("http")),
    },
    Fault {
        id: "sender-picture-is-a-script",
        requirement: "SDR-006",
        sentence: "A picture may be a `javascript:` URL.",
        twist: || accepts_url(|url| url.starts_with("javascript:")),
    },
    Fault {
        id: "sender-picture-with-a-space",
        requirement: "SDR-006",
        sentence: "The URL of a picture may hold a space.",
        twist: || accepts_url(|url| url.contains(' ')),
    },
    Fault {
        id: "sender-picture-beyond-ascii",
        requirement: "SDR-006",
        sentence: "The URL of a picture may hold other characters than ASCII.",
        twist: || accepts_url(|url| !url.is_ascii()),
    },
    Fault {
        id: "sender-picture-without-a-host",
        requirement: "SDR-006",
        sentence: "A picture may be `http://` and nothing more.",
        twist: || accepts_url(|url| url == "http://"),
    },
    Fault {
        id: "sender-empty-picture-accepted",
        requirement: "SDR-006",
        sentence: "An empty URL of a picture is accepted.",
        twist: || accepts_url(str::is_empty),
    },
    Fault {
        id: "sender-number-as-a-picture-accepted",
        requirement: "SDR-006",
        sentence: "A number is accepted as the URL of a picture.",
        twist: || accepts(PUT_PROFILE, "avatar_url", Value::is_number),
    },
    Fault {
        id: "sender-picture-too-long-accepted",
        requirement: "SDR-006",
        sentence: "The URL of a picture may have a byte more than the limit.",
        twist: || limit("url_bytes_max", |max| max + 1),
    },
    Fault {
        id: "sender-longest-picture-refused",
        requirement: "SDR-006",
        sentence: "The URL of a picture of exactly the limit is refused.",
        twist: || limit("url_bytes_max", |max| max - 1),
    },
    Fault {
        id: "sender-uploaded-picture-refused",
        requirement: "SDR-006",
        sentence: "The URL of an upload is refused as a picture.",
        twist: || {
            on(PUT_PROFILE).instead(|call, _| {
                let uploaded = text(&call.json(), "/avatar_url").starts_with("/v1/media/");
                uploaded.then(|| error(ErrorCode::InvalidField).into())
            })
        },
    },
    Fault {
        id: "sender-administrator-sets-an-empty-name",
        requirement: "SDR-006",
        sentence: "The administrator may set an empty nickname.",
        twist: || accepts(PUT_USER, "nickname", |name| name == ""),
    },
    Fault {
        id: "sender-administrator-sets-a-longer-name",
        requirement: "SDR-006",
        sentence: "The administrator may set a nickname beyond the limit.",
        twist: || accepts(PUT_USER, "nickname", |name| text(name, "").len() > 1),
    },
    Fault {
        id: "sender-administrator-sets-any-picture",
        requirement: "SDR-006",
        sentence: "The administrator may set any string as a picture.",
        twist: || accepts(PUT_USER, "avatar_url", Value::is_string),
    },
    Fault {
        id: "sender-administrators-change-half-done",
        requirement: "SDR-006",
        sentence: "The administrator's change with a bad picture is refused, and its nickname set.",
        twist: || half_done(PUT_USER, "avatar_url"),
    },
    Fault {
        id: "sender-user-created-without-the-bad-name",
        requirement: "SDR-006",
        sentence: "A user with a bad nickname is refused, and created without one.",
        twist: || half_done(PUT_USER, "nickname"),
    },
    Fault {
        id: "sender-profile-shows-accept-from",
        requirement: "SDR-007",
        sentence: "The profile of another user shows `accept_from`.",
        twist: || on(LOOK_UP).answer(|profile| set(profile, "/accept_from", "policy")),
    },
    Fault {
        id: "sender-profile-without-nulls",
        requirement: "SDR-007",
        sentence: "The profile of another user leaves out what is not set.",
        twist: || {
            on(LOOK_UP).answer(|profile| {
                if let Value::Object(fields) = profile {
                    fields.retain(|_, value| !value.is_null());
                }
            })
        },
    },
    Fault {
        id: "sender-profile-without-id",
        requirement: "SDR-007",
        sentence: "The profile of another user has no `user_id`.",
        twist: || on(LOOK_UP).answer(|profile| drop(remove(profile, "/user_id"))),
    },
    Fault {
        id: "sender-profile-for-friends-only",
        requirement: "SDR-007",
        sentence: "The profile of a stranger is refused.",
        twist: || {
            on(LOOK_UP).outcome(|call, outcome, world| {
                let who = world.who(call);
                let own = (who.app(), who.user());
                let friends = world.as_user(call, own, "GET", "/v1/friends", &Value::Null);
                let mut friends = friends.map(|answer| answer.json()).unwrap_or_default();
                let user = call.segment(3);
                let lists = |friends: &mut Vec<Value>| friends.iter().any(|one| *one == user);
                if !list(&mut friends, "/friends").is_some_and(lists) {
                    outcome.reply = error(ErrorCode::NotFriends);
                }
            })
        },
    },
    Fault {
        id: "sender-profile-of-the-first-look",
        requirement: "SDR-007",
        sentence: "The profile of another user is shown as it was when first looked up.",
        twist: || {
            let mut first = BTreeMap::new();
            on(LOOK_UP).outcome(move |call, outcome, world| {
                let profile = (world.who(call).app().to_owned(), call.path.clone());
                let reply = first
                    .entry(profile)
                    .or_insert_with(|| outcome.reply.clone());
                outcome.reply = reply.clone();
            })
        },
    },
    Fault {
        id: "sender-name-trimmed",
        requirement: "SDR-008",
        sentence: "White space is trimmed off a nickname that a user sets.",
        twist: || spelled(PUT_PROFILE, |name| name.trim().into()),
    },
    Fault {
        id: "sender-name-trimmed-for-the-administrator",
        requirement: "SDR-008",
        sentence: "White space is trimmed off a nickname that the administrator sets.",
        twist: || spelled(PUT_USER, |name| name.trim().into()),
    },
    Fault {
        id: "sender-name-composed",
        requirement: "SDR-008",
        sentence: "A letter and its combining accent become one character.",
        twist: || spelled(PUT_PROFILE, |name| name.replace("e\u{301}", "\u{e9}")),
    },
    Fault {
        id: "sender-name-decomposed",
        requirement: "SDR-008",
        sentence: "A letter with an accent becomes two characters.",
        twist: || spelled(PUT_PROFILE, |name| name.replace('\u{e9}', "e\u{301}")),
    },
    Fault {
        id: "sender-name-without-joiners",
        requirement: "SDR-008",
        sentence: "Characters without width are dropped from a nickname.",
        twist: || spelled(PUT_PROFILE, |name| name.replace('\u{200d}', "")),
    },
    Fault {
        id: "sender-name-on-one-line",
        requirement: "SDR-008",
        sentence: "A line break in a nickname becomes a space.",
        twist: || spelled(PUT_PROFILE, |name| name.replace('\n', " ")),
    },
    Fault {
        id: "sender-name-without-entities",
        requirement: "SDR-008",
        sentence: "HTML entities in a nickname are decoded.",
        twist: || spelled(PUT_PROFILE, |name| name.replace("&amp;", "&")),
    },
    Fault {
        id: "sender-name-escaped-when-looked-up",
        requirement: "SDR-008",
        sentence: "The nickname of another user is shown with its HTML escaped.",
        twist: || {
            on(LOOK_UP).answer(|profile| {
                let name = text(profile, "/nickname").replace('<', "&lt;");
                set(profile, "/nickname", name);
            })
        },
    },
    Fault {
        id: "sender-name-trimmed-in-messages",
        requirement: "SDR-008",
        sentence: "A message carries the nickname without white space at its ends.",
        twist: || {
            told("*", |_, _, message, _| {
                let name = text(message, "/sender/nickname").trim().to_owned();
                if message["sender"]["nickname"].is_string() {
                    set(message, "/sender/nickname", name);
                }
            })
        },
    },
    Fault {
        id: "sender-blank-name-refused",
        requirement: "SDR-008",
        sentence: "A nickname of white space counts as empty.",
        twist: || {
            on(PUT_PROFILE).instead(|call, _| {
                let name = call.json()["nickname"].take();
                let blank = name.as_str().is_some_and(|name| name.trim().is_empty());
                blank.then(|| error(ErrorCode::InvalidField).into())
            })
        },
    },
    Fault {
        id: "sender-accept-from-shown-to-the-administrator",
        requirement: "SDR-007",
        sentence: "The administrator is shown a user's `accept_from`.",
        twist: || {
            on(GET_USER).outcome(|call, outcome, world| {
                let (admin, user) = (world.who(call), call.segment(4));
                let user = (admin.app(), user.as_str());
                let own = world.as_user(call, user, "GET", "/v1/profile", &Value::Null);
                if let Some(own) = own {
                    let accepts = own.json()["accept_from"].clone();
                    outcome.edit(|body| set(body, "/accept_from", accepts));
                }
            })
        },
    },
];

/// A value that `bad` picks and that would be refused is answered as if it were set.
fn accepts(pattern: &'static str, field: &'static str, bad: fn(&Value) -> bool) -> Twist {
    on(pattern).outcome(move |call, outcome, world| {
        if outcome.json()["field"] == field && bad(&call.json()[field]) {
            accept(field, call, outcome, world);
        }
    })
}

fn accepts_url(bad: fn(&str) -> bool) -> Twist {
    on(PUT_PROFILE).outcome(move |call, outcome, world| {
        let url = call.json()["avatar_url"].take();
        if outcome.json()["field"] == "avatar_url" && url.as_str().is_some_and(bad) {
            accept("avatar_url", call, outcome, world);
        }
    })
}

fn accept(field: &str, call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    let mut look_up = call.clone();
    look_up.method = "GET".into();
    look_up.body.clear();
    let mut profile = world.ask(&look_up);
    let value = call.json()[field].take();
    profile.edit(|profile| {
        set(profile, &format!("/{field}"), value.clone());
    });
    if profile.reply.status == 404 {
        profile.reply = reply(201, &Value::Null);
    }
    *outcome = profile;
}

/// A change that is refused for `field` is made without it.
fn half_done(pattern: &'static str, field: &'static str) -> Twist {
    on(pattern).outcome(move |call, outcome, world| {
        if outcome.json()["field"] == field {
            let mut body = call.json();
            remove(&mut body, &format!("/{field}"));
            let mut rest = call.clone();
            rest.set_json(&body);
            world.ask(&rest);
        }
    })
}

/// A nickname is set as `spell` writes it.
fn spelled(pattern: &'static str, spell: fn(&str) -> String) -> Twist {
    on(pattern).body(move |body| {
        if body["nickname"].is_string() {
            let name = spell(text(body, "/nickname"));
            set(body, "/nickname", name);
        }
    })
}
