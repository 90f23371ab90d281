//! The catalogue, a file for each chapter of the specification that binds a server.
//!
//! A fault breaks what its sentence says and nothing else: one that answers every request with 500
//! would be noticed by all, and prove nothing. Where a requirement has several sides (every path, every
//! store, each end of a limit), each side has a fault of its own.

mod admin;
mod clock;
mod devices;
mod errors;
mod http;
mod identifiers;
mod limits;
mod media;
mod messages;
mod model;
mod offline;
mod permissions;
mod push;
mod recents;
mod roaming;
mod security;
mod sender;
mod sending;
mod stream;
mod system;
mod versioning;

use crate::fault::Fault;

/// The faults of each chapter, in the order of the specification.
pub(crate) const CHAPTERS: &[&[Fault]] = &[
    model::apps::FAULTS,
    model::views::FAULTS,
    model::seqs::FAULTS,
    model::order::FAULTS,
    identifiers::users::FAULTS,
    identifiers::grammar::FAULTS,
    identifiers::paths::FAULTS,
    identifiers::clients::FAULTS,
    identifiers::server::FAULTS,
    messages::shape::FAULTS,
    messages::handling::FAULTS,
    messages::checks::FAULTS,
    messages::addresses::FAULTS,
    messages::size::FAULTS,
    sending::acceptance::FAULTS,
    sending::repeats::FAULTS,
    sending::keys::FAULTS,
    sending::lifetime::FAULTS,
    sending::oneself::FAULTS,
    permissions::POLICY,
    permissions::CHANGES,
    permissions::LISTS,
    permissions::BLOCKING,
    permissions::SILENT,
    sender::snapshot::FAULTS,
    sender::profile::FAULTS,
    system::NAMES,
    system::NOTIFICATIONS,
    system::FRIENDSHIP,
    system::PROFILES,
    system::PLACES,
    stream::FAULTS,
    stream::frames::FAULTS,
    stream::cursors::FAULTS,
    stream::acknowledging::FAULTS,
    offline::FAULTS,
    offline::caps::FAULTS,
    offline::time::FAULTS,
    recents::FAULTS,
    recents::leaving::FAULTS,
    roaming::FAULTS,
    roaming::conversations::FAULTS,
    roaming::pages::FAULTS,
    roaming::covered::FAULTS,
    devices::FAULTS,
    push::registration::FAULTS,
    push::recipients::FAULTS,
    push::call::FAULTS,
    media::upload::FAULTS,
    media::download::FAULTS,
    media::range::FAULTS,
    admin::USERS,
    admin::DELETION,
    admin::RECREATION,
    admin::PRESENCE,
    admin::POLICY,
    admin::MESSAGES,
    admin::AS_USER,
    admin::BATCHES,
    admin::READING,
    clock::FAULTS,
    http::answers::FAULTS,
    http::tokens::FAULTS,
    http::lists::FAULTS,
    http::apps::FAULTS,
    errors::form::FAULTS,
    errors::bodies::FAULTS,
    errors::order::FAULTS,
    errors::traces::FAULTS,
    limits::table::FAULTS,
    limits::wishes::FAULTS,
    limits::bodies::FAULTS,
    security::FAULTS,
    versioning::FAULTS,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_sentences_are_sentences() {
        let mut seen = std::collections::BTreeSet::new();
        for fault in CHAPTERS.iter().copied().flatten() {
            assert!(seen.insert(fault.id), "{} is there twice", fault.id);
            let capital = fault
                .sentence
                .starts_with(|c: char| c.is_uppercase() || c == '`');
            assert!(capital && fault.sentence.ends_with('.'), "{}", fault.id);
        }
    }
}
