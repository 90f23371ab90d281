//! Every event as one line of JSON, flushed as it happens: a crash loses nothing.

use std::io::{self, Write};

use crate::event::Event;
use crate::executor::Report;

/// Writes events.
#[derive(Debug)]
pub(super) struct Ndjson<W>(W);

impl<W: Write> Ndjson<W> {
    pub(super) fn new(out: W) -> Self {
        Self(out)
    }
}

impl<W: Write + Send> Report for Ndjson<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, event)?;
        self.0.write_all(b"\n")?;
        self.0.flush()
    }
}
