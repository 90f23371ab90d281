//! What a client must know of its server and its shell.

use crate::limits::Limits;

/// Figures a client goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How long the server keeps idempotency keys (CLI-012); no server keeps them for less than the
    /// 600 seconds of the default.
    pub dedup_window_ms: u64,
    /// How long the shell lets a request run. The last repeat of a send begins so long before the
    /// window ends, so that it does not arrive after it.
    pub request_timeout_ms: u64,
    /// The largest page of history the server gives.
    pub history_page_max: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self::of(&Limits::default())
    }
}

impl Options {
    /// The figures of a server with these declared limits.
    #[must_use]
    pub fn of(limits: &Limits) -> Self {
        Self {
            dedup_window_ms: limits.dedup_window_s.saturating_mul(1000),
            request_timeout_ms: 30_000,
            history_page_max: limits.history_page_max,
        }
    }
}
