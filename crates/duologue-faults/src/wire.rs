//! What goes wrong with bytes: the shell calls these on everything that comes and goes.

use std::fmt;
use std::sync::Arc;

use http::{Method, request, response};

use crate::twist::Twist;

type Arrives = Arc<dyn Fn(&mut request::Parts) + Send + Sync>;
type Leaves = Arc<dyn Fn(&Asked, &mut response::Parts) + Send + Sync>;
type Hears = Arc<dyn Fn(&str, Option<u16>) -> Option<u16> + Send + Sync>;
type Piece = Arc<dyn Fn(&Asked, &mut Vec<u8>) -> bool + Send + Sync>;

/// Which request an answer belongs to.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its method.
    pub method: Method,
    /// Its path, as it came.
    pub path: String,
}

impl Asked {
    /// Whether it opened an event stream.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        self.method == Method::GET && self.path == "/v1/events"
    }
}

/// Hooks into the shell; without any it does what it should.
#[derive(Clone, Default)]
pub struct Wire {
    arrives: Option<Arrives>,
    leaves: Option<Leaves>,
    piece: Option<Piece>,
    hears: Option<Hears>,
}

impl Wire {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.arrives.is_none()
            && self.leaves.is_none()
            && self.piece.is_none()
            && self.hears.is_none()
    }

    /// Changes the head of a request that has arrived.
    pub fn arrives(&self, head: &mut request::Parts) {
        if let Some(edit) = &self.arrives {
            edit(head);
        }
    }

    /// Changes the head of an answer that is about to leave.
    pub fn leaves(&self, asked: &Asked, head: &mut response::Parts) {
        if let Some(edit) = &self.leaves {
            edit(asked, head);
        }
    }

    /// Changes a piece of an answer's body; `false`: it is the last one.
    #[must_use]
    pub fn piece(&self, asked: &Asked, piece: &mut Vec<u8>) -> bool {
        self.piece.as_ref().is_none_or(|edit| edit(asked, piece))
    }

    /// What the server takes a push gateway's status for, by the `message_id` of the push; `None`:
    /// there was no answer.
    #[must_use]
    pub fn hears(&self, push: &str, status: Option<u16>) -> Option<u16> {
        self.hears
            .as_ref()
            .map_or(status, |edit| edit(push, status))
    }

    /// The head of a request is taken for another one.
    pub(crate) fn on_arrival(edit: impl Fn(&mut request::Parts) + Send + Sync + 'static) -> Self {
        Self {
            arrives: Some(Arc::new(edit)),
            ..Self::default()
        }
    }

    /// The head of an answer leaves as another one.
    pub(crate) fn on_leaving(
        edit: impl Fn(&Asked, &mut response::Parts) + Send + Sync + 'static,
    ) -> Self {
        Self {
            leaves: Some(Arc::new(edit)),
            ..Self::default()
        }
    }

    /// A piece of an answer's body leaves as another one; `false`: it is the last one.
    pub(crate) fn on_piece(
        edit: impl Fn(&Asked, &mut Vec<u8>) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            piece: Some(Arc::new(edit)),
            ..Self::default()
        }
    }

    /// The text of each frame of an event stream: an event with its empty line, or a comment.
    pub(crate) fn on_frame(edit: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self::on_piece(move |asked, piece| {
            if asked.is_stream() {
                let text = String::from_utf8_lossy(piece).into_owned();
                let frames = text.split_inclusive("\n\n");
                *piece = frames.map(&edit).collect::<String>().into_bytes();
            }
            true
        })
    }

    /// A push gateway's status is taken for another one, by the `message_id` of the push.
    pub(crate) fn on_gateway_answer(
        edit: impl Fn(&str, Option<u16>) -> Option<u16> + Send + Sync + 'static,
    ) -> Self {
        Self {
            hears: Some(Arc::new(edit)),
            ..Self::default()
        }
    }

    /// Both at once; where both have a hook the first counts.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            arrives: self.arrives.or(other.arrives),
            leaves: self.leaves.or(other.leaves),
            piece: self.piece.or(other.piece),
            hears: self.hears.or(other.hears),
        }
    }
}

impl From<Wire> for Twist {
    fn from(wire: Wire) -> Self {
        Self {
            wire,
            ..Self::default()
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire")
            .field("idle", &self.is_idle())
            .finish_non_exhaustive()
    }
}
