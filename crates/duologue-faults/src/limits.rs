//! Limits that are not what the server says they are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use duologue_core::limits::MAX_SAFE_INTEGER;
use serde_json::{Value, json};

use crate::call::Call;
use crate::json::{set, text};
use crate::routes::{CREATE_APP, SERVER};
use crate::twist::{Twist, on};
use crate::world::{Outcome, World, reply};

/// What each app was asked to have, and says it has.
#[derive(Clone, Default)]
pub(crate) struct Declared(Arc<Mutex<BTreeMap<String, Value>>>);

impl Declared {
    /// The limit that an app declares; none if it is null.
    pub(crate) fn of(&self, app: &str) -> Option<u64> {
        self.get(app)?.as_u64()
    }

    fn get(&self, app: &str) -> Option<Value> {
        let apps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        apps.get(app).cloned()
    }

    fn insert(&self, app: &str, limit: Value) {
        let mut apps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        apps.insert(app.to_owned(), limit);
    }
}

/// Apps act as if the limit `name` were what `acts` makes of it, and declare it as it was asked for.
/// A limit that is null stays so.
pub(crate) fn limit(name: &'static str, acts: fn(u64) -> u64) -> Twist {
    skewed(name, move |limit| limit.map(acts), &Declared::default())
}

/// Apps act as if the limit `name` were `cap` where it is null.
pub(crate) fn cap_for_null(name: &'static str, cap: u64) -> Twist {
    let acts = move |limit: Option<u64>| Some(limit.unwrap_or(cap));
    skewed(name, acts, &Declared::default())
}

/// Apps act without the limit `name`, but for what `rule` makes of it.
pub(crate) fn in_place_of(name: &'static str, rule: impl FnOnce(Declared) -> Twist) -> Twist {
    let declared = Declared::default();
    let unbounded = |_| Some(MAX_SAFE_INTEGER);
    skewed(name, unbounded, &declared).and(rule(declared))
}

fn skewed(
    name: &'static str,
    acts: impl Fn(Option<u64>) -> Option<u64> + Send + 'static,
    declared: &Declared,
) -> Twist {
    let (asked, shown) = (declared.clone(), declared.clone());
    let created =
        on(CREATE_APP).instead(move |call, world| create(name, &acts, call, world, &asked));
    created.and(on(SERVER).answer(move |body| {
        if let Some(limit) = shown.get(text(body, "/app/app_id")) {
            set(body, &format!("/app/limits/{name}"), limit);
        }
    }))
}

fn create(
    name: &str,
    acts: &impl Fn(Option<u64>) -> Option<u64>,
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
    set(&mut body, &pointer, acts(limit.as_u64()));
    let mut acting = call.clone();
    acting.set_json(&body);
    let created = world.ask(&acting);
    let mut answer = created.json();
    set(&mut answer, &pointer, limit.clone());
    declared.insert(text(&answer, "/app_id"), limit);
    Some(reply(created.reply.status, &answer).into())
}
