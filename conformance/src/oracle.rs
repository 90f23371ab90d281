//! The second oracle: the core's state machine does what the server under test was asked to do, and
//! says what it would have answered.
//!
//! [`check`] is a fold over the [`History`] of a scenario. What the server invented (tokens, ids,
//! cursors, the time of its clock) is learnt from its answers and events, beside the model's own
//! (`names`); every later request is translated before the model gets it (`translate`). Where the
//! specification leaves a choice, the server's choice stands (`freedom`). What cannot be told any
//! more ends as [`ModelVerdict::Unknown`], never as a disagreement.

mod compare;
mod exchange;
mod freedom;
pub mod history;
mod model;
mod names;
mod replay;
#[cfg(test)]
mod tests;
mod translate;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::matcher::Mismatch;

pub use history::History;

/// What the model says of a scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModelVerdict {
    /// It would have answered the same.
    Agrees {
        /// How many answers, events and pushes were compared.
        compared: u64,
    },
    /// It would have answered otherwise.
    Disagrees {
        /// Where; at least one.
        disagreements: Vec<Disagreement>,
    },
    /// It cannot tell what should have come from here on.
    Unknown {
        /// JSON pointer of the step in its file.
        step: String,
        /// Why.
        reason: String,
    },
}

/// Where the server did not do what the model does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Disagreement {
    /// JSON pointer of the step in its file.
    pub step: String,
    /// A sentence.
    pub message: String,
    /// The model's value as what is expected, beside the server's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mismatches: Vec<Mismatch>,
}

/// Lets the model do what the history tells, and compares.
#[must_use]
pub fn check(history: &History) -> ModelVerdict {
    replay::replay(history)
}
