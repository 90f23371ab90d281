//! Unguessable identifiers from the operating system.

use duologue_core::server::IdSource;

/// Random bits of the operating system (SEC-004).
#[derive(Debug, Default)]
pub(crate) struct RandomIds;

impl IdSource for RandomIds {
    #[expect(
        clippy::panic,
        reason = "without random numbers no token is safe: the request dies"
    )]
    fn next_id(&mut self) -> u128 {
        let mut bytes = [0; 16];
        match getrandom::fill(&mut bytes) {
            Ok(()) => u128::from_ne_bytes(bytes),
            Err(error) => panic!("the operating system gives no random numbers: {error}"),
        }
    }
}
