//! Requests given as bytes, for what an HTTP library would refuse to send.

use std::iter;

use bytes::Bytes;

use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::error::TransportError;
use crate::http::Http;
use crate::response::RawResponse;

impl Http {
    /// Sends `bytes` as they are on a fresh connection and reads one answer. Neither the base path
    /// nor the endpoint's headers are added.
    ///
    /// # Errors
    /// When no complete answer came.
    pub async fn raw(&self, bytes: impl Into<Bytes>) -> Result<RawResponse, TransportError> {
        let bytes = bytes.into();
        let to_head_request = bytes.starts_with(b"HEAD ");
        let deadline = Deadline::after(self.timeouts().request);
        let mut connection =
            Connection::open(self.endpoint(), deadline.sooner(self.timeouts().connect)).await?;
        let (head, _) = connection
            .send_and_read_head(iter::once(bytes), deadline)
            .await?;
        connection.finish(head, to_head_request, deadline).await
    }
}
