//! Administration.

mod as_user;
mod batches;
mod deletion;
mod messages;
mod policy;
mod presence;
mod reading;
mod recreation;
mod users;

pub(super) use as_user::FAULTS as AS_USER;
pub(super) use batches::FAULTS as BATCHES;
pub(super) use deletion::FAULTS as DELETION;
pub(super) use messages::FAULTS as MESSAGES;
pub(super) use policy::FAULTS as POLICY;
pub(super) use presence::FAULTS as PRESENCE;
pub(super) use reading::FAULTS as READING;
pub(super) use recreation::FAULTS as RECREATION;
pub(super) use users::FAULTS as USERS;
