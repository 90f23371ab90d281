//! Limits: their table, what is granted, and the two of every request.

pub(super) mod bodies;
pub(super) mod table;
pub(super) mod wishes;
