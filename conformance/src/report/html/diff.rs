//! Expected beside actual, line by line.

use serde::Serialize;
use serde_json::Value as Json;
use similar::{ChangeTag, DiffTag, TextDiff};

use super::markup::text;
use crate::report::transcript::cut;

/// Lines that have less in common are shown as two different ones.
const ALIKE: f32 = 0.6;

/// A difference.
#[derive(Debug, Serialize)]
pub(super) struct Diff {
    rows: Vec<Row>,
    /// Rows that did not fit.
    more: usize,
    /// Whether members that nothing was expected of are left out.
    left_out: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    /// `same`, `changed`, `missing` or `surplus`.
    kind: &'static str,
    expected: Option<minijinja::Value>,
    actual: Option<minijinja::Value>,
}

/// Compares what was expected with what came: JSON member by member, anything else as it stands.
pub(super) fn diff(expected: &str, actual: &str, rows_max: usize, width: usize) -> Diff {
    let mut left_out = false;
    let (expected, actual) = match (parsed(expected), serde_json::from_str::<Json>(actual)) {
        (Some(wanted), Ok(came)) => {
            let came = projected(&wanted, &came, &mut left_out);
            (format!("{wanted:#}"), format!("{came:#}"))
        }
        (Some(_) | None, Ok(_) | Err(_)) => (expected.to_owned(), actual.to_owned()),
    };
    let left: Vec<&str> = expected.lines().collect();
    let right: Vec<&str> = actual.lines().collect();
    let lines = TextDiff::from_slices(&left, &right);
    let mut rows = Vec::new();
    for op in lines.ops() {
        let (tag, old, new) = op.as_tag_tuple();
        for index in 0..old.len().max(new.len()) {
            let old = left.get(old.start + index).filter(|_| index < old.len());
            let new = right.get(new.start + index).filter(|_| index < new.len());
            let old = old.map(|line| cut(line, width));
            let new = new.map(|line| cut(line, width));
            let kind = match (tag, &old, &new) {
                (DiffTag::Equal, _, _) => "same",
                (_, Some(_), None) => "missing",
                (_, None, _) => "surplus",
                (_, Some(_), Some(_)) => "changed",
            };
            rows.push(row(kind, old.as_deref(), new.as_deref()));
        }
    }
    let more = rows.len().saturating_sub(rows_max);
    rows.truncate(rows_max);
    Diff {
        rows,
        more,
        left_out,
    }
}

fn row(kind: &'static str, expected: Option<&str>, actual: Option<&str>) -> Row {
    let safe = |html: String| minijinja::Value::from_safe_string(html);
    let (left, right) = match (kind, expected, actual) {
        ("changed", Some(old), Some(new)) => {
            let (old, new) = marked(old, new);
            (Some(safe(old)), Some(safe(new)))
        }
        (_, old, new) => (
            old.map(|line| safe(text(line))),
            new.map(|line| safe(text(line))),
        ),
    };
    Row {
        kind,
        expected: left,
        actual: right,
    }
}

/// Two lines with a mark round what differs.
fn marked(old: &str, new: &str) -> (String, String) {
    let characters = TextDiff::from_chars(old, new);
    if characters.ratio() < ALIKE {
        return (text(old), text(new));
    }
    let side = |not: ChangeTag| {
        let mut html = String::new();
        let mut open = false;
        for change in characters
            .iter_all_changes()
            .filter(|change| change.tag() != not)
        {
            let differs = change.tag() != ChangeTag::Equal;
            if differs != open {
                html.push_str(if differs { "<mark>" } else { "</mark>" });
                open = differs;
            }
            html.push_str(&text(change.value()));
        }
        if open {
            html.push_str("</mark>");
        }
        html
    };
    (side(ChangeTag::Insert), side(ChangeTag::Delete))
}

/// The value in an expectation such as `alternative 1: {…}` or `2 elements, but 3 came: […]`.
fn parsed(expected: &str) -> Option<Json> {
    serde_json::from_str(expected).ok().or_else(|| {
        let (_, value) = expected.split_once(": ")?;
        serde_json::from_str(value).ok()
    })
}

/// What came, without the members that nothing was expected of.
fn projected(wanted: &Json, came: &Json, left_out: &mut bool) -> Json {
    match (wanted, came) {
        (Json::Object(named), Json::Object(members)) => {
            *left_out |= members.keys().any(|name| !named.contains_key(name));
            named
                .iter()
                .filter_map(|(name, wanted)| {
                    let came = projected(wanted, members.get(name)?, left_out);
                    Some((name.clone(), came))
                })
                .collect()
        }
        (Json::Array(wanted), Json::Array(came)) => came
            .iter()
            .enumerate()
            .map(|(index, came)| match wanted.get(index).or(wanted.last()) {
                Some(wanted) => projected(wanted, came, left_out),
                None => came.clone(),
            })
            .collect(),
        (_, came) => came.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(expected: &str, actual: &str) -> Vec<String> {
        let side = |value: &Option<minijinja::Value>| {
            value.as_ref().map_or(String::new(), ToString::to_string)
        };
        diff(expected, actual, 9, 99)
            .rows
            .iter()
            .map(|row| {
                format!(
                    "{} {} | {}",
                    row.kind,
                    side(&row.expected),
                    side(&row.actual)
                )
            })
            .collect()
    }

    #[test]
    fn json_is_compared_member_by_member_and_only_where_expected() {
        assert_eq!(
            shown(r#"{"path":"offline"}"#, r#"{"seq":1,"path":"online"}"#),
            [
                "same { | {",
                r#"changed   "path": "o<mark>ff</mark>line" |   "path": "o<mark>n</mark>line""#,
                "same } | }",
            ]
        );
        assert_eq!(
            shown("1 element, but 2 came: [1]", "[1,2]")[2..],
            ["surplus  |   2", "same ] | ]"]
        );
    }

    #[test]
    fn words_stand_beside_what_came() {
        assert_eq!(
            shown("nothing", "\"<b>\""),
            ["changed nothing | \"&lt;b&gt;\""]
        );
    }
}
