//! How long a message lives, and messages that live for no time at all.

use std::collections::BTreeMap;

use duologue_core::ErrorCode;
use duologue_core::event::{Event, Frame, MessageEvent};
use duologue_core::id::Cursor;
use duologue_core::message::Message;
use duologue_core::server::Effect;
use serde_json::{Value, json};

use super::{echoed, pushed, waits};
use crate::call::Call;
use crate::fault::Fault;
use crate::json::{number, remove, set, text};
use crate::routes::{ANY_SEND, SEND};
use crate::told::sent;
use crate::twist::{Twist, error, error_at, on};
use crate::world::{Outcome, World};

pub(crate) const FAULTS: &[Fault] = &[
    Fault {
        id: "sending-lifetime-promised-beyond-the-roaming-time",
        requirement: "SND-012",
        sentence: "`expires_ms` is what was asked for, however long.",
        twist: || expires(|time, lifetime| time.saturating_add(lifetime.saturating_mul(1000))),
    },
    Fault {
        id: "sending-lifetime-in-milliseconds",
        requirement: "SND-012",
        sentence: "`expires_ms` takes the lifetime for milliseconds.",
        twist: || expires(u64::saturating_add),
    },
    Fault {
        id: "sending-lifetime-cut-to-the-offline-time",
        requirement: "SND-012",
        sentence: "A lifetime is cut to the time of the offline cache.",
        twist: || {
            on(SEND).request(|call, world| {
                let most = world.limit(call, "offline_ttl_s").unwrap_or_default();
                change_lifetime(call, |lifetime| lifetime.min(most));
            })
        },
    },
    Fault {
        id: "sending-no-lifetime-means-the-offline-time",
        requirement: "SND-012",
        sentence: "A message without a lifetime ends with the time of the offline cache.",
        twist: || {
            on(SEND).request(|call, world| {
                let mut body = call.json();
                if body.get("lifetime_s").is_none() {
                    set(
                        &mut body,
                        "/lifetime_s",
                        world.limit(call, "offline_ttl_s").unwrap_or_default(),
                    );
                    call.set_json(&body);
                }
            })
        },
    },
    Fault {
        id: "sending-lifetime-told-and-not-kept",
        requirement: "SND-012",
        sentence: "A lifetime is told, and the message lives as long as any other.",
        twist: || {
            let forgotten = on(SEND).request(|call, _| change_lifetime(call, |_| 1_000_000_000));
            forgotten.and(expires(|time, lifetime| time + 1000 * lifetime))
        },
    },
    Fault {
        id: "sending-lifetime-ends-early",
        requirement: "SND-012",
        sentence: "A message ends a second before its `expires_ms`.",
        twist: || {
            let early = on(SEND).request(|call, _| change_lifetime(call, |lifetime| lifetime - 1));
            early.and(expires(|time, lifetime| time + 1000 * lifetime))
        },
    },
    Fault {
        id: "sending-lifetime-beyond-the-roaming-time-refused",
        requirement: "SND-012",
        sentence: "A lifetime beyond the roaming time is refused.",
        twist: || {
            on(SEND).instead(|call, world| {
                let most = world.limit(call, "roaming_ttl_s").unwrap_or_default();
                (number(&call.json(), "/lifetime_s") > most).then(invalid_lifetime)
            })
        },
    },
    Fault {
        id: "sending-lifetime-of-33-bits-refused",
        requirement: "SND-012",
        sentence: "A lifetime of more than 32 bits is refused.",
        twist: || {
            on(SEND).instead(|call, _| {
                let lifetime = number(&call.json(), "/lifetime_s");
                u32::try_from(lifetime).is_err().then(invalid_lifetime)
            })
        },
    },
    Fault {
        id: "sending-negative-lifetime-taken",
        requirement: "SND-013",
        sentence: "A negative lifetime counts as none.",
        twist: || takes_lifetime(|given| given.as_i64().filter(|n| *n < 0).map(|_| Value::Null)),
    },
    Fault {
        id: "sending-lifetime-rounded-down",
        requirement: "SND-013",
        sentence: "The fraction of a lifetime is cut off.",
        twist: || {
            takes_lifetime(|given| {
                let digits = given.to_string();
                let (whole, _) = digits.split_once('.').filter(|_| given.is_f64())?;
                Some(whole.parse::<u64>().ok()?.into())
            })
        },
    },
    Fault {
        id: "sending-lifetime-of-less-than-a-second-taken",
        requirement: "SND-013",
        sentence: "A lifetime of a fraction of a second counts as 0.",
        twist: || {
            takes_lifetime(|given| {
                let fraction = given.as_f64().filter(|_| given.is_f64())?;
                (0.0..1.0).contains(&fraction).then(|| json!(0))
            })
        },
    },
    Fault {
        id: "sending-lifetime-in-a-string-taken",
        requirement: "SND-013",
        sentence: "A lifetime in a string is read as its number.",
        twist: || takes_lifetime(|given| Some(given.as_str()?.parse::<u64>().ok()?.into())),
    },
    Fault {
        id: "sending-boolean-lifetime-taken",
        requirement: "SND-013",
        sentence: "A lifetime of `true` counts as 1.",
        twist: || takes_lifetime(|given| given.as_bool().map(|yes| u64::from(yes).into())),
    },
    Fault {
        id: "sending-null-lifetime-taken",
        requirement: "SND-013",
        sentence: "A lifetime of null counts as none.",
        twist: || takes_lifetime(|given| given.is_null().then_some(Value::Null)),
    },
    Fault {
        id: "sending-listed-lifetime-taken",
        requirement: "SND-013",
        sentence: "A lifetime in a list is taken out of it.",
        twist: || takes_lifetime(|given| given.as_array()?.first().cloned()),
    },
    Fault {
        id: "sending-invalid-lifetime-is-an-invalid-field",
        requirement: "SND-013",
        sentence: "A bad lifetime is refused as any other field.",
        twist: || on(SEND).confuses(ErrorCode::InvalidLifetime, ErrorCode::InvalidField),
    },
    Fault {
        id: "sending-invalid-lifetime-sent-nevertheless",
        requirement: "SND-013",
        sentence: "A send with a bad lifetime is refused, and the message is stored all the same.",
        twist: || {
            on(SEND).outcome(|call, outcome, world| {
                if outcome.is_refused(ErrorCode::InvalidLifetime) {
                    let mut body = call.json();
                    remove(&mut body, "/lifetime_s");
                    let mut sent = call.clone();
                    sent.set_json(&body);
                    outcome.effects.extend(world.ask(&sent).effects);
                }
            })
        },
    },
    Fault {
        id: "sending-online-only-with-an-id",
        requirement: "SND-014",
        sentence: "A message of lifetime 0 has an SSE `id`.",
        twist: || {
            online_only_frames(|mut frame| {
                frame.id = Some(Cursor(1));
                vec![frame]
            })
        },
    },
    Fault {
        id: "sending-online-only-twice",
        requirement: "SND-014",
        sentence: "A message of lifetime 0 goes live twice.",
        twist: || online_only_frames(|frame| vec![frame.clone(), frame]),
    },
    Fault {
        id: "sending-online-only-to-one-stream",
        requirement: "SND-014",
        sentence: "A message of lifetime 0 goes live to the recipient's oldest stream only.",
        twist: || {
            online_only_effects(|stream, message, world| {
                let reader = world.listener(stream);
                let mut his = world.book.streams_of(reader.app(), reader.user());
                reader.user() != message.to.as_str() || his.next() == Some(stream)
            })
        },
    },
    Fault {
        id: "sending-online-only-not-to-other-sessions",
        requirement: "SND-014",
        sentence: "A message of lifetime 0 does not go to the sender's other sessions.",
        twist: || {
            online_only_effects(|stream, message, world| {
                world.listener(stream).user() == message.to.as_str()
            })
        },
    },
    Fault {
        id: "sending-online-only-echoed",
        requirement: "SND-014",
        sentence: "A message of lifetime 0 goes live to the session that sent it, too.",
        twist: || echoed(is_online_only),
    },
    Fault {
        id: "sending-lifetime-of-0-is-none",
        requirement: "SND-015",
        sentence: "A lifetime of 0 counts as none given.",
        twist: || {
            on(SEND).body(|body| {
                if body["lifetime_s"] == 0 {
                    remove(body, "/lifetime_s");
                }
            })
        },
    },
    Fault {
        id: "sending-online-only-has-seq-0",
        requirement: "SND-015",
        sentence: "The answer to a send of lifetime 0 says `seq` 0.",
        twist: || {
            on(SEND).answer(|message| {
                if message["seq"].is_null() {
                    set(message, "/seq", 0);
                }
            })
        },
    },
    Fault {
        id: "sending-online-only-told-to-live-on",
        requirement: "SND-015",
        sentence: "The answer to a send of lifetime 0 promises the roaming time.",
        twist: || {
            on(SEND).outcome(|call, outcome, world| {
                let roaming = 1000 * world.limit(call, "roaming_ttl_s").unwrap_or_default();
                if sent(outcome).is_some_and(|message| is_online_only(&message)) {
                    outcome.edit(|message| {
                        let time = number(message, "/time_ms");
                        set(message, "/expires_ms", time + roaming);
                    });
                }
            })
        },
    },
    Fault {
        id: "sending-online-only-to-nobody-there-refused",
        requirement: "SND-015",
        sentence: "A send of lifetime 0 is refused when its recipient is offline.",
        twist: || on(SEND).outcome(refuse_without_reader),
    },
    Fault {
        id: "sending-online-only-stored",
        requirement: "SND-015",
        sentence: "A message of lifetime 0 is answered as one, and stored like any other.",
        twist: stored,
    },
    Fault {
        id: "sending-online-only-waits",
        requirement: "SND-015",
        sentence: "A message of lifetime 0 waits in the mailbox.",
        twist: || waits(is_online_only),
    },
    Fault {
        id: "sending-online-only-in-recents",
        requirement: "SND-015",
        sentence: "A message of lifetime 0 stands in the sender's recent contacts.",
        twist: in_recents,
    },
    Fault {
        id: "sending-online-only-pushed",
        requirement: "SND-015",
        sentence: "A message of lifetime 0 is pushed.",
        twist: || pushed(is_online_only),
    },
];

fn is_online_only(message: &Message) -> bool {
    message.seq.is_none()
}

fn invalid_lifetime() -> Outcome {
    error_at(ErrorCode::InvalidLifetime, "lifetime_s").into()
}

/// Changes a lifetime above 0.
fn change_lifetime(call: &mut Call, change: impl FnOnce(u64) -> u64) {
    let mut body = call.json();
    let lifetime = number(&body, "/lifetime_s");
    if lifetime > 0 {
        set(&mut body, "/lifetime_s", change(lifetime));
        call.set_json(&body);
    }
}

/// Where a lifetime is given, the answer tells another end, reckoned from the time and the lifetime.
fn expires(reckon: fn(u64, u64) -> u64) -> Twist {
    on(SEND).outcome(move |call, outcome, _| {
        let lifetime = number(&call.json(), "/lifetime_s");
        if lifetime > 0 && outcome.reply.status == 200 {
            outcome.edit(|message| {
                let time = number(message, "/time_ms");
                set(message, "/expires_ms", reckon(time, lifetime));
            });
        }
    })
}

/// A lifetime for which `read` has something else is taken for that; null: for none.
fn takes_lifetime(read: fn(&Value) -> Option<Value>) -> Twist {
    on(SEND).body(move |body| match body.get("lifetime_s").and_then(read) {
        Some(Value::Null) => drop(remove(body, "/lifetime_s")),
        Some(lifetime) => set(body, "/lifetime_s", lifetime),
        None => {}
    })
}

fn online_only_frames(edit: fn(Frame) -> Vec<Frame>) -> Twist {
    on(ANY_SEND).frames(move |frame| match &frame.event {
        Event::Message(event) if is_online_only(&event.message) => edit(frame),
        Event::Message(_) | Event::Recents(_) | Event::SyncDone | Event::Kicked(_) => vec![frame],
    })
}

/// Keeps of the live copies of an online-only message those that `keeps` says.
fn online_only_effects(
    keeps: fn(duologue_core::server::StreamId, &Message, &World<'_>) -> bool,
) -> Twist {
    on(ANY_SEND).effects(move |effect, world| {
        let kept = match &effect {
            Effect::Deliver { stream, frame } => match &frame.event {
                Event::Message(event) if is_online_only(&event.message) => {
                    keeps(*stream, &event.message, world)
                }
                Event::Message(_) | Event::Recents(_) | Event::SyncDone | Event::Kicked(_) => true,
            },
            Effect::Close { .. } | Effect::Push { .. } | Effect::DropMedia(_) => true,
        };
        kept.then_some(effect).into_iter().collect()
    })
}

fn refuse_without_reader(call: &Call, outcome: &mut Outcome, world: &mut World<'_>) {
    let Some(message) = sent(outcome).filter(is_online_only) else {
        return;
    };
    let app = world.who(call).app().to_owned();
    let path = format!("/v1/admin/users/{}/presence", message.to);
    let presence = world.as_admin(call, &app, "GET", &path, &Value::Null);
    if number(&presence.json(), "/open_streams") == 0 {
        *outcome = error(ErrorCode::UserNotFound).into();
    }
}

fn stored() -> Twist {
    on(SEND).instead(|call, world| {
        let mut body = call.json();
        if body["lifetime_s"] != 0 {
            return None;
        }
        remove(&mut body, "/lifetime_s");
        call.set_json(&body);
        let mut outcome = world.ask(call);
        outcome.edit(|message| {
            set(message, "/seq", Value::Null);
            set(message, "/expires_ms", number(message, "/time_ms"));
        });
        for effect in &mut outcome.effects {
            if let Effect::Deliver { frame, .. } = effect {
                pretend_online_only(frame);
            }
        }
        Some(outcome)
    })
}

fn pretend_online_only(frame: &mut Frame) {
    if let Event::Message(event) = &mut frame.event {
        let MessageEvent { message, .. } = &mut **event;
        message.seq = None;
        message.expires_ms = message.time_ms;
        frame.id = None;
    }
}

fn in_recents() -> Twist {
    let mut last = BTreeMap::new();
    on("POST /v1/messages | GET /v1/recents").outcome(move |call, outcome, world| {
        let app = world.who(call).app().to_owned();
        if call.method == "POST" {
            last.insert(app, sent(outcome).filter(is_online_only));
        } else if let Some(Some(message)) = last.get(&app)
            && message.from.as_str() == world.who(call).user()
        {
            let recent = json!({"peer": message.to.as_str(), "message": message});
            outcome.edit_list("/recents", |recents| {
                recents.retain(|other| text(other, "/peer") != message.to.as_str());
                recents.insert(0, recent.clone());
            });
        }
    })
}
