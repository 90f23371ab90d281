//! What goes wrong, as hooks round the core's server, and the words to say it in.

use duologue_core::ErrorCode;
use duologue_core::event::{Event, Frame, MessageEvent};
use duologue_core::server::{Body, Effect, Reply, UploadPermit};
use serde_json::{Value, json};

use crate::call::Call;
use crate::json::{remove, set};
use crate::routes::EVENTS;
use crate::wire::Wire;
use crate::world::{Outcome, World, edit_json, json_of, reply};

type Before = Box<dyn FnMut(&mut Call, &mut World<'_>) -> Option<Outcome> + Send>;
type After = Box<dyn FnMut(&Call, &mut Outcome, &mut World<'_>) + Send>;
type Upload = Box<dyn FnMut(&mut UploadPermit, &mut u64, &mut String) + Send>;
type Uploaded = Box<dyn FnMut(&mut Reply) + Send>;

/// Hooks round the core's server; without any it is the reference server.
#[derive(Default)]
pub(crate) struct Twist {
    /// Before the core sees a request: changes it, or answers in the core's place.
    pub(crate) before: Vec<Before>,
    /// After the core has answered.
    pub(crate) after: Vec<After>,
    /// Before the core hears of an upload that has arrived.
    pub(crate) upload: Vec<Upload>,
    /// After the core has answered to an upload, with success or a refusal.
    pub(crate) uploaded: Vec<Uploaded>,
    /// Every push goes, also to a registration that has ended.
    pub(crate) pushes_always: bool,
    /// The core never hears of a token that a gateway called gone.
    pub(crate) ignores_gone: bool,
    /// The core never hears that a stream has ended on the wire.
    pub(crate) ignores_ends: bool,
    /// What happens to bytes.
    pub(crate) wire: Wire,
}

impl Twist {
    /// Both at once.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.before.extend(other.before);
        self.after.extend(other.after);
        self.upload.extend(other.upload);
        self.uploaded.extend(other.uploaded);
        self.pushes_always |= other.pushes_always;
        self.ignores_gone |= other.ignores_gone;
        self.ignores_ends |= other.ignores_ends;
        self.wire = self.wire.or(other.wire);
        self
    }
}

/// What goes wrong at requests that fit a pattern; see [`Call::is`].
pub(crate) fn on(pattern: &'static str) -> On {
    On { pattern }
}

/// What goes wrong at some requests.
#[derive(Clone, Copy)]
pub(crate) struct On {
    pattern: &'static str,
}

impl On {
    /// The server takes the request for another one.
    pub(crate) fn request(
        self,
        mut edit: impl FnMut(&mut Call, &mut World<'_>) + Send + 'static,
    ) -> Twist {
        self.instead(move |call, world| {
            edit(call, world);
            None
        })
    }

    /// The server takes the JSON body for another one.
    pub(crate) fn body(self, mut edit: impl FnMut(&mut Value) + Send + 'static) -> Twist {
        self.request(move |call, _| {
            let mut body = call.json();
            if body.is_object() {
                edit(&mut body);
                call.set_json(&body);
            }
        })
    }

    /// The server reads the value at a path of keys such as `/content/text` as another one, where `edit`
    /// has one.
    pub(crate) fn reads(
        self,
        pointer: &'static str,
        mut edit: impl FnMut(&Value) -> Option<Value> + Send + 'static,
    ) -> Twist {
        self.body(move |body| {
            if let Some(value) = body.pointer(pointer).and_then(&mut edit) {
                set(body, pointer, value);
            }
        })
    }

    /// The server answers in the core's place, when `answer` has one; it may also change the request.
    pub(crate) fn instead(
        self,
        mut answer: impl FnMut(&mut Call, &mut World<'_>) -> Option<Outcome> + Send + 'static,
    ) -> Twist {
        let before: Before = Box::new(move |call, world| {
            call.is(self.pattern).then(|| answer(call, world)).flatten()
        });
        Twist {
            before: vec![before],
            ..Twist::default()
        }
    }

    /// The server answers, and does nothing.
    pub(crate) fn does_nothing(self, status: u16, body: Value) -> Twist {
        self.instead(move |_, _| Some(reply(status, &body).into()))
    }

    /// The server refuses what it should do.
    pub(crate) fn refuses(self, code: ErrorCode) -> Twist {
        self.instead(move |_, _| Some(error(code).into()))
    }

    /// The server refuses requests with a value at `pointer` that `test` holds of.
    pub(crate) fn refuses_value(
        self,
        pointer: &'static str,
        code: ErrorCode,
        mut test: impl FnMut(&Value) -> bool + Send + 'static,
    ) -> Twist {
        self.instead(move |call, _| {
            let field = pointer.trim_start_matches('/').replace('/', ".");
            test(call.json().pointer(pointer)?).then(|| error_at(code, &field).into())
        })
    }

    /// Something else comes of the request.
    pub(crate) fn outcome(
        self,
        mut edit: impl FnMut(&Call, &mut Outcome, &mut World<'_>) + Send + 'static,
    ) -> Twist {
        let after: After = Box::new(move |call, outcome, world| {
            if call.is(self.pattern) {
                edit(call, outcome, world);
            }
        });
        Twist {
            after: vec![after],
            ..Twist::default()
        }
    }

    /// The JSON body of a success says something else.
    pub(crate) fn answer(self, mut edit: impl FnMut(&mut Value) + Send + 'static) -> Twist {
        self.outcome(move |_, outcome, _| {
            if outcome.reply.status < 300 {
                outcome.edit(&mut edit);
            }
        })
    }

    /// The body of an error says something else.
    pub(crate) fn error(self, mut edit: impl FnMut(&mut Value) + Send + 'static) -> Twist {
        self.outcome(move |_, outcome, _| {
            if outcome.reply.status >= 400 {
                outcome.edit(&mut edit);
            }
        })
    }

    /// Refusals name another field.
    pub(crate) fn renames_field(self, field: &'static str, to: &'static str) -> Twist {
        self.error(move |body| {
            if body["field"] == field {
                set(body, "/field", to);
            }
        })
    }

    /// A success has another status.
    pub(crate) fn status(self, status: u16) -> Twist {
        self.outcome(move |_, outcome, _| {
            if outcome.reply.status < 300 {
                outcome.reply.status = status;
            }
        })
    }

    /// What should be refused with `code` is answered with a success; nothing is done.
    pub(crate) fn accepts(self, code: ErrorCode, status: u16, body: Value) -> Twist {
        self.refused(code, move |refusal| *refusal = reply(status, &body))
    }

    /// The same refusal under another code, with that code's status.
    pub(crate) fn confuses(self, code: ErrorCode, with: ErrorCode) -> Twist {
        self.refused(code, move |refusal| {
            let field = json_of(refusal).pointer("/field").cloned();
            let mut body = json!({"code": with.as_str(), "message": "refused"});
            if let Some(field) = field {
                body["field"] = field;
            }
            *refusal = reply(with.status(), &body);
        })
    }

    /// A refusal with `code` is changed.
    pub(crate) fn refused(
        self,
        code: ErrorCode,
        mut edit: impl FnMut(&mut Reply) + Send + 'static,
    ) -> Twist {
        self.outcome(move |_, outcome, _| {
            if json_of(&outcome.reply)["code"] == code.as_str() {
                edit(&mut outcome.reply);
            }
        })
    }

    /// A refusal with `code` names no field.
    pub(crate) fn without_field(self, code: ErrorCode) -> Twist {
        self.refused(code, |refusal| {
            edit_json(refusal, |error| drop(remove(error, "/field")));
        })
    }

    /// Each effect is replaced by any number of effects.
    pub(crate) fn effects(
        self,
        mut edit: impl FnMut(Effect, &mut World<'_>) -> Vec<Effect> + Send + 'static,
    ) -> Twist {
        self.outcome(move |_, outcome, world| {
            let effects = std::mem::take(&mut outcome.effects);
            outcome.effects = effects
                .into_iter()
                .flat_map(|effect| edit(effect, world))
                .collect();
        })
    }

    /// Each event on a stream is replaced by any number of events on it.
    pub(crate) fn frames(
        self,
        mut edit: impl FnMut(Frame) -> Vec<Frame> + Send + 'static,
    ) -> Twist {
        self.effects(move |effect, _| match effect {
            Effect::Deliver { stream, frame } => edit(frame)
                .into_iter()
                .map(|frame| Effect::Deliver { stream, frame })
                .collect(),
            other => vec![other],
        })
    }

    /// The messages on streams say something else.
    pub(crate) fn messages(
        self,
        mut edit: impl FnMut(&mut MessageEvent) + Send + 'static,
    ) -> Twist {
        self.frames(move |mut frame| {
            if let Event::Message(message) = &mut frame.event {
                edit(message);
            }
            vec![frame]
        })
    }
}

/// What a stream begins with, changed as a whole: all events of the sync, `sync_done` included.
pub(crate) fn sync(mut edit: impl FnMut(&mut Vec<Frame>) + Send + 'static) -> Twist {
    on(EVENTS).outcome(move |_, outcome, _| edit_sync(outcome, &mut edit))
}

/// Pushes, each replaced by any number of pushes with the body `edit` makes of it.
pub(crate) fn pushes(mut edit: impl FnMut(Value) -> Vec<Value> + Send + 'static) -> Twist {
    on("*").effects(move |effect, _| match effect {
        Effect::Push {
            target,
            url,
            request,
        } => {
            let body = serde_json::to_value(&*request).unwrap_or_default();
            let bodies = edit(body).into_iter();
            bodies
                .filter_map(|body| serde_json::from_value(body).ok())
                .map(|request| Effect::Push {
                    target: target.clone(),
                    url: url.clone(),
                    request: Box::new(request),
                })
                .collect()
        }
        other => vec![other],
    })
}

/// Changes the sync of the stream that an outcome opens, if it opens one.
pub(crate) fn edit_sync(outcome: &mut Outcome, edit: impl FnOnce(&mut Vec<Frame>)) {
    let Body::Stream { stream, .. } = outcome.reply.body else {
        return;
    };
    let (mut frames, mut others) = (Vec::new(), Vec::new());
    for effect in std::mem::take(&mut outcome.effects) {
        match effect {
            Effect::Deliver { stream: to, frame } if to == stream => frames.push(frame),
            other => others.push(other),
        }
    }
    edit(&mut frames);
    others.extend(
        frames
            .into_iter()
            .map(|frame| Effect::Deliver { stream, frame }),
    );
    outcome.effects = others;
}

/// The answers to uploads that have arrived, successes and refusals, are changed.
pub(crate) fn uploads(edit: impl FnMut(&mut Reply) + Send + 'static) -> Twist {
    Twist {
        uploaded: vec![Box::new(edit)],
        ..Twist::default()
    }
}

/// An upload is answered 200 for 201.
pub(crate) fn uploads_answered_200() -> Twist {
    uploads(|answer| {
        if answer.status == 201 {
            answer.status = 200;
        }
    })
}

/// An error as the specification shapes it.
pub(crate) fn error(code: ErrorCode) -> Reply {
    let body = json!({"code": code.as_str(), "message": "refused"});
    reply(code.status(), &body)
}

/// An error about a field.
pub(crate) fn error_at(code: ErrorCode, field: &str) -> Reply {
    let body = json!({"code": code.as_str(), "message": "refused", "field": field});
    reply(code.status(), &body)
}
