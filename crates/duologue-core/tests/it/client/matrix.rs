//! The transition matrix: rows are states, columns are what may happen.

use std::fmt::Write as _;

use duologue_core::client::{
    Account, Answer, Client, Effect, Input, Moment, Options, RawEvent, RequestId, Store,
    StreamNumber,
};
use duologue_core::id::{DeviceId, Platform, UserId};
use duologue_core::server::IdSource;

struct Zero;

impl IdSource for Zero {
    fn next_id(&mut self) -> u128 {
        0
    }
}

const LOGIN: RequestId = RequestId(1);
const STREAM: StreamNumber = StreamNumber(2);

fn login() -> Input {
    Input::Login(Account {
        user: UserId::parse("b").unwrap(),
        credential: "secret".into(),
        device: DeviceId::parse("laptop").unwrap(),
        platform: Platform::parse("ios").unwrap(),
    })
}

fn http(status: u16, body: &str) -> Answer {
    Answer::Http {
        status,
        body: body.into(),
    }
}

fn answered(answer: Answer) -> Input {
    Input::Answered {
        request: LOGIN,
        answer,
    }
}

fn logged_in() -> Input {
    answered(http(201, r#"{ "session_token": "token" }"#))
}

fn event(name: &str, data: &str) -> Input {
    let event = RawEvent {
        name: name.into(),
        id: None,
        data: data.into(),
    };
    Input::StreamEvent {
        stream: STREAM,
        event,
    }
}

fn message(id: &str) -> String {
    format!(
        r#"{{"message_id":"{id}","seq":1,"from":"a","to":"b","sender":{{"role":"user"}},"time_ms":1,
        "content":{{"type":"text","text":"hi"}}}}"#
    )
}

/// How a client gets into each state.
fn states() -> Vec<(&'static str, Vec<Input>)> {
    let opened = || vec![login(), logged_in(), Input::StreamOpened(STREAM)];
    let with = |mut inputs: Vec<Input>, last| {
        inputs.push(last);
        inputs
    };
    vec![
        ("logged_out", vec![]),
        ("connecting: login", vec![login()]),
        ("waiting: login", vec![login(), answered(Answer::Missing)]),
        ("connecting: stream", vec![login(), logged_in()]),
        (
            "waiting: stream",
            with(opened(), Input::StreamEnded(STREAM)),
        ),
        ("syncing", opened()),
        ("live", with(opened(), event("sync_done", "{}"))),
        (
            "ended",
            with(opened(), event("kicked", r#"{"reason":"replaced"}"#)),
        ),
    ]
}

fn events() -> Vec<(&'static str, Input)> {
    let refused = |answer| Input::StreamRefused {
        stream: STREAM,
        answer,
    };
    let path = format!(r#"{{"path":"live","message":{}}}"#, message("m-1"));
    let recents = format!(
        r#"{{"recents":[{{"peer":"a","message":{}}}]}}"#,
        message("m-2")
    );
    vec![
        ("login()", login()),
        ("login 201", logged_in()),
        ("login 403", answered(http(403, "{}"))),
        ("login 503", answered(http(503, ""))),
        ("stream opened", Input::StreamOpened(STREAM)),
        ("stream 503", refused(http(503, ""))),
        (
            "stream 401",
            refused(http(401, r#"{"code":"session_ended"}"#)),
        ),
        ("message", event("message", &path)),
        ("recents", event("recents", &recents)),
        ("sync_done", event("sync_done", "{}")),
        ("kicked", event("kicked", r#"{"reason":"replaced"}"#)),
        ("unknown event", event("typing", "{}")),
        ("stream ended", Input::StreamEnded(STREAM)),
        ("delay over", Input::Wake),
        ("logout()", Input::Logout),
    ]
}

/// The next state and the effects, in a word each; a dot where nothing happens.
fn cell(client: &mut Client, now: Moment, input: Input) -> String {
    let before = client.state();
    let effects = client.handle(now, input, &mut Zero);
    let mut words = Vec::new();
    if client.state() != before {
        words.push(client.state().name().to_owned());
    }
    for effect in effects {
        match effect {
            Effect::Request { call, .. } => words.push(call.to_http().method.into()),
            Effect::OpenStream { .. } => words.push("open".into()),
            Effect::CloseStream(_) => words.push("close".into()),
            Effect::SetTimer(_) => {}
            Effect::LoginFinished(Ok(())) => words.push("login ok".into()),
            Effect::LoginFinished(Err(_)) => words.push("login fails".into()),
            Effect::NewMessage { .. } => words.push("on_new_message".into()),
            Effect::Refresh => words.push("on_refresh".into()),
            Effect::Kicked { .. } => words.push("on_kicked".into()),
            Effect::SendFinished { .. } => words.push("send over".into()),
            Effect::ReadFinished { .. } => words.push("read over".into()),
        }
    }
    if words.is_empty() {
        "·".into()
    } else {
        words.join(", ")
    }
}

/// CLI-001, CLI-004, CLI-008, CLI-010
#[test]
fn every_state_answers_every_event_as_the_table_says() {
    let columns = events();
    let mut table = String::from("state");
    for (name, _) in &columns {
        let _ = write!(table, " | {name}");
    }
    table.push('\n');
    for (state, path) in states() {
        table.push_str(state);
        for (_, input) in events() {
            let mut client = Client::new(Options::default(), Store::default());
            for step in &path {
                client.handle(Moment(0), step.clone(), &mut Zero);
            }
            let _ = write!(table, " | {}", cell(&mut client, Moment(60_000), input));
        }
        table.push('\n');
    }
    insta::assert_snapshot!(table);
}
