//! Messages as they are told, in answers and on streams.

use duologue_core::event::{Event, Frame};
use duologue_core::message::Message;
use duologue_core::server::Effect;
use serde_json::Value;

use crate::book::Who;
use crate::call::Call;
use crate::twist::{Twist, on};
use crate::world::{Outcome, World};

/// Each message that comes of requests of `pattern`, as `edit` makes it for its reader: in answers, and
/// on streams, their sync and its recent contacts included.
pub(crate) fn told(
    pattern: &'static str,
    mut edit: impl FnMut(&Call, &Who, &mut Value, &mut World<'_>) + Send + 'static,
) -> Twist {
    on(pattern).outcome(move |call, outcome, world| {
        retell(outcome, call, world, |reader, message, world| {
            edit(call, reader, message, world);
        });
    })
}

/// The same for one outcome.
pub(crate) fn retell(
    outcome: &mut Outcome,
    call: &Call,
    world: &mut World<'_>,
    mut edit: impl FnMut(&Who, &mut Value, &mut World<'_>),
) {
    let caller = world.who(call);
    if outcome.reply.status < 300 {
        outcome.edit(|body| {
            each(body, &mut |message| edit(&caller, message, world));
        });
    }
    for effect in &mut outcome.effects {
        if let Effect::Deliver { stream, frame } = effect {
            let reader = world.listener(*stream);
            each_of(frame, &mut |message| edit(&reader, message, world));
        }
    }
}

/// The message that an accepted send was answered with.
pub(crate) fn sent(outcome: &Outcome) -> Option<Message> {
    if outcome.reply.status != 200 {
        return None;
    }
    serde_json::from_value(outcome.json()).ok()
}

/// Each message of an answer, wherever in it.
pub(crate) fn each(of: &mut Value, edit: &mut impl FnMut(&mut Value)) {
    match of {
        Value::Object(fields)
            if fields.contains_key("message_id") && fields.contains_key("content") =>
        {
            edit(of);
        }
        Value::Object(fields) => fields.values_mut().for_each(|value| each(value, edit)),
        Value::Array(values) => values.iter_mut().for_each(|value| each(value, edit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Each message of an event.
fn each_of(frame: &mut Frame, edit: &mut impl FnMut(&mut Value)) {
    match &mut frame.event {
        Event::Message(event) => edit_message(&mut event.message, edit),
        Event::Recents(recents) => recents
            .recents
            .iter_mut()
            .for_each(|recent| edit_message(&mut recent.message, edit)),
        Event::SyncDone | Event::Kicked(_) => {}
    }
}

/// What the type cannot hold is not changed.
fn edit_message(message: &mut Message, edit: &mut impl FnMut(&mut Value)) {
    let mut value = serde_json::to_value(&*message).unwrap_or_default();
    edit(&mut value);
    if let Ok(edited) = serde_json::from_value(value) {
        *message = edited;
    }
}
