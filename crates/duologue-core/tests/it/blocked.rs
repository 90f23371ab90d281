//! A message sent under a block never reaches the blocker, by any path, then or later (PRM).

use duologue_core::event::Event;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::World;

#[derive(Debug, Clone, Copy)]
enum Step {
    Send,
    SendOnlineOnly,
    Block,
    Unblock,
    OpenStream,
    CloseStream,
}

fn step() -> impl Strategy<Value = Step> {
    use Step::{Block, CloseStream, OpenStream, Send, SendOnlineOnly, Unblock};
    prop_oneof![
        4 => Just(Send),
        1 => Just(SendOnlineOnly),
        1 => Just(Block),
        1 => Just(Unblock),
        1 => Just(OpenStream),
        1 => Just(CloseStream),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_sent_under_a_block_reaches_the_blocker(
        steps in proptest::collection::vec(step(), 1..30)
    ) {
        let mut world = World::new(&json!({}), &json!({}));
        let token = json!({ "vendor": "apns", "token": "device" });
        prop_assert_eq!(world.user("b", "PUT", "/v1/push-token", &token).0, 204);
        let (mut blocked, mut stream) = (false, None);
        let mut under_block: Vec<String> = Vec::new();
        let mut reached: Vec<String> = Vec::new();
        for (number, step) in steps.iter().enumerate() {
            match step {
                Step::Send | Step::SendOnlineOnly => {
                    let content = json!({ "type": "text", "text": format!("text {number}") });
                    let mut body = json!({ "to": "b", "content": content });
                    if matches!(step, Step::SendOnlineOnly) {
                        body["lifetime_s"] = json!(0);
                    }
                    let (status, sent) = world.user("a", "POST", "/v1/messages", &body);
                    prop_assert_eq!(status, 200);
                    if blocked {
                        under_block.push(sent["message_id"].as_str().unwrap().into());
                    }
                }
                Step::Block => {
                    world.user("b", "PUT", "/v1/blocklist/a", &Value::Null);
                    blocked = true;
                }
                Step::Unblock => {
                    world.user("b", "DELETE", "/v1/blocklist/a", &Value::Null);
                    blocked = false;
                }
                Step::OpenStream => stream = Some(world.open("b")),
                Step::CloseStream => {
                    if let Some(stream) = stream.take() {
                        world.close(stream);
                    }
                }
            }
            if let Some(stream) = stream {
                for frame in world.take(stream) {
                    match frame.event {
                        Event::Message(event) => reached.push(event.message.message_id.to_string()),
                        Event::Recents(event) => reached.extend(
                            event.recents.iter().map(|r| r.message.message_id.to_string()),
                        ),
                        Event::SyncDone | Event::Kicked(_) => {}
                    }
                }
            }
        }
        reached.extend(world.mailbox("b").iter().map(|(_, m)| m.message_id.to_string()));
        reached.extend(world.pushes.iter().map(|push| push.message_id.to_string()));
        let history = world.get("b", "/v1/conversations/a/messages").to_string();
        let recents = world.get("b", "/v1/recents").to_string();
        for id in &under_block {
            prop_assert!(!reached.contains(id));
            prop_assert!(!history.contains(id.as_str()));
            prop_assert!(!recents.contains(id.as_str()));
        }
    }
}
