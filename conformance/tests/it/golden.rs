//! Every report of one run that was written by hand, character by character.

use std::io::Write as _;

use duologue_conformance::event::{Event, RunFinished};
use duologue_conformance::executor::Report as _;
use duologue_conformance::record::Record;
use duologue_conformance::report::{ReportKind, ReportSpec, Summary, html};
use duologue_conformance::verdict::{RunOutcome, Totals};
use regex::Regex;

/// A run with every verdict, a known failure, a stale list, and odd characters.
fn events() -> Vec<Event> {
    include_str!("../data/run.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn report(kind: ReportKind, events: &[Event]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report");
    let spec = ReportSpec {
        kind,
        path: path.clone(),
    };
    let mut report = spec.open().unwrap();
    for event in events {
        report.event(event).unwrap();
    }
    std::fs::read_to_string(path).unwrap()
}

fn summary(events: &[Event], colour: bool) -> String {
    let mut shown = Vec::new();
    let mut summary = Summary::new(&mut shown, true);
    for event in events {
        summary.event(event).unwrap();
    }
    if !colour {
        let mut plain = anstream::StripStream::new(Vec::new());
        plain.write_all(&shown).unwrap();
        shown = plain.into_inner();
    }
    String::from_utf8(shown).unwrap()
}

/// The run as it would be had everything passed.
fn passed() -> Vec<Event> {
    let mut events = events();
    events.retain(|event| match event {
        Event::ScenarioFinished(found) => found.scenario.as_str() == "http-status-of-a-success",
        Event::StepFinished(found) => found.scenario.as_str() == "http-status-of-a-success",
        Event::RunStarted(_) | Event::ScenarioStarted(_) => true,
        Event::RunFinished(_) => false,
    });
    events.push(Event::RunFinished(RunFinished {
        unbound: vec![],
        model: duologue_conformance::event::ModelTotals::default(),
        outcome: RunOutcome::Pass,
        totals: Totals {
            pass: 1,
            ..Totals::default()
        },
        duration_ms: 1234,
        interrupted: false,
        unproved: vec![],
        stale: vec![],
    }));
    events
}

#[test]
fn the_summary_on_a_terminal() {
    insta::assert_snapshot!(summary(&events(), false));
}

#[test]
fn prose_on_a_terminal_fits_80_columns() {
    let text = summary(&events(), false);
    let prose = text.lines().filter(|line| {
        let data = [
            "request ",
            "replay ",
            "known: ",
            "fail: ",
            "expected ",
            "actual ",
            " ms ",
            "  → ",
        ];
        !data.iter().any(|mark| line.contains(mark))
    });
    for line in prose {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn a_passing_run_is_one_line_with_a_colour_that_says_no_more_than_its_words() {
    assert_eq!(
        summary(&passed(), false),
        "pass: 1 passed, 0 failed in 1.2 s on chatter 2.7\n"
    );
    assert!(summary(&passed(), true).contains("\u{1b}[32m"));
}

#[test]
fn nothing_a_server_says_steers_a_terminal() {
    let colours = Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    let shown = summary(&events(), true);
    // The server's own red is written as an escape, so that every escape left is ours.
    assert!(shown.contains(r"\u{1b}[31m"), "{shown}");
    assert!(
        !colours
            .replace_all(&shown, "")
            .contains(|c: char| c.is_control() && c != '\n')
    );
}

#[test]
fn the_markdown_of_a_ci_summary() {
    insta::assert_snapshot!(report(ReportKind::Markdown, &events()));
}

#[test]
fn the_junit_file() {
    let xml = report(ReportKind::Junit, &events());
    assert!(
        !xml.contains(|c: char| c.is_control() && c != '\n'),
        "{xml:?}"
    );
    insta::assert_snapshot!(xml);
}

#[test]
fn the_badge() {
    insta::assert_snapshot!(report(ReportKind::Badge, &events()));
    assert!(report(ReportKind::Badge, &passed()).contains("duologue: 1/1 pass</title>"));
}

#[test]
fn the_json_result() {
    insta::assert_snapshot!(report(ReportKind::Json, &events()));
}

#[test]
fn an_ndjson_report_says_what_was_said() {
    let lines = report(ReportKind::Ndjson, &events());
    let again: Vec<Event> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(again, events());
}

#[test]
fn the_page_has_every_scenario_and_requirement_once_and_all_its_links_lead_somewhere() {
    let page = report(ReportKind::Html, &events());
    let ids: Vec<&str> = Regex::new(r#" id="([^"]+)""#)
        .unwrap()
        .captures_iter(&page)
        .map(|found| found.extract::<1>().1[0])
        .collect();
    for id in [
        "offline-byte-cap",
        "media-upload",
        "roaming-order",
        "OFF-004",
        "CLI-001",
    ] {
        assert_eq!(ids.iter().filter(|found| **found == id).count(), 1, "{id}");
    }
    let links = Regex::new(r##"href="#([^"]+)""##).unwrap();
    for link in links.captures_iter(&page) {
        assert!(ids.contains(&&link[1]), "#{} leads nowhere", &link[1]);
    }
}

#[test]
fn the_page_holds_nothing_from_elsewhere_and_no_markup_of_a_server() {
    let page = report(ReportKind::Html, &events());
    let elsewhere = Regex::new(r#"(src|href)\s*=\s*"(https?:)?//|@import|url\("#).unwrap();
    assert!(!elsewhere.is_match(&page));
    assert!(page.contains("oops \\u{0} &lt;b&gt;]]&gt;&lt;/b&gt;"));
    assert!(!page.contains("<b>]]>"));
}

#[test]
fn the_page_shows_a_failure_with_rule_diff_diagram_and_commands() {
    let page = report(ReportKind::Html, &events());
    let begin = page.find(r#"id="offline-byte-cap""#).unwrap();
    let end = page[begin..].find("<details class=\"failure\"").unwrap();
    let failure = &page[begin..begin + end];
    for words in [
        "MUST drop its oldest entries",
        "/steps/1 open_stream",
        r#"<tr class="missing"><td>"#,
        "<mark>",
        "<svg class=\"sequence\"",
        ">bob.phone</text>",
        ">push gateway</text>",
        "1223 ms",
        "Authorization: Bearer $TOKEN",
        "duologue replay offline-byte-cap --endpoint http://chat.example:8080 --seed k7fx",
        "duologue show offline-byte-cap",
    ] {
        assert!(failure.contains(words), "{words:?} in {failure}");
    }
}

#[test]
fn pages_and_summaries_stay_small_when_520_scenarios_fail_at_length() {
    let failed: Vec<Event> = events()
        .into_iter()
        .filter(|event| match event {
            Event::ScenarioFinished(found) => found.scenario.as_str() == "offline-byte-cap",
            Event::StepFinished(found) => found.scenario.as_str() == "offline-byte-cap",
            Event::RunStarted(_) | Event::ScenarioStarted(_) | Event::RunFinished(_) => false,
        })
        .collect();
    let mut many: Vec<Event> = events().into_iter().take(1).collect();
    for number in 0..520 {
        for event in &failed {
            let text = serde_json::to_string(event).unwrap();
            let text = text
                .replace("offline-byte-cap", &format!("offline-byte-cap-{number}"))
                .replace(
                    "{}",
                    &format!("{{\\\"text\\\":\\\"{}\\\"}}", "long & <words> ".repeat(250)),
                );
            let event: Event = serde_json::from_str(&text).unwrap();
            if let Event::StepFinished(step) = &event {
                let mut step = step.clone();
                step.transcript = vec![step.transcript; 20].concat();
                many.push(Event::StepFinished(step));
            } else {
                many.push(event);
            }
        }
    }
    let mut record = Record::default();
    many.iter().for_each(|event| record.add(event));
    let page = html(&record).unwrap();
    assert!(page.len() < 3_000_000, "{} bytes", page.len());
    many.extend(events().into_iter().last());
    let markdown = report(ReportKind::Markdown, &many);
    assert!(markdown.len() < 1 << 20, "{} bytes", markdown.len());
    assert!(markdown.ends_with("more did not fit; the other reports have them.\n"));
}
