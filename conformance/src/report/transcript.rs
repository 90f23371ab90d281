//! What went over the wire before and at the step that failed, as lines with times.

use std::borrow::Cow;

use super::visible::visible;
use crate::event::{Entry, Exchange, Line, StepFinished};

/// The end of a scenario's transcript.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transcript<'a> {
    /// How many lines before these are left out.
    pub earlier: usize,
    /// The lines, each with its milliseconds since the scenario's first line.
    pub lines: Vec<(u64, &'a Entry)>,
}

impl<'a> Transcript<'a> {
    /// The step that failed and at most `before` lines in front of it. The setup only counts when
    /// it is what failed.
    #[must_use]
    pub fn of(steps: &'a [StepFinished], before: usize) -> Self {
        let failed = steps
            .iter()
            .rposition(|step| !step.passed)
            .unwrap_or(steps.len());
        let first_ms = steps
            .iter()
            .flat_map(|step| &step.transcript)
            .map(|line| line.at_ms)
            .min()
            .unwrap_or(0);
        let timed = |line: &'a Line| (line.at_ms - first_ms, &line.entry);
        let mut lines: Vec<_> = steps[..failed]
            .iter()
            .filter(|step| step.verb != "setup")
            .flat_map(|step| &step.transcript)
            .map(timed)
            .collect();
        let earlier = lines.len().saturating_sub(before);
        lines.drain(..earlier);
        if let Some(step) = steps.get(failed) {
            lines.extend(step.transcript.iter().map(timed));
        }
        Self { earlier, lines }
    }

    /// The same with at most `count` lines: the last ones.
    #[must_use]
    pub fn last(mut self, count: usize) -> Self {
        let more = self.lines.len().saturating_sub(count);
        self.lines.drain(..more);
        self.earlier += more;
        self
    }

    /// The request that is nearest to the failure.
    #[must_use]
    pub fn last_exchange(&self) -> Option<&'a Exchange> {
        self.lines.iter().rev().find_map(|(_, entry)| match entry {
            Entry::Exchange(exchange) => Some(exchange),
            Entry::StreamEvent { .. } | Entry::Push { .. } | Entry::Note { .. } => None,
        })
    }

    /// As text: a line or two an entry, bodies cut at `width` bytes.
    #[must_use]
    pub fn text(&self, width: usize) -> Vec<String> {
        let mut text = Vec::new();
        if self.earlier > 0 {
            let plural = if self.earlier == 1 { "" } else { "s" };
            text.push(format!("… {} earlier line{plural}", self.earlier));
        }
        for (at_ms, entry) in &self.lines {
            let mut time = format!("{at_ms:>5} ms");
            for line in entry_lines(entry, width) {
                text.push(format!("{time}  {line}"));
                time = " ".repeat(time.len());
            }
        }
        text
    }
}

/// An entry in a line, an exchange in two.
fn entry_lines(entry: &Entry, width: usize) -> Vec<String> {
    let shown = |text: &str| {
        let text = cut(text, width).replace("\r\n", "\n");
        visible(&text).replace('\n', "⏎")
    };
    match entry {
        Entry::Exchange(exchange) => {
            let Exchange {
                who,
                raw,
                method,
                target,
                headers,
                body,
                status,
                answer,
                ..
            } = exchange;
            let mut asked = format!("{who}: {method} {}", shown(target));
            if *raw {
                asked = format!("{who}: (raw bytes)");
            }
            for (name, value) in headers {
                asked.push_str(&format!(" [{name}: {}]", shown(value)));
            }
            if let Some(body) = body.as_deref().filter(|body| !body.is_empty()) {
                asked.push_str(&format!(" {}", shown(body)));
            }
            let status = status.map_or("no answer".to_owned(), |status| status.to_string());
            let answered = format!("  → {status} {}", shown(answer));
            vec![asked, answered.trim_end().to_owned()]
        }
        Entry::StreamEvent {
            stream,
            name,
            id,
            data,
        } => {
            let id = id.as_ref().map(|id| format!(" id {id}"));
            let id = id.unwrap_or_default();
            vec![format!(
                "⇐ {stream}: {} {}",
                shown(&format!("{name}{id}")),
                shown(data)
            )]
        }
        Entry::Push { body } => vec![format!("⇐ push: {}", shown(body))],
        Entry::Note { text } => vec![format!("({})", shown(text))],
    }
}

/// The beginning of a long text.
pub(super) fn cut(text: &str, bytes: usize) -> Cow<'_, str> {
    if text.len() <= bytes {
        return text.into();
    }
    format!("{}…", &text[..text.floor_char_boundary(bytes)]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(verb: &str, passed: bool, notes: &[(u64, &str)]) -> StepFinished {
        let line = |(at_ms, text): &(u64, &str)| Line {
            at_ms: *at_ms,
            entry: Entry::Note {
                text: (*text).to_owned(),
            },
        };
        StepFinished {
            scenario: crate::scenario::ScenarioId::parse("http-one").unwrap(),
            step: "/steps/0".into(),
            verb: verb.into(),
            why: None,
            at_ms: 0,
            duration_ms: 0,
            passed,
            transcript: notes.iter().map(line).collect(),
        }
    }

    #[test]
    fn the_failed_step_is_whole_and_what_came_before_is_not() {
        let steps = [
            step("setup", true, &[(100, "create")]),
            step("send", true, &[(110, "a"), (120, "b\u{1b}")]),
            step("ack", false, &[(1130, "c"), (1140, "d")]),
        ];
        let lines = Transcript::of(&steps, 1).text(100);
        assert_eq!(
            lines,
            [
                "… 1 earlier line",
                "   20 ms  (b\\u{1b})",
                " 1030 ms  (c)",
                " 1040 ms  (d)"
            ]
        );
        let setup = [step("setup", false, &[(100, "create")])];
        assert_eq!(Transcript::of(&setup, 1).text(100), ["    0 ms  (create)"]);
    }
}
