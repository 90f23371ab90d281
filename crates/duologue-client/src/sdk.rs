//! The SDK: an async shell round the core's client machine.
//!
//! [`Client::login`] starts one task, the driver, which owns the machine
//! ([`duologue_core::client`]) and every request and stream it asks for; it ends with the
//! [`Client`]. What the specification calls callbacks comes out of [`Events`]. Nothing is decided
//! here: which message is new, when to reconnect and what to ask for are the machine's affair.

mod driver;
mod events;
mod ids;
mod transport;

use std::time::Duration;

use duologue_core::client::{
    Account, ChatMessage, Draft, LoginError, Options, ReadError, SendError, Store,
};
use duologue_core::id::{PeerId, Seq};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

pub use events::{Event, Events};

use crate::http::Http;
use driver::{Command, Driver};

/// What a client goes by; the default fits a server with default limits.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Figures of the machine. `request_timeout_ms` is taken from the [`Http`] in any case.
    pub options: Options,
    /// A stream without even a heartbeat for so long counts as failed: two heartbeats of the
    /// server.
    pub silence: Duration,
    /// What an earlier client of this user knew, so that it is not handed over again.
    pub store: Store,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            options: Options::default(),
            silence: Duration::from_secs(30),
            store: Store::default(),
        }
    }
}

/// A logged-in client. Dropping it ends its task and connections and leaves the session as it is.
#[derive(Debug)]
pub struct Client {
    commands: mpsc::UnboundedSender<Command>,
    driver: JoinHandle<()>,
}

impl Client {
    /// `login(user, credential, device)`: starts a session; its stream opens by itself (CLI-001)
    /// and is kept open until [`Client::logout`] or [`Event::Kicked`] (CLI-008). A login without an
    /// answer is tried until it has one. Must be called on a tokio runtime.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn login(
        http: Http,
        account: Account,
        settings: Settings,
    ) -> Result<(Self, Events), LoginError> {
        let (commands, received) = mpsc::unbounded_channel();
        let (sink, events) = events::channel();
        let (reply, answer) = oneshot::channel();
        let driver = Driver::new(http, settings, sink, reply);
        let client = Self {
            commands,
            driver: tokio::spawn(driver.run(account, received)),
        };
        match answer.await {
            Ok(result) => result.map(|()| (client, events)),
            Err(_) => Err(LoginError::LoggedOut),
        }
    }

    /// `send_message`: ends with the message as the server accepted it (CLI-011, CLI-012,
    /// CLI-013). Without an answer that takes as long as the server's deduplication window.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn send_message(&self, draft: Draft) -> Result<ChatMessage, SendError> {
        let (reply, answer) = oneshot::channel();
        self.command(Command::Send { draft, reply });
        let result = answer.await.unwrap_or(Err(SendError::SessionOver));
        result.map(|message| *message)
    }

    /// `get_message`: up to `count` messages with `peer` below the seq `before`, or the newest,
    /// ascending (CLI-017).
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn get_message(
        &self,
        peer: PeerId,
        count: u64,
        before: Option<Seq>,
    ) -> Result<Vec<ChatMessage>, ReadError> {
        let (reply, answer) = oneshot::channel();
        self.command(Command::Read {
            peer,
            count,
            before,
            reply,
        });
        answer.await.unwrap_or(Err(ReadError::SessionOver))
    }

    /// What the client knows, to be written down and given to the next one in [`Settings`]. New
    /// messages that [`Events`] has not given out, or only just, are not among it.
    pub async fn store(&self) -> Store {
        let (reply, answer) = oneshot::channel();
        self.command(Command::Store { reply });
        answer.await.unwrap_or_default()
    }

    /// `logout()`: ends the session, waits until the server has answered or the request has timed
    /// out, and returns what the client knew.
    pub async fn logout(self) -> Store {
        let (reply, answer) = oneshot::channel();
        self.command(Command::Logout { reply });
        answer.await.unwrap_or_default()
    }

    fn command(&self, command: Command) {
        // Without a driver the reply's other end is gone, which the caller notices.
        let _ = self.commands.send(command);
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.driver.abort();
    }
}
