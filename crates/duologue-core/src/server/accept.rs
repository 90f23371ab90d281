//! Acceptance: an allowed message goes into the stores, to the streams and to the push gateway
//! (spec: sending, offline cache, recent contacts, roaming).

use std::sync::Arc;

use crate::content::Content;
use crate::id::{ClientMsgId, Cursor, MessageId, PeerId, Seq, UserId};
use crate::message::{Message, Role, Sender};
use crate::server::SessionId;
use crate::server::app::{App, Context};
use crate::server::expiry::Due;
use crate::server::mailbox::Entry;
use crate::server::send::PushOptions;
use crate::server::stored::Stored;
use crate::server::user::User;
use crate::time::Timestamp;

/// A message that has passed every check.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) from: PeerId,
    pub(super) to: UserId,
    pub(super) content: Content,
    pub(super) client_msg_id: Option<ClientMsgId>,
    pub(super) custom_data: Option<String>,
    pub(super) lifetime_s: Option<u64>,
    pub(super) push: PushOptions,
}

/// How far a message goes: never beyond its sender and its recipient (MOD-008).
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    /// Into the sender's view and to the sender's other sessions; of a message in a user's name
    /// only if the administrator wants it there (ADM-012).
    pub(super) sender: bool,
    /// To the recipient; not under a silent block (PRM-014).
    pub(super) recipient: bool,
    /// The session that sent it and needs no copy.
    pub(super) sending_session: Option<SessionId>,
    /// Whether the answer shows the seq of the sender's view; else, for the administrator, that of
    /// the recipient's (ADM-015).
    pub(super) answer_for_sender: bool,
}

/// Where a message lies in one user's stores; an online-only one lies nowhere (SND-015).
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    seq: Option<Seq>,
    cursor: Option<Cursor>,
}

impl App {
    /// Accepts a message: into the views of both (MOD-003), to their open streams, online-only ones
    /// too (SND-014), and to the push gateway. Answers with it as the caller sees it (SND-001),
    /// whatever that did to streams and mailbox (OFF-002).
    pub(super) fn accept(&mut self, draft: Draft, reach: Reach, cx: &mut Context<'_>) -> Message {
        let push = draft.push.clone();
        let online_only = draft.lifetime_s == Some(0);
        let offline_until = self.ends(draft.lifetime_s, self.limits.offline_ttl_s);
        let message = Arc::new(self.stored(draft, cx));
        if message.from.user() == Some(&message.to) {
            return self.accept_from_oneself(&message, online_only, reach, cx);
        }
        let sender = message.from.user().filter(|_| reach.sender);

        let (mut for_sender, mut for_recipient) = (Place::default(), Place::default());
        if !online_only {
            if let Some(sender) = sender {
                let peer = PeerId::User(message.to.clone());
                for_sender.seq = Some(self.file(sender, &peer, &message));
            }
            if reach.recipient {
                for_recipient = self.file_for_recipient(&message, offline_until);
            }
        }

        if reach.recipient {
            let streams = self.streams(&message.to, None);
            Self::deliver(
                streams,
                &message,
                for_recipient.seq,
                for_recipient.cursor,
                cx,
            );
        }
        if let Some(sender) = sender {
            let streams = self.streams(sender, reach.sending_session);
            Self::deliver(streams, &message, for_sender.seq, None, cx);
        }
        if reach.recipient && !online_only {
            self.push(&message, &push, cx);
        }
        let place = if reach.answer_for_sender {
            for_sender
        } else {
            for_recipient
        };
        message.seen_as(place.seq)
    }

    /// One copy with one seq, live on the user's other streams; no mailbox, no push (SND-016,
    /// SND-017, ADM-022).
    fn accept_from_oneself(
        &mut self,
        message: &Arc<Stored>,
        online_only: bool,
        reach: Reach,
        cx: &mut Context<'_>,
    ) -> Message {
        let seq = (!online_only).then(|| self.file(&message.to, &message.from, message));
        Self::deliver(
            self.streams(&message.to, reach.sending_session),
            message,
            seq,
            None,
            cx,
        );
        message.seen_as(seq)
    }

    /// Makes the message of a draft; what only the server may say about it is chosen here
    /// (MSG-002).
    fn stored(&mut self, draft: Draft, cx: &mut Context<'_>) -> Stored {
        self.accepted += 1;
        Stored {
            message_id: fresh_message_id(cx),
            order: self.accepted,
            sender: self.snapshot(&draft.from),
            time: self.now,
            stored_bytes: draft.content.stored_bytes(draft.custom_data.as_deref()),
            expires: self.ends(draft.lifetime_s, self.limits.roaming_ttl_s),
            from: draft.from,
            to: draft.to,
            content: draft.content,
            client_msg_id: draft.client_msg_id,
            custom_data: draft.custom_data,
        }
    }

    /// Who speaks: a user, with name and picture of this moment, also when the administrator speaks
    /// in the user's name (SDR-001, SDR-005), or one of the two that have neither (SDR-004).
    fn snapshot(&self, from: &PeerId) -> Sender {
        let bare = |role| Sender {
            role,
            nickname: None,
            avatar_url: None,
        };
        match from {
            PeerId::Admin => bare(Role::Admin),
            PeerId::System => bare(Role::System),
            PeerId::User(user) => self
                .user(user)
                .map_or_else(|| bare(Role::User), User::as_sender),
        }
    }

    /// When a store with lifetime `ttl_s` lets go of a message accepted now (SND-012, OFF-010).
    fn ends(&self, lifetime_s: Option<u64>, ttl_s: u64) -> Timestamp {
        self.now
            .plus_s(lifetime_s.map_or(ttl_s, |lifetime| lifetime.min(ttl_s)))
    }

    /// Files a message in one user's view until its `expires` (ROA-001), and in the recent contacts
    /// unless it is a system one (REC-001, SYS-011).
    fn file(&mut self, owner: &UserId, peer: &PeerId, message: &Arc<Stored>) -> Seq {
        let Some(user) = self.users.get_mut(owner) else {
            return Seq(0);
        };
        let seq = user.views.insert(peer, Arc::clone(message));
        if !message.content.is_system() {
            user.recents
                .touch(peer, message.order, self.limits.recent_contacts_max);
        }
        let due = Due::Roaming {
            owner: owner.clone(),
            peer: peer.clone(),
            seq,
        };
        self.expiry.add(message.expires, due);
        seq
    }

    /// Files a message in the recipient's view and mailbox, online or not (OFF-001, SYS-010).
    fn file_for_recipient(&mut self, message: &Arc<Stored>, offline_until: Timestamp) -> Place {
        let owner = &message.to;
        let seq = self.file(owner, &message.from, message);
        let Some(user) = self.users.get_mut(owner) else {
            return Place::default();
        };
        let entry = Entry {
            message: Arc::clone(message),
            seq,
            expires: offline_until,
        };
        let (cursor, evicted) = user.mailbox.push(entry, &self.limits);
        if let Some(cursor) = cursor {
            self.expiry.add(
                offline_until,
                Due::Offline {
                    owner: owner.clone(),
                    cursor,
                },
            );
        }
        for gone in evicted {
            let due = Due::Offline {
                owner: owner.clone(),
                cursor: gone.cursor,
            };
            self.expiry.forget(gone.expires, due);
        }
        Place {
            seq: Some(seq),
            cursor,
        }
    }
}

/// An id that no other message has, not even one of the same content (IDN-009).
fn fresh_message_id(cx: &mut Context<'_>) -> MessageId {
    let id = cx.fresh();
    MessageId::parse(&id).unwrap_or_else(|_| unreachable!("32 hexadecimal digits are an id"))
}
