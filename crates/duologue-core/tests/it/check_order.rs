//! The order of checks (ERR-007), where one step hides behind another.

use serde_json::json;

use crate::world::World;

#[test]
fn the_size_of_a_message_is_checked_before_its_sender_is_looked_up() {
    let mut world = World::new(&json!({}), &json!({}));
    for from in ["@system", "nobody"] {
        let content = json!({ "type": "text", "text": "x".repeat(20_000) });
        let body = json!({ "from": from, "to": "a", "content": content });
        let (status, answer) = world.admin("POST", "/v1/admin/messages", &body);
        assert_eq!(
            (status, &answer["code"]),
            (413, &json!("message_too_large")),
            "{from}"
        );
    }
}
