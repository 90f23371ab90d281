//! Sending: one key a message, repeats inside the window, a look into the history after it.

use serde_json::Value;

use crate::client::answer::{Answer, Outcome, Page};
use crate::client::call::Call;
use crate::client::chat_message::ChatMessage;
use crate::client::conversation::{Conversation, OPEN_END, Plan, Wanted};
use crate::client::effect::{Effect, SendError};
use crate::client::input::{CallId, Draft};
use crate::client::moment::Moment;
use crate::client::options::Options;
use crate::client::{Asked, Client, Purpose, Turn, delay};
use crate::id::{ClientMsgId, PeerId};

/// A send that has no answer yet.
#[derive(Debug)]
pub(super) struct Sending {
    key: ClientMsgId,
    peer: PeerId,
    body: Value,
    /// When the first attempt began.
    first: Moment,
    /// The highest seq known before the first attempt (CLI-013).
    floor: u64,
    /// The connection of the first attempt.
    connection: u64,
    failures: u32,
    step: Step,
    /// The end of the conversation, once the history was looked at.
    newest: Option<u64>,
}

#[derive(Debug)]
enum Step {
    WaitingToRepeat {
        until: Moment,
    },
    WaitingToLook {
        until: Moment,
    },
    /// A send or a look into the history is under way.
    Asking,
}

impl Sending {
    pub(super) fn wakes_at(&self) -> Option<Moment> {
        match self.step {
            Step::WaitingToRepeat { until } | Step::WaitingToLook { until } => Some(until),
            Step::Asking => None,
        }
    }

    /// What is to be done after a failure; never a repeat outside of the window (CLI-012).
    fn after_failure(&mut self, not_before_ms: u64, turn: &mut Turn<'_>, ends: Ends) {
        let delay_ms = delay::after(self.failures, not_before_ms, turn.ids);
        self.failures = self.failures.saturating_add(1);
        let until = turn.now.plus_ms(delay_ms);
        self.step = if until <= ends.last_repeat {
            Step::WaitingToRepeat { until }
        } else {
            Step::WaitingToLook {
                until: ends.window.max(turn.now),
            }
        };
    }
}

/// Until when a send may be repeated, and when it is given up.
#[derive(Debug, Clone, Copy)]
struct Ends {
    last_repeat: Moment,
    window: Moment,
}

impl Ends {
    /// The window counts from before the first attempt, and a repeat must arrive inside it
    /// (CLI-012).
    fn of(options: Options, first: Moment) -> Self {
        let repeats_ms = options
            .dedup_window_ms
            .saturating_sub(options.request_timeout_ms);
        Self {
            last_repeat: first.plus_ms(repeats_ms),
            window: first.plus_ms(options.dedup_window_ms),
        }
    }
}

impl Client {
    pub(super) fn send_message(&mut self, call: CallId, draft: &Draft, turn: &mut Turn<'_>) {
        let key = fresh_key(turn);
        if self.session.is_none() {
            finish(call, Err(SendError::NoSession), turn);
            return;
        }
        let peer = PeerId::User(draft.to.clone());
        let conversation = self.store.conversation(&peer);
        let sending = Sending {
            body: draft.body(&key),
            first: turn.now,
            floor: conversation.map_or(0, Conversation::highest),
            connection: self.connection,
            failures: 0,
            step: Step::WaitingToRepeat { until: turn.now },
            newest: None,
            peer,
            key: key.clone(),
        };
        self.store.add_key(key);
        self.sends.insert(call, sending);
        self.continue_sends(turn);
    }

    /// Does what is due: repeats and looks into the history.
    pub(super) fn continue_sends(&mut self, turn: &mut Turn<'_>) {
        let is_due = |sending: &Sending| sending.wakes_at().is_some_and(|at| at <= turn.now);
        let due: Vec<CallId> = self
            .sends
            .iter()
            .filter(|(_, sending)| is_due(sending))
            .map(|(call, _)| *call)
            .collect();
        for call in due {
            let Some(sending) = self.sends.get_mut(&call) else {
                continue;
            };
            let ends = Ends::of(self.options, sending.first);
            let repeat = matches!(sending.step, Step::WaitingToRepeat { .. });
            if repeat && turn.now <= ends.last_repeat {
                let body = sending.body.clone();
                self.attempt(call, Call::Send(body), Purpose::Send(call), turn);
            } else if turn.now < ends.window {
                // Woken so late that no repeat is allowed, and too early to give up.
                sending.step = Step::WaitingToLook { until: ends.window };
            } else {
                self.look(call, turn);
            }
        }
    }

    pub(super) fn send_answered(&mut self, call: CallId, answer: &Answer, turn: &mut Turn<'_>) {
        let Some(sending) = self.sends.get_mut(&call) else {
            return;
        };
        match answer.judge::<ChatMessage>() {
            Outcome::Done(message) => {
                let same_connection = sending.connection == self.connection;
                self.keep(&message, turn);
                if same_connection {
                    self.show_newest(&message);
                }
                self.finish_send(call, &message, turn);
            }
            Outcome::Again { not_before_ms } => {
                let ends = Ends::of(self.options, sending.first);
                sending.after_failure(not_before_ms, turn, ends);
                // Accepted or not: if so, this client's own stream does not tell.
                self.store.conversation_mut(&sending.peer).doubt_newest();
            }
            Outcome::Unauthorized(refusal) => self.end_session(refusal, turn),
            Outcome::Refused(refusal) => self.fail_send(call, SendError::Refused(refusal), turn),
        }
    }

    pub(super) fn look_answered(
        &mut self,
        call: CallId,
        asked: Asked,
        answer: &Answer,
        turn: &mut Turn<'_>,
    ) {
        let Some(sending) = self.sends.get_mut(&call) else {
            return;
        };
        match answer.judge::<Page>() {
            Outcome::Done(page) => {
                sending.newest = Some(page.last_seq);
                let peer = sending.peer.clone();
                // Finding the message finishes the send.
                match self.absorb(&peer, asked, &page, turn) {
                    Ok(()) => self.look(call, turn),
                    Err(_) => self.fail_send(call, SendError::BrokenHistory, turn),
                }
            }
            Outcome::Again { not_before_ms } => {
                let delay_ms = delay::after(sending.failures, not_before_ms, turn.ids);
                sending.failures = sending.failures.saturating_add(1);
                let until = turn.now.plus_ms(delay_ms);
                sending.step = Step::WaitingToLook { until };
            }
            Outcome::Unauthorized(refusal) => self.end_session(refusal, turn),
            Outcome::Refused(refusal) => self.fail_send(call, SendError::Refused(refusal), turn),
        }
    }

    /// A message that this client sent was seen somewhere: its send is over.
    pub(super) fn settle_send(&mut self, message: &ChatMessage, turn: &mut Turn<'_>) {
        self.store.show(&message.message_id);
        let Some(key) = &message.client_msg_id else {
            return;
        };
        self.store.drop_key(key);
        let mut sends = self.sends.iter();
        if let Some(call) = sends.find_map(|(call, sending)| (sending.key == *key).then_some(*call))
        {
            self.finish_send(call, message, turn);
        }
    }

    /// The session is over: nobody will learn what became of these. Their keys stay known, so that
    /// the messages are never handed over as news.
    pub(super) fn fail_sends(&mut self, turn: &mut Turn<'_>) {
        for call in std::mem::take(&mut self.sends).into_keys() {
            finish(call, Err(SendError::SessionOver), turn);
        }
    }

    /// Looks for the message in the history, down to the floor, and fails the send when it is not
    /// there (CLI-013).
    fn look(&mut self, call: CallId, turn: &mut Turn<'_>) {
        let Some(sending) = self.sends.get(&call) else {
            return;
        };
        let wanted = Wanted {
            count: u64::MAX,
            after: sending.floor,
            before: OPEN_END,
        };
        let peer = sending.peer.clone();
        let conversation = self.store.conversation_mut(&peer);
        match conversation.plan(wanted, sending.newest) {
            Plan::Local(_) => self.fail_send(call, SendError::NotInHistory, turn),
            Plan::Ask { hole, .. } => {
                let limit = self.options.history_page_max;
                let history = Call::History { peer, hole, limit };
                let asked = Asked {
                    hole,
                    connection: self.connection,
                };
                self.attempt(call, history, Purpose::Look(call, asked), turn);
            }
        }
    }

    fn attempt(&mut self, call: CallId, what: Call, purpose: Purpose, turn: &mut Turn<'_>) {
        let Some(token) = self.session.clone() else {
            return;
        };
        self.request(token, what, purpose, turn);
        if let Some(sending) = self.sends.get_mut(&call) {
            sending.step = Step::Asking;
        }
    }

    fn finish_send(&mut self, call: CallId, message: &ChatMessage, turn: &mut Turn<'_>) {
        if let Some(sending) = self.sends.remove(&call) {
            self.store.drop_key(&sending.key);
            self.store.show(&message.message_id);
            finish(call, Ok(Box::new(message.clone())), turn);
        }
    }

    fn fail_send(&mut self, call: CallId, error: SendError, turn: &mut Turn<'_>) {
        if self.sends.remove(&call).is_some() {
            finish(call, Err(error), turn);
        }
    }
}

/// A key of its own for each message (CLI-011).
fn fresh_key(turn: &mut Turn<'_>) -> ClientMsgId {
    let id = format!("{:032x}", turn.ids.next_id());
    ClientMsgId::parse(&id).unwrap_or_else(|_| unreachable!("32 hexadecimal digits are a key"))
}

fn finish(call: CallId, result: Result<Box<ChatMessage>, SendError>, turn: &mut Turn<'_>) {
    turn.effects.push(Effect::SendFinished { call, result });
}
