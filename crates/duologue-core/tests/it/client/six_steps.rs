//! The flow of the source documents, from A's send to B's `get_message`.

use serde_json::json;

use crate::client::device::{Device, text};
use crate::world::World;

/// CLI-001, CLI-002, CLI-004, CLI-014, CLI-015
#[test]
fn what_was_sent_while_b_was_away_arrives_in_six_steps() {
    let mut world = World::new(&json!({ "offline_messages_max": 2 }), &json!({}));
    // 1: A sends while B is offline; the mailbox keeps the newest two. B's other device writes to C.
    for number in 1..=5 {
        assert_eq!(world.send("a", "b", &format!("a{number}")).0, 200);
    }
    assert_eq!(world.send("b", "c", "from my other device").0, 200);
    // 2: B logs in.
    let mut b = Device::new("b", "laptop");
    b.login(&world);
    b.settle(&mut world);
    // 3: the mailbox; 4: of the recent contacts only what is unknown; 5: one refresh.
    assert_eq!(
        b.since(),
        [
            "POST /v1/sessions",
            "GET /v1/events",
            "new a4",
            "new a5",
            "new from my other device",
            "refresh",
        ]
    );
    assert_eq!((b.state(), b.logins.as_slice()), ("live", &[Ok(())][..]));
    // 6: what is local is local, and the rest is one hole.
    assert_eq!(b.read_texts(&mut world, "a", 2, None), ["a4", "a5"]);
    assert_eq!(b.since(), [""; 0]);
    let all = b.read_texts(&mut world, "a", 10, None);
    assert_eq!(all, ["a1", "a2", "a3", "a4", "a5"]);
    assert_eq!(
        b.since(),
        ["GET /v1/conversations/a/messages?limit=8&before=4"]
    );
    assert_eq!(b.read_texts(&mut world, "a", 10, None), all);
    assert_eq!(b.since(), [""; 0]);
    assert_eq!(b.news.iter().map(text).collect::<Vec<_>>().len(), 3);
    assert!(world.mailbox("b").is_empty(), "everything was acknowledged");
}
