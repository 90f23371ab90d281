//! Which items cite which requirements in their doc comments.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the enums of syn are open, and only items with a name matter here"
)]

use std::collections::BTreeMap;

use anyhow::Context as _;
use regex::Regex;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Expr, Field, File, ImplItemFn, Item, ItemImpl, Lit, Meta, TraitItemFn, Variant,
};

use crate::sources::Source;

/// Requirement → `file: item`, in the order of the files.
pub(super) struct Citations(BTreeMap<String, Vec<String>>);

impl Citations {
    /// Reads the doc comments of these files.
    pub(super) fn of(sources: &[&Source]) -> anyhow::Result<Self> {
        let mut reader = Reader {
            id: Regex::new(r"\b([A-Z]{3})-([0-9]{3})(?:(?: to |…)(?:[A-Z]{3}-)?([0-9]{3}))?")?,
            file: String::new(),
            within: Vec::new(),
            found: BTreeMap::new(),
        };
        for source in sources {
            let file: File = syn::parse_file(&source.text)
                .with_context(|| format!("reading {}", source.path))?;
            reader.file.clone_from(&source.path);
            reader.cite(&file.attrs, "the module");
            reader.visit_file(&file);
        }
        Ok(Self(reader.found))
    }

    pub(super) fn at(&self, id: &str) -> Vec<String> {
        self.0.get(id).cloned().unwrap_or_default()
    }
}

struct Reader {
    id: Regex,
    file: String,
    /// The types and modules round the item at hand.
    within: Vec<String>,
    found: BTreeMap<String, Vec<String>>,
}

impl Reader {
    /// Notes what the doc comments among `attributes` cite.
    fn cite(&mut self, attributes: &[Attribute], item: &str) {
        let docs: Vec<String> = attributes.iter().filter_map(doc).collect();
        self.cite_text(&docs.join(" "), item);
    }

    fn cite_text(&mut self, text: &str, item: &str) {
        let mut path = self.within.clone();
        path.push(item.to_owned());
        let place = format!("{}: {}", self.file, path.join("::"));
        for found in self.id.captures_iter(text) {
            let number = |at: usize| {
                found
                    .get(at)
                    .and_then(|digits| digits.as_str().parse().ok())
            };
            let first: u16 = number(2).unwrap_or_default();
            // `CLI-001 to CLI-018` cites all between.
            for id in first..=number(3).unwrap_or(first) {
                let id = format!("{}-{id:03}", &found[1]);
                let places = self.found.entry(id).or_default();
                if places.last() != Some(&place) {
                    places.push(place.clone());
                }
            }
        }
    }

    fn inside(&mut self, name: String, visit: impl FnOnce(&mut Self)) {
        self.within.push(name);
        visit(self);
        self.within.pop();
    }
}

/// The text of a doc comment's line.
fn doc(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(meta) = &attribute.meta else {
        return None;
    };
    let Expr::Lit(literal) = &meta.value else {
        return None;
    };
    match &literal.lit {
        Lit::Str(text) if meta.path.is_ident("doc") => Some(text.value()),
        _ => None,
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        let named = match item {
            Item::Const(item) => Some((&item.attrs, &item.ident)),
            Item::Enum(item) => Some((&item.attrs, &item.ident)),
            Item::Fn(item) => Some((&item.attrs, &item.sig.ident)),
            Item::Mod(item) => Some((&item.attrs, &item.ident)),
            Item::Static(item) => Some((&item.attrs, &item.ident)),
            Item::Struct(item) => Some((&item.attrs, &item.ident)),
            Item::Trait(item) => Some((&item.attrs, &item.ident)),
            Item::Type(item) => Some((&item.attrs, &item.ident)),
            _ => None,
        };
        if let Item::Macro(item) = item {
            // What a macro is given is no syntax of the language; its comments are text.
            let name = item
                .mac
                .path
                .segments
                .last()
                .map(|last| last.ident.to_string());
            self.cite_text(&item.mac.tokens.to_string(), &name.unwrap_or_default());
            self.cite(&item.attrs, "macro");
        }
        match named {
            None => visit::visit_item(self, item),
            Some((attributes, name)) => {
                let name = name.to_string();
                self.cite(attributes, &name);
                match item {
                    // What is inside a function belongs to it.
                    Item::Fn(_) => visit::visit_item(self, item),
                    _ => self.inside(name, |reader| visit::visit_item(reader, item)),
                }
            }
        }
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let name = match &*item.self_ty {
            syn::Type::Path(path) => path.path.segments.last().map(|last| last.ident.to_string()),
            _ => None,
        };
        let name = name.unwrap_or_default();
        self.cite(&item.attrs, &name);
        self.inside(name, |reader| visit::visit_item_impl(reader, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.cite(&item.attrs, &item.sig.ident.to_string());
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        self.cite(&item.attrs, &item.sig.ident.to_string());
    }

    fn visit_field(&mut self, field: &'ast Field) {
        let name = field.ident.as_ref().map(ToString::to_string);
        self.cite(&field.attrs, &name.unwrap_or_else(|| "0".into()));
    }

    fn visit_variant(&mut self, variant: &'ast Variant) {
        self.cite(&variant.attrs, &variant.ident.to_string());
        self.inside(variant.ident.to_string(), |reader| {
            visit::visit_variant(reader, variant);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_item_is_found_by_its_path() {
        let text = "//! All of it (MOD-001).\n\
            /// Keeps (OFF-001).\npub struct Cache {\n    /// How many (OFF-002, OFF-003).\n    max: u64,\n}\n\
            impl Cache {\n    /// Drops (OFF-004 to OFF-006).\n    fn drop_old(&mut self) {}\n}\n\
            enum End {\n    /// At once (OFF-007).\n    Now,\n}\n\
            limits! {\n    /// Most (OFF-008).\n    most: u64 = 1;\n}\n\
            // Not a doc comment: OFF-009.\nfn nothing() {}\n";
        let source = Source {
            path: "a.rs".into(),
            text: text.into(),
        };
        let found = Citations::of(&[&source]).unwrap();
        for (id, place) in [
            ("MOD-001", "a.rs: the module"),
            ("OFF-001", "a.rs: Cache"),
            ("OFF-003", "a.rs: Cache::max"),
            ("OFF-004", "a.rs: Cache::drop_old"),
            ("OFF-005", "a.rs: Cache::drop_old"),
            ("OFF-006", "a.rs: Cache::drop_old"),
            ("OFF-007", "a.rs: End::Now"),
            ("OFF-008", "a.rs: limits"),
        ] {
            assert_eq!(found.at(id), [place], "{id}");
        }
        assert!(found.at("OFF-009").is_empty());
    }
}
