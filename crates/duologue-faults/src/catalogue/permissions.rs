//! Permissions: the policy, friend lists, blocklists, and what an explicit or a silent block does.

pub(super) mod blocking;
pub(super) mod changes;
pub(super) mod lists;
pub(super) mod policy;
pub(super) mod silent;
