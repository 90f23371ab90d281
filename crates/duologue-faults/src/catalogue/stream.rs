//! The event stream.

use crate::fault::Fault;

pub(super) const FAULTS: &[Fault] = &[];
