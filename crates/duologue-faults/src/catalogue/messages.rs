//! Messages: the object, its content, what a send refuses, what a message weighs.

pub(super) mod addresses;
pub(super) mod checks;
pub(super) mod handling;
pub(super) mod shape;
pub(super) mod size;

use duologue_core::ErrorCode;
use serde_json::Value;

use crate::json::list;
use crate::routes::ANY_SEND;
use crate::twist::{Twist, on};

/// The content of a send is read as another one.
fn content(mut edit: impl FnMut(&mut Value) + Send + 'static) -> Twist {
    on(ANY_SEND).body(move |body| {
        if let Some(content) = body.get_mut("content") {
            edit(content);
        }
    })
}

/// A string of a content is read as another one.
fn rewrites(pointer: &'static str, edit: fn(&str) -> String) -> Twist {
    on(ANY_SEND).reads(pointer, move |value| Some(edit(value.as_str()?).into()))
}

/// Sends with such a value are refused.
fn refuses(pointer: &'static str, test: fn(&Value) -> bool) -> Twist {
    on(ANY_SEND).refuses_value(pointer, ErrorCode::InvalidField, test)
}

/// Every message of an answer.
fn each_message(answer: &mut Value, mut edit: impl FnMut(&mut Value)) {
    list(answer, "/messages")
        .into_iter()
        .flatten()
        .for_each(&mut edit);
    let recents = list(answer, "/recents").into_iter().flatten();
    for recent in recents {
        edit(&mut recent["message"]);
    }
}

/// Whether it is a string that `test` holds of.
fn is_text(value: &Value, test: impl FnOnce(&str) -> bool) -> bool {
    value.as_str().is_some_and(test)
}
