//! Lets a deliberate fault at what comes in and goes out.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use duologue_faults::{Asked, Wire};
use futures_util::{StreamExt as _, stream};

/// The application with `wire` round it.
pub(crate) fn with(app: Router, wire: Wire) -> Router {
    if wire.is_idle() {
        return app;
    }
    let wire = Arc::new(wire);
    app.layer(from_fn(move |request, next| {
        twisted(Arc::clone(&wire), request, next)
    }))
}

async fn twisted(wire: Arc<Wire>, request: Request, next: Next) -> Response {
    let asked = Asked {
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
    };
    let (mut head, body) = request.into_parts();
    wire.arrives(&mut head);
    let answer = next.run(Request::from_parts(head, body)).await;
    let (mut head, body) = answer.into_parts();
    wire.leaves(&asked, &mut head);
    let pieces = stream::unfold(
        (Some(body.into_data_stream()), wire, asked),
        async |(pieces, wire, asked)| {
            let mut pieces = pieces?;
            match pieces.next().await? {
                Ok(piece) => {
                    let mut piece = Vec::from(piece);
                    let goes_on = wire.piece(&asked, &mut piece);
                    Some((
                        Ok(Bytes::from(piece)),
                        (goes_on.then_some(pieces), wire, asked),
                    ))
                }
                Err(error) => Some((Err(error), (None, wire, asked))),
            }
        },
    );
    Response::from_parts(head, Body::from_stream(pieces))
}
