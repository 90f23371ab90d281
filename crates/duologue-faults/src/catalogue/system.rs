//! System notifications: their names, those of developers, friendship, profiles, and where they go.

pub(super) mod friendship;
pub(super) mod names;
pub(super) mod notifications;
pub(super) mod places;
pub(super) mod profiles;
