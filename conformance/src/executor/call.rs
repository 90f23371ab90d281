//! One request of a scenario: sent, waited for, written into the transcript.

use std::time::{Duration, Instant};

use bytes::Bytes;
use duologue_client::{EventStream, Opened, RawResponse, TransportError};
use http::HeaderMap;
use serde_json::Value;

use super::log::Log;
use super::stage::Stage;
use super::stop::Stop;
use crate::event::{Entry, Exchange};
use crate::oracle::history::{self, Kind, What};

/// How long a run waits in all for one request that is answered with 429.
const RATE_LIMIT_PATIENCE: Duration = Duration::from_secs(20);
/// The wait after a 429 that does not say how long.
const RATE_LIMIT_PAUSE: Duration = Duration::from_millis(500);

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) who: String,
    pub(super) token: Option<String>,
    pub(super) method: String,
    /// Path and query, percent-encoded.
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<Payload>,
    pub(super) kind: Kind,
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Payload {
    Json(Value),
    Raw(Bytes),
}

/// A complete answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) method: String,
    /// The path of the request without its query.
    pub(super) path: String,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) bytes: Bytes,
    /// The body, if it is JSON.
    pub(super) json: Option<Value>,
}

impl Answer {
    pub(super) fn new(method: &str, target: &str, response: RawResponse) -> Self {
        let json = response.json().ok();
        Self {
            method: method.to_owned(),
            path: target.split('?').next().unwrap_or_default().to_owned(),
            status: response.status,
            headers: response.headers,
            bytes: response.body,
            json,
        }
    }

    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Status and, for an error body, its code.
    pub(super) fn brief(&self) -> String {
        let code = self.json.as_ref().and_then(|json| json["code"].as_str());
        match code {
            Some(code) => format!("{} {code}", self.status),
            None => self.status.to_string(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        let body = self
            .json
            .as_ref()
            .and_then(|json| json["retry_after_ms"].as_u64());
        let header = self
            .header("retry-after")
            .and_then(|text| text.parse().ok());
        body.map(Duration::from_millis)
            .or(header.map(Duration::from_secs))
    }
}

impl Call {
    pub(super) fn json(caller: &super::stage::Caller, method: &str, target: String) -> Self {
        Self {
            who: caller.label.clone(),
            token: caller.token.clone(),
            method: method.to_owned(),
            target,
            headers: Vec::new(),
            body: None,
            kind: Kind::Plain,
        }
    }

    pub(super) fn with(mut self, body: Value) -> Self {
        self.body = Some(Payload::Json(body));
        self
    }

    fn bytes(&self) -> Option<Bytes> {
        match &self.body {
            None => None,
            Some(Payload::Raw(bytes)) => Some(bytes.clone()),
            Some(Payload::Json(json)) => Some(Bytes::from(json.to_string())),
        }
    }

    /// As the oracle gets it.
    pub(super) fn to_history(&self, answer: Option<history::Answer>) -> history::Exchange {
        history::Exchange {
            token: self.token.clone(),
            method: self.method.clone(),
            target: self.target.clone(),
            headers: self.headers.clone(),
            body: self.bytes().unwrap_or_default(),
            kind: self.kind,
            answer,
        }
    }
}

impl Stage {
    /// Sends a request and waits out rate limiting, unless that is what the step is about.
    pub(super) async fn call(
        &self,
        call: &Call,
        log: &Log,
        wants_429: bool,
    ) -> Result<Answer, Stop> {
        let begun = Instant::now();
        loop {
            let answer = self.once(call, log).await?;
            if answer.status != 429 || wants_429 {
                return Ok(answer);
            }
            wait_out(call, &answer, begun, log).await?;
        }
    }

    /// Opens an event stream, rate limiting waited out as in [`Stage::call`]; without a stream the
    /// answer is a refusal.
    pub(super) async fn open(
        &self,
        call: &Call,
        last_event_id: Option<&str>,
        log: &Log,
        wants_429: bool,
    ) -> Result<(Answer, Option<EventStream>), Stop> {
        let begun = Instant::now();
        loop {
            let opened =
                EventStream::open(&self.run.http, call.token.as_deref(), last_event_id).await;
            let (response, stream) = match opened {
                Ok(Opened::Stream(stream)) => {
                    let head = RawResponse {
                        status: 200,
                        headers: stream.headers().clone(),
                        body: Bytes::new(),
                    };
                    (Ok(head), Some(*stream))
                }
                Ok(Opened::Refused(response)) => (Ok(response), None),
                Err(error) => (Err(error), None),
            };
            self.record(call, None, &response, log);
            let answer = Answer::new(&call.method, &call.target, response?);
            if answer.status != 429 || wants_429 {
                return Ok((answer, stream));
            }
            wait_out(call, &answer, begun, log).await?;
        }
    }

    async fn once(&self, call: &Call, log: &Log) -> Result<Answer, Stop> {
        self.learn_push_token(call);
        let body = call.bytes();
        let mut headers: Vec<(&str, &str)> = Vec::new();
        if matches!(call.body, Some(Payload::Json(_))) {
            headers.push(("content-type", "application/json"));
        }
        headers.extend(
            call.headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        );
        let result = self
            .run
            .http
            .request(
                &call.method,
                &call.target,
                call.token.as_deref(),
                &headers,
                body.clone(),
            )
            .await;
        if let Ok(response) = &result {
            self.learn_secrets(&response.body);
        }
        self.record(call, body.as_deref(), &result, log);
        Ok(Answer::new(&call.method, &call.target, result?))
    }

    /// Writes an exchange into the transcript.
    pub(super) fn record(
        &self,
        call: &Call,
        body: Option<&[u8]>,
        result: &Result<RawResponse, TransportError>,
        log: &Log,
    ) {
        log.keep(|| {
            let answer = result.as_ref().ok().map(|response| history::Answer {
                status: response.status,
                body: response.body.clone(),
            });
            What::Exchange(Box::new(call.to_history(answer)))
        });
        let redact = &self.redactor;
        let headers = call
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), redact.header(name, value)))
            .collect();
        let (status, answer_headers, answer) = match result {
            Ok(response) => (
                Some(response.status),
                self.shown_headers(&response.headers),
                redact.body(&response.body),
            ),
            Err(error) => (None, Vec::new(), error.to_string()),
        };
        log.add(Entry::Exchange(Exchange {
            who: call.who.clone(),
            raw: call.kind == Kind::Raw,
            method: call.method.clone(),
            target: redact.text(&call.target),
            headers,
            body: body.map(|body| redact.body(body)),
            status,
            answer_headers,
            answer,
        }));
    }

    fn shown_headers(&self, headers: &HeaderMap) -> Vec<(String, String)> {
        let dull = ["date", "content-length", "connection", "server"];
        headers
            .iter()
            .filter(|(name, _)| !dull.contains(&name.as_str()))
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                (
                    name.to_string(),
                    self.redactor.header(name.as_str(), &value),
                )
            })
            .collect()
    }

    /// Remembers the token a device registers, so that it is shown nowhere.
    fn learn_push_token(&self, call: &Call) {
        if let (Some(Payload::Json(body)), "/v1/push-token") = (&call.body, call.target.as_str())
            && let Some(token) = body["token"].as_str()
        {
            let name = format!("push token of {}", call.who);
            self.redactor.learn(token, name);
        }
    }

    /// Remembers the tokens an answer hands out, so that they are shown nowhere.
    pub(super) fn learn_secrets(&self, body: &[u8]) {
        let Ok(json) = serde_json::from_slice::<Value>(body) else {
            return;
        };
        for (member, name) in [
            ("credential", "credential"),
            ("session_token", "session token"),
            ("admin_token", "admin token"),
        ] {
            if let Some(secret) = json[member].as_str() {
                self.redactor.learn(secret, name);
            }
        }
    }
}

/// Waits as long as a 429 asks for, unless that is too long for a request first made at `begun`.
async fn wait_out(call: &Call, answer: &Answer, begun: Instant, log: &Log) -> Result<(), Stop> {
    let pause = answer.retry_after().unwrap_or(RATE_LIMIT_PAUSE);
    if begun.elapsed() + pause > RATE_LIMIT_PATIENCE {
        return Err(Stop::CouldNotRun(format!(
            "{} {} is rate limited, and waiting longer than {} s is out of the question",
            call.method,
            call.target,
            RATE_LIMIT_PATIENCE.as_secs()
        )));
    }
    log.note(format!("rate limited: waiting {} ms", pause.as_millis()));
    tokio::time::sleep(pause).await;
    Ok(())
}
