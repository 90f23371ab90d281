//! The callbacks of a client, as a channel.

use duologue_core::client::{ChatMessage, HandOver};
use tokio::sync::mpsc;

/// What a client tells its application.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// `on_new_message` (CLI-002).
    NewMessage(Box<ChatMessage>),
    /// `on_refresh` (CLI-004).
    Refresh,
    /// `on_kicked`: the session is over, and nothing follows (CLI-010).
    Kicked {
        /// Why, in the server's words.
        reason: String,
    },
}

/// Where the events come out. Asking for the next one says that the application is done with the
/// one before; only then is it acknowledged to the server (CLI-005). An application that stores
/// messages stores each of them before it asks again.
#[derive(Debug)]
pub struct Events {
    receiver: mpsc::UnboundedReceiver<(Event, Option<HandOver>)>,
    taken: mpsc::UnboundedSender<HandOver>,
    last: Option<HandOver>,
}

impl Events {
    /// The next event; none when the client has ended. Loses nothing when it is cancelled.
    pub async fn next(&mut self) -> Option<Event> {
        if let Some(last) = self.last.take() {
            // A client that has ended acknowledges nothing any more.
            let _ = self.taken.send(last);
        }
        let (event, hand_over) = self.receiver.recv().await?;
        self.last = hand_over;
        Some(event)
    }
}

/// The driver's end.
#[derive(Debug)]
pub(super) struct Sink {
    sender: mpsc::UnboundedSender<(Event, Option<HandOver>)>,
    taken: mpsc::UnboundedReceiver<HandOver>,
}

impl Sink {
    /// An application that has dropped its end misses the event, and never takes it.
    pub(super) fn send(&self, event: Event, hand_over: Option<HandOver>) {
        let _ = self.sender.send((event, hand_over));
    }

    /// What the application has taken already, without waiting.
    pub(super) fn taken_already(&mut self) -> Option<HandOver> {
        self.taken.try_recv().ok()
    }

    /// What the application has taken; never comes when it has dropped its end.
    pub(super) async fn taken(&mut self) -> HandOver {
        match self.taken.recv().await {
            Some(hand_over) => hand_over,
            None => std::future::pending().await,
        }
    }
}

pub(super) fn channel() -> (Sink, Events) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let (taken_sender, taken) = mpsc::unbounded_channel();
    let events = Events {
        receiver,
        taken: taken_sender,
        last: None,
    };
    (Sink { sender, taken }, events)
}
