//! Reading the roaming store: history, conversations, the administrator's download
//! (spec: roaming).

use std::sync::Arc;

use crate::answer::{Conversations, Download, History};
use crate::error::ApiError;
use crate::id::{IdError, PeerId, Seq, UserId};
use crate::server::app::{App, peer_in_path, unknown_user, user_in_path};
use crate::server::query::{Query, page};
use crate::server::stored::Stored;
use crate::server::view::{View, Window};
use crate::time::Timestamp;

impl App {
    /// `GET /v1/conversations/{peer}/messages`.
    pub(super) fn history(
        &self,
        owner: &UserId,
        peer: &str,
        query: &Query<'_>,
    ) -> Result<History, ApiError> {
        let window = Window {
            before: query.decimal("before")?,
            after: query.decimal("after")?,
            limit: query.limit(&self.limits)?,
        };
        let peer = peer_in_path(peer)?;
        match self.view(owner, &peer)? {
            Some(view) => Ok(view.history(window)),
            None => Ok(View::default().history(window)),
        }
    }

    /// `GET /v1/conversations` and `GET /v1/admin/conversations/{owner}`: one list for both
    /// (ADM-019).
    pub(super) fn conversations(
        &self,
        owner: &str,
        query: &Query<'_>,
    ) -> Result<Conversations, ApiError> {
        let bad = |error: IdError| ApiError::invalid("after", error.to_string());
        let after = query
            .get("after")
            .map(PeerId::parse)
            .transpose()
            .map_err(bad)?;
        let limit = query.limit(&self.limits)?;
        let owner = user_in_path(owner, "user_id")?;
        let user = self
            .user(&owner)
            .ok_or_else(|| unknown_user(owner.as_str()))?;
        let (conversations, complete) = page(user.views.conversations(after), limit);
        Ok(Conversations {
            conversations,
            complete,
        })
    }

    /// `GET /v1/admin/conversations/{owner}/{peer}/messages`: a page of the owner's view, by seq
    /// and time (ADM-020).
    pub(super) fn download(
        &self,
        owner: &str,
        peer: &str,
        query: &Query<'_>,
    ) -> Result<Download, ApiError> {
        let from = query.decimal("from_ms")?.map_or(Timestamp(0), Timestamp);
        let to = query
            .decimal("to_ms")?
            .map_or(Timestamp(u64::MAX), Timestamp);
        let after = query.decimal("after")?;
        let limit = query.limit(&self.limits)?;
        let (owner, peer) = (user_in_path(owner, "user_id")?, peer_in_path(peer)?);
        let Some(view) = self.view(&owner, &peer)? else {
            return Ok(Download {
                messages: Vec::new(),
                complete: true,
            });
        };
        let before_end = |(_, message): &(Seq, &Arc<Stored>)| message.time < to;
        let (found, complete) = page(view.between(after, from).take_while(before_end), limit);
        let messages = found
            .into_iter()
            .map(|(seq, m)| m.seen_as(Some(seq)))
            .collect();
        Ok(Download { messages, complete })
    }

    /// A view; `None` when the peer exists but no message was ever filed. 404 only when there is
    /// neither peer nor view, or no owner (ROA-011, ADM-021).
    fn view(&self, owner: &UserId, peer: &PeerId) -> Result<Option<&View>, ApiError> {
        let user = self
            .user(owner)
            .ok_or_else(|| unknown_user(owner.as_str()))?;
        let view = user.views.get(peer);
        let exists = peer.user().is_none_or(|peer| self.users.contains_key(peer));
        if view.is_none() && !exists {
            return Err(unknown_user(peer.as_str()));
        }
        Ok(view)
    }
}
