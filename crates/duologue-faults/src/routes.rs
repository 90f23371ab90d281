//! The requests that faults are about, as patterns for [`on`](crate::twist::on) and
//! [`Call::is`](crate::call::Call::is). A pattern that only one file needs stands in that file.

// Apps and the server.
pub(crate) const CREATE_APP: &str = "POST /v1/apps";
pub(crate) const DELETE_APP: &str = "DELETE /v1/apps/*";
pub(crate) const SERVER: &str = "GET /v1/server";
pub(crate) const GET_POLICY: &str = "GET /v1/admin/policy";
pub(crate) const PUT_POLICY: &str = "PUT /v1/admin/policy";
pub(crate) const CLOCK: &str = "POST /v1/admin/clock";

// Users as the administrator sees them.
pub(crate) const GET_USER: &str = "GET /v1/admin/users/*";
pub(crate) const PUT_USER: &str = "PUT /v1/admin/users/*";
pub(crate) const DELETE_USER: &str = "DELETE /v1/admin/users/*";
pub(crate) const PRESENCE: &str = "GET /v1/admin/users/*/presence";

// Sessions and what belongs to one.
pub(crate) const LOGIN: &str = "POST /v1/sessions";
pub(crate) const LOGOUT: &str = "DELETE /v1/sessions/current";
pub(crate) const REGISTER: &str = "PUT /v1/push-token";
pub(crate) const UNREGISTER: &str = "DELETE /v1/push-token";

// Profiles and lists of users.
pub(crate) const GET_PROFILE: &str = "GET /v1/profile";
pub(crate) const PUT_PROFILE: &str = "PUT /v1/profile";
/// The profile of another user.
pub(crate) const LOOK_UP: &str = "GET /v1/users/*/profile";
pub(crate) const FRIENDS: &str = "GET /v1/friends";
pub(crate) const BEFRIEND: &str = "PUT /v1/friends/*";
pub(crate) const UNFRIEND: &str = "DELETE /v1/friends/*";
pub(crate) const BLOCK: &str = "PUT /v1/blocklist/*";
pub(crate) const UNBLOCK: &str = "DELETE /v1/blocklist/*";

// Sends.
pub(crate) const SEND: &str = "POST /v1/messages";
pub(crate) const ADMIN_SEND: &str = "POST /v1/admin/messages";
/// A send by whomever, notifications left aside.
pub(crate) const ANY_SEND: &str = "POST /v1/messages | POST /v1/admin/messages";
pub(crate) const NOTIFY: &str = "POST /v1/admin/notifications";

// Where messages are read.
pub(crate) const EVENTS: &str = "GET /v1/events";
pub(crate) const ACK: &str = "POST /v1/events/ack";
pub(crate) const RECENTS: &str = "GET /v1/recents";
/// Both places that show recent contacts.
pub(crate) const CONTACTS: &str = "GET /v1/recents | GET /v1/events";
pub(crate) const CONVERSATIONS: &str = "GET /v1/conversations";
/// The caller's history with one peer.
pub(crate) const HISTORY: &str = "GET /v1/conversations/*/messages";
pub(crate) const ADMIN_CONVERSATIONS: &str = "GET /v1/admin/conversations/*";
/// The history of a user with one peer, downloaded by the administrator.
pub(crate) const ADMIN_HISTORY: &str = "GET /v1/admin/conversations/*/*/messages";

// Media.
pub(crate) const UPLOAD: &str = "POST /v1/media";
pub(crate) const DOWNLOAD: &str = "GET /v1/media/*";
