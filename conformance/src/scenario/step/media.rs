//! Uploads and downloads.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::scenario::Expect;
use crate::template::{Template, Text};

/// Uploads a generated body.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Upload {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The session: `bob`, `bob.laptop`.
    pub r#as: Text,
    /// The kind: image, audio, file or video.
    pub kind: Template,
    /// The size of the body.
    pub bytes: Template,
    /// The `Content-Type`; absent: `application/octet-stream`.
    #[serde(default)]
    pub content_type: Option<Text>,
    /// How the length is told.
    #[serde(default)]
    pub content_length: ContentLength,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}

/// Downloads media; the answer is `{status, bytes, content_type}`, and the bytes are compared with what was uploaded.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Download {
    /// Why the step is there, in a sentence.
    #[serde(default)]
    pub why: Option<String>,
    /// The session: `bob`, `bob.laptop`.
    pub r#as: Text,
    /// The media id.
    pub media: Template,
    /// A byte range, `0-9`.
    #[serde(default)]
    pub range: Option<Text>,
    /// The name under which the body of the answer is kept.
    #[serde(default)]
    pub save: Option<Text>,
    /// The expected answer.
    pub expect: Expect,
}

/// How the length of an upload is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ContentLength {
    /// By a `Content-Length` header.
    #[default]
    Declared,
    /// Not at all: chunked.
    Chunked,
}
