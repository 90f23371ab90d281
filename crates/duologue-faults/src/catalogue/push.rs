//! Push: who may register what, what is pushed to whom, and what the call says.

mod beside;
pub(super) mod call;
pub(super) mod recipients;
pub(super) mod registration;
