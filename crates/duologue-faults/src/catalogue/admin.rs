//! Administration: users, their deletion and presence, the policy, messages of the administrator, reading.

pub(super) mod as_user;
pub(super) mod batches;
pub(super) mod deletion;
pub(super) mod messages;
pub(super) mod policy;
pub(super) mod presence;
pub(super) mod reading;
pub(super) mod recreation;
pub(super) mod users;
