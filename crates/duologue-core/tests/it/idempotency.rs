//! Idempotent sends (SND): however often a key comes again, there is one message and one answer.

use proptest::prelude::*;
use serde_json::json;

use crate::world::World;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_key_has_one_effect_until_its_window_ends(
        sends in proptest::collection::vec((0..3usize, 0..2usize, 0..400_000u64), 1..20)
    ) {
        let mut world = World::new(&json!({}), &json!({}));
        let mut now = 0;
        // Key → (text, accepted at, answer).
        let mut known: Vec<Option<(usize, u64, String)>> = vec![None; 3];
        let mut accepted = 0;
        for (key, text, wait) in sends {
            world.advance(wait);
            now += wait;
            let content = json!({ "type": "text", "text": format!("text {text}") });
            let body = json!({ "to": "b", "content": content, "client_msg_id": format!("k{key}") });
            let (status, answer) = world.user("a", "POST", "/v1/messages", &body);
            match &known[key] {
                Some((first, at, original)) if now < at + 600_000 => {
                    if *first == text {
                        prop_assert_eq!((status, &answer.to_string()), (200, original));
                    } else {
                        prop_assert_eq!(status, 409);
                        prop_assert_eq!(&answer["code"], "idempotency_conflict");
                    }
                }
                _ => {
                    prop_assert_eq!(status, 200);
                    accepted += 1;
                    known[key] = Some((text, now, answer.to_string()));
                }
            }
            let history = world.get("b", "/v1/conversations/a/messages");
            prop_assert_eq!(&history["last_seq"], &json!(accepted));
        }
    }
}
