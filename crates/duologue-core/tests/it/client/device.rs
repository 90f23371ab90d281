//! A client and the network between it and a [`World`], with a fate for every request.
//!
//! Three rules are checked in all tests: no message is handed over twice (CLI-003), no cursor is
//! acknowledged before its messages are handed over (CLI-005), and no seq is asked for that a page
//! has shown to be gone (CLI-016).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use duologue_core::answer::History;
use duologue_core::client::{
    Account, Answer, Call, CallId, ChatContent, ChatMessage, Client, Draft, Effect, HandOver, Hole,
    Input, LoginError, Moment, Options, RawEvent, ReadError, RequestId, SendError, Store,
    StreamNumber, Token,
};
use duologue_core::content::Content;
use duologue_core::event::{Event, Frame};
use duologue_core::id::{Cursor, DeviceId, MessageId, PeerId, Platform, Seq, UserId};
use duologue_core::server::{Body, IdSource, StreamId};
use serde_json::Value;

use crate::client::network::{bytes, exchange};
use crate::world::World;

/// What happens to a request on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Answered,
    /// It never reaches the server.
    Lost,
    /// The server does what it asks, and the answer is lost.
    Unanswered,
    /// A proxy answers with this status.
    Refused(u16),
}

#[derive(Debug)]
enum Task {
    Request(RequestId, Token, Call),
    Stream(StreamNumber, Token),
}

pub(crate) struct Device {
    pub(crate) client: Client,
    pub(crate) now: Moment,
    user: &'static str,
    name: &'static str,
    ids: Counter,
    tasks: VecDeque<Task>,
    stream: Option<(StreamNumber, StreamId)>,
    calls: u64,
    /// Whether the application takes new messages at once.
    pub(crate) prompt: bool,
    untaken: Option<HandOver>,
    pub(crate) timer: Option<Moment>,
    pub(crate) news: Vec<ChatMessage>,
    /// Requests, callbacks and results in order.
    pub(crate) log: Vec<String>,
    pub(crate) logins: Vec<Result<(), LoginError>>,
    pub(crate) sends: BTreeMap<CallId, Result<Box<ChatMessage>, SendError>>,
    pub(crate) reads: BTreeMap<CallId, Result<Vec<ChatMessage>, ReadError>>,
    /// What the application has.
    taken: BTreeSet<MessageId>,
    shown: BTreeSet<MessageId>,
    cursors: BTreeMap<Cursor, MessageId>,
    gone: BTreeSet<(PeerId, u64)>,
    token: Option<Token>,
    /// `sync_done` events that came.
    pub(crate) syncs: usize,
    /// The bodies of all sends.
    pub(crate) sent: Vec<Value>,
}

struct Counter(u128);

impl IdSource for Counter {
    fn next_id(&mut self) -> u128 {
        self.0 += 1;
        self.0
    }
}

impl Device {
    /// A client that has never run, logged out.
    pub(crate) fn new(user: &'static str, name: &'static str) -> Self {
        Self::with_store(user, name, Store::default())
    }

    /// A client that starts with what an earlier one has stored.
    pub(crate) fn with_store(user: &'static str, name: &'static str, store: Store) -> Self {
        let seed = name
            .bytes()
            .fold(0u128, |sum, byte| (sum << 8) | u128::from(byte));
        Self {
            client: Client::new(Options::default(), store),
            now: Moment(1_000_000),
            user,
            name,
            ids: Counter(seed << 64),
            tasks: VecDeque::new(),
            stream: None,
            calls: 0,
            prompt: true,
            untaken: None,
            timer: None,
            news: Vec::new(),
            log: Vec::new(),
            logins: Vec::new(),
            sends: BTreeMap::new(),
            reads: BTreeMap::new(),
            taken: BTreeSet::new(),
            shown: BTreeSet::new(),
            cursors: BTreeMap::new(),
            gone: BTreeSet::new(),
            token: None,
            syncs: 0,
            sent: Vec::new(),
        }
    }

    /// A logged-in client whose first sync is complete.
    pub(crate) fn live(world: &mut World, user: &'static str, name: &'static str) -> Self {
        let mut device = Self::new(user, name);
        device.login(world);
        device.settle(world);
        assert_eq!(device.client.state().name(), "live");
        device
    }

    pub(crate) fn login(&mut self, world: &World) {
        let account = Account {
            user: UserId::parse(self.user).unwrap(),
            credential: world.credential(self.user),
            device: DeviceId::parse(self.name).unwrap(),
            platform: Platform::parse("ios").unwrap(),
        };
        self.input(Input::Login(account));
    }

    pub(crate) fn send(&mut self, to: &str, text: &str) -> CallId {
        let content = Content::Text { text: text.into() };
        self.send_draft(Draft::new(UserId::parse(to).unwrap(), content))
    }

    pub(crate) fn send_draft(&mut self, draft: Draft) -> CallId {
        self.calls += 1;
        let call = CallId(self.calls);
        self.input(Input::SendMessage { call, draft });
        call
    }

    pub(crate) fn read(&mut self, peer: &str, count: u64, before: Option<u64>) -> CallId {
        self.calls += 1;
        let call = CallId(self.calls);
        let peer = PeerId::parse(peer).unwrap();
        let before = before.map(Seq);
        self.input(Input::GetMessage {
            call,
            peer,
            count,
            before,
        });
        call
    }

    /// The texts that a `get_message` without faults comes to.
    pub(crate) fn read_texts(
        &mut self,
        world: &mut World,
        peer: &str,
        count: u64,
        before: Option<u64>,
    ) -> Vec<String> {
        let call = self.read(peer, count, before);
        self.settle(world);
        self.reads[&call]
            .as_ref()
            .unwrap()
            .iter()
            .map(text)
            .collect()
    }

    /// Feeds the machine and obeys its effects, short of the network.
    pub(crate) fn input(&mut self, input: Input) {
        for effect in self.client.handle(self.now, input, &mut self.ids) {
            self.obey(effect);
        }
        if self.prompt {
            self.take();
        }
    }

    /// The application takes its new messages.
    pub(crate) fn take(&mut self) {
        if let Some(hand_over) = self.untaken.take() {
            self.taken
                .extend(self.news.iter().map(|news| news.message_id.clone()));
            self.input(Input::HandedOver(hand_over));
        }
    }

    fn obey(&mut self, effect: Effect) {
        match effect {
            Effect::Request {
                request,
                token,
                call,
            } => {
                self.check(&call);
                if let Call::Send(body) = &call {
                    self.sent.push(body.clone());
                }
                let http = call.to_http();
                self.log
                    .push(format!("{} {}", http.method, http.path_and_query));
                self.tasks.push_back(Task::Request(request, token, call));
            }
            Effect::OpenStream { stream, token } => {
                self.log.push("GET /v1/events".into());
                self.token = Some(token.clone());
                self.tasks.push_back(Task::Stream(stream, token));
            }
            Effect::CloseStream(_) => {
                self.log.push("close".into());
                self.stream = None;
            }
            Effect::SetTimer(at) => self.timer = at,
            Effect::LoginFinished(result) => self.logins.push(result),
            Effect::NewMessage { hand_over, message } => {
                self.log.push(format!("new {}", text(&message)));
                assert!(
                    self.shown.insert(message.message_id.clone()),
                    "twice: {message:?}"
                );
                self.untaken = Some(hand_over);
                self.news.push(*message);
            }
            Effect::Refresh => self.log.push("refresh".into()),
            Effect::Kicked { reason } => self.log.push(format!("kicked {reason}")),
            Effect::SendFinished { call, result } => {
                if let Ok(message) = &result {
                    self.taken.insert(message.message_id.clone());
                    assert!(self.shown.insert(message.message_id.clone()), "own as news");
                }
                assert!(self.sends.insert(call, result).is_none(), "finished twice");
            }
            Effect::ReadFinished { call, result } => {
                for message in result.iter().flatten() {
                    self.taken.insert(message.message_id.clone());
                }
                assert!(self.reads.insert(call, result).is_none(), "finished twice");
            }
        }
    }

    fn check(&self, call: &Call) {
        match call {
            Call::Acknowledge(cursor) => {
                for (_, id) in self.cursors.range(..=*cursor) {
                    assert!(self.taken.contains(id), "{id:?} was acknowledged untaken");
                }
            }
            Call::History { peer, hole, .. } => {
                let asked = |seq: &u64| hole.after < *seq && *seq < hole.before;
                let again = self.gone.iter().find(|(of, seq)| of == peer && asked(seq));
                assert_eq!(again, None, "asked again by {call:?}");
            }
            Call::Login(_) | Call::Logout | Call::Send(_) => {}
        }
    }

    /// Requests that have not met their fate.
    pub(crate) fn has_tasks(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Lets the oldest request meet its fate.
    pub(crate) fn perform(&mut self, world: &mut World, fate: Fate) {
        match self.tasks.pop_front() {
            None => {}
            Some(Task::Request(request, token, call)) => {
                let answer = exchange(world, &token, &call, fate);
                if let Call::History { peer, hole, .. } = &call {
                    self.note_gone(peer, *hole, &answer);
                }
                self.input(Input::Answered { request, answer });
            }
            Some(Task::Stream(stream, token)) => {
                let refused = match fate {
                    Fate::Refused(status) => Some(status),
                    Fate::Answered | Fate::Lost | Fate::Unanswered => None,
                };
                if let Some(status) = refused {
                    let answer = Answer::Http {
                        status,
                        body: Vec::new(),
                    };
                    self.input(Input::StreamRefused { stream, answer });
                } else if fate != Fate::Answered {
                    self.input(Input::StreamRefused {
                        stream,
                        answer: Answer::Missing,
                    });
                } else {
                    self.open(world, stream, &token);
                }
            }
        }
    }

    fn open(&mut self, world: &mut World, stream: StreamNumber, token: &Token) {
        match world.request(token.as_str(), "GET", "/v1/events", b"") {
            (200, Body::Stream { stream: id, .. }) => {
                self.stream = Some((stream, id));
                self.input(Input::StreamOpened(stream));
            }
            (status, body) => {
                let answer = Answer::Http {
                    status,
                    body: bytes(body),
                };
                self.input(Input::StreamRefused { stream, answer });
            }
        }
    }

    fn note_gone(&mut self, peer: &PeerId, hole: Hole, answer: &Answer) {
        let Answer::Http { status: 200, body } = answer else {
            return;
        };
        let page: History = serde_json::from_slice(body).unwrap();
        let Some(covered) = page.covered else { return };
        let listed: BTreeSet<Seq> = page.messages.iter().filter_map(|m| m.seq).collect();
        for seq in covered.from.0..=covered.to.0 {
            if hole.after < seq && seq < hole.before && !listed.contains(&Seq(seq)) {
                self.gone.insert((peer.clone(), seq));
            }
        }
    }

    /// Takes in at most `most` of the frames that wait on the stream, then its end if it has come;
    /// the rest is lost with [`Device::cut`].
    pub(crate) fn pump(&mut self, world: &mut World, most: usize) -> bool {
        let Some((stream, id)) = self.stream else {
            return false;
        };
        let frames = world.take_some(id, most);
        let moved = !frames.is_empty();
        for frame in frames {
            self.feed(stream, &frame);
        }
        if !moved && world.is_closed(id) && self.stream.is_some() {
            self.stream = None;
            self.input(Input::StreamEnded(stream));
            return true;
        }
        moved
    }

    fn feed(&mut self, stream: StreamNumber, frame: &Frame) {
        if let (Some(cursor), Event::Message(event)) = (frame.id, &frame.event) {
            let id = event.message.message_id.clone();
            let known = self.cursors.insert(cursor, id.clone());
            assert!(
                known.is_none_or(|known| known == id),
                "the server renumbers"
            );
        }
        self.syncs += usize::from(frame.event == Event::SyncDone);
        let sse = frame.to_sse();
        let data = sse
            .lines()
            .find_map(|line| line.strip_prefix("data: "))
            .unwrap();
        let event = RawEvent {
            name: frame.event.name().into(),
            id: frame.id.map(|cursor| cursor.to_string()),
            data: data.into(),
        };
        self.input(Input::StreamEvent { stream, event });
    }

    /// An event of the open stream that the server of the world would not send.
    pub(crate) fn event(&mut self, name: &str, id: Option<&str>, data: &str) {
        let (stream, _) = self.stream.unwrap();
        let event = RawEvent {
            name: name.into(),
            id: id.map(Into::into),
            data: data.into(),
        };
        self.input(Input::StreamEvent { stream, event });
    }

    /// The connection of the stream breaks; what was on its way is lost.
    pub(crate) fn cut(&mut self, world: &mut World) {
        if let Some((stream, id)) = self.stream.take() {
            world.close(id);
            world.take(id);
            self.input(Input::StreamEnded(stream));
        }
    }

    /// Lets everything happen that can happen without time passing.
    pub(crate) fn settle(&mut self, world: &mut World) {
        loop {
            if self.has_tasks() {
                self.perform(world, Fate::Answered);
            } else if !self.pump(world, usize::MAX) {
                return;
            }
        }
    }

    /// Time passes up to the timer, which goes off.
    pub(crate) fn wake(&mut self) {
        self.now = self.now.max(self.timer.take().expect("a timer is set"));
        self.input(Input::Wake);
    }

    /// Time passes to the timer again and again, until none is set.
    pub(crate) fn wake_all(&mut self, world: &mut World) {
        while self.timer.is_some() {
            self.wake();
            self.settle(world);
        }
    }

    /// Like [`Device::settle`] where everything that comes is known to the application.
    pub(crate) fn settle_known(&mut self, world: &mut World) {
        let store = self.client.store();
        let known = |(_, message): (u64, duologue_core::message::Message)| message.message_id;
        let mailbox = world.mailbox(self.user).into_iter().map(known);
        self.taken
            .extend(mailbox.filter(|id| store.message(id).is_some()));
        self.settle(world);
    }

    /// Performs the oldest request; opening a stream fails.
    pub(crate) fn perform_requests_only(&mut self, world: &mut World) {
        let stream = matches!(self.tasks.front(), Some(Task::Stream(..)));
        self.perform(world, if stream { Fate::Lost } else { Fate::Answered });
    }

    /// Answers the oldest request with this body.
    pub(crate) fn answer(&mut self, body: &str) {
        self.answer_with(200, body);
    }

    /// Answers the oldest request with this status and body.
    pub(crate) fn answer_with(&mut self, status: u16, body: &str) {
        let Some(Task::Request(request, ..)) = self.tasks.pop_front() else {
            return;
        };
        let body = body.into();
        let answer = Answer::Http { status, body };
        self.input(Input::Answered { request, answer });
    }

    /// Whether the next request looks into the history.
    pub(crate) fn looks(&self) -> bool {
        matches!(
            self.tasks.front(),
            Some(Task::Request(_, _, Call::History { .. }))
        )
    }

    /// The token of the last stream.
    pub(crate) fn session(&self) -> Option<String> {
        self.token.as_ref().map(|token| token.as_str().to_owned())
    }

    /// The log since the last look, without acknowledgements.
    pub(crate) fn since(&mut self) -> Vec<String> {
        let mut log = std::mem::take(&mut self.log);
        log.retain(|line| line != "POST /v1/events/ack");
        log
    }

    pub(crate) fn state(&self) -> &'static str {
        self.client.state().name()
    }
}

/// The text of a message, or its content as it came.
pub(crate) fn text(message: &ChatMessage) -> String {
    match &message.content {
        ChatContent::Known(Content::Text { text }) => text.clone(),
        ChatContent::Known(content) => format!("{content:?}"),
        ChatContent::Unknown(value) => value.to_string(),
    }
}
