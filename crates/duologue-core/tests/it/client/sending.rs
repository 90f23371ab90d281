//! One key a message, repeats inside the window, the history after it (CLI-011 to CLI-013).

use duologue_core::client::{Draft, Moment, SendError};
use duologue_core::content::Content;
use duologue_core::id::UserId;
use serde_json::{Value, json};

use crate::client::device::{Device, Fate, text};
use crate::world::World;

const WINDOW_MS: u64 = 600_000;

fn world() -> World {
    World::new(&json!({}), &json!({}))
}

fn keys(world: &mut World) -> Vec<String> {
    let history = world.get("a", "/v1/conversations/b/messages");
    let messages = history["messages"].as_array().unwrap().iter();
    messages
        .map(|message| message["client_msg_id"].as_str().unwrap().into())
        .collect()
}

/// CLI-011
#[test]
fn each_message_has_a_key_of_its_own_and_a_repeat_is_the_same_request() {
    let mut world = world();
    let mut a = Device::live(&mut world, "a", "laptop");
    let (first, second) = (a.send("b", "same"), a.send("b", "same"));
    a.perform(&mut world, Fate::Unanswered);
    a.perform(&mut world, Fate::Refused(503));
    assert!(a.sends.is_empty());
    for _ in 0..2 {
        a.wake();
        a.settle(&mut world);
    }
    for call in [first, second] {
        assert_eq!(text(a.sends[&call].as_ref().unwrap()), "same");
    }
    let keys = keys(&mut world);
    assert!(keys.len() == 2 && keys[0] != keys[1], "{keys:?}");
    let sends: Vec<_> = a.sent.iter().collect();
    assert_eq!(sends.len(), 4);
    assert!(sends[..2].contains(&sends[2]) && sends[..2].contains(&sends[3]));
}

/// CLI-011
#[test]
fn everything_an_application_can_say_of_a_message_reaches_the_server() {
    let mut world = world();
    let mut a = Device::live(&mut world, "a", "laptop");
    let content = Content::Text { text: "hi".into() };
    let call = a.send_draft(Draft {
        custom_data: Some("mine".into()),
        lifetime_s: Some(60),
        push: Some(json!({ "enabled": false })),
        ..Draft::new(UserId::parse("b").unwrap(), content)
    });
    a.settle(&mut world);
    assert_eq!(
        a.sends[&call].as_ref().unwrap().custom_data.as_deref(),
        Some("mine")
    );
    let history = world.get("b", "/v1/conversations/a/messages");
    let [message] = &history["messages"].as_array().unwrap()[..] else {
        panic!("{history}")
    };
    let times = (
        message["time_ms"].as_u64().unwrap(),
        message["expires_ms"].as_u64().unwrap(),
    );
    assert_eq!(times.1 - times.0, 60_000);
}

/// CLI-012
#[test]
fn nothing_is_sent_again_after_the_window() {
    let mut world = world();
    let mut a = Device::live(&mut world, "a", "laptop");
    let began = a.now;
    a.send("b", "never answered");
    let mut last = began;
    while a.has_tasks() {
        last = a.now;
        a.perform(&mut world, Fate::Lost);
        a.wake();
        if a.looks() {
            break;
        }
    }
    assert!(
        last.0 - began.0 <= WINDOW_MS && a.sent.len() > 10,
        "{}",
        a.sent.len()
    );
    assert!(
        a.now.0 - began.0 >= WINDOW_MS,
        "and it looks only when the window is over"
    );
}

/// CLI-012
#[test]
fn a_client_that_slept_through_the_window_does_not_send_again() {
    let mut world = world();
    let mut a = Device::live(&mut world, "a", "laptop");
    let call = a.send("b", "before the lid was closed");
    a.perform(&mut world, Fate::Lost);
    a.now = a.now.plus_ms(10 * WINDOW_MS);
    a.wake();
    a.settle(&mut world);
    assert_eq!(
        (a.sent.len(), &a.sends[&call]),
        (1, &Err(SendError::NotInHistory))
    );
}

/// Sends `text` so that its answer never comes, and looks when the window is over.
fn send_and_look(world: &mut World, a: &mut Device, fate: Fate) -> duologue_core::client::CallId {
    let call = a.send("b", "sent or not?");
    a.perform(world, fate);
    a.now = a.now.plus_ms(WINDOW_MS);
    a.wake();
    call
}

/// CLI-013
#[test]
fn after_the_window_the_history_says_whether_the_message_was_sent() {
    let mut world = world();
    let mut a = Device::live(&mut world, "a", "laptop");
    for number in 0..3 {
        a.send("b", &number.to_string());
    }
    a.settle(&mut world);
    a.since();
    for (fate, sent) in [(Fate::Unanswered, true), (Fate::Lost, false)] {
        let call = send_and_look(&mut world, &mut a, fate);
        // Not even the look is answered at first.
        a.perform(&mut world, Fate::Lost);
        a.wake();
        a.settle(&mut world);
        assert_eq!(a.sends[&call].is_ok(), sent, "{:?}", a.sends[&call]);
    }
    // Down to the highest seq that was known before each of the two.
    let looks = [3, 3, 4, 4].map(|after| {
        let path = "GET /v1/conversations/b/messages?limit=100";
        format!("{path}&after={after}&before=9007199254740991")
    });
    let mut log = a.since();
    log.retain(|line| line != "POST /v1/messages");
    assert_eq!(log, looks);
}

/// CLI-013
#[test]
fn the_look_into_the_history_goes_through_as_many_pages_as_there_are() {
    let mut world = World::new(&json!({ "history_page_max": 2 }), &json!({}));
    let mut a = Device::live(&mut world, "a", "laptop");
    a.cut(&mut world);
    for fate in [Fate::Unanswered, Fate::Lost] {
        let before = a.log.len();
        let call = a.send("b", "the oldest of many");
        a.perform(&mut world, fate);
        for _ in 0..7 {
            world.send("b", "a", "later");
        }
        a.now = a.now.plus_ms(WINDOW_MS);
        a.input(duologue_core::client::Input::Wake);
        while !a.sends.contains_key(&call) {
            // The stream stays down.
            a.perform_requests_only(&mut world);
        }
        assert_eq!(a.sends[&call].is_ok(), fate == Fate::Unanswered);
        let looks = a.log[before..]
            .iter()
            .filter(|line| line.contains("messages?"))
            .count();
        assert!(looks >= 4, "{looks}");
    }
}

/// CLI-003, CLI-013
#[test]
fn the_clients_own_message_is_never_news_to_it() {
    let mut world = world();
    let mut a = Device::live(&mut world, "a", "laptop");
    let call = a.send("b", "mine");
    a.perform(&mut world, Fate::Unanswered);
    a.cut(&mut world);
    a.wake_all(&mut world);
    // Recent contacts show it, which is as good as the answer.
    assert_eq!(text(a.sends[&call].as_ref().unwrap()), "mine");
    assert!(a.news.is_empty());
    // So it is when the session ends in between: nobody knows, and still it is not news.
    let call = a.send("b", "mine too");
    a.perform(&mut world, Fate::Unanswered);
    world.login("a", "laptop");
    a.settle(&mut world);
    assert_eq!(a.sends[&call], Err(SendError::SessionOver));
    a.login(&world);
    a.settle(&mut world);
    assert!(a.news.is_empty(), "{:?}", a.news);
    assert_eq!(a.read_texts(&mut world, "b", 9, None), ["mine", "mine too"]);
}

/// CLI-011
#[test]
fn a_refusal_is_final() {
    let mut world = world();
    let mut a = Device::live(&mut world, "a", "laptop");
    world.user("b", "PUT", "/v1/blocklist/a", &Value::Null);
    let (silent, nobody) = (a.send("b", "silently blocked"), a.send("nobody", "hello?"));
    a.settle(&mut world);
    assert!(a.sends[&silent].is_ok());
    let Err(SendError::Refused(refusal)) = &a.sends[&nobody] else {
        panic!("{:?}", a.sends)
    };
    assert_eq!(
        (refusal.status, refusal.code.as_str()),
        (404, "user_not_found")
    );
    assert_eq!((a.sent.len(), a.timer), (2, None));
    let mut stranger = Device::new("a", "elsewhere");
    let call = stranger.send("b", "without a session");
    assert_eq!(stranger.sends[&call], Err(SendError::NoSession));
    assert_eq!(stranger.now, Moment(1_000_000));
}
