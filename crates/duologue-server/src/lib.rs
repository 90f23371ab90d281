//! The in-memory reference server: a thin shell that obeys the core's effects.
//!
//! Everything goes through one handler: the bytes of a request become a core `Request`, the core
//! answers with a reply and effects, the shell obeys the effects before it lets go of the lock and
//! then turns the reply into HTTP. The shell decides nothing of the protocol; its own duties are
//! sockets, queues, files and time:
//!
//! - `handler`, `reply`: HTTP in and out; `upload`, `download`, `range`: media, on disk
//! - `outbox`, `events`: one bounded queue per event stream, heartbeats, noticing its end
//! - `push`: one worker per session that is pushed to, one call at a time
//! - `listen`, `socket`: connections, each owned, each ended by [`Handle::stop`]
//! - `config`, `serve`: the command `duologue serve`
//! - `faulty`: what a deliberate fault does to the bytes, with the feature `faults` only
//!
//! [`start`] runs the server inside the caller's process; tests and the conformance binary use it.

mod config;
mod download;
mod events;
#[cfg(feature = "faults")]
mod faulty;
mod handler;
mod ids;
mod listen;
mod media;
mod outbox;
mod push;
mod range;
mod reply;
pub mod serve;
mod shared;
mod signals;
mod socket;
mod start;
mod upload;

pub use config::{ConfigError, ServeTable};
#[cfg(feature = "faults")]
pub use start::start_faulty;
pub use start::{Handle, ServerOptions, StartError, start, start_with};
