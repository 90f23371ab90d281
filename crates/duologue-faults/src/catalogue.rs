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
    messages::FAULTS,
    sending::acceptance::FAULTS,
    sending::repeats::FAULTS,
    sending::keys::FAULTS,
    sending::lifetime::FAULTS,
    sending::oneself::FAULTS,
    permissions::FAULTS,
    sender::snapshot::FAULTS,
    sender::profile::FAULTS,
    system::FAULTS,
    stream::FAULTS,
    offline::FAULTS,
    recents::FAULTS,
    roaming::FAULTS,
    devices::FAULTS,
    push::FAULTS,
    media::FAULTS,
    admin::FAULTS,
    clock::FAULTS,
    http::FAULTS,
    errors::FAULTS,
    limits::FAULTS,
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
