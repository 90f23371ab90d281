//! Random numbers of the operating system.

use duologue_core::server::IdSource;

/// 128 random bits at a time.
#[derive(Debug)]
pub(super) struct RandomIds;

impl IdSource for RandomIds {
    #[expect(
        clippy::panic,
        reason = "without random numbers no message has a key of its own: the client ends"
    )]
    fn next_id(&mut self) -> u128 {
        let mut bytes = [0; 16];
        match getrandom::fill(&mut bytes) {
            Ok(()) => u128::from_ne_bytes(bytes),
            Err(error) => panic!("the operating system gives no random numbers: {error}"),
        }
    }
}
