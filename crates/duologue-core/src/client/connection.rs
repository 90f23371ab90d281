//! Logging in, opening streams, and opening them again.

use serde::Deserialize;

use crate::client::answer::{Answer, Outcome, Refusal};
use crate::client::call::{Account, Call, RequestId, StreamNumber, Token};
use crate::client::effect::{Effect, LoginError};
use crate::client::state::{Attempt, State};
use crate::client::{Client, Purpose, Turn, delay};

/// The answer to a login, as far as a client needs it.
#[derive(Deserialize)]
struct LoggedIn {
    session_token: String,
}

impl Client {
    pub(super) fn login(&mut self, account: Account, turn: &mut Turn<'_>) {
        match self.state {
            State::LoggedOut | State::Ended => {
                self.store.adopt(&account.user);
                self.store.doubt_newest();
                self.connection += 1;
                self.failures = 0;
                self.account = Some(account);
                self.request_login(turn);
            }
            State::Connecting(_) | State::Waiting { .. } | State::Syncing(_) | State::Live(_) => {
                let error = Err(LoginError::AlreadyLoggedIn);
                turn.effects.push(Effect::LoginFinished(error));
            }
        }
    }

    pub(super) fn logout(&mut self, turn: &mut Turn<'_>) {
        if self.account.take().is_some() {
            let error = Err(LoginError::LoggedOut);
            turn.effects.push(Effect::LoginFinished(error));
        }
        if let Some(token) = self.session.clone() {
            self.forget(token, turn);
        }
        self.leave(State::LoggedOut, None, turn);
    }

    /// With the session its stream opens, unasked (CLI-001).
    pub(super) fn login_answered(
        &mut self,
        request: RequestId,
        answer: &Answer,
        turn: &mut Turn<'_>,
    ) {
        let outcome = answer.judge::<LoggedIn>();
        if self.state != State::Connecting(Attempt::Login(request)) {
            // The application has logged out meanwhile: nobody wants this session.
            if let Outcome::Done(login) = outcome {
                self.forget(Token(login.session_token), turn);
            }
            return;
        }
        match outcome {
            Outcome::Done(login) => {
                self.account = None;
                self.session = Some(Token(login.session_token));
                turn.effects.push(Effect::LoginFinished(Ok(())));
                self.open_stream(turn);
            }
            Outcome::Again { not_before_ms } => self.wait(true, not_before_ms, turn),
            Outcome::Unauthorized(refusal) | Outcome::Refused(refusal) => {
                self.account = None;
                self.state = State::LoggedOut;
                let error = Err(LoginError::Refused(refusal));
                turn.effects.push(Effect::LoginFinished(error));
            }
        }
    }

    pub(super) fn stream_opened(&mut self, stream: StreamNumber) {
        if self.state == State::Connecting(Attempt::Stream(stream)) {
            self.state = State::Syncing(stream);
            self.connection += 1;
            self.store.doubt_newest();
            self.acks.start_stream();
        }
    }

    pub(super) fn stream_refused(
        &mut self,
        stream: StreamNumber,
        answer: &Answer,
        turn: &mut Turn<'_>,
    ) {
        if self.state != State::Connecting(Attempt::Stream(stream)) {
            return;
        }
        match answer.judge_status() {
            Outcome::Again { not_before_ms } => self.wait(false, not_before_ms, turn),
            Outcome::Done(()) => self.wait(false, 0, turn),
            Outcome::Unauthorized(refusal) | Outcome::Refused(refusal) => {
                self.end_session(refusal, turn);
            }
        }
    }

    /// The session is still there: the next stream is due after a delay (CLI-008).
    pub(super) fn stream_ended(&mut self, stream: StreamNumber, turn: &mut Turn<'_>) {
        if self.state.stream() == Some(stream) {
            self.wait(false, 0, turn);
        }
    }

    /// The next attempt, if its delay is over.
    pub(super) fn reconnect_if_due(&mut self, turn: &mut Turn<'_>) {
        match self.state {
            State::Waiting { until, login } if until <= turn.now => {
                if login {
                    self.request_login(turn);
                } else {
                    self.open_stream(turn);
                }
            }
            State::LoggedOut
            | State::Connecting(_)
            | State::Waiting { .. }
            | State::Syncing(_)
            | State::Live(_)
            | State::Ended => {}
        }
    }

    /// The server does not know the session any more.
    pub(super) fn end_session(&mut self, refusal: Refusal, turn: &mut Turn<'_>) {
        self.leave(State::Ended, Some(refusal.code), turn);
    }

    /// Ends everything that belongs to the session, attempts to connect included (CLI-010); says
    /// why if the server ended it.
    pub(super) fn leave(&mut self, to: State, kicked: Option<String>, turn: &mut Turn<'_>) {
        if let Some(stream) = self.state.stream() {
            turn.effects.push(Effect::CloseStream(stream));
        }
        self.state = to;
        self.session = None;
        self.acks.end_session();
        self.requests
            .retain(|_, purpose| matches!(purpose, Purpose::Login));
        if let Some(reason) = kicked {
            turn.effects.push(Effect::Kicked { reason });
        }
        self.fail_sends(turn);
        self.fail_reads(turn);
    }

    fn request_login(&mut self, turn: &mut Turn<'_>) {
        let Some(account) = self.account.clone() else {
            return;
        };
        let token = Token(account.credential.clone());
        let request = self.request(token, Call::Login(account), Purpose::Login, turn);
        self.state = State::Connecting(Attempt::Login(request));
    }

    fn open_stream(&mut self, turn: &mut Turn<'_>) {
        let Some(token) = self.session.clone() else {
            return;
        };
        let stream = StreamNumber(self.next_number());
        self.state = State::Connecting(Attempt::Stream(stream));
        turn.effects.push(Effect::OpenStream { stream, token });
    }

    /// Puts the next attempt off, the longer the more have failed (CLI-009).
    fn wait(&mut self, login: bool, not_before_ms: u64, turn: &mut Turn<'_>) {
        let delay_ms = delay::after(self.failures, not_before_ms, turn.ids);
        self.failures = self.failures.saturating_add(1);
        let until = turn.now.plus_ms(delay_ms);
        self.state = State::Waiting { until, login };
    }

    /// Ends a session on the server; whether that is answered matters to nobody.
    fn forget(&mut self, token: Token, turn: &mut Turn<'_>) {
        let request = RequestId(self.next_number());
        turn.effects.push(Effect::Request {
            request,
            token,
            call: Call::Logout,
        });
    }
}
