//! Sending an upload back, whole or in part, from the disk.

use std::io;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use duologue_core::server::{Reply, StoredMedia};
use duologue_core::{ApiError, ErrorCode};
use futures_util::stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::media::MediaFile;
use crate::range::{Wanted, wanted};
use crate::reply;

const PIECE_BYTES: u64 = 64 << 10;

/// Completes the answer `head` with the bytes that the request's headers ask for (MED-005,
/// MED-010), never as something to render (MED-009).
pub(crate) fn answer(
    head: Response,
    stored: &StoredMedia,
    file: MediaFile,
    request: &HeaderMap,
) -> Response {
    let size = stored.bytes;
    let (status, from, to) = match wanted(range_header(request), size) {
        Wanted::Whole => (StatusCode::OK, 0, size),
        Wanted::Part(first, last) => (StatusCode::PARTIAL_CONTENT, first, last + 1),
        Wanted::Nothing => return not_satisfiable(size),
    };
    let mut answer = head.map(|_| Body::from_stream(pieces(file, from, to)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_LENGTH, (to - from).into());
    headers.insert(header::CONTENT_TYPE, content_type(stored));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if status == StatusCode::PARTIAL_CONTENT {
        content_range(headers, &format!("bytes {from}-{}/{size}", to - 1));
    }
    answer
}

/// `None` also for several headers, and when the range depends on a validator: there is none.
fn range_header(request: &HeaderMap) -> Option<&str> {
    let mut all = request.get_all(header::RANGE).iter();
    let (first, second) = (all.next(), all.next());
    let alone = second.is_none() && !request.contains_key(header::IF_RANGE);
    first.filter(|_| alone)?.to_str().ok()
}

/// 416 for a range behind the end of the file (MED-011).
fn not_satisfiable(size: u64) -> Response {
    let message = format!("the upload has {size} bytes; the range lies outside");
    let reply = Reply::error(&ApiError::new(ErrorCode::RangeNotSatisfiable, message));
    let mut answer = reply::plain(reply);
    content_range(answer.headers_mut(), &format!("bytes */{size}"));
    answer
}

fn content_range(headers: &mut HeaderMap, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(header::CONTENT_RANGE, value);
    }
}

fn content_type(stored: &StoredMedia) -> HeaderValue {
    HeaderValue::from_str(&stored.content_type)
        .unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

fn pieces(
    file: MediaFile,
    from: u64,
    to: u64,
) -> impl futures_util::Stream<Item = io::Result<Bytes>> {
    stream::try_unfold((file, from), move |(file, at)| async move {
        if at == to {
            return Ok(None);
        }
        let most = usize::try_from(PIECE_BYTES.min(to - at)).unwrap_or(usize::MAX);
        let piece = file.read(at, most).await?;
        if piece.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let at = at + piece.len() as u64;
        Ok(Some((piece, (file, at))))
    })
}
