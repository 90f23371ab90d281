//! The one handler: every request of every path and method.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body as HttpBody;
use axum::extract::{Request as HttpRequest, State};
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use duologue_core::limits::REQUEST_BYTES_CEILING;
use duologue_core::server::{Body, Reply, Request};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, header};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;
use percent_encoding::percent_decode_str;
use tokio::time::timeout;

use crate::outbox::Inbox;
use crate::shared::{Shared, internal};
use crate::socket::Unread;
use crate::{download, events, reply, upload};

/// The longest time a client may take for a body that is not an upload (SEC-009).
const BODY_TIME: Duration = Duration::from_secs(60);
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The server as an axum application.
pub(crate) fn app(shared: Arc<Shared>) -> Router {
    Router::new().fallback(answer).with_state(shared)
}

async fn answer(State(shared): State<Arc<Shared>>, request: HttpRequest) -> Response {
    let began = Instant::now();
    let (parts, body) = request.into_parts();
    let (mut answer, whole) = if is_upload(&parts) {
        upload_request(&shared, &parts, body).await
    } else {
        plain_request(&shared, &parts, body).await
    };
    if !whole {
        // The rest of the body would be taken for the next request.
        answer
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
        if let Some(unread) = parts.extensions.get::<Unread>() {
            unread.set();
        }
    }
    tracing::info!(
        method = %parts.method,
        path = parts.uri.path(),
        status = answer.status().as_u16(),
        duration_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
    );
    answer
}

/// Uploads are not collected. The path is compared as the core compares it: decoded.
fn is_upload(parts: &Parts) -> bool {
    parts.method == Method::POST && percent_decode_str(parts.uri.path()).eq(b"/v1/media".to_vec())
}

async fn upload_request(shared: &Arc<Shared>, parts: &Parts, body: HttpBody) -> (Response, bool) {
    let empty = body.is_end_stream();
    let (reply, _) = Texts::of(parts).handle(shared, parts, &[]);
    match reply.body {
        Body::Upload(permit) => {
            let content_type = text(parts, &header::CONTENT_TYPE);
            let content_type = content_type
                .as_deref()
                .unwrap_or("application/octet-stream");
            let (reply, whole) = upload::receive(shared, &permit, content_type, body).await;
            (reply::plain(reply), whole)
        }
        Body::Empty | Body::Json(_) | Body::Stream { .. } | Body::Download(_) => {
            (reply::plain(reply), empty)
        }
    }
}

async fn plain_request(shared: &Arc<Shared>, parts: &Parts, body: HttpBody) -> (Response, bool) {
    let (body, whole) = match timeout(BODY_TIME, collect(body)).await {
        Ok(Ok(collected)) => collected,
        Ok(Err(error)) => return (reply::plain(upload::cut_off(&error.to_string())), false),
        Err(_) => return (reply::plain(upload::cut_off("it took too long")), false),
    };
    let (reply, inbox) = Texts::of(parts).handle(shared, parts, &body);
    let answer = match (&reply.body, inbox) {
        (
            &Body::Stream {
                stream,
                heartbeat_ms,
            },
            Some(inbox),
        ) => {
            let body = events::body(Arc::clone(shared), stream, heartbeat_ms, inbox);
            reply::stream(&reply, body)
        }
        (Body::Download(stored), _) => match shared.media(&stored.media) {
            Some(file) => download::answer(reply::head(&reply), stored, file, &parts.headers),
            None => reply::plain(internal("the bytes of the upload are lost")),
        },
        _ => reply::plain(reply),
    };
    (answer, whole)
}

/// Reads a body up to one byte more than any app allows, so that the core can refuse it (LIM-007).
/// Also tells whether that was all.
async fn collect(mut body: HttpBody) -> Result<(Bytes, bool), axum::Error> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            bytes.extend_from_slice(&data);
        }
        if bytes.len() as u64 > REQUEST_BYTES_CEILING {
            return Ok((bytes.freeze(), body.is_end_stream()));
        }
    }
    Ok((bytes.freeze(), true))
}

/// The headers that the core looks at, as text; other bytes make a token that nobody has.
struct Texts {
    authorization: Option<String>,
    last_event_id: Option<String>,
    content_length: Option<String>,
}

impl Texts {
    fn of(parts: &Parts) -> Self {
        Self {
            authorization: text(parts, &header::AUTHORIZATION),
            last_event_id: text(parts, &LAST_EVENT_ID),
            content_length: text(parts, &header::CONTENT_LENGTH),
        }
    }

    fn handle(&self, shared: &Arc<Shared>, parts: &Parts, body: &[u8]) -> (Reply, Option<Inbox>) {
        shared.handle(Request {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            authorization: self.authorization.as_deref(),
            last_event_id: self.last_event_id.as_deref(),
            content_length: self
                .content_length
                .as_deref()
                .and_then(|text| text.parse().ok()),
            body,
        })
    }
}

fn text(parts: &Parts, name: &HeaderName) -> Option<String> {
    parts
        .headers
        .get(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}
