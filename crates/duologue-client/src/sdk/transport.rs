//! Requests and streams of the machine, over HTTP; what becomes of them goes back as inputs.

use std::time::Duration;

use duologue_core::client::{Answer, Call, Input, RawEvent, RequestId, StreamNumber, Token};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::events::{EventStream, Opened, StreamItem};
use crate::http::Http;
use crate::response::RawResponse;

/// Makes one request.
pub(super) async fn request(
    http: Http,
    request: RequestId,
    token: Token,
    call: Call,
    reports: mpsc::Sender<Input>,
) {
    let call = call.to_http();
    let token = Some(token.as_str());
    let sent = http.json(call.method, &call.path_and_query, token, call.body.as_ref());
    let answer = sent.await.map_or(Answer::Missing, into_answer);
    // A driver that has ended does not want to know.
    let _ = reports.send(Input::Answered { request, answer }).await;
}

/// Opens one stream and reads it to its end.
pub(super) async fn stream(
    http: Http,
    stream: StreamNumber,
    token: Token,
    silence: Duration,
    reports: mpsc::Sender<Input>,
) {
    let refused = |answer| Input::StreamRefused { stream, answer };
    let mut events = match EventStream::open(&http, Some(token.as_str()), None).await {
        Ok(Opened::Stream(events)) => events,
        Ok(Opened::Refused(response)) => {
            let _ = reports.send(refused(into_answer(response))).await;
            return;
        }
        Err(_) => {
            let _ = reports.send(refused(Answer::Missing)).await;
            return;
        }
    };
    let mut input = Input::StreamOpened(stream);
    while reports.send(input).await.is_ok() {
        let Some(event) = next_event(&mut events, silence).await else {
            let _ = reports.send(Input::StreamEnded(stream)).await;
            return;
        };
        input = Input::StreamEvent { stream, event };
    }
}

/// The next event, comments left out (CLI-007); none at the end of the stream, however it comes.
async fn next_event(events: &mut EventStream, silence: Duration) -> Option<RawEvent> {
    loop {
        match events.next(Instant::now() + silence).await {
            Ok(StreamItem::Event { name, id, data, .. }) => {
                return Some(RawEvent { name, id, data });
            }
            Ok(StreamItem::Comment) => {}
            Ok(StreamItem::End) | Err(_) => return None,
        }
    }
}

fn into_answer(response: RawResponse) -> Answer {
    Answer::Http {
        status: response.status,
        body: response.body.into(),
    }
}
