//! Event streams: the sync that opens one, live delivery, acknowledgement (spec: stream).

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::error::{ApiError, ErrorCode};
use crate::event::{Event, Frame, MessageEvent, Path, Recents};
use crate::id::{Cursor, PeerId, Seq, UserId};
use crate::json::Object;
use crate::message::{Message, Recent};
use crate::server::app::{App, Context};
use crate::server::expiry::Due;
use crate::server::session::parsed;
use crate::server::stored::Stored;
use crate::server::user::User;
use crate::server::{Effect, SessionId, StreamId};

impl App {
    /// `GET /v1/events`: ends the session's older stream (STR-020) and syncs the new one in one
    /// step, so that what is accepted later comes later and nothing twice (STR-007, STR-008).
    pub(super) fn open_stream(
        &mut self,
        session: SessionId,
        last_event_id: Option<&str>,
        cx: &mut Context<'_>,
    ) -> Option<StreamId> {
        let stream = StreamId(cx.next_number());
        let session = self.sessions.get_mut(&session)?;
        if let Some(older) = session.stream.replace(stream) {
            cx.effects.push(Effect::Close { stream: older });
        }
        let user = self.users.get(&session.user)?;
        for frame in sync(user, last_event_id) {
            cx.effects.push(Effect::Deliver { stream, frame });
        }
        Some(stream)
    }

    /// Appends a message to streams; `id` only for the recipient's mailbox entry (STR-011,
    /// STR-012).
    pub(super) fn deliver(
        streams: Vec<StreamId>,
        message: &Arc<Stored>,
        seq: Option<Seq>,
        id: Option<Cursor>,
        cx: &mut Context<'_>,
    ) {
        for stream in streams {
            let event = message_event(Path::Live, message.seen_as(seq));
            cx.effects.push(Effect::Deliver {
                stream,
                frame: Frame { id, event },
            });
        }
    }

    /// `POST /v1/events/ack`: removes the entry and all older ones from the caller's mailbox
    /// (STR-016), for all devices (OFF-012). A cursor never issued (STR-017) or malformed (IDN-010)
    /// removes nothing.
    pub(super) fn acknowledge(
        &mut self,
        user: &UserId,
        body: &Map<String, Value>,
    ) -> Result<(), ApiError> {
        let cursor = parsed(&Object::root(body), "cursor", Cursor::parse)?;
        let mailbox = &mut self.known_user(user)?.mailbox;
        if cursor > mailbox.highest() {
            return Err(ApiError::new(
                ErrorCode::InvalidCursor,
                "this cursor was never issued; acknowledge the `id` of a received event",
            ));
        }
        for removed in mailbox.acknowledge(cursor) {
            let due = Due::Offline {
                owner: user.clone(),
                cursor: removed.cursor,
            };
            self.expiry.forget(removed.expires, due);
        }
        Ok(())
    }

    /// A user's recent contacts, newest first, each with the newest message of its view (REC-002);
    /// one list for the answer and for the sync (REC-008).
    pub(super) fn recents(user: &User) -> Recents {
        let newest = |peer: &PeerId| {
            let (seq, message) = user.views.newest(peer)?;
            Some(Recent {
                peer: peer.clone(),
                message: message.seen_as(Some(seq)),
            })
        };
        Recents {
            recents: user.recents.newest_first().filter_map(newest).collect(),
        }
    }
}

fn message_event(path: Path, message: Message) -> Event {
    Event::Message(Box::new(MessageEvent { path, message }))
}

/// The frames that open a stream: mailbox, recent contacts, `sync_done` (STR-005, STR-006). A
/// `Last-Event-ID` that was issued spares what is not above it (STR-018); any other counts as
/// absent (STR-019).
fn sync(user: &User, last_event_id: Option<&str>) -> Vec<Frame> {
    let skip = last_event_id
        .and_then(|text| Cursor::parse(text).ok())
        .filter(|cursor| *cursor <= user.mailbox.highest())
        .unwrap_or(Cursor(0));
    let offline = user
        .mailbox
        .above(skip)
        .into_iter()
        .map(|(cursor, entry)| Frame {
            id: Some(cursor),
            event: message_event(Path::Offline, entry.message.seen_as(Some(entry.seq))),
        });
    let recents = Frame {
        id: None,
        event: Event::Recents(App::recents(user)),
    };
    let done = Frame {
        id: None,
        event: Event::SyncDone,
    };
    offline.chain([recents, done]).collect()
}
