//! A machine that does what a test says and tells what the shell reports to it.

use std::net::SocketAddr;

use duologue_client::{Endpoint, Http};
use duologue_core::event::{Event, Frame, KickReason, Kicked};
use duologue_core::id::{Cursor, MediaId};
use duologue_core::server::Machine;
use duologue_core::server::{
    Body, Effect, IdSource, PushTarget, Reply, Request, SessionId, StoredMedia, StreamId,
    UploadPermit,
};
use duologue_core::time::Timestamp;
use duologue_server::{Handle, start_with};
use tokio::sync::mpsc;

/// What the shell reports to its machine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Report {
    Closed(StreamId),
    Gone(SessionId, u64),
    Finished(u64, String),
}

/// The number of a push registration that the script calls ended.
pub(crate) const ENDED: u64 = 0;

type Answer = Box<dyn FnMut(Request<'_>) -> (Reply, Vec<Effect>) + Send>;

struct Scripted {
    answer: Answer,
    reports: mpsc::UnboundedSender<Report>,
}

/// A running server round a script.
pub(crate) struct Server {
    pub(crate) handle: Handle,
    pub(crate) http: Http,
    pub(crate) reports: mpsc::UnboundedReceiver<Report>,
}

impl Server {
    /// Starts a server that answers as `answer` does.
    pub(crate) async fn start(
        answer: impl FnMut(Request<'_>) -> (Reply, Vec<Effect>) + Send + 'static,
    ) -> Self {
        let (sender, reports) = mpsc::unbounded_channel();
        let machine = Scripted {
            answer: Box::new(answer),
            reports: sender,
        };
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let handle = start_with(any, Box::new(machine)).await.unwrap();
        let http = Http::new(Endpoint::parse(&handle.url()).unwrap()).unwrap();
        Self {
            handle,
            http,
            reports,
        }
    }

    /// Sends a request without a body and expects this status.
    pub(crate) async fn call(&self, method: &str, path: &str, status: u16) {
        let answer = self
            .http
            .request(method, path, None, &[], None)
            .await
            .unwrap();
        assert_eq!(answer.status, status, "{answer:?}");
    }
}

impl Machine for Scripted {
    fn handle(
        &mut self,
        _: Timestamp,
        request: Request<'_>,
        _: &mut dyn IdSource,
    ) -> (Reply, Vec<Effect>) {
        (self.answer)(request)
    }

    fn finish_upload(
        &mut self,
        _: &UploadPermit,
        bytes: u64,
        content_type: &str,
        _: &mut dyn IdSource,
    ) -> Result<(MediaId, Reply), Reply> {
        let _ = self
            .reports
            .send(Report::Finished(bytes, content_type.into()));
        if bytes == 0 {
            return Err(reply(400, Body::Json("{}".into())));
        }
        Ok((media_id(), reply(201, Body::Json("{}".into()))))
    }

    fn upload_too_large(&self, permit: &UploadPermit) -> Reply {
        reply(
            413,
            Body::Json(format!("{{\"most\":{}}}", permit.bytes_max)),
        )
    }

    fn stream_closed(&mut self, stream: StreamId) {
        let _ = self.reports.send(Report::Closed(stream));
    }

    fn push_is_due(&self, target: &PushTarget) -> bool {
        target.registration != ENDED
    }

    fn push_gone(&mut self, target: &PushTarget) {
        let _ = self
            .reports
            .send(Report::Gone(target.session, target.registration));
    }
}

/// A reply without headers.
pub(crate) fn reply(status: u16, body: Body) -> Reply {
    Reply {
        status,
        headers: vec![],
        body,
    }
}

/// 204 and these effects.
pub(crate) fn done(effects: Vec<Effect>) -> (Reply, Vec<Effect>) {
    (reply(204, Body::Empty), effects)
}

/// The upload of all tests.
pub(crate) fn media_id() -> MediaId {
    MediaId::parse("m1").unwrap()
}

/// What a machine says of an upload of `bytes`.
pub(crate) fn stored(bytes: u64) -> StoredMedia {
    StoredMedia {
        media: media_id(),
        bytes,
        content_type: "image/png".into(),
    }
}

/// An event that is told apart by its cursor.
pub(crate) fn numbered(cursor: u64) -> Frame {
    let event = Event::Kicked(Kicked {
        reason: KickReason::Replaced,
    });
    Frame {
        id: Some(Cursor(cursor)),
        event,
    }
}

/// The delivery of an event.
pub(crate) fn deliver(stream: StreamId, frame: Frame) -> Effect {
    Effect::Deliver { stream, frame }
}
