//! Known failures: what one implementation still breaks, each with a reason.
//!
//! A scenario on the list runs like any other. If it fails (or warns) the way its entry says, it
//! keeps its verdict but is counted apart and does not fail the run. The list must tell the truth:
//! an entry whose scenario passes, fails otherwise, or does not exist, and an entry past its day,
//! each fail the run as [`Stale`](crate::event::Stale). Only a flaky entry allows a pass too. Trouble of the environment is never
//! excused, and an entry whose scenario could not be graded is left alone.

mod baseline;
mod file;
mod judge;

pub use baseline::{Baseline, Change};
pub use file::{Entry, KnownError, KnownFailures};
pub use judge::Judge;

#[cfg(test)]
mod tests;
