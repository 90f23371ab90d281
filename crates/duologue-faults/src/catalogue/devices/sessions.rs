//! Devices: what goes wrong with sessions, by requests that nobody sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use duologue_core::ErrorCode;
use duologue_core::event::KickReason;
use duologue_core::server::Effect;
use serde_json::Value;

use crate::book::Who;
use crate::call::Call;
use crate::frames::kicked;
use crate::json::{remove, set, text};
use crate::routes::LOGIN;
use crate::twist::{Twist, error, on};
use crate::world::{Outcome, World, reply};

/// Ends a session as if another login had taken its place.
pub(crate) fn show_out(call: &Call, token: &str, world: &mut World<'_>) -> Vec<Effect> {
    let ended = world.with_token(call, token, "DELETE", "/v1/sessions/current", &Value::Null);
    let told = ended.effects.into_iter().flat_map(|effect| match effect {
        Effect::Close { stream } => vec![kicked(stream, KickReason::Replaced), effect],
        other => vec![other],
    });
    told.collect()
}

/// The sessions of the caller that have not ended, newest first. Looking counts as use.
fn living(call: &Call, world: &mut World<'_>, who: &Who) -> Vec<String> {
    let mut tokens = world.book.sessions_of(who.app(), who.user());
    tokens.retain(|token| lives(call, world, token));
    tokens
}

/// Whether the session of a token has not ended. Looking counts as use.
fn lives(call: &Call, world: &mut World<'_>, token: &str) -> bool {
    let profile = world.with_token(call, token, "GET", "/v1/profile", &Value::Null);
    profile.reply.status == 200
}

pub(super) fn one_a_platform(
    platforms: &mut BTreeMap<(String, String, String), String>,
    call: &Call,
    outcome: &mut Outcome,
    world: &mut World<'_>,
) {
    let answer = outcome.json();
    if outcome.reply.status != 201 {
        return;
    }
    let who = world.who(call);
    let key = (
        who.app().to_owned(),
        who.user().to_owned(),
        text(&answer, "/platform").to_owned(),
    );
    if let Some(older) = platforms.insert(key, text(&answer, "/session_token").to_owned()) {
        outcome.effects.extend(show_out(call, &older, world));
    }
}

/// The device at which a login is aimed.
fn device(call: &Call, world: &World<'_>) -> (String, String, String) {
    let who = world.who(call);
    let device = text(&call.json(), "/device_id").to_owned();
    (who.app().into(), who.user().into(), device)
}

pub(super) fn as_another_device(
    logins: &mut BTreeMap<(String, String, String), u64>,
    call: &Call,
    world: &mut World<'_>,
) -> Option<Outcome> {
    let key = device(call, world);
    let count = logins.entry(key.clone()).or_default();
    *count += 1;
    if *count == 1 {
        return None;
    }
    let mut body = call.json();
    set(&mut body, "/device_id", format!("{}-{count}", key.2));
    let mut other = call.clone();
    other.set_json(&body);
    let mut outcome = world.ask(&other);
    outcome.edit(|answer| set(answer, "/device_id", key.2));
    Some(outcome)
}

pub(super) fn same_session(
    answers: &mut BTreeMap<(String, String, String), Value>,
    call: &Call,
    world: &mut World<'_>,
) -> Option<Outcome> {
    let key = device(call, world);
    if let Some(answer) = answers.get(&key) {
        let token = text(answer, "/session_token");
        if lives(call, world, token) {
            return Some(reply(201, answer).into());
        }
    }
    let outcome = world.ask(call);
    if outcome.reply.status == 201 {
        answers.insert(key, outcome.json());
    }
    Some(outcome)
}

pub(super) fn end_the_newest_only(call: &mut Call, world: &mut World<'_>) -> Option<Outcome> {
    if world.policy(call)["multi_login"] != "single" {
        return None;
    }
    let who = world.who(call);
    let (.., device) = device(call, world);
    let sessions = living(call, world, &who);
    let other = sessions
        .iter()
        .find(|token| world.book.holder(token).device() != device);
    let mut effects = other.map_or(vec![], |token| show_out(call, token, world));
    let mut outcome = world.ask_under(call, "multi_login", "all");
    effects.append(&mut outcome.effects);
    outcome.effects = effects;
    Some(outcome)
}

pub(super) fn end_all_but_the_newest(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    if outcome.reply.status != 200 || call.json()["multi_login"] != "single" {
        return;
    }
    let app = world.who(call).app().to_owned();
    let mut users: Vec<Who> = Vec::new();
    for (_, who) in world.book.tokens() {
        if who.app() == app && !who.device().is_empty() {
            users.push(who.clone());
        }
    }
    for user in users {
        for token in living(call, world, &user).iter().skip(1) {
            outcome.effects.extend(show_out(call, token, world));
        }
    }
}

pub(super) fn multi_login_unchanged(call: &mut Call, world: &mut World<'_>) -> Option<Outcome> {
    let mut body = call.json();
    let wanted = remove(&mut body, "/multi_login")?;
    call.set_json(&body);
    let mut outcome = world.ask(call);
    if outcome.reply.status == 200 {
        outcome.edit(|answer| set(answer, "/multi_login", wanted));
    }
    Some(outcome)
}

pub(super) fn refuse_above_limit(call: &mut Call, world: &mut World<'_>) -> Option<Outcome> {
    let who = world.who(call);
    let max = world.limit(call, "sessions_max").unwrap_or_default();
    let (.., device) = device(call, world);
    let sessions = world.presence(call, who.app(), who.user());
    let known = sessions
        .iter()
        .any(|session| session["device_id"] == device);
    let full = sessions.len() as u64 >= max;
    (full && !known).then(|| error(ErrorCode::RelationLimit).into())
}

/// What sessions of a user are used once more before a login, and in which order: who comes first
/// is ended first.
type Order = fn(&Call, &mut World<'_>, &mut [String]);

/// Requests that `counts` are noted as use. Before a login the core sees the sessions of the user
/// used in the order noted, as `order` has changed it.
pub(super) fn use_again_before_login(counts: fn(&Call) -> bool, order: Order) -> Twist {
    let noted: Arc<Mutex<Vec<String>>> = Arc::default();
    let used = Arc::clone(&noted);
    let before = on(LOGIN).request(move |call, world| {
        let who = world.who(call);
        let his = |token: &&String| {
            let holder = world.book.holder(token);
            (holder.app(), holder.user()) == (who.app(), who.user())
        };
        let used = used.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sessions: Vec<String> = used.iter().filter(his).cloned().collect();
        order(call, world, &mut sessions);
        for token in sessions {
            world.with_token(call, &token, "GET", "/v1/profile", &Value::Null);
        }
    });
    before.and(on("*").outcome(move |call, outcome, _| {
        let token = if call.is(LOGIN) {
            text(&outcome.json(), "/session_token").to_owned()
        } else {
            let counted = call.token().filter(|_| counts(call));
            counted.unwrap_or_default().to_owned()
        };
        if !token.is_empty() {
            let mut noted = noted.lock().unwrap_or_else(PoisonError::into_inner);
            noted.retain(|other| *other != token);
            noted.push(token);
        }
    }))
}

pub(super) fn streaming_last(call: &Call, world: &mut World<'_>, sessions: &mut [String]) {
    let Some(who) = sessions.first().map(|token| world.book.holder(token)) else {
        return;
    };
    let presence = world.presence(call, who.app(), who.user());
    sessions.sort_by_key(|token| {
        let holder = world.book.holder(token);
        let mut found = presence.iter();
        found.any(|session| session["device_id"] == holder.device() && session["streaming"] == true)
    });
}

pub(super) fn make_room_first(call: &mut Call, world: &mut World<'_>) -> Option<Outcome> {
    let who = world.who(call);
    let (.., device) = device(call, world);
    let mut sessions = world.presence(call, who.app(), who.user()).into_iter();
    sessions.find(|session| session["device_id"] == device)?;
    let mut body = call.json();
    set(&mut body, "/device_id", "room");
    let mut for_room = call.clone();
    for_room.set_json(&body);
    let room = world.ask(&for_room);
    let answer = room.json();
    show_out(call, text(&answer, "/session_token"), world);
    let mut outcome = world.ask(call);
    outcome.effects.splice(0..0, room.effects);
    Some(outcome)
}

pub(super) fn close_only(call: &mut Call, world: &mut World<'_>) -> Option<Outcome> {
    let who = world.who(call);
    let streams: Vec<_> = world
        .book
        .streams_of(who.app(), who.user())
        .filter(|stream| world.listener(*stream) == who)
        .collect();
    for stream in &streams {
        world.server.stream_closed(*stream);
    }
    Some(Outcome {
        reply: reply(204, &Value::Null),
        effects: streams
            .into_iter()
            .map(|stream| Effect::Close { stream })
            .collect(),
    })
}

pub(super) fn log_out_everywhere(call: &mut Call, world: &mut World<'_>) -> Option<Outcome> {
    let who = world.who(call);
    let mut outcome = world.ask(call);
    for token in world.book.sessions_of(who.app(), who.user()) {
        outcome.effects.extend(show_out(call, &token, world));
    }
    Some(outcome)
}
