//! What comes on the stream: handed over once, acknowledged afterwards (CLI-001 to CLI-007).

use duologue_core::client::Call;
use serde_json::json;

use crate::client::device::{Device, Fate, text};
use crate::world::World;

fn world() -> World {
    World::new(&json!({}), &json!({}))
}

/// CLI-002, CLI-003, CLI-006
#[test]
fn a_message_that_comes_again_is_acknowledged_again_and_not_handed_over_again() {
    let mut world = world();
    world.send("a", "b", "once");
    let mut b = Device::new("b", "laptop");
    b.login(&world);
    for fate in [Fate::Answered, Fate::Answered] {
        b.perform(&mut world, fate);
    }
    b.pump(&mut world, 1);
    // The acknowledgement is lost, and so is the stream.
    b.perform(&mut world, Fate::Lost);
    b.cut(&mut world);
    b.wake();
    b.settle(&mut world);
    assert_eq!(b.news.iter().map(text).collect::<Vec<_>>(), ["once"]);
    assert_eq!(
        b.log
            .iter()
            .filter(|line| *line == "POST /v1/events/ack")
            .count(),
        2
    );
    assert!(world.mailbox("b").is_empty());
}

/// What the next process of a client starts with.
fn restarted(b: &Device) -> Device {
    let written = serde_json::to_string(&b.client.to_store()).unwrap();
    Device::with_store("b", "laptop", serde_json::from_str(&written).unwrap())
}

/// CLI-003, CLI-006
#[test]
fn a_client_with_the_store_of_an_earlier_one_hands_nothing_over_again() {
    let mut world = world();
    world.send("a", "b", "before the restart");
    let mut first = Device::new("b", "laptop");
    first.login(&world);
    first.perform(&mut world, Fate::Answered);
    first.perform(&mut world, Fate::Answered);
    first.pump(&mut world, 9);
    // The application has it, and the acknowledgement is never made.
    assert_eq!(first.news.len(), 1);
    let mut second = restarted(&first);
    second.login(&world);
    second.settle_known(&mut world);
    assert_eq!(
        second.since(),
        ["POST /v1/sessions", "GET /v1/events", "refresh"]
    );
    assert!(
        world.mailbox("b").is_empty(),
        "what is known is acknowledged"
    );
}

/// CLI-005
#[test]
fn what_the_application_never_took_comes_again_after_a_restart() {
    let mut world = world();
    world.send("a", "b", "not taken");
    let mut first = Device::new("b", "laptop");
    first.prompt = false;
    first.login(&world);
    first.settle(&mut world);
    let mut second = restarted(&first);
    second.login(&world);
    second.settle(&mut world);
    assert_eq!(
        second.news.iter().map(text).collect::<Vec<_>>(),
        ["not taken"]
    );
    assert!(world.mailbox("b").is_empty());
}

/// CLI-004
#[test]
fn each_sync_ends_with_one_refresh_also_an_empty_one() {
    let mut world = world();
    let mut b = Device::live(&mut world, "b", "laptop");
    assert_eq!(
        b.since(),
        ["POST /v1/sessions", "GET /v1/events", "refresh"]
    );
    for _ in 0..3 {
        b.cut(&mut world);
        b.wake();
        b.settle(&mut world);
        assert_eq!(b.since(), ["GET /v1/events", "refresh"]);
    }
}

/// CLI-005, CLI-006
#[test]
fn nothing_is_acknowledged_before_the_application_has_it() {
    let mut world = world();
    world.send("a", "b", "one");
    world.send("a", "b", "two");
    let mut b = Device::new("b", "laptop");
    b.prompt = false;
    b.login(&world);
    b.settle(&mut world);
    world.send("a", "b", "three");
    b.settle(&mut world);
    assert!(!b.log.contains(&"POST /v1/events/ack".into()));
    assert_eq!(world.mailbox("b").len(), 3);
    b.take();
    b.settle(&mut world);
    assert_eq!(
        b.log
            .iter()
            .filter(|line| *line == "POST /v1/events/ack")
            .count(),
        1
    );
    assert!(world.mailbox("b").is_empty());
}

/// CLI-007
#[test]
fn what_this_version_does_not_know_is_ignored_or_handed_over_as_it_is() {
    let mut world = world();
    let mut b = Device::live(&mut world, "b", "laptop");
    b.since();
    b.event("typing", Some("900"), "{}");
    b.event("message", None, "not even JSON");
    b.event("sync_done", None, "{}");
    assert_eq!(b.since(), [""; 0]);
    let poll = json!({ "path": "live", "shown_in": "a later version", "message": {
        "message_id": "m-1", "seq": 1, "from": "a", "to": "b", "time_ms": 1,
        "sender": { "role": "robot", "mood": "good" },
        "content": { "type": "poll", "question": "?" },
        "stored_bytes": 40, "expires_ms": 2, "reactions": []
    }});
    b.event("message", None, &poll.to_string());
    assert_eq!(b.since(), [r#"new {"question":"?","type":"poll"}"#]);
    assert_eq!(b.state(), "live");
}

/// CLI-002
#[test]
fn an_online_only_message_is_handed_over_and_has_no_place_in_the_conversation() {
    let mut world = world();
    let mut b = Device::live(&mut world, "b", "laptop");
    let content = json!({ "type": "text", "text": "typing" });
    let body = json!({ "to": "b", "content": content, "lifetime_s": 0 });
    world.user("a", "POST", "/v1/messages", &body);
    b.settle(&mut world);
    assert_eq!(b.news.iter().map(text).collect::<Vec<_>>(), ["typing"]);
    assert_eq!(b.read_texts(&mut world, "a", 5, None), [""; 0]);
}

/// CLI-006
#[test]
fn one_acknowledgement_at_a_time_stands_for_all_before_it() {
    let mut world = world();
    for number in 0..20 {
        world.send("a", "b", &number.to_string());
    }
    let mut b = Device::new("b", "laptop");
    b.login(&world);
    b.settle(&mut world);
    let acks = b
        .log
        .iter()
        .filter(|line| *line == "POST /v1/events/ack")
        .count();
    assert_eq!(
        acks, 2,
        "one for the first message, one for all that came meanwhile"
    );
    let cursor = duologue_core::id::Cursor(17);
    let http = Call::Acknowledge(cursor).to_http();
    assert_eq!(http.body, Some(json!({ "cursor": "17" })));
}

/// CLI-006
#[test]
fn an_acknowledgement_without_an_answer_is_made_again() {
    let mut world = world();
    let mut b = Device::live(&mut world, "b", "laptop");
    world.send("a", "b", "hi");
    b.pump(&mut world, 1);
    for fate in [Fate::Lost, Fate::Refused(503)] {
        b.perform(&mut world, fate);
        assert_eq!(world.mailbox("b").len(), 1);
        b.wake();
    }
    b.settle(&mut world);
    assert!(world.mailbox("b").is_empty());
}
