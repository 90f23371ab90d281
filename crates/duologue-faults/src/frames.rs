//! What streams are shown: the frames among the effects of a request.

use std::collections::BTreeSet;

use duologue_core::event::{Event, Frame, KickReason, Kicked, MessageEvent, Path};
use duologue_core::id::MessageId;
use duologue_core::message::Message;
use duologue_core::server::{Effect, StreamId};

use crate::world::Outcome;

/// The message of a `message` event.
pub(crate) fn message_of(frame: &Frame) -> Option<&Message> {
    match &frame.event {
        Event::Message(event) => Some(&event.message),
        Event::Recents(_) | Event::SyncDone | Event::Kicked(_) => None,
    }
}

/// The messages on streams.
pub(crate) fn messages_of(outcome: &mut Outcome) -> impl Iterator<Item = &mut Message> {
    outcome.effects.iter_mut().filter_map(|effect| {
        let Effect::Deliver { frame, .. } = effect else {
            return None;
        };
        let Event::Message(event) = &mut frame.event else {
            return None;
        };
        Some(&mut event.message)
    })
}

/// The messages that go live to their recipients and into the mailbox.
pub(crate) fn live_of(outcome: &Outcome) -> impl Iterator<Item = MessageId> {
    outcome.effects.iter().filter_map(|effect| match effect {
        Effect::Deliver { frame, .. } => match &frame.event {
            Event::Message(event) if frame.id.is_some() && event.path == Path::Live => {
                Some(event.message.message_id.clone())
            }
            Event::Message(_) | Event::Recents(_) | Event::SyncDone | Event::Kicked(_) => None,
        },
        Effect::Close { .. } | Effect::Push { .. } | Effect::DropMedia(_) => None,
    })
}

/// Leaves `gone` out of a sync.
pub(crate) fn forget(gone: &BTreeSet<MessageId>, frames: &mut Vec<Frame>) {
    let stays = |message: &Message| !gone.contains(&message.message_id);
    frames.retain(|frame| message_of(frame).is_none_or(stays));
}

/// Shows a stream a message live, in no mailbox.
pub(crate) fn live(stream: StreamId, message: Message) -> Effect {
    let event = MessageEvent {
        path: Path::Live,
        message,
    };
    Effect::Deliver {
        stream,
        frame: Frame {
            id: None,
            event: Event::Message(Box::new(event)),
        },
    }
}

/// Tells a stream that its session has ended.
pub(crate) fn kicked(stream: StreamId, reason: KickReason) -> Effect {
    let event = Event::Kicked(Kicked { reason });
    Effect::Deliver {
        stream,
        frame: Frame { id: None, event },
    }
}
