//! Roaming: the history.

use duologue_core::answer::History;
use serde_json::json;

use crate::fault::Fault;
use crate::world::Outcome;

pub(super) const FAULTS: &[Fault] = &[];

/// Changes the page of history that an outcome answers with, if it is one.
pub(super) fn edit_history(outcome: &mut Outcome, edit: impl FnOnce(&mut History)) {
    if let Ok(mut page) = serde_json::from_value::<History>(outcome.json()) {
        edit(&mut page);
        outcome.set_json(&json!(page));
    }
}
