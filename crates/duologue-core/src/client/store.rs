//! The local store: the messages a client knows, by `message_id` and by place.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::client::chat_message::ChatMessage;
use crate::client::conversation::Conversation;
use crate::id::{ClientMsgId, MessageId, PeerId, UserId};

/// What one user's client knows. It can be written down and read back, so that nothing is handed
/// over again after a restart (CLI-003). It belongs to one user: a login as another one empties it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Store {
    owner: Option<UserId>,
    messages: BTreeMap<MessageId, Known>,
    conversations: BTreeMap<PeerId, Conversation>,
    /// Keys of own sends whose message has not been seen yet.
    keys: BTreeSet<ClientMsgId>,
}

/// A message and whether the application has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Known {
    message: ChatMessage,
    shown: bool,
}

impl Store {
    /// Whose it is; nobody's before the first login.
    #[must_use]
    pub fn owner(&self) -> Option<&UserId> {
        self.owner.as_ref()
    }

    /// A message.
    #[must_use]
    pub fn message(&self, id: &MessageId) -> Option<&ChatMessage> {
        self.messages.get(id).map(|known| &known.message)
    }

    /// What is known of the conversation with `peer`.
    #[must_use]
    pub fn conversation(&self, peer: &PeerId) -> Option<&Conversation> {
        self.conversations.get(peer)
    }

    /// Makes the store `user`'s own; what belonged to somebody else is dropped.
    pub(super) fn adopt(&mut self, user: &UserId) {
        if self.owner.as_ref() != Some(user) {
            *self = Self {
                owner: Some(user.clone()),
                ..Self::default()
            };
        }
    }

    /// Whether the message is one that this client sends or sent itself (CLI-003).
    pub(super) fn is_own(&self, message: &ChatMessage) -> bool {
        let key = message.client_msg_id.as_ref();
        self.owner.as_ref() == message.from.user() && key.is_some_and(|key| self.keys.contains(key))
    }

    pub(super) fn add_key(&mut self, key: ClientMsgId) {
        self.keys.insert(key);
    }

    pub(super) fn drop_key(&mut self, key: &ClientMsgId) {
        self.keys.remove(key);
    }

    /// Keeps a message, at its place if it has one; a known one stays as it is.
    pub(super) fn file(&mut self, message: &ChatMessage) {
        if let (Some(seq), Some(owner)) = (message.seq, &self.owner) {
            let conversation = self.conversations.entry(message.peer(owner)).or_default();
            conversation.hold(seq, message.message_id.clone());
        }
        let entry = self.messages.entry(message.message_id.clone());
        entry.or_insert_with(|| Known {
            message: message.clone(),
            shown: false,
        });
    }

    /// Notes that the application gets the message; false if it had it before (CLI-003).
    pub(super) fn show(&mut self, id: &MessageId) -> bool {
        match self.messages.get_mut(id) {
            Some(known) => !std::mem::replace(&mut known.shown, true),
            None => false,
        }
    }

    /// The application does not have the message after all.
    pub(super) fn unshow(&mut self, id: &MessageId) {
        if let Some(known) = self.messages.get_mut(id) {
            known.shown = false;
        }
    }

    pub(super) fn conversation_mut(&mut self, peer: &PeerId) -> &mut Conversation {
        self.conversations.entry(peer.clone()).or_default()
    }

    /// The conversation of a message.
    pub(super) fn conversation_of(&mut self, message: &ChatMessage) -> Option<&mut Conversation> {
        let peer = message.peer(self.owner.as_ref()?);
        Some(self.conversation_mut(&peer))
    }

    /// A new connection: every newest end may have moved meanwhile.
    pub(super) fn doubt_newest(&mut self) {
        for conversation in self.conversations.values_mut() {
            conversation.doubt_newest();
        }
    }
}
