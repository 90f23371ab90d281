//! The book: every chapter is in the summary, and every link leads to a file and a heading.

use std::path::Path;

use regex::Regex;

use crate::sources::{collect, read};

pub(super) fn check(root: &Path) -> anyhow::Result<Vec<String>> {
    let folder = root.join("spec/src");
    let link = Regex::new(r"\]\(([a-z-]+\.md)?(#[a-z0-9-]+)?\)")?;
    let summary = read(&folder.join("SUMMARY.md"))?;
    let mut files = Vec::new();
    collect(&folder, "md", &mut files)?;
    files.sort();
    let mut defects = Vec::new();
    for file in &files {
        let name = file
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        if name != "SUMMARY.md" && !summary.contains(&format!("({name})")) {
            defects.push(format!("spec/src/{name}: not in SUMMARY.md"));
        }
        for found in link.captures_iter(&read(file)?) {
            let target = found.get(1).map_or(name.as_str(), |target| target.as_str());
            let path = folder.join(target);
            if !path.is_file() {
                defects.push(format!(
                    "spec/src/{name}: link to {target}, which does not exist"
                ));
                continue;
            }
            if let Some(anchor) = found.get(2)
                && !anchors(&read(&path)?).contains(&anchor.as_str()[1..].to_owned())
            {
                let anchor = anchor.as_str();
                defects.push(format!("spec/src/{name}: {target} has no heading {anchor}"));
            }
        }
    }
    Ok(defects)
}

/// The anchors that mdBook makes of the headings.
fn anchors(markdown: &str) -> Vec<String> {
    markdown
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            line.trim_start_matches('#')
                .trim()
                .to_lowercase()
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect()
        })
        .collect()
}
