//! Idempotency: the same key and body get the original answer (spec: sending).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::{ApiError, ErrorCode};
use crate::id::{ClientMsgId, PeerId};
use crate::time::Timestamp;

/// A key in its scope: nobody's key meets another's (SND-008, SEC-001).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// In whose name.
    pub(super) from: PeerId,
    /// Who called: the user, or the administrator.
    pub(super) caller: PeerId,
    /// The key of the caller's choice, compared byte by byte (SND-019).
    pub(super) client_msg_id: ClientMsgId,
}

/// What an accepted send was answered with.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) fingerprint: String,
    pub(super) answer: String,
    /// When the key is free again, on the app's clock (SND-009).
    pub(super) until: Timestamp,
}

/// The keys of an app, by speaker.
#[derive(Debug, Default)]
pub(super) struct Dedup(BTreeMap<PeerId, BTreeMap<(PeerId, ClientMsgId), Answered>>);

/// The known fields of a body as one text: equal bodies have equal fingerprints (SND-005).
pub(super) fn fingerprint(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_default()
}

impl Dedup {
    /// The original answer, if the key was used with this body (SND-005); a conflict, if it was
    /// used with another (SND-006).
    pub(super) fn lookup(&self, key: &Key, fingerprint: &str) -> Result<Option<&str>, ApiError> {
        let rest = (key.caller.clone(), key.client_msg_id.clone());
        match self.0.get(&key.from).and_then(|keys| keys.get(&rest)) {
            None => Ok(None),
            Some(known) if known.fingerprint == fingerprint => Ok(Some(&known.answer)),
            Some(_) => Err(ApiError::at(
                ErrorCode::IdempotencyConflict,
                "client_msg_id",
                "this key was used with another body; take a new key for a new message",
            )),
        }
    }

    pub(super) fn insert(&mut self, key: Key, answered: Answered) {
        self.0
            .entry(key.from)
            .or_default()
            .insert((key.caller, key.client_msg_id), answered);
    }

    pub(super) fn remove(&mut self, key: &Key) {
        if let Some(keys) = self.0.get_mut(&key.from) {
            keys.remove(&(key.caller.clone(), key.client_msg_id.clone()));
            if keys.is_empty() {
                self.0.remove(&key.from);
            }
        }
    }

    /// Forgets every key used in the name of `from`, and tells which and until when.
    pub(super) fn forget_speaker(&mut self, from: &PeerId) -> Vec<(Timestamp, Key)> {
        let keys = self.0.remove(from).unwrap_or_default();
        keys.into_iter()
            .map(|((caller, client_msg_id), answered)| {
                (
                    answered.until,
                    Key {
                        from: from.clone(),
                        caller,
                        client_msg_id,
                    },
                )
            })
            .collect()
    }
}
