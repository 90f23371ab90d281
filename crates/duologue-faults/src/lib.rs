//! Servers that break one rule each.
//!
//! A suite is worth what it catches. Every [`Fault`] names a requirement and breaks it on purpose, and
//! the kill matrix (`cargo xtask kill-matrix`) demands that a scenario which cites the requirement
//! notices. The core knows nothing of this: a fault is a twist round the core's server, of requests on
//! their way in, of answers and effects on their way out, of limits, or of bytes on the wire.
//!
//! How to read one: its entry in `catalogue/<chapter>.rs` or below says in a sentence what goes wrong,
//! and the expression under it does so. `on(SEND).status(201)`: on a send, a success has status 201.
//!
//! - `twist`: the words to say it in: `on(…)` and what may follow, `sync`, `pushes`, the refusals.
//! - `limits`: an app that acts by another limit than it declares. `wire`: what happens to bytes.
//! - `routes`: the patterns that `on` takes. `json`: editing JSON by pointer.
//! - `call`: a request, to read and change. `world`: its outcome, and asking the core more.
//! - `lookup`: what is known about an app by asking the core: lists, limits, policy, users, time.
//! - `book`: whose a token or a stream is. `memory`: what was sent, shown and acknowledged.
//! - `frames`: what streams are shown. `told`: each message of an outcome, wherever it is told.
//! - `stores`: hiding a message in history, mailbox or recent contacts, and showing one there.
//! - `sending`: a send between two users, and what they are to each other.
//! - `machine`: the core's server with its twist. `fault`: a catalogue entry. `catalogue`: all of them.

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
