//! `get_message`: one conversation as if all of it were local (CLI-014 to CLI-018).

use duologue_core::client::{Input, ReadError};
use duologue_core::id::{PeerId, Seq};
use serde_json::{Value, json};

use crate::client::device::{Device, Fate};
use crate::world::World;

const BOUND: &str = "9007199254740991";

fn history(query: &str) -> String {
    format!("GET /v1/conversations/a/messages?{query}")
}

/// Nearly the client of the specification's example: of twelve messages it holds 1–4, 8–10 and 12.
/// 7 is gone, which it does not know yet.
fn example() -> (World, Device) {
    let mut world = World::new(&json!({ "offline_messages_max": 1 }), &json!({}));
    let mut b = Device::live(&mut world, "b", "laptop");
    let send = |world: &mut World, number: u64| {
        let content = json!({ "type": "text", "text": number.to_string() });
        let lifetime_s = if number == 7 { 60 } else { 600 };
        let body = json!({ "to": "b", "content": content, "lifetime_s": lifetime_s });
        assert_eq!(world.user("a", "POST", "/v1/messages", &body).0, 200);
    };
    let missed = |world: &mut World, b: &mut Device, numbers: std::ops::RangeInclusive<u64>| {
        b.cut(world);
        for number in numbers {
            send(world, number);
        }
    };
    for number in 1..=4 {
        send(&mut world, number);
        b.settle(&mut world);
    }
    missed(&mut world, &mut b, 5..=8);
    b.wake_all(&mut world);
    world.advance(60_000);
    assert_eq!(b.read_texts(&mut world, "a", 1, Some(9)), ["8"]);
    for number in 9..=10 {
        send(&mut world, number);
        b.settle(&mut world);
    }
    missed(&mut world, &mut b, 11..=12);
    b.wake_all(&mut world);
    b.since();
    (world, b)
}

/// CLI-014, CLI-015, CLI-016, CLI-017
#[test]
fn exactly_the_holes_of_the_range_are_asked_for() {
    let (mut world, mut b) = example();
    assert_eq!(b.read_texts(&mut world, "a", 3, Some(11)), ["8", "9", "10"]);
    assert_eq!(b.since(), [""; 0]);
    let six = b.read_texts(&mut world, "a", 6, Some(11));
    assert_eq!(six, ["4", "5", "6", "8", "9", "10"]);
    assert_eq!(b.since(), [history("limit=3&after=4&before=8")]);
    assert!(
        b.client
            .store()
            .conversation(&PeerId::parse("a").unwrap())
            .unwrap()
            .is_gone(Seq(7))
    );
    assert_eq!(b.read_texts(&mut world, "a", 2, None), ["11", "12"]);
    assert_eq!(b.since(), [history("limit=1&after=10&before=12")]);
    let all = b.read_texts(&mut world, "a", 99, None);
    assert_eq!(
        all,
        ["1", "2", "3", "4", "5", "6", "8", "9", "10", "11", "12"]
    );
    assert_eq!(b.since(), [""; 0]);
}

/// CLI-016
#[test]
fn what_a_page_covers_and_does_not_list_is_never_asked_for_again() {
    let mut world = World::new(
        &json!({ "roaming_ttl_s": 100, "offline_ttl_s": 100 }),
        &json!({}),
    );
    for number in 1..=3 {
        world.send("a", "b", &number.to_string());
    }
    world.advance(100_000);
    world.send("a", "b", "4");
    let mut b = Device::live(&mut world, "b", "laptop");
    b.since();
    for _ in 0..2 {
        assert_eq!(b.read_texts(&mut world, "a", 9, None), ["4"]);
    }
    assert_eq!(b.since(), [history("limit=8&before=4")]);
}

/// CLI-015, CLI-017
#[test]
fn short_pages_are_followed_until_the_range_is_settled() {
    let mut world = World::new(
        &json!({ "history_page_max": 2, "offline_messages_max": 1 }),
        &json!({}),
    );
    for number in 1..=7 {
        world.send("a", "b", &number.to_string());
    }
    let mut b = Device::live(&mut world, "b", "laptop");
    b.since();
    let all = b.read_texts(&mut world, "a", 9, None);
    assert_eq!(all, ["1", "2", "3", "4", "5", "6", "7"]);
    let asked = ["limit=8&before=7", "limit=6&before=5", "limit=4&before=3"].map(history);
    assert_eq!(b.since(), asked);
}

/// CLI-018
#[test]
fn the_newest_end_is_a_hole_until_the_present_connection_has_shown_it() {
    let mut world = World::new(&json!({ "recent_contacts_max": 1 }), &json!({}));
    let mut b = Device::live(&mut world, "b", "laptop");
    world.send("a", "b", "1");
    b.settle(&mut world);
    b.since();
    // A live message has shown it.
    assert_eq!(b.read_texts(&mut world, "a", 1, None), ["1"]);
    assert_eq!(b.since(), [""; 0]);
    // While the stream was down another device wrote to A, and A fell out of the recent contacts.
    b.cut(&mut world);
    world.send("b", "a", "2");
    world.send("b", "c", "1");
    b.wake_all(&mut world);
    b.since();
    assert_eq!(b.read_texts(&mut world, "c", 1, None), ["1"]);
    assert_eq!(b.since(), [""; 0], "recent contacts have shown it");
    assert_eq!(b.read_texts(&mut world, "a", 1, None), ["2"]);
    assert_eq!(
        b.since(),
        [history(&format!("limit=1&after=1&before={BOUND}"))]
    );
    assert_eq!(b.read_texts(&mut world, "a", 2, None), ["1", "2"]);
    assert_eq!(b.since(), [""; 0], "a page has shown it");
    b.send("a", "3");
    b.settle(&mut world);
    b.since();
    assert_eq!(b.read_texts(&mut world, "a", 1, None), ["3"]);
    assert_eq!(b.since(), [""; 0], "the answer to a send has shown it");
}

/// CLI-018
#[test]
fn an_offline_message_does_not_show_the_newest_end() {
    let mut world = World::new(&json!({ "recent_contacts_max": 1 }), &json!({}));
    world.send("a", "b", "1");
    // Never in B's mailbox: sent from B's other device.
    world.send("b", "a", "2");
    world.send("b", "c", "1");
    let mut b = Device::live(&mut world, "b", "laptop");
    assert_eq!(b.read_texts(&mut world, "a", 1, None), ["2"]);
}

/// CLI-018
#[test]
fn a_send_without_an_answer_makes_the_newest_end_a_hole() {
    let mut world = World::new(&json!({}), &json!({}));
    let mut b = Device::live(&mut world, "b", "laptop");
    world.send("a", "b", "1");
    b.settle(&mut world);
    b.send("a", "2");
    b.perform(&mut world, Fate::Unanswered);
    b.since();
    assert_eq!(b.read_texts(&mut world, "a", 9, None), ["1", "2"]);
    assert_eq!(b.since().len(), 1);
}

/// CLI-014
#[test]
fn a_conversation_that_never_began_is_asked_for_once() {
    let mut world = World::new(&json!({}), &json!({}));
    let mut b = Device::live(&mut world, "b", "laptop");
    b.since();
    for _ in 0..2 {
        assert_eq!(b.read_texts(&mut world, "a", 5, None), [""; 0]);
        assert_eq!(b.read_texts(&mut world, "a", 5, Some(9)), [""; 0]);
        assert_eq!(b.read_texts(&mut world, "a", 5, Some(0)), [""; 0]);
    }
    assert_eq!(b.since(), [history("limit=5")]);
}

/// CLI-017
#[test]
fn a_page_that_does_not_come_fails_the_call_and_keeps_what_came_before() {
    let mut world = World::new(
        &json!({ "history_page_max": 2, "offline_messages_max": 1 }),
        &json!({}),
    );
    for number in 1..=5 {
        world.send("a", "b", &number.to_string());
    }
    let mut b = Device::live(&mut world, "b", "laptop");
    let call = b.read("a", 5, None);
    b.perform(&mut world, Fate::Answered);
    b.perform(&mut world, Fate::Lost);
    assert_eq!(b.reads[&call], Err(ReadError::NoAnswer));
    b.since();
    assert_eq!(
        b.read_texts(&mut world, "a", 5, None),
        ["1", "2", "3", "4", "5"]
    );
    assert_eq!(b.since(), [history("limit=2&before=3")]);
    let unknown = b.read("nobody", 5, None);
    b.settle(&mut world);
    assert!(matches!(&b.reads[&unknown], Err(ReadError::Refused(r)) if r.status == 404));
    let late = b.read("nobody", 5, None);
    b.input(Input::Logout);
    let after = b.read("a", 1, None);
    assert_eq!(b.reads[&late], Err(ReadError::SessionOver));
    assert_eq!(b.reads[&after], Err(ReadError::NoSession));
}

/// CLI-015
#[test]
fn a_page_that_settles_nothing_ends_the_call_instead_of_a_loop() {
    let mut world = World::new(&json!({}), &json!({}));
    let mut b = Device::live(&mut world, "b", "laptop");
    let call = b.read("a", 5, None);
    let covered = Value::Null;
    let page = json!({
        "messages": [], "covered": covered, "complete": false, "first_seq": 1, "last_seq": 3
    });
    b.answer(&page.to_string());
    assert_eq!(b.reads[&call], Err(ReadError::BrokenHistory));
}
