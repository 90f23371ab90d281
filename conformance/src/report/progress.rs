//! A progress bar on standard error, where that is a terminal.

use std::io::{self, IsTerminal as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::event::Event;
use crate::executor::Report;
use crate::verdict::Totals;

/// A report that shows progress; `None` where nobody would see it.
#[must_use]
pub fn progress() -> Option<Box<dyn Report>> {
    io::stderr().is_terminal().then(|| {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        Box::new(Progress {
            bar,
            totals: Totals::default(),
        }) as Box<dyn Report>
    })
}

struct Progress {
    bar: ProgressBar,
    totals: Totals,
}

impl Report for Progress {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(started) => {
                self.bar.set_length(started.selected);
                if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
                    self.bar.set_style(style);
                }
            }
            Event::ScenarioFinished(finished) => {
                if finished.known.is_none() {
                    self.totals.count(finished.verdict);
                }
                let other = self.totals.could_not_run + self.totals.timeout;
                let words = format!("{} failed, {other} not graded", self.totals.fail);
                self.bar.set_message(words);
                self.bar.inc(1);
            }
            Event::RunFinished(_) => self.bar.finish_and_clear(),
            Event::ScenarioStarted(_) | Event::StepFinished(_) => {}
        }
        Ok(())
    }
}
