//! The task that owns the machine and obeys its effects.

use std::collections::BTreeMap;
use std::time::Duration;

use duologue_core::client::{
    Account, CallId, ChatMessage, Client as Machine, Draft, Effect, Input, LoginError, Moment,
    Options, ReadError, SendError, Store, StreamNumber,
};
use duologue_core::id::{PeerId, Seq};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

use crate::http::Http;
use crate::sdk::Settings;
use crate::sdk::events::{Event, Sink};
use crate::sdk::ids::RandomIds;
use crate::sdk::transport;

/// Reports that may wait for the driver; a stream that is faster has to wait itself.
const REPORTS: usize = 64;

/// A call of the application.
#[derive(Debug)]
pub(super) enum Command {
    Send {
        draft: Draft,
        reply: oneshot::Sender<Result<Box<ChatMessage>, SendError>>,
    },
    Read {
        peer: PeerId,
        count: u64,
        before: Option<Seq>,
        reply: oneshot::Sender<Result<Vec<ChatMessage>, ReadError>>,
    },
    Store {
        reply: oneshot::Sender<Store>,
    },
    Logout {
        reply: oneshot::Sender<Store>,
    },
}

/// One client's machine, tasks and waiting callers.
pub(super) struct Driver {
    machine: Machine,
    http: Http,
    silence: Duration,
    start: Instant,
    timer: Option<Moment>,
    sink: Sink,
    reports: (mpsc::Sender<Input>, mpsc::Receiver<Input>),
    /// Requests and the stream; they end with the driver.
    tasks: JoinSet<()>,
    stream: Option<(StreamNumber, AbortHandle)>,
    calls: u64,
    login: Option<oneshot::Sender<Result<(), LoginError>>>,
    sends: BTreeMap<CallId, oneshot::Sender<Result<Box<ChatMessage>, SendError>>>,
    reads: BTreeMap<CallId, oneshot::Sender<Result<Vec<ChatMessage>, ReadError>>>,
}

impl Driver {
    pub(super) fn new(
        http: Http,
        settings: Settings,
        sink: Sink,
        login: oneshot::Sender<Result<(), LoginError>>,
    ) -> Self {
        let timeout = http.timeouts().request.as_millis();
        let options = Options {
            request_timeout_ms: u64::try_from(timeout).unwrap_or(u64::MAX),
            ..settings.options
        };
        Self {
            machine: Machine::new(options, settings.store),
            http,
            silence: settings.silence,
            start: Instant::now(),
            timer: None,
            sink,
            reports: mpsc::channel(REPORTS),
            tasks: JoinSet::new(),
            stream: None,
            calls: 0,
            login: Some(login),
            sends: BTreeMap::new(),
            reads: BTreeMap::new(),
        }
    }

    /// Runs until the application logs out or drops its client.
    pub(super) async fn run(
        mut self,
        account: Account,
        mut commands: mpsc::UnboundedReceiver<Command>,
    ) {
        self.input(Input::Login(account));
        loop {
            let due = self
                .timer
                .map(|at| self.start + Duration::from_millis(at.0));
            tokio::select! {
                command = commands.recv() => {
                    // What the application took before it called is part of what it asks about.
                    while let Some(hand_over) = self.sink.taken_already() {
                        self.input(Input::HandedOver(hand_over));
                    }
                    match command {
                        Some(Command::Logout { reply }) => {
                            let store = self.log_out().await;
                            // Who does not wait for it does not want it.
                            let _ = reply.send(store);
                            return;
                        }
                        Some(command) => self.obey_application(command),
                        None => return,
                    }
                }
                Some(input) = self.reports.1.recv() => self.input(input),
                hand_over = self.sink.taken() => self.input(Input::HandedOver(hand_over)),
                // Nothing but its slot is left of a task that has reported.
                Some(_) = self.tasks.join_next() => {}
                () = sleep_until(due.unwrap_or(self.start)), if due.is_some() => {
                    self.timer = None;
                    self.input(Input::Wake);
                }
            }
        }
    }

    /// Ends the session and lets the requests under way come to their end.
    async fn log_out(&mut self) -> Store {
        self.input(Input::Logout);
        while !self.tasks.is_empty() {
            tokio::select! {
                Some(input) = self.reports.1.recv() => self.input(input),
                Some(_) = self.tasks.join_next() => {}
            }
        }
        self.machine.to_store()
    }

    fn obey_application(&mut self, command: Command) {
        self.calls += 1;
        let call = CallId(self.calls);
        match command {
            Command::Send { draft, reply } => {
                self.sends.insert(call, reply);
                self.input(Input::SendMessage { call, draft });
            }
            Command::Read {
                peer,
                count,
                before,
                reply,
            } => {
                self.reads.insert(call, reply);
                self.input(Input::GetMessage {
                    call,
                    peer,
                    count,
                    before,
                });
            }
            // `run` takes logouts itself.
            Command::Store { reply } | Command::Logout { reply } => {
                let _ = reply.send(self.machine.to_store());
            }
        }
    }

    fn input(&mut self, input: Input) {
        let elapsed = self.start.elapsed().as_millis();
        let now = Moment(u64::try_from(elapsed).unwrap_or(u64::MAX));
        for effect in self.machine.handle(now, input, &mut RandomIds) {
            self.obey(effect);
        }
    }

    /// Replies to callers that have gone are dropped.
    fn obey(&mut self, effect: Effect) {
        match effect {
            Effect::Request {
                request,
                token,
                call,
            } => {
                let reports = self.reports.0.clone();
                let http = self.http.clone();
                let request = transport::request(http, request, token, call, reports);
                self.tasks.spawn(request);
            }
            Effect::OpenStream { stream, token } => {
                let reports = self.reports.0.clone();
                let http = self.http.clone();
                let task = transport::stream(http, stream, token, self.silence, reports);
                self.stream = Some((stream, self.tasks.spawn(task)));
            }
            Effect::CloseStream(stream) => {
                if let Some((_, task)) = self.stream.take_if(|(open, _)| *open == stream) {
                    task.abort();
                }
            }
            Effect::SetTimer(at) => self.timer = at,
            Effect::LoginFinished(result) => {
                let _ = self.login.take().map(|reply| reply.send(result));
            }
            Effect::NewMessage { hand_over, message } => {
                self.sink.send(Event::NewMessage(message), Some(hand_over));
            }
            Effect::Refresh => self.sink.send(Event::Refresh, None),
            Effect::Kicked { reason } => self.sink.send(Event::Kicked { reason }, None),
            Effect::SendFinished { call, result } => {
                let _ = self.sends.remove(&call).map(|reply| reply.send(result));
            }
            Effect::ReadFinished { call, result } => {
                let _ = self.reads.remove(&call).map(|reply| reply.send(result));
            }
        }
    }
}
