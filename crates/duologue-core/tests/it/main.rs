//! The core as its shell sees it: requests in, replies and effects out.

mod blocked;
mod idempotency;
mod model;
mod purity;
mod silence;
mod world;
