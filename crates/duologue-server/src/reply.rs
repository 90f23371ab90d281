//! From a core reply to an HTTP answer.

use axum::body::Body as HttpBody;
use axum::response::Response;
use duologue_core::server::{Body, Reply};
use http::{HeaderName, HeaderValue, StatusCode, header};

/// An answer with the status and the headers of `reply`, and no body yet.
pub(crate) fn head(reply: &Reply) -> Response {
    let mut answer = Response::new(HttpBody::empty());
    *answer.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &reply.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            answer.headers_mut().append(name, value);
        }
    }
    answer
}

/// The answer to a reply with a JSON body or none (HTT-002).
pub(crate) fn plain(reply: Reply) -> Response {
    let mut answer = head(&reply);
    match reply.body {
        Body::Json(text) => {
            let json = HeaderValue::from_static("application/json");
            answer.headers_mut().insert(header::CONTENT_TYPE, json);
            answer.map(|_| HttpBody::from(text))
        }
        Body::Empty | Body::Stream { .. } | Body::Upload(_) | Body::Download(_) => answer,
    }
}

/// The head of an event stream (STR-001).
pub(crate) fn stream(reply: &Reply, body: HttpBody) -> Response {
    let mut answer = head(reply).map(|_| body);
    let headers = answer.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
