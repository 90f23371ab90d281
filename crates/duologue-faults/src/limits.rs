//! Limits that are not what the server says they are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::call::Call;
use crate::json::{set, text};
use crate::twist::{Twist, on};
use crate::world::{Outcome, World, reply};

/// What each app was asked to have.
type Declared = Arc<Mutex<BTreeMap<String, Value>>>;

/// Apps act as if the limit `name` were what `acts` makes of it, and declare it as it was asked for.
/// A limit that is null stays so.
pub(crate) fn limit(name: &'static str, acts: fn(u64) -> u64) -> Twist {
    let declared = Declared::default();
    let shown = Arc::clone(&declared);
    let created =
        on("POST /v1/apps").instead(move |call, world| create(name, acts, call, world, &declared));
    created.and(on("GET /v1/server").answer(move |body| {
        let declared = shown.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(limit) = declared.get(text(body, "/app/app_id")) {
            set(body, &format!("/app/limits/{name}"), limit.clone());
        }
    }))
}

fn create(
    name: &str,
    acts: fn(u64) -> u64,
    call: &Call,
    world: &mut World<'_>,
    declared: &Declared,
) -> Option<Outcome> {
    let pointer = format!("/limits/{name}");
    // The core is asked what it would grant, for an app that is never used.
    let limit = world.ask(call).json().pointer(&pointer)?.clone();
    let mut body = call.json();
    if !body["limits"].is_object() {
        body["limits"] = json!({});
    }
    if let Some(limit) = limit.as_u64() {
        set(&mut body, &pointer, acts(limit));
    }
    let mut acting = call.clone();
    acting.set_json(&body);
    let created = world.ask(&acting);
    let mut answer = created.json();
    set(&mut answer, &pointer, limit.clone());
    let mut declared = declared.lock().unwrap_or_else(PoisonError::into_inner);
    declared.insert(text(&answer, "/app_id").to_owned(), limit);
    Some(reply(created.reply.status, &answer).into())
}
