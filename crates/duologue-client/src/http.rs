//! Ordinary requests to one endpoint.

use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderName, HeaderValue, Method, header};
use reqwest::redirect;
use rustls::ClientConfig;

use crate::deadline::Deadline;
use crate::endpoint::Endpoint;
use crate::error::{Phase, TransportError};
use crate::head::{self, HEADERS_MAX};
use crate::pace::Pace;
use crate::response::{BODY_BYTES_MAX, RawResponse};
use crate::tls::{self, causes};

/// Shorter than what common servers allow, so that no request meets a connection that the server
/// is just closing.
const IDLE_KEPT: Duration = Duration::from_secs(1);

/// How long the parts of an exchange may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Opening a connection.
    pub connect: Duration,
    /// A whole request, connecting and reading the answer included; also the opening of a stream.
    pub request: Duration,
    /// A whole upload.
    pub upload: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            request: Duration::from_secs(30),
            upload: Duration::from_secs(120),
        }
    }
}

/// An HTTP client of one endpoint; clones share its connections.
#[derive(Debug, Clone)]
pub struct Http {
    endpoint: Endpoint,
    timeouts: Timeouts,
    client: reqwest::Client,
    /// The same as in `client`, for connections by hand.
    tls: Arc<ClientConfig>,
    pace: Option<Pace>,
}

impl Http {
    /// A client with the default [`Timeouts`].
    ///
    /// # Errors
    /// When the system refuses the means for it.
    pub fn new(endpoint: Endpoint) -> Result<Self, TransportError> {
        Self::with_timeouts(endpoint, Timeouts::default())
    }

    /// A client with these timeouts.
    ///
    /// # Errors
    /// When the system refuses the means for it.
    pub fn with_timeouts(endpoint: Endpoint, timeouts: Timeouts) -> Result<Self, TransportError> {
        let tls = tls::client_config(&endpoint)?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls.clone())
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .http1_only()
            .http1_max_headers(HEADERS_MAX)
            .tcp_nodelay(true)
            .pool_idle_timeout(IDLE_KEPT)
            .connect_timeout(timeouts.connect)
            .build()
            .map_err(|error| TransportError::InvalidRequest(reason(&error)))?;
        Ok(Self {
            endpoint,
            timeouts,
            client,
            tls: Arc::new(tls),
            pace: None,
        })
    }

    /// Sends at most so many requests a second, of all kinds and from all clones together, evenly
    /// spaced. Waiting for one's turn is no part of a request's time. Must be called on a tokio
    /// runtime.
    #[must_use]
    pub fn paced(mut self, requests_per_second: NonZeroU32) -> Self {
        self.pace = Some(Pace::per_second(requests_per_second));
        self
    }

    /// Waits for the next request's turn.
    pub(crate) async fn turn(&self) {
        if let Some(pace) = &self.pace {
            pace.turn().await;
        }
    }

    pub(crate) fn tls(&self) -> &Arc<ClientConfig> {
        &self.tls
    }

    /// The endpoint.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The timeouts.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    /// Sends a request and reads the whole answer. `path_and_query` is percent-encoded already and
    /// begins with a slash; `headers` come on top of the endpoint's and replace those of the same
    /// name; `None` sends no body. Nothing is added but `Host`, `Accept`, `Content-Length` and the
    /// token.
    ///
    /// # Errors
    /// When no complete answer came.
    pub async fn request(
        &self,
        method: &str,
        path_and_query: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: Option<Bytes>,
    ) -> Result<RawResponse, TransportError> {
        self.turn().await;
        let deadline = Deadline::after(self.timeouts.request);
        let answer = self
            .execute(method, path_and_query, token, headers, body, deadline)
            .await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = self.read_body(answer, deadline).await?;
        Ok(RawResponse {
            status,
            headers,
            body,
        })
    }

    /// Sends a request and reads the head of the answer.
    pub(crate) async fn execute(
        &self,
        method: &str,
        path_and_query: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: Option<Bytes>,
        deadline: Deadline,
    ) -> Result<reqwest::Response, TransportError> {
        let request = self.build(method, path_and_query, token, headers, body)?;
        let answer = deadline
            .run(Phase::Head, self.client.execute(request))
            .await?;
        answer.map_err(|error| self.explain(&error, Phase::Head))
    }

    /// Sends a request whose body, if any, is JSON.
    ///
    /// # Errors
    /// When no complete answer came.
    pub async fn json(
        &self,
        method: &str,
        path_and_query: &str,
        token: Option<&str>,
        body: Option<&serde_json::Value>,
    ) -> Result<RawResponse, TransportError> {
        let json = [("content-type", "application/json")];
        let headers = if body.is_some() { &json[..] } else { &[] };
        let body = body.map(|value| Bytes::from(value.to_string()));
        self.request(method, path_and_query, token, headers, body)
            .await
    }

    /// The head of a hand-written request up to, but not including, the empty line.
    pub(crate) fn request_head(
        &self,
        method: &str,
        path_and_query: &str,
        token: Option<&str>,
    ) -> Result<String, TransportError> {
        let target = self.endpoint.target(path_and_query);
        if !target.starts_with('/') || target.bytes().any(|byte| !byte.is_ascii_graphic()) {
            return Err(TransportError::InvalidRequest(format!(
                "request target `{target}`"
            )));
        }
        let mut head = format!(
            "{method} {target} HTTP/1.1\r\nhost: {}\r\n",
            self.endpoint.authority()
        );
        for (name, value) in self.endpoint.headers() {
            if token.is_some() && name == header::AUTHORIZATION {
                continue;
            }
            let _ = write!(
                head,
                "{name}: {}\r\n",
                String::from_utf8_lossy(value.as_bytes())
            );
        }
        if let Some(token) = token {
            let _ = write!(head, "authorization: Bearer {}\r\n", checked_header(token)?);
        }
        Ok(head)
    }

    fn build(
        &self,
        method: &str,
        path_and_query: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: Option<Bytes>,
    ) -> Result<reqwest::Request, TransportError> {
        let invalid = TransportError::InvalidRequest;
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| invalid(format!("method `{method}`")))?;
        let url = format!("{}{path_and_query}", self.endpoint.base());
        let mut request = self
            .client
            .request(method, url)
            .headers(self.endpoint.headers().clone());
        if let Some(body) = body {
            request = request.body(body);
        }
        let mut request = request.build().map_err(|error| invalid(reason(&error)))?;
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| invalid(format!("header name `{name}`")))?;
            let value = HeaderValue::from_str(value)
                .map_err(|_| invalid(format!("value of the header `{name}`")))?;
            request.headers_mut().insert(name, value);
        }
        if let Some(token) = token {
            let value = HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|_| invalid("the token is not allowed in a header".into()))?;
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        Ok(request)
    }

    async fn read_body(
        &self,
        mut answer: reqwest::Response,
        deadline: Deadline,
    ) -> Result<Bytes, TransportError> {
        let mut body = BytesMut::new();
        loop {
            let piece = deadline.run(Phase::Body, answer.chunk()).await?;
            match piece.map_err(|error| self.explain(&error, Phase::Body))? {
                None => return Ok(body.freeze()),
                Some(piece) if body.len() + piece.len() > BODY_BYTES_MAX => {
                    return Err(TransportError::BodyTooLarge {
                        limit: BODY_BYTES_MAX,
                    });
                }
                Some(piece) => body.extend_from_slice(&piece),
            }
        }
    }

    /// Says in our words what went wrong in the library.
    pub(crate) fn explain(&self, error: &reqwest::Error, phase: Phase) -> TransportError {
        if error.is_connect() && error.is_timeout() {
            let after_ms = self
                .timeouts
                .connect
                .as_millis()
                .try_into()
                .unwrap_or(u64::MAX);
            return TransportError::TimedOut {
                phase: Phase::Connect,
                after_ms,
            };
        }
        if error.is_connect() {
            let address = self.endpoint.authority();
            if let Some(explained) = tls::explain(address.clone(), error) {
                return explained;
            }
            return TransportError::Unreachable {
                address,
                reason: root(error).to_string(),
            };
        }
        let library = causes(error).find_map(|cause| cause.downcast_ref::<hyper::Error>());
        if library.is_some_and(hyper::Error::is_parse_too_large) {
            return head::too_large();
        }
        if library.is_some_and(hyper::Error::is_parse) {
            return TransportError::Protocol(reason(error));
        }
        TransportError::ClosedEarly {
            phase,
            reason: root(error).to_string(),
        }
    }
}

/// `text`, if it can be a header's value.
pub(crate) fn checked_header(text: &str) -> Result<&str, TransportError> {
    match HeaderValue::from_str(text) {
        Ok(_) => Ok(text),
        Err(_) => Err(TransportError::InvalidRequest(
            "a header value is not allowed".into(),
        )),
    }
}

fn root(error: &reqwest::Error) -> &(dyn std::error::Error + 'static) {
    causes(error).last().unwrap_or(error)
}

/// The whole chain of causes without the URL.
fn reason(error: &reqwest::Error) -> String {
    causes(error)
        .skip(1)
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
