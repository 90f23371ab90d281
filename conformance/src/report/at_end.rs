//! Reports that are written in one go when the run is over.

use std::io::{self, Write};

use crate::event::Event;
use crate::executor::Report;
use crate::record::Record;
use crate::verdict::Verdict;

/// Collects a run and writes what `render` makes of it: a file is empty or whole.
pub(super) struct AtEnd<W> {
    out: W,
    render: fn(&Record) -> io::Result<String>,
    record: Record,
}

impl<W: Write> AtEnd<W> {
    pub(super) fn new(out: W, render: fn(&Record) -> io::Result<String>) -> Self {
        Self {
            out,
            render,
            record: Record::default(),
        }
    }
}

impl<W: Write + Send> Report for AtEnd<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        collect(&mut self.record, event);
        match event {
            Event::RunFinished(_) => {
                let text = (self.render)(&self.record)?;
                self.out.write_all(text.as_bytes())?;
                self.out.flush()
            }
            Event::RunStarted(_)
            | Event::ScenarioStarted(_)
            | Event::StepFinished(_)
            | Event::ScenarioFinished(_) => Ok(()),
        }
    }
}

/// Takes note of an event; the steps of a scenario that went well are forgotten with its verdict.
pub(super) fn collect(record: &mut Record, event: &Event) {
    record.add(event);
    if let Event::ScenarioFinished(finished) = event
        && matches!(finished.verdict, Verdict::Pass | Verdict::NotApplicable)
    {
        record.steps.remove(&finished.scenario);
    }
}
