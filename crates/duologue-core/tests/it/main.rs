//! The core as its shell sees it: requests in, replies and effects out.

#![expect(clippy::unwrap_used, reason = "a test that unwraps nothing has failed")]

mod blocked;
mod check_order;
mod client;
mod first_app;
mod idempotency;
mod model;
mod purity;
mod silence;
mod vectors;
mod world;
