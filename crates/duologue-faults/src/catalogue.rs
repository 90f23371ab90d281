//! The catalogue: a file or a folder for each chapter of the specification that binds a server.
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
    permissions::policy::FAULTS,
    permissions::changes::FAULTS,
    permissions::lists::FAULTS,
    permissions::blocking::FAULTS,
    permissions::silent::FAULTS,
    sender::snapshot::FAULTS,
    sender::profile::FAULTS,
    system::names::FAULTS,
    system::notifications::FAULTS,
    system::friendship::FAULTS,
    system::profiles::FAULTS,
    system::places::FAULTS,
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
    admin::users::FAULTS,
    admin::deletion::FAULTS,
    admin::recreation::FAULTS,
    admin::presence::FAULTS,
    admin::policy::FAULTS,
    admin::messages::FAULTS,
    admin::as_user::FAULTS,
    admin::batches::FAULTS,
    admin::reading::FAULTS,
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
            assert!(fault.sentence.len() <= 160, "{} says too much", fault.id);
        }
    }

    #[test]
    fn chapters_stand_in_the_order_of_the_summary_and_faults_in_their_chapter() {
        let summary = include_str!("../../../spec/src/SUMMARY.md");
        let links = summary.split("](").skip(1);
        let chapters = links.filter_map(|link| Some(link.split_once(".md)")?.0));
        let mut in_order: Vec<&str> = Vec::new();
        for chapter in chapters {
            let ids = CHAPTERS.iter().copied().flatten().map(|fault| fault.id);
            in_order.extend(ids.filter(|id| id.starts_with(&format!("{chapter}-"))));
        }
        let found = CHAPTERS.iter().copied().flatten().map(|fault| fault.id);
        let found: Vec<&str> = found.collect();
        assert_eq!(found.len(), in_order.len(), "an id begins with no chapter");
        for (found, wanted) in found.iter().zip(in_order) {
            assert_eq!(*found, wanted, "it stands in another chapter's place");
        }
    }
}
