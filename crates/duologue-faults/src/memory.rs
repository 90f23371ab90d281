//! What a twist remembers of the traffic: what was sent, and what mailboxes have shown.

use std::collections::{BTreeMap, BTreeSet};

use duologue_core::event::{Event, Frame, Path};
use duologue_core::id::{Cursor, MessageId};
use duologue_core::message::Message;
use duologue_core::server::Effect;

use crate::book::Owner;
use crate::call::Call;
use crate::frames::message_of;
use crate::json::text;
use crate::routes::{ACK, EVENTS, SEND};
use crate::twist::{Twist, edit_sync, on};
use crate::world::{Outcome, World};

/// The messages that users have sent and that were stored, oldest first, as their senders see them.
#[derive(Debug, Default)]
pub(crate) struct Sent(Vec<(String, Message)>);

impl Sent {
    /// Remembers what a send has stored.
    pub(crate) fn learn(&mut self, call: &Call, outcome: &Outcome, world: &World<'_>) -> bool {
        if !call.is(SEND) {
            return false;
        }
        let message = serde_json::from_value(outcome.json());
        let Some(message) = message
            .ok()
            .filter(|message: &Message| message.seq.is_some())
        else {
            return false;
        };
        self.0.push((world.who(call).app().to_owned(), message));
        true
    }

    /// Everything, each message with its app.
    pub(crate) fn all(&self) -> impl Iterator<Item = &(String, Message)> {
        self.0.iter()
    }

    /// What was sent to a user, oldest first.
    pub(crate) fn to<'a>(
        &'a self,
        (app, user): &'a Owner,
    ) -> impl DoubleEndedIterator<Item = &'a Message> {
        let his =
            move |(of, message): &&(String, Message)| of == app && message.to.as_str() == user;
        self.0.iter().filter(his).map(|(_, message)| message)
    }

    /// What a user and a peer have sent each other, oldest first.
    pub(crate) fn between<'a>(
        &'a self,
        (app, user): &'a Owner,
        peer: &'a str,
    ) -> impl Iterator<Item = &'a Message> {
        let theirs = move |(of, message): &&(String, Message)| {
            let (from, to) = (message.from.as_str(), message.to.as_str());
            of == app && ((from, to) == (user, peer) || (from, to) == (peer, user))
        };
        self.0.iter().filter(theirs).map(|(_, message)| message)
    }

    /// The users that a user has written to or heard from.
    pub(crate) fn peers_of(&self, (app, user): &Owner) -> BTreeSet<String> {
        let peer = |(of, message): &(String, Message)| {
            let (from, to) = (message.from.as_str(), message.to.as_str());
            let peer = if from == user { to } else { from };
            (of == app && (from == user || to == user)).then(|| peer.to_owned())
        };
        self.0.iter().filter_map(peer).collect()
    }
}

/// A mailbox entry that a stream has shown.
#[derive(Debug)]
pub(crate) struct Shown {
    /// As a sync shows it.
    pub(crate) frame: Frame,
    /// Whether it went live.
    pub(crate) live: bool,
    /// Which device acknowledged it, by which cursor.
    pub(crate) acknowledged: Option<(String, Cursor)>,
}

/// The mailbox entries that streams have shown, of each user.
#[derive(Debug, Default)]
pub(crate) struct Mailboxes(BTreeMap<Owner, BTreeMap<Cursor, Shown>>);

impl Mailboxes {
    /// Remembers what was shown and acknowledged.
    pub(crate) fn learn(&mut self, call: &Call, outcome: &Outcome, world: &World<'_>) {
        for effect in &outcome.effects {
            if let Effect::Deliver { stream, frame } = effect
                && let (Some(id), Event::Message(event)) = (frame.id, &frame.event)
            {
                let mailbox = self.0.entry(world.listener(*stream).owner()).or_default();
                let mut event = event.clone();
                let live = event.path == Path::Live;
                event.path = Path::Offline;
                mailbox.entry(id).or_insert_with(|| Shown {
                    frame: Frame {
                        id: Some(id),
                        event: Event::Message(event),
                    },
                    live,
                    acknowledged: None,
                });
            }
        }
        if call.is(ACK) && outcome.reply.status == 204 {
            let who = world.who(call);
            let Ok(cursor) = Cursor::parse(text(&call.json(), "/cursor")) else {
                return;
            };
            for (_, shown) in self.of(&who.owner()).range_mut(..=cursor) {
                let by = || (who.device().to_owned(), cursor);
                shown.acknowledged.get_or_insert_with(by);
            }
        }
    }

    /// The messages that a user was shown and has acknowledged.
    pub(crate) fn acknowledged(&self, owner: &Owner) -> BTreeSet<MessageId> {
        let shown = self.0.get(owner).into_iter().flat_map(BTreeMap::values);
        let acknowledged = shown.filter(|shown| shown.acknowledged.is_some());
        let ids = acknowledged.filter_map(|shown| message_of(&shown.frame));
        ids.map(|message| message.message_id.clone()).collect()
    }

    /// What a user was shown.
    pub(crate) fn of(&mut self, owner: &Owner) -> &mut BTreeMap<Cursor, Shown> {
        self.0.entry(owner.clone()).or_default()
    }
}

/// Who opens a stream, and when.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) device: String,
    /// In the app's time.
    pub(crate) now_ms: u64,
    pub(crate) offline_ttl_ms: u64,
}

/// A sync lists what it should, and what was shown once and `stays`.
pub(crate) fn relists(mut stays: impl FnMut(&Shown, &Reader) -> bool + Send + 'static) -> Twist {
    let mut mailboxes = Mailboxes::default();
    on("*").outcome(move |call, outcome, world| {
        mailboxes.learn(call, outcome, world);
        if !call.is(EVENTS) {
            return;
        }
        let reader = reader(call, world);
        let shown = mailboxes.of(&world.who(call).owner()).values();
        let old = shown
            .filter(|shown| stays(shown, &reader))
            .map(|shown| shown.frame.clone());
        edit_sync(outcome, |frames| {
            let mut by_cursor: BTreeMap<Cursor, Frame> =
                old.filter_map(|frame| Some((frame.id?, frame))).collect();
            let rest = frames
                .iter()
                .position(|frame| frame.id.is_none())
                .unwrap_or_default();
            let rest = frames.split_off(rest);
            by_cursor.extend(
                frames
                    .drain(..)
                    .filter_map(|frame| Some((frame.id?, frame))),
            );
            frames.extend(by_cursor.into_values().chain(rest));
        });
    })
}

/// Who asks, and when.
pub(crate) fn reader(call: &Call, world: &mut World<'_>) -> Reader {
    let who = world.who(call);
    let ttl_s = world.limit(call, "offline_ttl_s");
    Reader {
        device: who.device().to_owned(),
        now_ms: world.now(call),
        offline_ttl_ms: ttl_s.unwrap_or_default() * 1000,
    }
}
