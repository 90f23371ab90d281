//! One deliberate violation.

use std::fmt;

use duologue_core::server::{Server, ServerConfig};

use crate::catalogue;
use crate::machine::Faulty;
use crate::twist::Twist;
use crate::wire::Wire;

/// A named way to break one requirement.
pub struct Fault {
    /// Its name: the chapter of the requirement, then what goes wrong. It never changes.
    pub id: &'static str,
    /// The requirement it breaks.
    pub requirement: &'static str,
    /// What the server does wrong, in a sentence.
    pub sentence: &'static str,
    /// Makes the twist, fresh for each server.
    pub(crate) twist: fn() -> Twist,
}

impl Fault {
    /// Every fault, chapter by chapter.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        catalogue::CHAPTERS.iter().copied().flatten()
    }

    /// Looks a fault up.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        Self::all().find(|fault| fault.id == id)
    }

    /// A server that has the fault, and what its shell must do to the bytes.
    #[must_use]
    pub fn server(&self, config: ServerConfig) -> (Faulty, Wire) {
        let twist = (self.twist)();
        let wire = twist.wire.clone();
        (Faulty::new(Server::new(config), twist), wire)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fault").field(&self.id).finish()
    }
}
