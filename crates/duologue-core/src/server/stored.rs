//! A message as the stores share it: one body, a seq for each view.

use crate::content::Content;
use crate::id::{ClientMsgId, MessageId, PeerId, Seq, UserId};
use crate::message::{Message, Sender};
use crate::time::Timestamp;

/// The part of a message that is the same in every view.
#[derive(Debug)]
pub(super) struct Stored {
    /// The one id in all views (MOD-003).
    pub(super) message_id: MessageId,
    /// Place in the app's acceptance order; never shown.
    pub(super) order: u64,
    pub(super) from: PeerId,
    pub(super) to: UserId,
    /// As it was at acceptance; a copy, which no change of the profile reaches (SDR-002).
    pub(super) sender: Sender,
    pub(super) time: Timestamp,
    pub(super) content: Content,
    pub(super) client_msg_id: Option<ClientMsgId>,
    pub(super) custom_data: Option<String>,
    pub(super) stored_bytes: u64,
    pub(super) expires: Timestamp,
}

impl Stored {
    /// The message as one view shows it, the same for every reader but for its seq (MSG-001);
    /// `None` for online-only.
    pub(super) fn seen_as(&self, seq: Option<Seq>) -> Message {
        Message {
            message_id: self.message_id.clone(),
            seq,
            from: self.from.clone(),
            to: self.to.clone(),
            sender: self.sender.clone(),
            time_ms: self.time,
            content: self.content.clone(),
            client_msg_id: self.client_msg_id.clone(),
            custom_data: self.custom_data.clone(),
            stored_bytes: self.stored_bytes,
            expires_ms: self.expires,
        }
    }
}
