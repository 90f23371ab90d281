//! The requirements of the specification, embedded: id, sentence, chapter and kind.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use include_dir::{Dir, include_dir};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::RequirementId;

static SPEC: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../spec/src");

/// One normative sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Requirement {
    /// Its id.
    pub id: RequirementId,
    /// The chapter, by the name of its file.
    pub chapter: String,
    /// The sentence, in Markdown.
    pub text: String,
    /// Its key word.
    pub keyword: Keyword,
    /// Who can prove it.
    pub proof: Proof,
}

/// The key word of a requirement (RFC 2119).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Keyword {
    /// MUST or MUST NOT.
    Must,
    /// SHOULD or SHOULD NOT.
    Should,
    /// MAY.
    May,
}

impl Keyword {
    /// The word as the specification writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::May => "MAY",
        }
    }
}

/// Who can prove a requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// Scenarios, over the network.
    Scenario,
    /// Unit tests of a client.
    Client,
    /// Nobody, for the reason given.
    Untestable(String),
}

/// All requirements, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements(BTreeMap<RequirementId, Requirement>);

impl Requirements {
    /// Those of the specification this program was built with.
    #[must_use]
    pub fn embedded() -> &'static Self {
        static EMBEDDED: LazyLock<Requirements> = LazyLock::new(|| {
            let mut all = Requirements::default();
            for file in SPEC.files() {
                let chapter = file.path().file_stem().and_then(|stem| stem.to_str());
                if let (Some(chapter), Some(text)) = (chapter, file.contents_utf8()) {
                    all.add(chapter, text);
                }
            }
            all
        });
        &EMBEDDED
    }

    /// The heading of a chapter of the embedded specification.
    #[must_use]
    pub fn chapter_title(chapter: &str) -> Option<&'static str> {
        let text = SPEC.get_file(format!("{chapter}.md"))?.contents_utf8()?;
        text.lines().find_map(|line| line.strip_prefix("# "))
    }

    /// Adds the requirements of a chapter: the list items `- **OFF-004** — sentence`.
    pub fn add(&mut self, chapter: &str, markdown: &str) {
        let mut item: Option<String> = None;
        for line in markdown.lines().chain(std::iter::once("")) {
            if let Some(item) = item.as_mut().filter(|_| line.starts_with("  ")) {
                item.push(' ');
                item.push_str(line.trim());
                continue;
            }
            if let Some(whole) = item.take() {
                self.0
                    .extend(parse_item(chapter, &whole).map(|found| (found.id.clone(), found)));
            }
            item = line.strip_prefix("- **").map(str::to_owned);
        }
    }

    /// Looks a requirement up.
    #[must_use]
    pub fn get(&self, id: &RequirementId) -> Option<&Requirement> {
        self.0.get(id)
    }

    /// All of them, ascending by id.
    pub fn iter(&self) -> impl Iterator<Item = &Requirement> {
        self.0.values()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Parses `OFF-004** (marker) — sentence`.
fn parse_item(chapter: &str, item: &str) -> Option<Requirement> {
    let (id, rest) = item.split_once("**")?;
    let id = RequirementId::parse(id).ok()?;
    let (marker, text) = match rest.trim_start().strip_prefix('(') {
        Some(rest) => rest.split_once(") —")?,
        None => ("", rest.trim_start().strip_prefix('—')?),
    };
    let proof = match marker.split_once(':') {
        Some(("untestable", reason)) => Proof::Untestable(reason.trim().to_owned()),
        _ if marker == "client" => Proof::Client,
        _ => Proof::Scenario,
    };
    let text = text.trim().to_owned();
    let has = |word: &str| {
        text.split(|c: char| !c.is_ascii_alphabetic())
            .any(|w| w == word)
    };
    let keyword = if has("MUST") {
        Keyword::Must
    } else if has("SHOULD") {
        Keyword::Should
    } else {
        Keyword::May
    };
    Some(Requirement {
        id,
        chapter: chapter.to_owned(),
        text,
        keyword,
        proof,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_read_with_marker_and_continuation() {
        let mut all = Requirements::default();
        all.add(
            "offline",
            "# Offline\n\n- **OFF-001** — A cache MUST keep\n  what fits.\n- plain\n\
             - **CLI-002** (client) — A client SHOULD wait.\n\
             - **SEC-003** (untestable: timing — mostly) — A server MAY hide.\n",
        );
        let found: Vec<_> = all
            .iter()
            .map(|r| (r.id.as_str(), r.text.as_str()))
            .collect();
        assert_eq!(found[0], ("CLI-002", "A client SHOULD wait."));
        assert_eq!(found[1], ("OFF-001", "A cache MUST keep what fits."));
        assert_eq!(all.iter().next().unwrap().proof, Proof::Client);
        assert_eq!(all.iter().next().unwrap().keyword, Keyword::Should);
    }

    #[test]
    fn the_specification_has_requirements() {
        assert!(!Requirements::embedded().is_empty());
    }
}
