//! The conformance harness of the Duologue protocol.
//!
//! A scenario file becomes a [`scenario::Scenario`], legal by construction: unknown keys and verbs,
//! missing expectations and broken references do not load. A [`plan`] says which scenarios apply to
//! a server and where they run. The [`executor`] runs them over the network and emits [`event`]s,
//! from which each scenario's [`verdict`] and every [`report`] follow. After each graded scenario the
//! core's own server does the same, and the [`oracle`] tells where it would have answered otherwise.
//! What the specification says is embedded ([`requirements`]), so that a failure shows the sentence
//! that was broken, and every message on the wire is compared with the protocol's schemas
//! ([`wire_check`]).
//!
//! Before a run a [`doctor`] can tell whether a server is fit for one; after it the same executor, with
//! [`executor::Hooks`], replays what failed step by step.
//!
//! Nothing in here knows a particular server: the embedded reference server is one
//! [`target::Target`] among others.

mod cli;
pub mod conclusion;
pub mod diff;
pub mod doctor;
pub mod event;
pub mod executor;
pub mod known;
pub mod matcher;
pub mod merge;
pub mod oracle;
pub mod plan;
pub mod record;
pub mod redact;
pub mod report;
pub mod requirements;
pub mod scenario;
pub mod schema_files;
pub mod shard;
pub mod signature;
pub mod target;
pub mod template;
pub mod verdict;
pub mod wire_check;

pub use cli::Cli;
