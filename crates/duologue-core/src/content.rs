//! What a message says: nine types, one tagged object (spec: messages).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Map;

use crate::error::{ApiError, ErrorCode};
use crate::id::{MediaId, SystemEventName};
use crate::json::{Object, parse_value};
use crate::limits::{Limits, MAX_SAFE_INTEGER};

/// The content of a message. Sizes are bytes, durations milliseconds, dimensions pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Content {
    /// Plain text.
    Text {
        /// The text; not empty.
        #[schemars(length(min = 1))]
        text: String,
    },
    /// A developer-defined emoticon.
    Face {
        /// Which one.
        #[schemars(range(max = 2_147_483_647))]
        index: u32,
        /// Opaque to the server.
        data: String,
    },
    /// A place on earth.
    Location {
        /// Its name; not empty.
        #[schemars(length(min = 1))]
        title: String,
        /// Degrees east, −180 to 180.
        #[schemars(range(min = -180, max = 180))]
        longitude: f64,
        /// Degrees north, −90 to 90.
        #[schemars(range(min = -90, max = 90))]
        latitude: f64,
    },
    /// A picture.
    Image {
        /// Where it is.
        url: String,
        /// Pixels, at least 1.
        #[schemars(range(min = 1))]
        width: u64,
        /// Pixels, at least 1.
        #[schemars(range(min = 1))]
        height: u64,
        /// Its size, 1 to `image_bytes_max`.
        #[schemars(range(min = 1))]
        bytes: u64,
        /// Its format, free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<String>,
    },
    /// A voice recording.
    Audio {
        /// Where it is.
        url: String,
        /// Its length.
        duration_ms: u64,
        /// Its size, 1 to `audio_bytes_max`.
        #[schemars(range(min = 1))]
        bytes: u64,
    },
    /// A file of any format.
    File {
        /// Where it is.
        url: String,
        /// Its name; not empty.
        #[schemars(length(min = 1))]
        name: String,
        /// Its size, 1 to `file_bytes_max`.
        #[schemars(range(min = 1))]
        bytes: u64,
        /// Its format, free text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<String>,
    },
    /// A short video.
    Video {
        /// Where it is.
        url: String,
        /// Its length.
        duration_ms: u64,
        /// Its size, 1 to `video_bytes_max`.
        #[schemars(range(min = 1))]
        bytes: u64,
        /// Its format, free text.
        #[schemars(length(min = 1))]
        format: String,
        /// The URL of a still picture.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thumbnail: Option<String>,
    },
    /// A developer-defined message.
    Custom {
        /// Opaque to the server.
        data: String,
        /// What a push shows; without it the message is not pushed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// Passed through to a push.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ext: Option<String>,
    },
    /// A system notification; never sent by users.
    System {
        /// Built in (`friend_added`, `friend_removed`, `profile_changed`) or the developer's own.
        event: SystemEventName,
        /// Opaque for the developer's own events.
        data: String,
    },
}

/// The kinds of media, each with a limit of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A voice recording.
    Audio,
    /// Any file.
    File,
    /// A short video.
    Video,
}

impl MediaKind {
    /// Looks a kind up by name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "image" => Some(Self::Image),
            "audio" => Some(Self::Audio),
            "file" => Some(Self::File),
            "video" => Some(Self::Video),
            _ => None,
        }
    }

    /// The largest size of the kind, in bytes (MSG-013).
    #[must_use]
    pub fn bytes_max(self, limits: &Limits) -> u64 {
        match self {
            Self::Image => limits.image_bytes_max,
            Self::Audio => limits.audio_bytes_max,
            Self::File => limits.file_bytes_max,
            Self::Video => limits.video_bytes_max,
        }
    }
}

const SENDABLE: &str = "text, face, location, image, audio, file, video or custom";

impl Content {
    /// Reads the JSON text of a content with the checks of a send; error paths begin with `content`.
    ///
    /// How large the whole message may be is not checked, since `custom_data` counts too.
    ///
    /// # Errors
    /// The answer to a send of this content: `malformed_json`, `invalid_field` or `media_too_large`.
    pub fn parse(json: &str, limits: &Limits) -> Result<Self, ApiError> {
        // In a send the content stands one level inside the body.
        let content = parse_value(json.as_bytes(), limits.json_depth_max.saturating_sub(1))?;
        let body = Map::from_iter([("content".to_owned(), content)]);
        Self::read(&Object::root(&body), limits)
    }

    /// Reads the content of a send: any type but `system` (SYS-001, MSG-006), known fields only
    /// (MSG-004), null as absent (MSG-005), every value as it came (MSG-003). Names and formats of
    /// files are free (MSG-014).
    pub(crate) fn read(body: &Object<'_>, limits: &Limits) -> Result<Self, ApiError> {
        let fields = body.object("content")?;
        let kind = fields.string("type")?;
        let url = || read_url(&fields, "url", limits);
        let bytes = |kind: MediaKind| read_bytes(&fields, kind, limits);
        let duration = || fields.integer("duration_ms", 0, MAX_SAFE_INTEGER);
        let optional = |name| Ok(fields.nullable_string(name)?.flatten().map(str::to_owned));
        match kind {
            "text" => Ok(Self::Text {
                text: fields.non_empty("text")?.into(),
            }),
            "face" => Ok(Self::Face {
                index: u32::try_from(fields.integer("index", 0, i32::MAX as u64)?)
                    .unwrap_or(i32::MAX as u32),
                data: fields.string("data")?.into(),
            }),
            "location" => Ok(Self::Location {
                title: fields.non_empty("title")?.into(),
                longitude: fields.number("longitude", -180.0, 180.0)?,
                latitude: fields.number("latitude", -90.0, 90.0)?,
            }),
            "image" => Ok(Self::Image {
                url: url()?,
                width: fields.integer("width", 1, MAX_SAFE_INTEGER)?,
                height: fields.integer("height", 1, MAX_SAFE_INTEGER)?,
                bytes: bytes(MediaKind::Image)?,
                format: optional("format")?,
            }),
            "audio" => Ok(Self::Audio {
                url: url()?,
                duration_ms: duration()?,
                bytes: bytes(MediaKind::Audio)?,
            }),
            "file" => Ok(Self::File {
                url: url()?,
                name: fields.non_empty("name")?.into(),
                bytes: bytes(MediaKind::File)?,
                format: optional("format")?,
            }),
            "video" => Ok(Self::Video {
                url: url()?,
                duration_ms: duration()?,
                bytes: bytes(MediaKind::Video)?,
                format: fields.non_empty("format")?.into(),
                thumbnail: match fields.is_set("thumbnail") {
                    true => Some(read_url(&fields, "thumbnail", limits)?),
                    false => None,
                },
            }),
            "custom" => Ok(Self::Custom {
                data: fields.string("data")?.into(),
                description: optional("description")?,
                ext: optional("ext")?,
            }),
            "system" => Err(ApiError::invalid(
                fields.at("type"),
                format!("`system` is reserved for the server; send {SENDABLE}"),
            )),
            _ => Err(ApiError::invalid(
                fields.at("type"),
                format!("must be {SENDABLE}"),
            )),
        }
    }

    /// The bytes the message counts: canonical JSON (RFC 8785) of the content plus `custom_data`
    /// (MSG-015).
    #[must_use]
    pub fn stored_bytes(&self, custom_data: Option<&str>) -> u64 {
        // Serialising to memory fails for no value of this type: no maps with odd keys, no NaN.
        let content = serde_json_canonicalizer::to_vec(self).map_or(0, |json| json.len());
        (content + custom_data.map_or(0, str::len)) as u64
    }

    /// Whether the content is a system notification.
    #[must_use]
    pub fn is_system(&self) -> bool {
        matches!(self, Self::System { .. })
    }
}

/// Reads a declared size, up to the limit of its kind (MSG-013).
fn read_bytes(fields: &Object<'_>, kind: MediaKind, limits: &Limits) -> Result<u64, ApiError> {
    let bytes = fields.integer("bytes", 1, MAX_SAFE_INTEGER)?;
    let max = kind.bytes_max(limits);
    if bytes > max {
        return Err(ApiError::at(
            ErrorCode::MediaTooLarge,
            fields.at("bytes"),
            format!("{bytes} bytes are over the limit of {max} for this kind of media"),
        ));
    }
    Ok(bytes)
}

/// Reads a URL: `http(s)://…` or `/v1/media/<id>`, printable ASCII, at most `url_bytes_max`
/// (MSG-011). Nobody looks what is there (MSG-012, SEC-008).
pub(crate) fn read_url(
    fields: &Object<'_>,
    name: &str,
    limits: &Limits,
) -> Result<String, ApiError> {
    let url = fields.string(name)?;
    let wrong = |what: String| Err(ApiError::invalid(fields.at(name), what));
    if url.len() as u64 > limits.url_bytes_max {
        return wrong(format!(
            "must be at most {} bytes long",
            limits.url_bytes_max
        ));
    }
    if !url.bytes().all(|b| (0x21..=0x7e).contains(&b)) {
        return wrong("must be printable ASCII without spaces; percent-encode the rest".into());
    }
    let remote = ["http://", "https://"].iter().any(|scheme| {
        url.strip_prefix(scheme)
            .is_some_and(|rest| !rest.is_empty())
    });
    let uploaded = url
        .strip_prefix("/v1/media/")
        .is_some_and(|id| MediaId::parse(id).is_ok());
    if remote || uploaded {
        Ok(url.into())
    } else {
        wrong("must begin with http:// or https://, or be the /v1/media/ URL of an upload".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(content: &Content, custom_data: Option<&str>, expected: u64) {
        assert_eq!(content.stored_bytes(custom_data), expected, "{content:?}");
    }

    #[test]
    fn stored_bytes_count_canonical_json_and_custom_data() {
        check(&Content::Text { text: "hi".into() }, None, 27);
        check(&Content::Text { text: "hi".into() }, Some("abc"), 30);
        check(
            &Content::Text {
                text: "\u{1f600}".into(),
            },
            None,
            29,
        );
        check(
            &Content::Text {
                text: "\n\u{1}".into(),
            },
            None,
            25 + 2 + 6,
        );
        check(
            &Content::Location {
                title: "x".into(),
                longitude: 100.0,
                latitude: 0.5,
            },
            None,
            r#"{"latitude":0.5,"longitude":100,"title":"x","type":"location"}"#.len() as u64,
        );
    }
}
