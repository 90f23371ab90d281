//! A run as one page of HTML that needs no network and reads without scripts.

mod detail;
mod diagram;
mod diff;
mod item;
mod markup;
mod rules;
mod view;

use std::io;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, context};
use serde::Serialize;

use super::matrix::Matrix;
use crate::record::Record;
use view::Page;

/// A run as a page.
///
/// # Errors
/// When a template of ours is wrong.
pub fn html(record: &Record) -> io::Result<String> {
    render("page.html", &Page::of(record))
}

/// A matrix as a page.
pub(super) fn matrix_html(matrix: &Matrix) -> io::Result<String> {
    render("matrix.html", matrix)
}

fn render(template: &'static str, view: &impl Serialize) -> io::Result<String> {
    let mut environment = Environment::new();
    let templates = [
        ("page.html", include_str!("html/page.html")),
        ("failure.html", include_str!("html/failure.html")),
        ("matrix.html", include_str!("html/matrix.html")),
        ("style.css", include_str!("html/style.css")),
        ("script.js", include_str!("html/script.js")),
    ];
    let syntax = SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build();
    environment.set_syntax(syntax.map_err(io::Error::other)?);
    environment.add_filter("sentence", |text: &str| markup::sentence(text));
    for (name, source) in templates {
        environment
            .add_template(name, source)
            .map_err(io::Error::other)?;
    }
    environment
        .get_template(template)
        .and_then(|found| found.render(context! { view => Serde(view) }))
        .map_err(|error| io::Error::other(format!("{error:#}")))
}
