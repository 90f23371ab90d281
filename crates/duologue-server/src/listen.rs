//! Accepting connections; every one is a task of the server.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use crate::shared::Shared;
use crate::socket::{Socket, Unread};

/// Connections held at a time; further ones wait to be accepted (SEC-009).
const CONNECTIONS_MAX: usize = 8192;
/// How long a client may take to send the head of a request, and to begin the next one (SEC-009).
const HEAD_TIME: Duration = Duration::from_secs(60);
/// A pause when the system has no more sockets to give.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections until the server stops.
pub(crate) async fn accept(listener: TcpListener, app: Router, shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    while let Some(place) = place(&places, &shared).await {
        match shared.stop.run_until_cancelled(listener.accept()).await {
            None => break,
            Some(Ok((stream, _))) => {
                let work = serve(stream, app.clone(), Arc::clone(&shared), place);
                shared
                    .tasks
                    .spawn(shared.abort.clone().run_until_cancelled_owned(work));
            }
            Some(Err(error)) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(EXHAUSTED_PAUSE).await;
            }
        }
    }
}

async fn place(places: &Arc<Semaphore>, shared: &Shared) -> Option<OwnedSemaphorePermit> {
    shared
        .stop
        .run_until_cancelled(Arc::clone(places).acquire_owned())
        .await?
        .ok()
}

/// Serves one connection to its end; when the server stops, only the request under way.
async fn serve(stream: TcpStream, app: Router, shared: Arc<Shared>, _place: OwnedSemaphorePermit) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was refused");
    }
    let unread = Unread::default();
    let socket = TokioIo::new(Socket::new(stream, unread.clone()));
    let app = TowerToHyperService::new(app);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(unread.clone());
        app.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .serve_connection(socket, service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shared.stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended in the middle");
    }
}
