//! Sender information: the snapshot that a message carries, and the profile it is taken of.

pub(super) mod profile;
pub(super) mod snapshot;
