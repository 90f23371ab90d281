//! System notifications.

mod friendship;
mod names;
mod notifications;
mod places;
mod profiles;

pub(super) use friendship::FAULTS as FRIENDSHIP;
pub(super) use names::FAULTS as NAMES;
pub(super) use notifications::FAULTS as NOTIFICATIONS;
pub(super) use places::FAULTS as PLACES;
pub(super) use profiles::FAULTS as PROFILES;
