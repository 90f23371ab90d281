//! Downloads, compared with what was uploaded piece by piece, so that their size does not matter.

use bytes::{Bytes, BytesMut};

use crate::deadline::Deadline;
use crate::error::{Phase, TransportError};
use crate::http::Http;
use crate::response::{BODY_BYTES_MAX, RawResponse};
use crate::upload::generated_bytes;

/// What a download brought.
#[derive(Debug, Clone)]
pub struct DownloadOutcome {
    /// The answer; its body is kept only when it is not a success.
    pub response: RawResponse,
    /// The size of the body.
    pub bytes: u64,
    /// Whether the body is what [`generated_bytes`] makes from the place that `Content-Range`
    /// names, or from the beginning.
    pub as_generated: bool,
}

impl Http {
    /// Downloads `path_and_query`, or one `range` such as `0-9` of it, within the time of an upload.
    ///
    /// # Errors
    /// When no complete answer came.
    pub async fn download(
        &self,
        path_and_query: &str,
        token: Option<&str>,
        range: Option<&str>,
    ) -> Result<DownloadOutcome, TransportError> {
        let range = range.map(|range| format!("bytes={range}"));
        let headers: Vec<(&str, &str)> = range
            .as_deref()
            .map(|range| ("range", range))
            .into_iter()
            .collect();
        self.turn().await;
        let deadline = Deadline::after(self.timeouts().upload);
        let mut answer = self
            .execute("GET", path_and_query, token, &headers, None, deadline)
            .await?;
        let mut outcome = DownloadOutcome {
            response: RawResponse {
                status: answer.status().as_u16(),
                headers: answer.headers().clone(),
                body: Bytes::new(),
            },
            bytes: 0,
            as_generated: true,
        };
        let begin = first_byte(&outcome.response);
        let mut kept = BytesMut::new();
        while let Some(piece) = self.piece(&mut answer, deadline).await? {
            if !answer.status().is_success() {
                if kept.len() + piece.len() > BODY_BYTES_MAX {
                    return Err(TransportError::BodyTooLarge {
                        limit: BODY_BYTES_MAX,
                    });
                }
                kept.extend_from_slice(&piece);
            }
            let from = begin.saturating_add(outcome.bytes);
            outcome.bytes += piece.len() as u64;
            outcome.as_generated &=
                generated_bytes(from, from.saturating_add(piece.len() as u64)) == piece;
        }
        outcome.response.body = kept.freeze();
        Ok(outcome)
    }

    async fn piece(
        &self,
        answer: &mut reqwest::Response,
        deadline: Deadline,
    ) -> Result<Option<Bytes>, TransportError> {
        let piece = deadline.run(Phase::Body, answer.chunk()).await?;
        piece.map_err(|error| self.explain(&error, Phase::Body))
    }
}

/// The place of the first byte, as `Content-Range: bytes 5-9/20` tells it.
fn first_byte(response: &RawResponse) -> u64 {
    response
        .header("content-range")
        .and_then(|range| {
            range
                .strip_prefix("bytes ")?
                .split('-')
                .next()?
                .parse()
                .ok()
        })
        .unwrap_or(0)
}
