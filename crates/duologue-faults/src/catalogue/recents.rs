//! Recent contacts.

use duologue_core::event::{Event, Recents};
use duologue_core::message::Recent;
use duologue_core::server::Effect;
use serde_json::json;

use crate::fault::Fault;
use crate::world::Outcome;

pub(super) const FAULTS: &[Fault] = &[];

/// Changes the recent contacts that an outcome shows, in an answer or in a sync.
pub(super) fn edit_contacts(outcome: &mut Outcome, mut edit: impl FnMut(&mut Vec<Recent>)) {
    for effect in &mut outcome.effects {
        if let Effect::Deliver { frame, .. } = effect
            && let Event::Recents(list) = &mut frame.event
        {
            edit(&mut list.recents);
        }
    }
    if let Ok(mut list) = serde_json::from_value::<Recents>(outcome.json()) {
        edit(&mut list.recents);
        outcome.set_json(&json!(list));
    }
}
