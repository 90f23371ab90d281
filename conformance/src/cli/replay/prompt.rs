//! The stop before a step: shows it, and waits for a line on standard input.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::{BoxFuture, FutureExt as _};
use owo_colors::OwoColorize as _;
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

use crate::executor::{BeforeStep, StepAhead};

/// Asks before every step until somebody says `c`.
pub(super) struct Prompt {
    /// One question at a time, also where branches run side by side.
    lines: Mutex<mpsc::Receiver<String>>,
    free: AtomicBool,
    /// Whether somebody sits at the other end, to whom the end of the input means leaving.
    person: bool,
    interrupt: CancellationToken,
}

impl Prompt {
    pub(super) fn on_stdin(interrupt: CancellationToken) -> Self {
        let (sender, lines) = mpsc::channel(1);
        // A thread of its own: a read that never returns must not keep the program from ending.
        std::thread::spawn(move || {
            for line in io::stdin().lock().lines().map_while(Result::ok) {
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            lines: Mutex::new(lines),
            free: AtomicBool::new(false),
            person: io::stdin().is_terminal(),
            interrupt,
        }
    }

    async fn ask(&self, step: StepAhead<'_>) {
        let mut lines = self.lines.lock().await;
        if self.free.load(Ordering::Relaxed) {
            return;
        }
        // Whoever cannot read the question is not asked less for it.
        let _ = show(step);
        loop {
            anstream::eprint!("[Enter: run this step · c: run all · q: quit] ");
            let _ = io::stderr().flush();
            let line = lines.recv().await;
            if !self.person {
                anstream::eprintln!();
            }
            match line.as_deref().map(str::trim) {
                Some("") => return,
                Some("c") => return self.free.store(true, Ordering::Relaxed),
                None if !self.person => return self.free.store(true, Ordering::Relaxed),
                Some("q") | None => {
                    self.interrupt.cancel();
                    return std::future::pending().await;
                }
                Some(other) => anstream::eprintln!("`{other}` means nothing here"),
            }
        }
    }
}

impl BeforeStep for Prompt {
    fn before<'a>(&'a self, step: StepAhead<'a>) -> BoxFuture<'a, ()> {
        async move {
            if !self.free.load(Ordering::Relaxed) {
                self.ask(step).await;
            }
        }
        .boxed()
    }
}

fn show(step: StepAhead<'_>) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    let verb = step.verb.bold();
    write!(out, "\nnext {} {verb}", step.pointer)?;
    for (name, count) in step.counters {
        write!(out, " [{name} = {count}]")?;
    }
    writeln!(out)?;
    if let Some(why) = step.why {
        writeln!(out, "  {why}")?;
    }
    let source = step.fixture.step_source(step.pointer);
    for line in source.unwrap_or_default().lines() {
        writeln!(out, "  {line}")?;
    }
    out.flush()
}
