//! The Duologue protocol as types and pure state machines.
//!
//! Nothing here reads a clock, draws a random number or touches a socket: `now` and fresh ids are
//! arguments, replies and effects are return values. The shells in `duologue-server` and
//! `duologue-client` do the rest.

pub mod answer;
pub mod client;
pub mod content;
pub mod error;
pub mod event;
pub mod feature;
pub mod id;
mod json;
pub mod limits;
pub mod message;
pub mod policy;
pub mod server;
pub mod time;

pub use error::{ApiError, ErrorCode};
