//! Roaming: the history.

use crate::fault::Fault;

pub(super) const FAULTS: &[Fault] = &[];
