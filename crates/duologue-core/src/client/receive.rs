//! Events of the stream: hand over, acknowledge, refresh.

use crate::client::acks::HandOver;
use crate::client::answer::{Answer, Outcome};
use crate::client::call::{Call, StreamNumber};
use crate::client::chat_message::ChatMessage;
use crate::client::effect::Effect;
use crate::client::incoming::{Incoming, MessageEvent, RawEvent};
use crate::client::state::State;
use crate::client::{Client, Purpose, Turn};
use crate::event::Path;
use crate::id::Cursor;

impl Client {
    /// Takes in an event of the open stream. The end of a sync is told once, after all that it
    /// brought (CLI-004); contacts may bring messages that nothing else shows (CLI-002).
    pub(super) fn stream_event(
        &mut self,
        stream: StreamNumber,
        event: &RawEvent,
        turn: &mut Turn<'_>,
    ) {
        let syncing = self.state == State::Syncing(stream);
        if !syncing && self.state != State::Live(stream) {
            return;
        }
        match Incoming::read(event) {
            Some(Incoming::Message(message)) => {
                let id = event.id.as_deref();
                let cursor = id.and_then(|id| Cursor::parse(id).ok());
                self.message_event(*message, cursor, turn);
            }
            // The newest comes first; conversations are told from their beginning.
            Some(Incoming::Recents(recents)) if syncing => {
                for message in recents.into_iter().rev() {
                    self.receive(&message, turn);
                    self.show_newest(&message);
                }
            }
            Some(Incoming::SyncDone) if syncing => {
                self.state = State::Live(stream);
                self.failures = 0;
                turn.effects.push(Effect::Refresh);
            }
            Some(Incoming::Kicked(reason)) => self.leave(State::Ended, Some(reason), turn),
            Some(Incoming::Recents(_) | Incoming::SyncDone) | None => {}
        }
    }

    /// Keeps a message and hands it over unless the application has it (CLI-002).
    pub(super) fn receive(&mut self, message: &ChatMessage, turn: &mut Turn<'_>) {
        self.keep(message, turn);
        if self.store.show(&message.message_id) {
            let hand_over = self.acks.begin_hand_over();
            self.untaken.insert(hand_over, message.message_id.clone());
            turn.effects.push(Effect::NewMessage {
                hand_over,
                message: Box::new(message.clone()),
            });
        }
    }

    /// The application has all messages up to this one (CLI-005).
    pub(super) fn take(&mut self, hand_over: HandOver) {
        self.untaken.retain(|later, _| *later > hand_over);
        self.acks.take(hand_over);
    }

    /// Keeps a message without handing it over; one that this client sent ends its send.
    pub(super) fn keep(&mut self, message: &ChatMessage, turn: &mut Turn<'_>) {
        let own = self.store.is_own(message);
        self.store.file(message);
        if own {
            self.settle_send(message, turn);
        }
    }

    /// Begins the acknowledgement that is due, if any (CLI-006).
    pub(super) fn acknowledge(&mut self, turn: &mut Turn<'_>) {
        let Some(token) = self.session.clone() else {
            return;
        };
        if let Some(cursor) = self.acks.next() {
            let call = Call::Acknowledge(cursor);
            self.request(token, call, Purpose::Acknowledge, turn);
        }
    }

    /// An acknowledgement has ended (CLI-006).
    pub(super) fn acknowledged(&mut self, answer: &Answer, turn: &mut Turn<'_>) {
        match answer.judge_status() {
            Outcome::Done(()) | Outcome::Refused(_) => self.acks.finish(),
            Outcome::Again { not_before_ms } => {
                self.acks.fail(turn.now, not_before_ms, turn.ids);
            }
            Outcome::Unauthorized(refusal) => self.end_session(refusal, turn),
        }
    }

    /// The message was the newest of its conversation on this connection (CLI-018).
    pub(super) fn show_newest(&mut self, message: &ChatMessage) {
        if let Some(seq) = message.seq
            && let Some(conversation) = self.store.conversation_of(message)
        {
            conversation.show_newest(seq);
        }
    }

    fn message_event(
        &mut self,
        MessageEvent { path, message }: MessageEvent,
        cursor: Option<Cursor>,
        turn: &mut Turn<'_>,
    ) {
        self.receive(&message, turn);
        // The mailbox lacks what this user sent elsewhere: only a live message is the newest.
        if path == Path::Live {
            self.show_newest(&message);
        }
        if let Some(cursor) = cursor {
            self.acks.receive(cursor);
        }
    }
}
