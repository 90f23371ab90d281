//! The wire types of the protocol as JSON Schemas (draft 2020-12), and which belongs to which call.
//!
//! [`schema_for`] and [`ALL`] name the types; [`operation`] says what an endpoint takes and answers.
//! Objects are open: unknown members are always allowed, as the specification has it.

mod operation;
pub mod request;
mod schema;

pub use operation::{OPERATIONS, Operation, answer_schema, event_schema, operation};
pub use schema::{ALL, schema_for};
