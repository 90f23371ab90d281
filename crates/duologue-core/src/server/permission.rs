//! Who may send to whom: friends first, then the block (spec: permissions).

use crate::error::{ApiError, ErrorCode};
use crate::policy::{AcceptFrom, BlockVisibility, Messaging, Policy};
use crate::server::user::User;

/// What permission makes of a send between two different users. It is decided once, at acceptance;
/// no later change takes anything back (PRM-005).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It reaches the recipient.
    Deliver,
    /// The recipient blocks the sender silently: the sender's own copy is all there is (PRM-013),
    /// and all there will be after the block (PRM-015).
    SenderOnly,
}

/// Decides a user's send, by what policy and lists say at this moment (PRM-001, PRM-004) and by the
/// recipient's blocklist alone (PRM-012, PRM-017). The friend check comes first, so that a silent
/// block shows only what an unfriending would show (PRM-016).
pub(super) fn check(policy: Policy, sender: &User, to: &User) -> Result<Verdict, ApiError> {
    if friends_only(policy, to) {
        check_friends(sender, to)?;
    }
    if !to.blocklist.contains(&sender.id) {
        return Ok(Verdict::Deliver);
    }
    match policy.block_visibility {
        BlockVisibility::Silent => Ok(Verdict::SenderOnly),
        BlockVisibility::Explicit => Err(ApiError::new(
            ErrorCode::BlockedByRecipient,
            "the recipient does not accept messages from this sender",
        )),
    }
}

/// Whether the recipient wants mutual friends only: `accept_from` goes before the policy (PRM-003).
fn friends_only(policy: Policy, to: &User) -> bool {
    match to.accept_from {
        AcceptFrom::Policy => policy.messaging == Messaging::FriendsOnly,
        AcceptFrom::Anyone => false,
        AcceptFrom::Friends => true,
    }
}

/// Refuses those who are not mutual friends, and says whose list lacks whom (PRM-002).
fn check_friends(sender: &User, to: &User) -> Result<(), ApiError> {
    let (code, message) = match (
        sender.friends.contains(&to.id),
        to.friends.contains(&sender.id),
    ) {
        (true, true) => return Ok(()),
        (true, false) => (
            ErrorCode::NotInRecipientList,
            "the recipient's friend list lacks the sender",
        ),
        (false, true) => (
            ErrorCode::RecipientNotInList,
            "the sender's friend list lacks the recipient",
        ),
        (false, false) => (
            ErrorCode::NotFriends,
            "sender and recipient are not friends",
        ),
    };
    Err(ApiError::new(code, message))
}
