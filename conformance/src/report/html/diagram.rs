//! A transcript as a sequence diagram in SVG.

use super::markup::text;
use crate::event::{Entry, Exchange};
use crate::report::transcript::{Transcript, cut};

const SERVER: &str = "server";
const GATEWAY: &str = "push gateway";
/// Between two lifelines, where there are few and where there are many.
const WIDE_PX: usize = 280;
const NARROW_PX: usize = 190;
const FEW: usize = 3;
const LEFT_PX: usize = 130;
const TOP_PX: usize = 34;
/// About what a character of a label takes.
const CHARACTER_PX: usize = 7;
/// Longer names of actors are cut.
const NAME_BYTES: usize = 22;

/// The diagram of the last `count` entries, ending where the scenario failed; none when nothing
/// went over the wire.
pub(super) fn diagram(transcript: &Transcript<'_>, count: usize, end: &str) -> Option<String> {
    let first = transcript.lines.len().saturating_sub(count);
    let lines = &transcript.lines[first..];
    let mut actors: Vec<&str> = Vec::new();
    for (_, entry) in lines {
        let name = match entry {
            Entry::Exchange(exchange) => exchange.who.as_str(),
            Entry::StreamEvent { stream, .. } => stream,
            Entry::Push { .. } | Entry::Note { .. } => continue,
        };
        if !actors.contains(&name) {
            actors.push(name);
        }
    }
    let pushes = lines
        .iter()
        .any(|(_, entry)| matches!(entry, Entry::Push { .. }));
    if actors.is_empty() && !pushes {
        return None;
    }
    actors.push(SERVER);
    if pushes {
        actors.push(GATEWAY);
    }
    let mut drawing = Drawing {
        step_px: if actors.len() <= FEW {
            WIDE_PX
        } else {
            NARROW_PX
        },
        actors,
        y: TOP_PX + 8,
        body: String::new(),
    };
    for (at_ms, entry) in lines {
        drawing.entry(*at_ms, entry);
    }
    Some(drawing.finish(end))
}

struct Drawing<'a> {
    actors: Vec<&'a str>,
    step_px: usize,
    y: usize,
    body: String,
}

impl Drawing<'_> {
    fn x(&self, name: &str) -> usize {
        let index = self.actors.iter().position(|actor| *actor == name);
        LEFT_PX + index.unwrap_or(0) * self.step_px
    }

    fn entry(&mut self, at_ms: u64, entry: &Entry) {
        match entry {
            Entry::Exchange(exchange) => self.exchange(at_ms, exchange),
            Entry::StreamEvent {
                stream, name, id, ..
            } => {
                let id = id.as_ref().map(|id| format!(" id {id}"));
                let label = format!("{name}{}", id.unwrap_or_default());
                self.time(at_ms);
                self.arrow(SERVER, stream, "event", &label);
            }
            Entry::Push { .. } => {
                self.time(at_ms);
                self.arrow(SERVER, GATEWAY, "event", "push");
            }
            Entry::Note { text: words } => {
                self.y += 20;
                let words = text(&cut(words, 70));
                self.body.push_str(&format!(
                    r#"<text class="note" x="{LEFT_PX}" y="{}">{words}</text>"#,
                    self.y
                ));
                self.y += 4;
            }
        }
    }

    fn exchange(&mut self, at_ms: u64, exchange: &Exchange) {
        let asked = if exchange.raw {
            "raw bytes".to_owned()
        } else {
            format!("{} {}", exchange.method, exchange.target)
        };
        self.arrow(&exchange.who, SERVER, "asks", &asked);
        self.y -= 4;
        self.time(at_ms);
        let code = serde_json::from_str::<serde_json::Value>(&exchange.answer).ok();
        let code = code.as_ref().and_then(|json| json["code"].as_str());
        let answered = match (exchange.status, code) {
            (Some(status), Some(code)) => format!("{status} {code}"),
            (Some(status), None) => status.to_string(),
            (None, _) => "no answer".to_owned(),
        };
        self.arrow(SERVER, &exchange.who, "answers", &answered);
        self.y += 6;
    }

    fn time(&mut self, at_ms: u64) {
        let y = self.y + 26;
        self.body.push_str(&format!(
            r#"<text class="ms" x="56" y="{y}">{at_ms} ms</text>"#
        ));
    }

    fn arrow(&mut self, from: &str, to: &str, class: &str, label: &str) {
        self.y += 24;
        let (from, to, y) = (self.x(from), self.x(to), self.y);
        let (to, head) = if from < to { (to - 3, -6) } else { (to + 3, 6) };
        let room = from.abs_diff(to) / CHARACTER_PX;
        let (middle, label) = ((from + to) / 2, text(&cut(label, room)));
        self.body.push_str(&format!(
            r#"<path class="{class}" d="M{from} {y}H{to}m{head}-4l{} 4l{head} 4"/><text x="{middle}" y="{}">{label}</text>"#,
            -head,
            y - 5
        ));
    }

    fn finish(mut self, end: &str) -> String {
        self.y += 30;
        let width = LEFT_PX + (self.actors.len() - 1) * self.step_px + 80;
        let height = self.y + 12;
        let mut svg = format!(
            r#"<svg class="sequence" role="img" aria-label="Sequence diagram of the transcript below" viewBox="0 0 {width} {height}" width="{width}" height="{height}">"#
        );
        for (index, name) in self.actors.iter().enumerate() {
            let x = LEFT_PX + index * self.step_px;
            let name = text(&cut(name, NAME_BYTES));
            let bottom = self.y - 14;
            svg.push_str(&format!(
                r#"<path class="life" d="M{x} {TOP_PX}V{bottom}"/><text class="who" x="{x}" y="22">{name}</text>"#
            ));
        }
        svg.push_str(&self.body);
        let end = text(&cut(end, width / CHARACTER_PX));
        svg.push_str(&format!(
            r#"<text class="end" x="8" y="{}">✗ {end}</text></svg>"#,
            self.y
        ));
        svg
    }
}
