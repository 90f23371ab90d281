//! Text from a server, made safe to show and possible to tell apart.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

/// The text with control characters written as escapes, so that it can neither steer a terminal
/// nor break an XML file. Line ends and tabs stay.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    let harmless = |c: char| matches!(c, '\n' | '\t') || !is_control(c);
    if text.chars().all(harmless) {
        return text.into();
    }
    text.chars()
        .map(|c| {
            if harmless(c) {
                c.to_string()
            } else {
                escape(c)
            }
        })
        .collect()
}

/// Both texts, with every unusual character escaped if they would look the same otherwise.
pub(super) fn distinguishable(one: &str, other: &str) -> (String, String) {
    if one != other && skeleton(one) == skeleton(other) {
        return (escaped(one), escaped(other));
    }
    (visible(one).into_owned(), visible(other).into_owned())
}

/// What is left of a text for the eye.
fn skeleton(text: &str) -> String {
    let seen: String = text.chars().filter(|&c| !is_invisible(c)).collect();
    ComposingNormalizerBorrowed::new_nfkc()
        .normalize(&seen)
        .into_owned()
}

fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            ' '..='~' | '\n' | '\t' => c.to_string(),
            c => escape(c),
        })
        .collect()
}

fn escape(c: char) -> String {
    format!("\\u{{{:x}}}", u32::from(c))
}

/// Besides the controls of Unicode: what XML 1.0 forbids, and what turns the reading direction.
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn is_invisible(c: char) -> bool {
    is_control(c)
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2060}'..='\u{2064}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_that_look_alike_show_their_escapes() {
        let check = |one: &str, other: &str, expected: (&str, &str)| {
            let (one, other) = distinguishable(one, other);
            assert_eq!((one.as_str(), other.as_str()), expected);
        };
        check("caf\u{e9}", "cafe\u{301}", (r"caf\u{e9}", r"cafe\u{301}"));
        check("ab", "a\u{200b}b", ("ab", r"a\u{200b}b"));
        check("a b", "a\u{a0}b", ("a b", r"a\u{a0}b"));
        check("가", "나", ("가", "나"));
        check("가", "가", ("가", "가"));
    }

    #[test]
    fn controls_become_escapes_and_lines_stay_lines() {
        assert_eq!(visible("a\n\tb"), "a\n\tb");
        assert_eq!(
            visible("\u{1b}[31m\u{0}\r\u{ffff}"),
            r"\u{1b}[31m\u{0}\u{d}\u{ffff}"
        );
    }
}
