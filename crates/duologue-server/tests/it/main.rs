//! The shell's own duties, with a scripted machine in place of the core, and a walk with the core.
#![expect(clippy::unwrap_used, reason = "a test ends where its setup fails")]

mod core;
mod media;
mod push;
mod requests;
mod scripted;
mod sdk;
mod stop;
mod streams;
