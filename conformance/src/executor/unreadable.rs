//! Why the body of an answer is not JSON, so that a verdict names the cause.

use http::{HeaderMap, header};

/// Says of a body that is not JSON what is wrong with it.
pub(super) fn why_not_json(headers: &HeaderMap, body: &[u8]) -> String {
    let named = |name| {
        let value = headers.get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let coding = named(header::CONTENT_ENCODING).filter(|coding| coding != "identity");
    let content_type = named(header::CONTENT_TYPE);
    if let Some(coding) = coding {
        format!(
            "the body has the content coding `{coding}`, which the request did not ask for; it is not decoded"
        )
    } else if let Err(error) = std::str::from_utf8(body) {
        format!("the body is not UTF-8 from byte {} on", error.valid_up_to())
    } else if body.is_empty() {
        "the body is empty".into()
    } else if let Some(other) = content_type.filter(|name| !name.starts_with("application/json")) {
        format!("the content type is `{other}`")
    } else {
        match serde_json::from_slice::<serde::de::IgnoredAny>(body) {
            Ok(_) => "the body is JSON".into(),
            Err(error) => error.to_string(),
        }
    }
}
