//! `get_message`: one conversation, as if all of it were local.

use crate::client::answer::{Answer, Outcome, Page};
use crate::client::call::Call;
use crate::client::chat_message::ChatMessage;
use crate::client::conversation::{NothingSettled, OPEN_END, Plan, Wanted};
use crate::client::effect::{Effect, ReadError};
use crate::client::input::CallId;
use crate::client::{Asked, Client, Purpose, Turn};
use crate::id::{MessageId, PeerId, Seq};

/// A `get_message` that waits for a page.
#[derive(Debug)]
pub(super) struct Reading {
    peer: PeerId,
    wanted: Wanted,
    /// The end of the conversation, once a page of this call has shown it.
    newest: Option<u64>,
}

impl Client {
    pub(super) fn get_message(
        &mut self,
        call: CallId,
        peer: PeerId,
        count: u64,
        before: Option<Seq>,
        turn: &mut Turn<'_>,
    ) {
        if self.session.is_none() {
            finish(call, Err(ReadError::NoSession), turn);
            return;
        }
        let wanted = Wanted {
            count,
            after: 0,
            before: before.map_or(OPEN_END, |seq| seq.0.min(OPEN_END)),
        };
        let newest = None;
        let reading = Reading {
            peer,
            wanted,
            newest,
        };
        self.read_on(call, reading, turn);
    }

    pub(super) fn read_answered(
        &mut self,
        call: CallId,
        asked: Asked,
        answer: &Answer,
        turn: &mut Turn<'_>,
    ) {
        let Some(mut reading) = self.reads.remove(&call) else {
            return;
        };
        match answer.judge::<Page>() {
            Outcome::Done(page) => {
                reading.newest = Some(page.last_seq);
                match self.absorb(&reading.peer, asked, &page, turn) {
                    Ok(()) => self.read_on(call, reading, turn),
                    Err(NothingSettled) => finish(call, Err(ReadError::BrokenHistory), turn),
                }
            }
            Outcome::Again { .. } => finish(call, Err(ReadError::NoAnswer), turn),
            Outcome::Refused(refusal) => finish(call, Err(ReadError::Refused(refusal)), turn),
            Outcome::Unauthorized(refusal) => {
                self.reads.insert(call, reading);
                self.end_session(refusal, turn);
            }
        }
    }

    /// Keeps the messages of a page and takes the rest of what it covers as gone (CLI-016).
    pub(super) fn absorb(
        &mut self,
        peer: &PeerId,
        Asked { hole, connection }: Asked,
        page: &Page,
        turn: &mut Turn<'_>,
    ) -> Result<(), NothingSettled> {
        let Some(owner) = self.store.owner().cloned() else {
            return Err(NothingSettled);
        };
        let inside = |seq: Seq| hole.after < seq.0 && seq.0 < hole.before;
        for message in &page.messages {
            if message.seq.is_some_and(inside) && message.peer(&owner) == *peer {
                self.keep(message, turn);
            }
        }
        let conversation = self.store.conversation_mut(peer);
        conversation.settle(hole, page)?;
        if connection == self.connection {
            conversation.show_newest(Seq(page.last_seq));
        }
        Ok(())
    }

    pub(super) fn fail_reads(&mut self, turn: &mut Turn<'_>) {
        for call in std::mem::take(&mut self.reads).into_keys() {
            finish(call, Err(ReadError::SessionOver), turn);
        }
    }

    fn read_on(&mut self, call: CallId, reading: Reading, turn: &mut Turn<'_>) {
        let Some(token) = self.session.clone() else {
            return;
        };
        let conversation = self.store.conversation_mut(&reading.peer);
        let shown = conversation.newest().map(|seq| seq.0);
        match conversation.plan(reading.wanted, reading.newest.max(shown)) {
            Plan::Local(ids) => {
                let messages = self.shown(&ids);
                finish(call, Ok(messages), turn);
            }
            Plan::Ask { hole, wanted } => {
                let what = Call::History {
                    peer: reading.peer.clone(),
                    hole,
                    limit: wanted.min(self.options.history_page_max),
                };
                let asked = Asked {
                    hole,
                    connection: self.connection,
                };
                self.request(token, what, Purpose::Read(call, asked), turn);
                self.reads.insert(call, reading);
            }
        }
    }

    /// The messages themselves; the application has them from now on (CLI-003).
    fn shown(&mut self, ids: &[MessageId]) -> Vec<ChatMessage> {
        for id in ids {
            self.store.show(id);
        }
        ids.iter()
            .filter_map(|id| self.store.message(id).cloned())
            .collect()
    }
}

fn finish(call: CallId, result: Result<Vec<ChatMessage>, ReadError>, turn: &mut Turn<'_>) {
    turn.effects.push(Effect::ReadFinished { call, result });
}
