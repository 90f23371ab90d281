//! Histories written by hand, of a server that counts up where the model counts otherwise.

use bytes::Bytes;
use serde_json::{Value, json};

use super::history::{Answer, Exchange, Kind, Record, StreamEvent, What};
use super::{History, ModelVerdict, check};

/// A history in which alice has written to bob, whose stream is open.
struct Script(History);

impl Script {
    fn new() -> Self {
        let mut script = Self(History {
            operator: Some("op".into()),
            ..History::default()
        });
        let app = json!({ "app_id": "a1", "admin_token": "t-admin", "clock": "real" });
        script.request("op", "POST /v1/apps", &json!({}), 201, &granted(app));
        for user in ["alice", "bob"] {
            let target = format!("PUT /v1/admin/users/{user}");
            let made = json!({ "user_id": user, "nickname": null, "avatar_url": null,
                "created_ms": 1, "credential": format!("c-{user}") });
            script.request("t-admin", &target, &json!({}), 201, &made);
            let login = json!({ "user_id": user, "device_id": "phone", "platform": "test" });
            let mut session = login.clone();
            session["session_token"] = format!("s-{user}").into();
            session["now_ms"] = 1.into();
            script.request(
                &format!("c-{user}"),
                "POST /v1/sessions",
                &login,
                201,
                &session,
            );
        }
        script.stream("s-bob");
        script.event("recents", None, json!({ "recents": [] }));
        script.event("sync_done", None, json!({}));
        script.send(1, "m1");
        script
    }

    fn add(&mut self, what: What) {
        let step = format!("/steps/{}", self.0.records.len());
        self.0.records.push(Record {
            step,
            open: false,
            what,
        });
    }

    fn exchange(
        &mut self,
        token: &str,
        line: &str,
        body: &Value,
        kind: Kind,
        answer: Option<Answer>,
    ) {
        let (method, target) = line.split_once(' ').unwrap();
        let body = Bytes::from(body.to_string());
        self.add(What::Exchange(Box::new(Exchange {
            token: Some(token.into()),
            method: method.into(),
            target: target.into(),
            headers: vec![],
            body,
            kind,
            answer,
        })));
    }

    fn request(&mut self, token: &str, line: &str, body: &Value, status: u16, answer: &Value) {
        let body_of = |json: &Value| Bytes::from(json.to_string());
        let answer = Answer {
            status,
            body: body_of(answer),
        };
        self.exchange(token, line, body, Kind::Plain, Some(answer));
    }

    fn stream(&mut self, token: &str) {
        let answer = Answer {
            status: 200,
            body: Bytes::new(),
        };
        let kind = Kind::Stream(1);
        self.exchange(token, "GET /v1/events", &Value::Null, kind, Some(answer));
    }

    fn event(&mut self, name: &str, id: Option<&str>, data: Value) {
        self.add(What::Event(StreamEvent {
            stream: 1,
            name: name.into(),
            id: id.map(str::to_owned),
            data,
        }));
    }

    fn live(&mut self, cursor: &str, id: &str, seq: u64) {
        let data = json!({ "path": "live", "message": message(id, seq) });
        self.event("message", Some(cursor), data);
    }

    fn send(&mut self, seq: u64, id: &str) {
        let body = json!({ "to": "bob", "content": { "type": "text", "text": "hi" } });
        let answer = message(id, seq);
        self.request("s-alice", "POST /v1/messages", &body, 200, &answer);
    }

    /// A send of alice's that is refused.
    fn refused(&mut self, to: &str, status: u16, code: &str, open: bool) {
        let body = json!({ "to": to, "content": { "type": "text", "text": "hi" } });
        let answer = json!({ "code": code, "message": "no" });
        self.request("s-alice", "POST /v1/messages", &body, status, &answer);
        self.0.records.last_mut().unwrap().open = open;
    }

    #[track_caller]
    fn disagrees(&self, at: usize, words: &str) {
        let found = check(&self.0);
        let ModelVerdict::Disagrees { disagreements } = &found else {
            panic!("{found:?}");
        };
        assert_eq!(disagreements[0].step, format!("/steps/{at}"), "{found:?}");
        assert!(format!("{found:?}").contains(words), "{found:?}");
    }
}

fn granted(mut app: Value) -> Value {
    let limits = duologue_core::limits::Profile::default().limits();
    app["profile"] = "default".into();
    app["policy"] = json!(duologue_core::policy::Policy::default());
    app["limits"] = json!(limits);
    app["limits"]["batch_max"] = 7.into();
    app["push_vendors"] = json!(["huawei", "apns"]);
    app["push_gateway_url"] = Value::Null;
    app
}

fn message(id: &str, seq: u64) -> Value {
    let week = 604_800_000_u64;
    json!({ "message_id": id, "seq": seq, "from": "alice", "to": "bob", "sender": { "role": "user" },
        "time_ms": 5000, "content": { "type": "text", "text": "hi" }, "stored_bytes": 27,
        "expires_ms": 5000 + week })
}

#[test]
fn a_server_that_does_what_the_model_does_agrees() {
    let mut script = Script::new();
    script.live("17", "m1", 1);
    let ack = |cursor: &str| json!({ "cursor": cursor });
    script.request(
        "s-bob",
        "POST /v1/events/ack",
        &ack("17"),
        204,
        &Value::Null,
    );
    script.send(2, "m2");
    script.live("40", "m2", 2);
    let refused = json!({ "code": "user_not_found", "message": "who?", "field": "to" });
    let body = json!({ "to": "carol", "content": { "type": "text", "text": "hi" } });
    script.request("s-alice", "POST /v1/messages", &body, 404, &refused);
    let compared = script.0.records.len() as u64;
    assert_eq!(check(&script.0), ModelVerdict::Agrees { compared });
}

#[test]
fn a_wrong_seq_is_found_where_it_was_said() {
    let mut script = Script::new();
    script.send(3, "m2");
    script.disagrees(script.0.records.len() - 1, "/seq");
}

#[test]
fn another_refusal_is_found_and_ends_the_comparison() {
    let mut script = Script::new();
    let at = script.0.records.len();
    script.refused("bob", 403, "blocked_by_recipient", false);
    script.send(9, "m9");
    script.disagrees(at, "403 blocked_by_recipient");
    let ModelVerdict::Disagrees { disagreements } = check(&script.0) else {
        panic!("no disagreement");
    };
    assert_eq!(disagreements.len(), 1);
}

#[test]
fn another_status_of_success_is_found() {
    let mut script = Script::new();
    let at = script.0.records.len();
    let friends = json!({ "friends": [], "complete": true });
    script.request("s-bob", "GET /v1/friends", &Value::Null, 202, &friends);
    script.disagrees(at, "202");
}

#[test]
fn of_several_faults_any_may_be_reported_but_not_one_of_a_later_check() {
    let check = |code: &str, status: u16, open: bool, agrees: bool| {
        let mut script = Script::new();
        script.refused("bad id!", status, code, open);
        let found = check(&script.0);
        let agreed = matches!(found, ModelVerdict::Agrees { .. });
        assert_eq!(agreed, agrees, "{code}: {found:?}");
    };
    check("invalid_lifetime", 400, false, true);
    check("body_too_large", 413, false, true);
    check("user_not_found", 404, false, false);
    check("malformed_json", 400, false, false);
    check("malformed_json", 400, true, true);
}

#[test]
fn an_event_too_many_is_found() {
    let mut script = Script::new();
    script.live("17", "m1", 1);
    script.live("18", "m2", 2);
    script.disagrees(script.0.records.len() - 1, "the model does not send");
}

#[test]
fn an_event_that_is_left_out_is_found_by_the_next_one_or_by_silence() {
    let mut script = Script::new();
    script.send(2, "m2");
    script.live("18", "m2", 2);
    script.disagrees(script.0.records.len() - 1, "/message/message_id");
    let mut script = Script::new();
    script.add(What::Silence { stream: 1 });
    script.disagrees(script.0.records.len() - 1, "nothing came");
}

#[test]
fn a_cursor_that_does_not_grow_is_found() {
    let mut script = Script::new();
    script.live("17", "m1", 1);
    script.send(2, "m2");
    script.live("16", "m2", 2);
    script.disagrees(script.0.records.len() - 1, "(id)");
}

#[test]
fn a_request_that_nobody_answered_ends_the_comparison() {
    let mut script = Script::new();
    let body = json!({ "to": "bob", "content": { "type": "text", "text": "hi" } });
    script.exchange("s-alice", "POST /v1/messages", &body, Kind::Plain, None);
    script.send(9, "m9");
    let found = check(&script.0);
    let step = format!("/steps/{}", script.0.records.len() - 2);
    assert!(
        matches!(&found, ModelVerdict::Unknown { step: at, .. } if *at == step),
        "{found:?}"
    );
}

#[test]
fn what_differs_beside_other_requests_is_unknown() {
    let mut script = Script::new();
    script.send(2, "m2");
    script.send(4, "m3");
    let last = script.0.records.len() - 1;
    script.0.records[last - 1].step = "/steps/3/parallel/branches/0/0".into();
    let found = check(&script.0);
    assert!(matches!(found, ModelVerdict::Unknown { .. }), "{found:?}");
}

#[test]
fn an_answer_that_the_scenario_leaves_open_is_no_disagreement() {
    let mut script = Script::new();
    script.refused("bob", 400, "malformed_json", true);
    let found = check(&script.0);
    assert!(matches!(found, ModelVerdict::Unknown { .. }), "{found:?}");
}

#[test]
fn too_many_requests_are_nothing_at_all() {
    let mut script = Script::new();
    let body = json!({ "to": "bob", "content": { "type": "text", "text": "hi" } });
    let wait = json!({ "code": "rate_limited", "message": "slow down", "retry_after_ms": 5 });
    script.request("s-alice", "POST /v1/messages", &body, 429, &wait);
    script.send(2, "m2");
    let found = check(&script.0);
    assert!(matches!(found, ModelVerdict::Agrees { .. }), "{found:?}");
}

#[test]
fn a_history_shows_no_token() {
    let shown = format!("{:?}", Script::new().0);
    assert!(
        !shown.contains("t-admin") && !shown.contains("op\""),
        "{shown}"
    );
}
