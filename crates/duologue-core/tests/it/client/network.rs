//! The way of a request to the server and of its answer back, with what may befall both.

use duologue_core::client::{Answer, Call, Token};
use duologue_core::server::Body;

use crate::client::device::Fate;
use crate::world::World;

/// Sends a call to the server, as its fate will have it.
pub(crate) fn exchange(world: &mut World, token: &Token, call: &Call, fate: Fate) -> Answer {
    match fate {
        Fate::Lost => return Answer::Missing,
        Fate::Refused(status) => {
            return Answer::Http {
                status,
                body: Vec::new(),
            };
        }
        Fate::Answered | Fate::Unanswered => {}
    }
    let http = call.to_http();
    let body = http.body.map(|body| body.to_string()).unwrap_or_default();
    let (status, body) = world.request(
        token.as_str(),
        http.method,
        &http.path_and_query,
        body.as_bytes(),
    );
    if fate == Fate::Unanswered {
        return Answer::Missing;
    }
    Answer::Http {
        status,
        body: bytes(body),
    }
}

pub(crate) fn bytes(body: Body) -> Vec<u8> {
    match body {
        Body::Json(text) => text.into_bytes(),
        Body::Empty | Body::Stream { .. } | Body::Upload(_) | Body::Download(_) => Vec::new(),
    }
}
