//! Permissions.

mod blocking;
mod changes;
mod lists;
mod policy;
mod silent;

pub(super) use blocking::FAULTS as BLOCKING;
pub(super) use changes::FAULTS as CHANGES;
pub(super) use lists::FAULTS as LISTS;
pub(super) use policy::FAULTS as POLICY;
pub(super) use silent::FAULTS as SILENT;
