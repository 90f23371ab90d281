//! Errors.

pub(super) mod precedence;

use crate::fault::Fault;

pub(super) const FAULTS: &[Fault] = &[];
