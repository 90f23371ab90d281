//! Text as HTML.

use minijinja::Value;

use crate::report::visible::visible;

/// Text between tags. Quotes stay as they are: bodies are full of them.
pub(super) fn text(text: &str) -> String {
    visible(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Text between tags, for a template.
pub(super) fn safe_text(raw: &str) -> Value {
    Value::from_safe_string(text(raw))
}

/// A sentence of the specification: code in backticks, links without their targets.
pub(super) fn sentence(markdown: &str) -> Value {
    let mut html = String::new();
    for (index, part) in markdown.split('`').enumerate() {
        if index % 2 == 1 {
            html.push_str(&format!("<code>{}</code>", text(part)));
        } else {
            html.push_str(&text(&without_links(part)));
        }
    }
    Value::from_safe_string(html)
}

/// `[words](target)` becomes `words`.
fn without_links(markdown: &str) -> String {
    let mut left = markdown;
    let mut words = String::new();
    while let Some((before, rest)) = left.split_once('[') {
        let Some((label, after)) = rest.split_once("](") else {
            break;
        };
        let Some((_, after)) = after.split_once(')') else {
            break;
        };
        words.push_str(before);
        words.push_str(label);
        left = after;
    }
    words + left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_keep_their_words_and_no_markup_of_others() {
        let html = sentence("A `<b>` of [the cache](offline.md#x) MUST < 1 [as is].").to_string();
        assert_eq!(
            html,
            "A <code>&lt;b&gt;</code> of the cache MUST &lt; 1 [as is]."
        );
    }
}
