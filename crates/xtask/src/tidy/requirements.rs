//! Requirement items: well-formed, unique, one key word each, in the chapter of their prefix.

use std::collections::BTreeMap;
use std::path::Path;

use regex::Regex;

use crate::sources::{collect, read};

/// The prefix of each chapter's ids.
const PREFIXES: &[(&str, &str)] = &[
    ("model", "MOD"),
    ("identifiers", "IDN"),
    ("messages", "MSG"),
    ("sending", "SND"),
    ("permissions", "PRM"),
    ("sender", "SDR"),
    ("system", "SYS"),
    ("stream", "STR"),
    ("offline", "OFF"),
    ("recents", "REC"),
    ("roaming", "ROA"),
    ("devices", "DEV"),
    ("push", "PSH"),
    ("media", "MED"),
    ("admin", "ADM"),
    ("clock", "CLK"),
    ("client", "CLI"),
    ("http", "HTT"),
    ("errors", "ERR"),
    ("limits", "LIM"),
    ("security", "SEC"),
    ("versioning", "VER"),
];

pub(super) fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let begins = Regex::new(r"^- \*\*[A-Z]{3}-")?;
    let form =
        Regex::new(r"^- \*\*(([A-Z]{3})-\d{3})\*\*( \((client|untestable: [^)]+)\))? — (.+)$")?;
    let keyword = Regex::new(r"\b(MUST NOT|MUST|SHOULD NOT|SHOULD|MAY)\b")?;
    let mut files = Vec::new();
    collect(&root.join("spec/src"), "md", &mut files)?;
    files.sort();
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let mut defects = Vec::new();
    for file in files {
        let name = file.strip_prefix(root)?.display().to_string();
        let chapter = file
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        let chapter = chapter.unwrap_or_default();
        let prefix = PREFIXES
            .iter()
            .find(|(known, _)| *known == chapter)
            .map(|(_, prefix)| prefix);
        for item in items(&read(&file)?) {
            if !begins.is_match(&item) {
                if chapter != "introduction" && keyword.is_match(&item) {
                    defects.push(format!(
                        "{name}: a key word outside a requirement: {item:.80}"
                    ));
                }
                continue;
            }
            let Some(parts) = form.captures(&item) else {
                defects.push(format!("{name}: not a well-formed requirement: {item:.80}"));
                continue;
            };
            let (id, its_prefix, text) = (&parts[1], &parts[2], &parts[5]);
            if prefix != Some(&its_prefix) {
                defects.push(format!("{name}: {id} does not have this chapter's prefix"));
            }
            let keywords = keyword.find_iter(text).count();
            if keywords != 1 {
                defects.push(format!(
                    "{name}: {id} has {keywords} key words; one is right"
                ));
            }
            if let Some(other) = seen.insert(id.to_owned(), name.clone()) {
                defects.push(format!("{name}: {id} stands in {other} too"));
            }
        }
    }
    Ok(defects)
}

/// The lines of a chapter outside code blocks, with list items joined to one line.
fn items(markdown: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    let mut in_code = false;
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if in_code {
            continue;
        } else if line.starts_with("  ") && items.last().is_some_and(|last| last.starts_with("- "))
        {
            if let Some(last) = items.last_mut() {
                last.push(' ');
                last.push_str(line.trim());
            }
        } else {
            items.push(line.to_owned());
        }
    }
    items
}
