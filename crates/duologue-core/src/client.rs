//! The client (SDK) as a pure state machine: what happened and `now` in, effects out.
//!
//! One way in ([`Client::handle`]), one way out (its [`Effect`]s). The shell that owns the sockets
//! and the clock obeys the effects in order and reports what became of them. The specification's
//! chapter on the client is the whole of what happens here:
//!
//! ```text
//!  logged_out                        ended ◄──── kicked or 401, from every state with a session
//!      │ login()                       │ login(), and nothing else
//!      ▼                               ▼
//!  ┌──────────────────────────────────────┐  stream opened  ┌─────────┐  sync_done    ┌──────┐
//!  │              connecting              │ ──────────────► │ syncing │ ────────────► │ live │
//!  └──────────────────────────────────────┘                 └─────────┘  on_refresh() └──────┘
//!      │ failure                 ▲                               │                       │
//!      ▼                         │ delay is over                 │ close, failure        │
//!  ┌──────────────────────────────────────┐                      │                       │
//!  │                waiting               │ ◄────────────────────┴───────────────────────┘
//!  └──────────────────────────────────────┘
//!                       logout() leads from every state to logged_out
//! ```
//!
//! | State | Input | Next | Effects | File |
//! |---|---|---|---|---|
//! | `logged_out`, `ended` | login | `connecting` | login request | `connection` |
//! | `connecting` | login answered 2xx | `connecting` | open stream | `connection` |
//! | `connecting` | login refused | `logged_out` | `login` fails | `connection` |
//! | `connecting` | no answer, 429, 5xx | `waiting` | timer | `connection` |
//! | `connecting` | stream opened | `syncing` | – | `connection` |
//! | `connecting` | stream refused otherwise | `ended` | on_kicked | `connection` |
//! | `syncing`, `live` | `message` | same | on_new_message if unknown, acknowledge | `receive` |
//! | `syncing` | `recents` | same | on_new_message for the unknown | `receive` |
//! | `syncing` | `sync_done` | `live` | on_refresh | `receive` |
//! | `syncing`, `live` | stream ended | `waiting` | timer | `connection` |
//! | `waiting` | wake, delay over | `connecting` | open stream, or login request | `connection` |
//! | any with a session | `kicked`, 401 | `ended` | on_kicked | `receive`, `connection` |
//! | any | logout | `logged_out` | logout request if there is a session | `connection` |
//!
//! Everything else changes nothing: numbers of streams and requests tell late news from new.
//! `send_message` ([`Input::SendMessage`], file `send`) and `get_message` ([`Input::GetMessage`],
//! file `read`) run beside these states.

mod acks;
mod answer;
mod call;
mod chat_message;
mod connection;
mod conversation;
mod delay;
mod effect;
mod incoming;
mod input;
mod moment;
mod options;
mod ranges;
mod read;
mod receive;
mod send;
mod state;
mod store;

use std::collections::BTreeMap;

pub use acks::HandOver;
pub use answer::{Answer, Refusal};
pub use call::{Account, Call, HttpCall, RequestId, StreamNumber, Token};
pub use chat_message::{ChatContent, ChatMessage, ChatSender};
pub use conversation::{Conversation, Hole, OPEN_END};
pub use effect::{Effect, LoginError, ReadError, SendError};
pub use incoming::RawEvent;
pub use input::{CallId, Draft, Input};
pub use moment::Moment;
pub use options::Options;
pub use state::{Attempt, State};
pub use store::Store;

use crate::id::MessageId;
use crate::server::IdSource;
use acks::Acks;
use read::Reading;
use send::Sending;

/// One user's client on one device.
#[derive(Debug)]
pub struct Client {
    options: Options,
    state: State,
    /// Who logs in, until that is answered.
    account: Option<Account>,
    session: Option<Token>,
    requests: BTreeMap<RequestId, Purpose>,
    /// Requests and streams numbered so far.
    numbers: u64,
    /// Attempts to connect that failed since the last complete sync.
    failures: u32,
    /// Grows with every login and every stream.
    connection: u64,
    store: Store,
    acks: Acks,
    /// On their way to the application.
    untaken: BTreeMap<HandOver, MessageId>,
    sends: BTreeMap<CallId, Sending>,
    reads: BTreeMap<CallId, Reading>,
    /// What the shell's timer is set to.
    timer: Option<Moment>,
}

/// What a request is for.
#[derive(Debug, Clone, Copy)]
enum Purpose {
    Login,
    Acknowledge,
    Send(CallId),
    Look(CallId, Asked),
    Read(CallId, Asked),
}

/// What a request for history asked, and on which connection.
#[derive(Debug, Clone, Copy)]
struct Asked {
    hole: Hole,
    connection: u64,
}

/// One turn of the machine.
struct Turn<'a> {
    now: Moment,
    ids: &'a mut dyn IdSource,
    effects: Vec<Effect>,
}

impl Client {
    /// A client that knows what `store` knows and is logged out.
    #[must_use]
    pub fn new(options: Options, store: Store) -> Self {
        Self {
            options,
            state: State::LoggedOut,
            account: None,
            session: None,
            requests: BTreeMap::new(),
            numbers: 0,
            failures: 0,
            connection: 0,
            store,
            acks: Acks::default(),
            untaken: BTreeMap::new(),
            sends: BTreeMap::new(),
            reads: BTreeMap::new(),
            timer: None,
        }
    }

    /// Where the client is.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// What the client knows.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What the next client of this user may start with: messages that the application has not
    /// confirmed are to be handed over again (CLI-005).
    #[must_use]
    pub fn to_store(&self) -> Store {
        let mut store = self.store.clone();
        for id in self.untaken.values() {
            store.unshow(id);
        }
        store
    }

    /// Takes in what happened at `now`, which never runs backwards.
    pub fn handle(&mut self, now: Moment, input: Input, ids: &mut dyn IdSource) -> Vec<Effect> {
        let mut turn = Turn {
            now,
            ids,
            effects: Vec::new(),
        };
        self.take_in(input, &mut turn);
        self.acknowledge(&mut turn);
        self.set_timer(&mut turn);
        turn.effects
    }

    fn take_in(&mut self, input: Input, turn: &mut Turn<'_>) {
        match input {
            Input::Login(account) => self.login(account, turn),
            Input::Logout => self.logout(turn),
            Input::SendMessage { call, draft } => self.send_message(call, &draft, turn),
            Input::GetMessage {
                call,
                peer,
                count,
                before,
            } => self.get_message(call, peer, count, before, turn),
            Input::HandedOver(hand_over) => self.take(hand_over),
            Input::Answered { request, answer } => self.answered(request, &answer, turn),
            Input::StreamOpened(stream) => self.stream_opened(stream),
            Input::StreamRefused { stream, answer } => self.stream_refused(stream, &answer, turn),
            Input::StreamEvent { stream, event } => self.stream_event(stream, &event, turn),
            Input::StreamEnded(stream) => self.stream_ended(stream, turn),
            Input::Wake => self.wake(turn),
        }
    }

    fn answered(&mut self, request: RequestId, answer: &Answer, turn: &mut Turn<'_>) {
        match self.requests.remove(&request) {
            Some(Purpose::Login) => self.login_answered(request, answer, turn),
            Some(Purpose::Acknowledge) => self.acknowledged(answer, turn),
            Some(Purpose::Send(call)) => self.send_answered(call, answer, turn),
            Some(Purpose::Look(call, asked)) => self.look_answered(call, asked, answer, turn),
            Some(Purpose::Read(call, asked)) => self.read_answered(call, asked, answer, turn),
            None => {}
        }
    }

    fn wake(&mut self, turn: &mut Turn<'_>) {
        self.timer = None;
        self.acks.wake(turn.now);
        self.reconnect_if_due(turn);
        self.continue_sends(turn);
    }

    fn set_timer(&mut self, turn: &mut Turn<'_>) {
        let reconnect = match self.state {
            State::Waiting { until, .. } => Some(until),
            State::LoggedOut
            | State::Connecting(_)
            | State::Syncing(_)
            | State::Live(_)
            | State::Ended => None,
        };
        let sends = self.sends.values().filter_map(Sending::wakes_at);
        let next = sends.chain(reconnect).chain(self.acks.wakes_at()).min();
        if next != self.timer {
            self.timer = next;
            turn.effects.push(Effect::SetTimer(next));
        }
    }

    fn request(
        &mut self,
        token: Token,
        call: Call,
        purpose: Purpose,
        turn: &mut Turn<'_>,
    ) -> RequestId {
        let request = RequestId(self.next_number());
        self.requests.insert(request, purpose);
        turn.effects.push(Effect::Request {
            request,
            token,
            call,
        });
        request
    }

    fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }
}
