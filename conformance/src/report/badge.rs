//! The result as a badge: one line in SVG.

use super::counts::Counts;
use crate::record::Record;
use crate::verdict::RunOutcome;

const LABEL: &str = "duologue";
/// About what a character of an 11 px sans-serif takes; `textLength` makes it exact.
const CHARACTER_PX: usize = 7;
const PADDING_PX: usize = 6;

/// A picture such as `duologue | 518/520 pass`, coloured by the outcome.
#[must_use]
pub fn badge(record: &Record) -> String {
    let counts = Counts::of(record);
    let outcome = record
        .finished
        .as_ref()
        .map_or(RunOutcome::Incomplete, |finished| finished.outcome);
    let word = match outcome {
        RunOutcome::Incomplete => ", incomplete",
        RunOutcome::Pass | RunOutcome::Fail => "",
    };
    let (pass, all) = (counts.totals.pass, counts.applicable());
    let message = format!("{pass}/{all} pass{word}");
    // Each has a contrast of at least 4.5 : 1 to white.
    let colour = match outcome {
        RunOutcome::Pass => "#1a7f4b",
        RunOutcome::Fail => "#b3372f",
        RunOutcome::Incomplete => "#8a6100",
    };
    let (left, right) = (text_px(LABEL), text_px(&message));
    let split = left + 2 * PADDING_PX;
    let width = split + right + 2 * PADDING_PX;
    let (label_x, message_x) = (split / 2, split + (width - split) / 2);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" viewBox="0 0 {width} 20" role="img" aria-label="{LABEL}: {message}">
  <title>{LABEL}: {message}</title>
  <clipPath id="r"><rect width="{width}" height="20" rx="4"/></clipPath>
  <g clip-path="url(#r)">
    <rect width="{split}" height="20" fill="#3d4451"/>
    <rect x="{split}" width="{right_width}" height="20" fill="{colour}"/>
  </g>
  <g fill="#fff" text-anchor="middle" font-family="Verdana, Geneva, DejaVu Sans, sans-serif" font-size="11">
    <text x="{label_x}" y="14" textLength="{left}">{LABEL}</text>
    <text x="{message_x}" y="14" textLength="{right}">{message}</text>
  </g>
</svg>
"##,
        right_width = width - split,
    )
}

fn text_px(text: &str) -> usize {
    text.chars().count() * CHARACTER_PX
}
