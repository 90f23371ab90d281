//! The vectors of `fixtures/vectors`: what a content is read as, what it weighs, why it is refused.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use duologue_core::content::Content;
use duologue_core::limits::Limits;
use duologue_core::{ApiError, ErrorCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

const TYPES: [&str; 9] = [
    "text", "face", "location", "image", "audio", "file", "video", "custom", "system",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File<V> {
    #[serde(rename = "$schema")]
    _schema: Option<String>,
    r#type: String,
    spec: String,
    vectors: Vec<V>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Valid {
    name: String,
    requirements: Vec<String>,
    #[serde(default, deserialize_with = "present")]
    content: Option<Value>,
    raw: Option<String>,
    canonical: String,
    stored_bytes: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Invalid {
    name: String,
    requirements: Vec<String>,
    #[serde(default, deserialize_with = "present")]
    content: Option<Value>,
    raw: Option<String>,
    code: ErrorCode,
    field: Option<String>,
}

/// Tells a content that is null from none at all.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[test]
fn valid_contents_are_read_and_weighed() {
    check("valid", |kind, vector: &Valid| {
        let json = text(vector.content.as_ref(), vector.raw.as_deref())?;
        let content = match kind {
            // Nobody sends a system content; clients read it.
            "system" => {
                refused_as(&json, ErrorCode::InvalidField, Some("content.type"))?;
                from_json(&json)?
            }
            _ => Content::parse(&json, &Limits::default()).map_err(|error| told(&error))?,
        };
        same("canonical", &canonical(&content)?, &vector.canonical)?;
        same(
            "stored_bytes",
            &content.stored_bytes(None),
            &vector.stored_bytes,
        )?;
        same(
            "stored_bytes of canonical",
            &(vector.canonical.len() as u64),
            &vector.stored_bytes,
        )?;
        same(
            "read again",
            &from_json::<Content>(&vector.canonical)?,
            &content,
        )?;
        if kind != "system" {
            let again = Content::parse(&vector.canonical, &Limits::default())
                .map_err(|error| told(&error))?;
            same("sent again", &again, &content)?;
        }
        named(&vector.name, &vector.requirements)
    });
}

#[test]
fn invalid_contents_are_refused_by_code_and_field() {
    check("invalid", |_, vector: &Invalid| {
        let json = text(vector.content.as_ref(), vector.raw.as_deref())?;
        refused_as(&json, vector.code, vector.field.as_deref())?;
        named(&vector.name, &vector.requirements)
    });
}

/// Runs every vector of the nine types and names all that fail.
fn check<V: DeserializeOwned + Name>(file: &str, check: impl Fn(&str, &V) -> Result<(), String>) {
    let mut failures = Vec::new();
    for kind in TYPES {
        let path = folder().join(kind).join(format!("{file}.json"));
        let shown = format!("fixtures/vectors/{kind}/{file}.json");
        let source = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{shown}: {error}"));
        let File {
            r#type,
            spec,
            vectors,
            ..
        }: File<V> =
            serde_json::from_str(&source).unwrap_or_else(|error| panic!("{shown}: {error}"));
        assert_eq!(
            (r#type.as_str(), spec.as_str()),
            (kind, "messages"),
            "{shown}"
        );
        assert!(
            vectors.len() >= 6,
            "{shown}: {} vectors are too few",
            vectors.len()
        );
        let names: BTreeSet<&str> = vectors.iter().map(Name::name).collect();
        assert_eq!(
            names.len(),
            vectors.len(),
            "{shown}: two vectors have one name"
        );
        for vector in &vectors {
            if let Err(problem) = check(kind, vector) {
                failures.push(format!("{shown}: {}: {problem}", vector.name()));
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} vectors fail\n{}",
        failures.len(),
        failures.join("\n")
    );
}

trait Name {
    fn name(&self) -> &str;
}

impl Name for Valid {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Name for Invalid {
    fn name(&self) -> &str {
        &self.name
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/vectors")
}

/// The JSON text of a vector: `raw` as it stands, or `content` written out.
fn text(content: Option<&Value>, raw: Option<&str>) -> Result<String, String> {
    match (content, raw) {
        (Some(content), None) => Ok(content.to_string()),
        (None, Some(raw)) => Ok(raw.to_owned()),
        _ => Err("has not exactly one of `content` and `raw`".into()),
    }
}

fn refused_as(json: &str, code: ErrorCode, field: Option<&str>) -> Result<(), String> {
    match Content::parse(json, &Limits::default()) {
        Ok(content) => Err(format!("is accepted as {content:?}")),
        Err(error) => same(
            "code and field",
            &(error.code, error.field.as_deref()),
            &(code, field),
        ),
    }
}

fn from_json<T: DeserializeOwned>(json: &str) -> Result<T, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

fn canonical(content: &Content) -> Result<String, String> {
    serde_json_canonicalizer::to_string(content).map_err(|error| error.to_string())
}

fn named(name: &str, requirements: &[String]) -> Result<(), String> {
    if name.is_empty() || requirements.is_empty() {
        return Err("lacks a name or requirements".into());
    }
    Ok(())
}

fn same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    actual: &T,
    expected: &T,
) -> Result<(), String> {
    if actual == expected {
        Ok(())
    } else {
        Err(format!("{what} is {actual:?}, not {expected:?}"))
    }
}

fn told(error: &ApiError) -> String {
    format!("is refused: {error:?}")
}
