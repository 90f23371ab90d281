//! Servers that break one rule each.
//!
//! A suite is worth what it catches. Every [`Fault`] of the catalogue names a requirement and
//! breaks it on purpose, and the kill matrix (`cargo xtask kill-matrix`) demands that a scenario
//! which cites the requirement notices. The core knows nothing of this: a fault is a twist round
//! the core's server, of requests on their way in, of answers and effects on their way out, of the
//! limits an app is created with, or of bytes on the wire.
//!
//! How to read one: its entry in `catalogue/<chapter>.rs` says in a sentence what goes wrong, and the
//! expression below it does so, in the words of `on`, `limit` and
//! `Wire`.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a twist names what it is about; everything else passes as it is"
)]

mod book;
mod call;
mod catalogue;
mod fault;
mod frames;
mod json;
mod limits;
mod lookup;
mod machine;
mod memory;
mod routes;
mod sending;
mod stores;
mod told;
mod twist;
mod wire;
mod world;

pub use fault::Fault;
pub use machine::Faulty;
pub use wire::{Asked, Wire};
