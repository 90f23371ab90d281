//! `cargo xtask book`: the preprocessor that mdBook calls, see `spec/book.toml`.
//!
//! mdBook hands it the book as JSON and takes it back; each requirement gets a line that unfolds to
//! what the ledger has on it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::Value;

use crate::ledger::{self, Entry};

/// The arguments mdBook gives.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// With `supports RENDERER`: whether that renderer can show it
    #[arg(num_args = 0..)]
    question: Vec<String>,
}

/// Answers the question, or preprocesses the book on standard input.
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<ExitCode> {
    if let [_, renderer, ..] = args.question.as_slice() {
        return Ok(ExitCode::from(u8::from(renderer != "html")));
    }
    let (_, mut book): (Value, Value) =
        serde_json::from_reader(io::stdin()).context("reading the book from mdBook")?;
    let ledger = ledger::recorded(root)?;
    let entries = ledger.requirements.iter();
    let entries: BTreeMap<&str, &Entry> = entries.map(|entry| (entry.id.as_str(), entry)).collect();
    annotate_chapters(&mut book, &entries);
    serde_json::to_writer(io::stdout(), &book).context("handing the book back")?;
    Ok(ExitCode::SUCCESS)
}

/// Chapters may stand anywhere: mdBook's versions nest them differently.
fn annotate_chapters(value: &mut Value, entries: &BTreeMap<&str, &Entry>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Object(chapter)) = fields.get_mut("Chapter")
                && let Some(Value::String(content)) = chapter.get_mut("content")
            {
                *content = annotated(content, entries);
            }
            fields
                .values_mut()
                .for_each(|field| annotate_chapters(field, entries));
        }
        Value::Array(all) => all
            .iter_mut()
            .for_each(|one| annotate_chapters(one, entries)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Adds to each item `- **OFF-004** — …` what the ledger has on it.
fn annotated(markdown: &str, entries: &BTreeMap<&str, &Entry>) -> String {
    let mut text = String::new();
    let mut open: Option<&Entry> = None;
    for line in markdown.lines().chain(std::iter::once("")) {
        if !line.starts_with("  ")
            && let Some(entry) = open.take()
        {
            let _ = writeln!(text, "\n  {}\n", note(entry));
        }
        if let Some((id, _)) = line
            .strip_prefix("- **")
            .and_then(|rest| rest.split_once("**"))
        {
            open = entries.get(id).copied();
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// One line of HTML, so that Markdown leaves it alone.
fn note(entry: &Entry) -> String {
    let count = |many: &[String], what: &str| match many.len() {
        0 => None,
        1 => Some(format!("1 {what}")),
        several => Some(format!("{several} {what}s")),
    };
    let parts = [
        entry.untestable.as_ref().map(|_| "untestable".to_owned()),
        count(&entry.scenarios, "scenario"),
        count(&entry.tests, "test"),
        count(&entry.faults, "fault"),
        (!entry.code.is_empty()).then(|| "code".to_owned()),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let mut html = format!(
        "<details><summary><small>{}</small></summary>",
        parts.join(" · ")
    );
    if let Some(reason) = &entry.untestable {
        let _ = write!(
            html,
            "<p><small>Untestable: {}</small></p>",
            escaped(reason)
        );
    }
    for (many, what) in [
        (&entry.scenarios, "Proved by"),
        (&entry.tests, "Proved by"),
        (&entry.faults, "Broken on purpose by"),
        (&entry.code, "Implemented in"),
    ] {
        if !many.is_empty() {
            let all: Vec<String> = many
                .iter()
                .map(|one| format!("<code>{}</code>", escaped(one)))
                .collect();
            let _ = write!(html, "<p><small>{what}: {}</small></p>", all.join(", "));
        }
    }
    html + "</details>"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use duologue_conformance::requirements::Keyword;
    use serde_json::json;

    use super::*;

    #[test]
    fn each_requirement_of_each_chapter_gets_its_note_and_nothing_else_changes() {
        let entry = Entry {
            id: "OFF-001".into(),
            chapter: "offline".into(),
            keyword: Keyword::Must,
            sentence: String::new(),
            untestable: None,
            scenarios: vec!["offline-a".into(), "offline-b".into()],
            faults: vec!["offline-keeps-all".into()],
            tests: Vec::new(),
            code: vec!["a.rs: Cache".into()],
        };
        let markdown = "# Offline\n\n- **OFF-001** — A cache MUST keep\n  what fits.\n- other\n";
        let inner = json!({"Chapter": {"content": markdown, "sub_items": []}});
        let mut book =
            json!({"items": [{"Chapter": {"content": "plain\n", "sub_items": [inner]}}]});
        annotate_chapters(&mut book, &BTreeMap::from([("OFF-001", &entry)]));
        let outer = &book["items"][0]["Chapter"];
        assert_eq!(outer["content"].as_str().map(str::trim_end), Some("plain"));
        let text = outer["sub_items"][0]["Chapter"]["content"]
            .as_str()
            .unwrap();
        let (before, after) = text.split_once("<details>").unwrap();
        assert!(before.ends_with("  what fits.\n\n  "), "{before}");
        assert!(after.contains("2 scenarios · 1 fault · code"), "{after}");
        assert!(
            after.contains("Implemented in: <code>a.rs: Cache</code>"),
            "{after}"
        );
        assert!(after.trim_end().ends_with("- other"), "{after}");
    }
}
