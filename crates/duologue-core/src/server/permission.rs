//! Who may send to whom: friends first, then the block (spec: permissions).

use crate::error::{ApiError, ErrorCode};
use crate::policy::{AcceptFrom, BlockVisibility, Messaging, Policy};
use crate::server::user::User;

/// What permission makes of a send between two different users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It reaches the recipient.
    Deliver,
    /// The recipient blocks the sender silently: the sender's own copy is all there is.
    SenderOnly,
}

/// Decides a user's send. The friend check comes first, so that a silent block shows only what an
/// unfriending would show.
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

fn friends_only(policy: Policy, to: &User) -> bool {
    match to.accept_from {
        AcceptFrom::Policy => policy.messaging == Messaging::FriendsOnly,
        AcceptFrom::Anyone => false,
        AcceptFrom::Friends => true,
    }
}

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
