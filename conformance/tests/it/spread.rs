//! Spread runs.
