//! Push: who may register what, what is pushed to whom, and what the call says.

mod beside;
pub(super) mod call;
pub(super) mod recipients;
pub(super) mod registration;

const REGISTER: &str = "PUT /v1/push-token";
const UNREGISTER: &str = "DELETE /v1/push-token";
const SEND: &str = "POST /v1/messages";
const ANY_SEND: &str = "POST /v1/messages | POST /v1/admin/messages";
