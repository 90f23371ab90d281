//! Nothing a sender can receive tells a silent block from an unfriending (PRM): both histories are
//! run, and everything the sender sees is compared.

use duologue_core::event::Frame;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::World;

#[derive(Debug, Clone, Copy)]
enum Step {
    Send,
    SendOnlineOnly,
    BefriendAgain,
    Unfriend,
    ChangeProfile,
    AnswerFromB,
    Advance,
}

fn step() -> impl Strategy<Value = Step> {
    use Step::{
        Advance, AnswerFromB, BefriendAgain, ChangeProfile, Send, SendOnlineOnly, Unfriend,
    };
    prop_oneof![
        Just(Send),
        Just(SendOnlineOnly),
        Just(BefriendAgain),
        Just(Unfriend),
        Just(ChangeProfile),
        Just(AnswerFromB),
        Just(Advance),
    ]
}

/// What turns B away from A.
#[derive(Debug, Clone, Copy)]
enum Turn {
    Block,
    Unfriend,
    Nothing,
}

/// Everything A can see while B has turned away and A acts.
fn transcript(policy: &Value, friends: bool, turn: Turn, steps: &[Step]) -> Vec<String> {
    let mut world = World::new(&json!({}), policy);
    if friends {
        world.user("a", "PUT", "/v1/friends/b", &Value::Null);
        world.user("b", "PUT", "/v1/friends/a", &Value::Null);
    }
    let stream = world.open("a");
    let turned = match turn {
        Turn::Block => world.user("b", "PUT", "/v1/blocklist/a", &Value::Null).0,
        Turn::Unfriend => world.user("b", "DELETE", "/v1/friends/a", &Value::Null).0,
        Turn::Nothing => 204,
    };
    assert_eq!(turned, 204);
    let mut seen = Vec::new();
    for step in steps {
        let answer = match step {
            Step::Send => world.send("a", "b", "hello"),
            Step::SendOnlineOnly => {
                let content = json!({ "type": "text", "text": "now" });
                let body = json!({ "to": "b", "content": content, "lifetime_s": 0 });
                world.user("a", "POST", "/v1/messages", &body)
            }
            Step::BefriendAgain => world.user("a", "PUT", "/v1/friends/b", &Value::Null),
            Step::Unfriend => world.user("a", "DELETE", "/v1/friends/b", &Value::Null),
            Step::ChangeProfile => {
                world.user("b", "PUT", "/v1/profile", &json!({ "nickname": "changed" }))
            }
            Step::AnswerFromB => world.send("b", "a", "never mind"),
            Step::Advance => {
                world.advance(1000);
                (200, Value::Null)
            }
        };
        // What B is answered is not A's to see.
        if !matches!(step, Step::ChangeProfile | Step::AnswerFromB) {
            seen.push(format!("{answer:?}"));
        }
    }
    seen.extend(world.take(stream).iter().map(Frame::to_sse));
    for path in [
        "/v1/friends",
        "/v1/blocklist",
        "/v1/recents",
        "/v1/conversations",
        "/v1/conversations/b/messages",
        "/v1/conversations/@system/messages",
        "/v1/users/b/profile",
        "/v1/profile",
    ] {
        seen.push(world.get("a", path).to_string());
    }
    // Ids are numbers of the test's own counter, which B's stores draw from too.
    let number = regex_free_ids(&seen.join("\n"));
    number.lines().map(str::to_owned).collect()
}

/// Replaces each 32-digit id by its order of first appearance.
fn regex_free_ids(text: &str) -> String {
    let mut known: Vec<String> = Vec::new();
    let mut out = String::new();
    for part in text.split('"') {
        let is_id = part.len() == 32 && part.bytes().all(|b| b.is_ascii_hexdigit());
        if is_id {
            let place = known.iter().position(|id| id == part).unwrap_or_else(|| {
                known.push(part.into());
                known.len() - 1
            });
            out.push_str(&format!("\"id {place}"));
        } else {
            out.push('"');
            out.push_str(part);
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn among_friends_a_silent_block_looks_like_an_unfriending(
        steps in proptest::collection::vec(step(), 1..12),
        friends_only in any::<bool>(),
    ) {
        let messaging = if friends_only { "friends_only" } else { "anyone" };
        let policy = json!({ "messaging": messaging });
        prop_assert_eq!(
            transcript(&policy, true, Turn::Block, &steps),
            transcript(&policy, true, Turn::Unfriend, &steps)
        );
    }

    #[test]
    fn among_strangers_a_silent_block_looks_like_nothing_at_all(
        steps in proptest::collection::vec(step(), 1..12),
    ) {
        prop_assert_eq!(
            transcript(&json!({}), false, Turn::Block, &steps),
            transcript(&json!({}), false, Turn::Nothing, &steps)
        );
    }
}
