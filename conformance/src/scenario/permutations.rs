//! Permutations: one file, the same steps, several scenarios that differ in the values of names.
//!
//! Values are put in before anything is typed, so a binding can stand wherever a string can. Its name
//! must not mean anything else in the file.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::Problem;
use super::id::{BindingName, PermutationName};
use super::locate::Places;
use crate::matcher::escape;
use crate::template::type_name;

/// The member of the header.
pub(super) const KEY: &str = "permutations";

/// The name of a permutation and the file as it reads with its bindings.
pub(super) type Permuted = (PermutationName, Value);

/// Reads the permutations of a file; none: it has none.
pub(super) fn permuted(
    whole: &Value,
    places: &Places<'_>,
) -> Result<Option<Vec<Permuted>>, Vec<Problem>> {
    let Some(header) = whole.get(KEY) else {
        return Ok(None);
    };
    let mut reader = Reader {
        places,
        problems: Vec::new(),
    };
    let permutations = reader.header(header);
    let mut file = whole.clone();
    if let Value::Object(members) = &mut file {
        members.remove(KEY);
    }
    reader.names(&permutations, &file);
    let mut all = Vec::new();
    for (name, bindings) in permutations {
        let mut used = BTreeSet::new();
        let value = put_in(&file, bindings, &mut used);
        for unused in bindings.keys().filter(|name| !used.contains(name.as_str())) {
            let at = format!("/{KEY}/{name}/{}", escape(unused));
            reader.problem(&at, format!("nothing uses `${{{unused}}}`; take it away"));
        }
        all.push((name, value));
    }
    if reader.problems.is_empty() {
        Ok(Some(all))
    } else {
        Err(reader.problems)
    }
}

struct Reader<'a> {
    places: &'a Places<'a>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    /// Names and bindings, as far as they are legal.
    fn header<'v>(&mut self, header: &'v Value) -> Vec<(PermutationName, &'v Map<String, Value>)> {
        let at = format!("/{KEY}");
        let Value::Object(header) = header else {
            let message = format!("an object of name → bindings, not {}", type_name(header));
            self.problem(&at, message);
            return Vec::new();
        };
        if header.len() < 2 {
            let message = "at least two permutations; a scenario of one kind needs none";
            self.problem(&at, message);
        }
        let mut all: Vec<(PermutationName, &Map<String, Value>)> = Vec::new();
        for (name, bindings) in header {
            let here = format!("{at}/{}", escape(name));
            match (PermutationName::parse(name), bindings) {
                (Err(grammar), _) => self.problem(&here, grammar),
                (Ok(_), Value::Object(bindings)) if bindings.is_empty() => {
                    self.problem(&here, "a permutation binds at least one name");
                }
                (Ok(name), Value::Object(bindings)) => all.push((name, bindings)),
                (Ok(_), other) => {
                    let message = format!("an object of name → value, not {}", type_name(other));
                    self.problem(&here, message);
                }
            }
        }
        all
    }

    /// Every permutation binds the same names, each of them legal and its own.
    fn names(&mut self, all: &[(PermutationName, &Map<String, Value>)], file: &Value) {
        let Some((first, model)) = all.first() else {
            return;
        };
        let taken = taken(file);
        let grouped = grouped(file);
        for (name, bindings) in all {
            let here = format!("/{KEY}/{name}");
            for missing in model.keys().filter(|key| !bindings.contains_key(*key)) {
                self.problem(
                    &here,
                    format!("`{missing}` is bound in `{first}` and not here"),
                );
            }
            for binding in bindings.keys() {
                let at = format!("{here}/{}", escape(binding));
                let family = binding.trim_end_matches(|c: char| c.is_ascii_digit());
                if let Err(grammar) = BindingName::parse(binding) {
                    self.problem(&at, grammar);
                } else if !model.contains_key(binding) {
                    self.problem(&at, format!("`{binding}` is not bound in `{first}`"));
                } else if let Some(what) = taken.get(binding.as_str()) {
                    let message = format!("`{binding}` is the name of {what}; choose another");
                    self.problem(&at, message);
                } else if family != binding && grouped.contains(family) {
                    let message = format!("`{binding}` is one of `{family}`; choose another name");
                    self.problem(&at, message);
                }
            }
        }
    }

    fn problem(&mut self, at: &str, message: impl Into<String>) {
        self.problems.push(self.places.problem(at, message));
    }
}

/// What the file's own names are names of.
fn taken(file: &Value) -> BTreeMap<&str, &'static str> {
    let mut taken = BTreeMap::new();
    saved(&file["steps"], &mut taken);
    let actors = file["actors"].as_object();
    taken.extend(
        actors
            .into_iter()
            .flatten()
            .map(|(name, _)| (name.as_str(), "an actor")),
    );
    taken
}

/// Actors who are several.
fn grouped(file: &Value) -> BTreeSet<&str> {
    let actors = file["actors"].as_object().into_iter().flatten();
    actors
        .filter(|(_, actor)| actor.get("count").is_some())
        .map(|(name, _)| name.as_str())
        .collect()
}

fn saved<'v>(value: &'v Value, into: &mut BTreeMap<&'v str, &'static str>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match (name.as_str(), member) {
                    ("save", Value::String(name)) => {
                        into.insert(name, "a saved answer");
                    }
                    ("index", Value::String(name)) => {
                        into.insert(name, "the index of a repeat");
                    }
                    _ => saved(member, into),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| saved(item, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The value with the bindings in its strings; names of members stay.
fn put_in<'v>(
    value: &Value,
    bindings: &'v Map<String, Value>,
    used: &mut BTreeSet<&'v str>,
) -> Value {
    match value {
        Value::String(text) => put_in_text(text, bindings, used),
        Value::Array(items) => items
            .iter()
            .map(|item| put_in(item, bindings, used))
            .collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), put_in(member, bindings, used)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn put_in_text<'v>(
    text: &str,
    bindings: &'v Map<String, Value>,
    used: &mut BTreeSet<&'v str>,
) -> Value {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        filled.push_str(&rest[..dollar]);
        rest = &rest[dollar..];
        if let Some(after) = rest.strip_prefix("$${") {
            filled.push_str("$${");
            rest = after;
        } else if let Some((name, value, after)) = bound(rest, bindings) {
            used.insert(name);
            if after.is_empty() && rest.len() == text.len() {
                return value.clone();
            }
            match value.as_str() {
                Some(value) => filled.push_str(value),
                None => filled.push_str(&value.to_string()),
            }
            rest = after;
        } else {
            // A reference of the steps, in which a binding may be nested.
            filled.push('$');
            rest = &rest[1..];
        }
    }
    filled.push_str(rest);
    Value::String(filled)
}

/// The binding that a text begins with, its value and what comes after.
fn bound<'t, 'v>(
    text: &'t str,
    bindings: &'v Map<String, Value>,
) -> Option<(&'v str, &'v Value, &'t str)> {
    let (name, after) = text.strip_prefix("${")?.split_once('}')?;
    let (name, value) = bindings.get_key_value(name)?;
    Some((name, value, after))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_whole_string_becomes_the_value_and_a_part_its_text() {
        let bindings = json!({ "kind": "image", "cap": "image_bytes_max", "n": 3, "list": [1] });
        let bindings = bindings.as_object().unwrap();
        let check = |text: &str, expected: Value| {
            let filled = put_in(&json!([{ "x": text }]), bindings, &mut BTreeSet::new());
            assert_eq!(filled[0]["x"], expected, "{text}");
        };
        check("${kind}", json!("image"));
        check("${n}", json!(3));
        check("${list}", json!([1]));
        check("${n}${n}", json!("33"));
        check("a ${kind} of ${n}", json!("a image of 3"));
        check(
            "${limits.${cap} + 1}",
            json!("${limits.image_bytes_max + 1}"),
        );
        check("${limits.${cap}}", json!("${limits.image_bytes_max}"));
        check(
            "${alice} ${kind.x} ${kinds}",
            json!("${alice} ${kind.x} ${kinds}"),
        );
        check("$${kind}", json!("$${kind}"));
        check("5$ ${", json!("5$ ${"));
    }
}
