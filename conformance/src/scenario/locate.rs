//! Where in a file a JSON pointer points.

use std::collections::BTreeMap;

use jsonc_parser::ast::Value;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::Problem;
use crate::matcher::escape;

/// The positions of all values of a file, and its duplicate keys.
pub(super) struct Places<'a> {
    file: &'a str,
    source: &'a str,
    offsets: BTreeMap<String, usize>,
    duplicates: Vec<String>,
}

impl<'a> Places<'a> {
    /// Indexes a file that is known to be JSON.
    pub(super) fn new(file: &'a str, source: &'a str) -> Self {
        let mut places = Self {
            file,
            source,
            offsets: BTreeMap::new(),
            duplicates: Vec::new(),
        };
        let parsed = parse_to_ast(source, &CollectOptions::default(), &ParseOptions::default());
        if let Some(root) = parsed.ok().and_then(|parsed| parsed.value) {
            places.index(&root, String::new());
        }
        places
    }

    /// A problem at a pointer; an unknown pointer is reported at its nearest known parent.
    pub(super) fn problem(&self, pointer: &str, message: impl Into<String>) -> Problem {
        let mut known = pointer;
        let offset = loop {
            match (self.offsets.get(known), known.rfind('/')) {
                (Some(offset), _) => break *offset,
                (None, Some(slash)) => known = &known[..slash],
                (None, None) => break 0,
            }
        };
        let (line, column) = position(self.source, offset);
        Problem {
            file: self.file.to_owned(),
            line,
            column,
            pointer: pointer.to_owned(),
            message: message.into(),
        }
    }

    /// Keys that stand twice in one object.
    pub(super) fn duplicates(&self) -> impl Iterator<Item = Problem> {
        self.duplicates
            .iter()
            .map(|pointer| self.problem(pointer, "the key stands here twice; take one away"))
    }

    /// Where the value at a pointer begins, for elements of arrays.
    pub(super) fn start(&self, pointer: &str) -> Option<usize> {
        self.offsets.get(pointer).copied()
    }

    fn index(&mut self, value: &Value<'_>, pointer: String) {
        match value {
            Value::Object(object) => {
                self.offsets
                    .entry(pointer.clone())
                    .or_insert(object.range.start);
                for property in &object.properties {
                    let child = format!("{pointer}/{}", escape(property.name.as_str()));
                    if self
                        .offsets
                        .insert(child.clone(), property.range.start)
                        .is_some()
                    {
                        self.duplicates.push(child.clone());
                    }
                    self.index(&property.value, child);
                }
            }
            Value::Array(array) => {
                self.offsets
                    .entry(pointer.clone())
                    .or_insert(array.range.start);
                for (index, element) in array.elements.iter().enumerate() {
                    self.index(element, format!("{pointer}/{index}"));
                }
            }
            Value::StringLit(leaf) => self.leaf(pointer, leaf.range.start),
            Value::NumberLit(leaf) => self.leaf(pointer, leaf.range.start),
            Value::BooleanLit(leaf) => self.leaf(pointer, leaf.range.start),
            Value::NullKeyword(leaf) => self.leaf(pointer, leaf.range.start),
        }
    }

    fn leaf(&mut self, pointer: String, start: usize) {
        self.offsets.entry(pointer).or_insert(start);
    }
}

fn position(source: &str, offset: usize) -> (usize, usize) {
    let before = &source[..offset.min(source.len())];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}
