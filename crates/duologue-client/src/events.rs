//! One event stream on a connection of its own.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, timeout, timeout_at};

use crate::body::{BodyDecoder, Decoded};
use crate::connection::Connection;
use crate::deadline::Deadline;
use crate::error::{StreamError, TransportError};
use crate::http::{Http, checked_header};
use crate::response::RawResponse;
use crate::sse::{Decoder, Item};

/// How long a closed stream waits for the server's end of the connection.
const GOODBYE_WAIT: Duration = Duration::from_millis(500);

/// The answer to the opening of a stream.
#[derive(Debug)]
pub enum Opened {
    /// Status 200: the stream.
    Stream(Box<EventStream>),
    /// Another status: the whole answer.
    Refused(RawResponse),
}

/// What comes on a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamItem {
    /// An event.
    Event {
        /// From its `event:` line; `message` when it has none.
        name: String,
        /// From its own `id:` line; ids of earlier events do not stick.
        id: Option<String>,
        /// Its `data:` lines.
        data: String,
        /// Whether it had one `event` line, at most one `id` line and one `data` line.
        plain: bool,
    },
    /// A comment line: a heartbeat.
    Comment,
    /// The server ended the stream, by the last chunk or by closing the connection. A frame that
    /// was begun is dropped. Comes again when asked again.
    End,
}

/// An open event stream. Dropping it closes its connection.
#[derive(Debug)]
pub struct EventStream {
    headers: HeaderMap,
    connection: Connection,
    body: BodyDecoder,
    decoder: Decoder,
    piece: Bytes,
    ended: bool,
}

impl EventStream {
    /// Opens `GET /v1/events`.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn open(
        http: &Http,
        token: Option<&str>,
        last_event_id: Option<&str>,
    ) -> Result<Opened, TransportError> {
        let mut request = http.request_head("GET", "/v1/events", token)?;
        request.push_str("accept: text/event-stream\r\n");
        if let Some(id) = last_event_id {
            let _ = write!(request, "last-event-id: {}\r\n", checked_header(id)?);
        }
        request.push_str("\r\n");
        http.turn().await;
        let deadline = Deadline::after(http.timeouts().request);
        let mut connection = Connection::open(http, deadline).await?;
        let request = std::iter::once(Bytes::from(request));
        let (head, _) = connection.send_and_read_head(request, deadline).await?;
        if head.status != 200 {
            return connection
                .finish(head, false, deadline)
                .await
                .map(Opened::Refused);
        }
        Ok(Opened::Stream(Box::new(Self {
            body: head.body(false)?,
            headers: head.headers,
            connection,
            decoder: Decoder::default(),
            piece: Bytes::new(),
            ended: false,
        })))
    }

    /// The headers of the answer.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The next item. Loses nothing when it is cancelled or times out.
    ///
    /// # Errors
    /// [`StreamError::TimedOut`] when nothing came before `deadline`; the others end the stream.
    pub async fn next(&mut self, deadline: Instant) -> Result<StreamItem, StreamError> {
        match timeout_at(deadline, self.item()).await {
            Ok(item) => item,
            Err(_) => Err(StreamError::TimedOut),
        }
    }

    /// Drops the connection without a goodbye: the server gets a reset.
    pub fn cut(self) {
        // When the option is refused the connection is closed all the same.
        let _ = self.connection.tcp().set_zero_linger();
    }

    /// Ends the connection in good order and waits a moment for the server to do the same.
    pub async fn close(mut self) {
        let goodbye = async {
            self.connection.socket.shutdown().await?;
            while self.connection.fill().await? > 0 {
                self.connection.buffer.clear();
            }
            std::io::Result::Ok(())
        };
        // Whether the server answers the goodbye is no concern of the one who leaves.
        let _ = timeout(GOODBYE_WAIT, goodbye).await;
    }

    async fn item(&mut self) -> Result<StreamItem, StreamError> {
        loop {
            while !self.piece.is_empty() {
                let (item, taken) = self.decoder.feed(&self.piece)?;
                let _ = self.piece.split_to(taken);
                match item {
                    Some(Item::Event {
                        name,
                        id,
                        data,
                        plain,
                    }) => {
                        return Ok(StreamItem::Event {
                            name,
                            id,
                            data,
                            plain,
                        });
                    }
                    Some(Item::Comment) => return Ok(StreamItem::Comment),
                    None => {}
                }
            }
            if self.ended {
                return Ok(StreamItem::End);
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Result<(), StreamError> {
        let decoded = self.body.decode(&mut self.connection.buffer);
        match decoded.map_err(|error| StreamError::Protocol(error.to_string()))? {
            Decoded::Data(piece) => self.piece = piece,
            Decoded::Done => self.ended = true,
            Decoded::NeedMore => match self.connection.fill().await {
                Ok(0) => self.ended = true,
                Ok(_) => {}
                Err(error) => return Err(StreamError::Broken(error.to_string())),
            },
        }
        Ok(())
    }
}
