//! Sending: acceptance, idempotency keys, lifetime, messages to oneself.

pub(super) mod acceptance;
pub(super) mod keys;
pub(super) mod lifetime;
pub(super) mod oneself;
pub(super) mod repeats;

use std::collections::BTreeMap;

use duologue_core::ErrorCode;
use duologue_core::event::{Event, Frame, MessageEvent, Path};
use duologue_core::id::Cursor;
use duologue_core::message::Message;
use duologue_core::server::{Body, Effect, StreamId};
use serde_json::json;

use crate::call::Call;
use crate::frames::live;
use crate::routes::SEND;
use crate::told::sent;
use crate::twist::{Twist, error_at, on};
use crate::world::{Outcome, World};

/// A key with all that scopes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Scoped {
    app: String,
    /// The user, or `@admin`.
    caller: String,
    from: String,
    key: String,
}

/// The key of a send; none: it has none.
fn scoped(call: &Call, world: &World<'_>) -> Option<Scoped> {
    let body = call.json();
    let key = body["client_msg_id"].as_str()?.to_owned();
    let who = world.who(call);
    let caller = Some(who.user()).filter(|user| !user.is_empty());
    let caller = caller.unwrap_or("@admin").to_owned();
    let from = body["from"].as_str().unwrap_or(&caller).to_owned();
    let app = who.app().to_owned();
    Some(Scoped {
        app,
        caller,
        from,
        key,
    })
}

fn conflict() -> Outcome {
    error_at(ErrorCode::IdempotencyConflict, "client_msg_id").into()
}

/// Messages that `chosen` picks come in the next sync of their recipient, as if from the mailbox.
fn waits(chosen: fn(&Message) -> bool) -> Twist {
    let mut waiting: BTreeMap<(String, String), Vec<Message>> = BTreeMap::new();
    on("POST /v1/messages | GET /v1/events").outcome(move |call, outcome, world| {
        let who = world.who(call);
        let app = who.app().to_owned();
        if let Body::Stream { stream, .. } = outcome.reply.body {
            let messages = waiting.remove(&(app, who.user().into()));
            from_the_mailbox(stream, messages.unwrap_or_default(), &mut outcome.effects);
        } else if let Some(message) = sent(outcome).filter(chosen) {
            let recipient = message.to.to_string();
            waiting.entry((app, recipient)).or_default().push(message);
        }
    })
}

fn from_the_mailbox(stream: StreamId, messages: Vec<Message>, effects: &mut Vec<Effect>) {
    let first = effects.iter().find_map(|effect| match effect {
        Effect::Deliver { frame, .. } => frame.id,
        Effect::Close { .. } | Effect::Push { .. } | Effect::DropMedia(_) => None,
    });
    let before = first.map_or(1_000_000, |Cursor(first)| first);
    let ids = (0..messages.len() as u64)
        .rev()
        .map(|n| before.saturating_sub(n + 1));
    let waiting = messages.into_iter().zip(ids).map(|(message, id)| {
        let event = MessageEvent {
            path: Path::Offline,
            message,
        };
        Effect::Deliver {
            stream,
            frame: Frame {
                id: Some(Cursor(id)),
                event: Event::Message(Box::new(event)),
            },
        }
    });
    effects.splice(0..0, waiting);
}

/// Messages that `chosen` picks go live to the session that sent them, too.
fn echoed(chosen: fn(&Message) -> bool) -> Twist {
    on(SEND).outcome(move |call, outcome, world| {
        let message = sent(outcome).filter(chosen);
        let stream = world.book.stream_of(&world.who(call));
        outcome.effects.extend(
            stream
                .zip(message)
                .map(|(stream, message)| live(stream, message)),
        );
    })
}

/// Messages that `chosen` picks are pushed to their recipient. The core makes the pushes for a
/// message of the same content that lives for a second and is otherwise kept from everybody.
fn pushed(chosen: fn(&Message) -> bool) -> Twist {
    on(SEND).outcome(move |call, outcome, world| {
        let Some(message) = sent(outcome).filter(chosen) else {
            return;
        };
        let app = world.who(call).app().to_owned();
        let body = json!({"to": message.to.as_str(), "content": message.content, "lifetime_s": 1});
        let made = world.as_admin(call, &app, "POST", "/v1/admin/messages", &body);
        outcome
            .effects
            .extend(made.effects.into_iter().filter_map(|effect| match effect {
                Effect::Push {
                    target,
                    url,
                    mut request,
                } => {
                    request.message_id = message.message_id.clone();
                    Some(Effect::Push {
                        target,
                        url,
                        request,
                    })
                }
                Effect::Deliver { .. } | Effect::Close { .. } | Effect::DropMedia(_) => None,
            }));
    })
}
