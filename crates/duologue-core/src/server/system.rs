//! Built-in system notifications (spec: system notifications).

use serde::Serialize;
use serde_json::json;

use crate::content::Content;
use crate::id::{PeerId, SystemEventName, UserId};
use crate::server::accept::{Draft, Reach};
use crate::server::app::{App, Context};
use crate::server::send::PushOptions;

const FRIEND_ADDED: &str = "friend_added";
const FRIEND_REMOVED: &str = "friend_removed";
const PROFILE_CHANGED: &str = "profile_changed";

/// Whether the name belongs to the server (SYS-003).
pub(super) fn is_built_in(event: &SystemEventName) -> bool {
    [FRIEND_ADDED, FRIEND_REMOVED, PROFILE_CHANGED].contains(&event.as_str())
}

impl App {
    /// Tells both that their mutual friendship has begun (SYS-005).
    pub(super) fn friendship_began(&mut self, a: &UserId, b: &UserId, cx: &mut Context<'_>) {
        self.tell_both(a, b, FRIEND_ADDED, cx);
    }

    /// Tells both that their mutual friendship has ended, whatever the cause (SYS-006).
    pub(super) fn friendship_ended(&mut self, a: &UserId, b: &UserId, cx: &mut Context<'_>) {
        self.tell_both(a, b, FRIEND_REMOVED, cx);
    }

    /// Tells the open streams of mutual friends that a profile has changed (SYS-008); stored
    /// nowhere (SYS-009).
    pub(super) fn profile_changed(&mut self, user: &UserId, cx: &mut Context<'_>) {
        let Some(changed) = self.user(user) else {
            return;
        };
        let mutual = |friend: &&UserId| {
            self.user(friend)
                .is_some_and(|friend| friend.friends.contains(user))
        };
        let friends: Vec<UserId> = changed.friends.iter().filter(mutual).cloned().collect();
        let data = canonical(&changed.public_profile());
        for friend in friends {
            self.tell(&friend, PROFILE_CHANGED, data.clone(), Some(0), cx);
        }
    }

    fn tell_both(&mut self, a: &UserId, b: &UserId, event: &str, cx: &mut Context<'_>) {
        self.tell(a, event, canonical(&json!({ "user_id": b })), None, cx);
        self.tell(b, event, canonical(&json!({ "user_id": a })), None, cx);
    }

    fn tell(
        &mut self,
        to: &UserId,
        event: &str,
        data: String,
        lifetime_s: Option<u64>,
        cx: &mut Context<'_>,
    ) {
        let Ok(event) = SystemEventName::parse(event) else {
            return;
        };
        if !self.users.contains_key(to) {
            return;
        }
        let draft = Draft {
            from: PeerId::System,
            to: to.clone(),
            content: Content::System { event, data },
            client_msg_id: None,
            custom_data: None,
            lifetime_s,
            push: PushOptions::none(),
        };
        let reach = Reach {
            sender: false,
            recipient: true,
            sending_session: None,
            answer_for_sender: false,
        };
        self.accept(draft, reach, cx);
    }
}

/// The data of a built-in event: canonical JSON text (RFC 8785).
fn canonical(data: &impl Serialize) -> String {
    // Serialising to memory fails for none of these types.
    serde_json_canonicalizer::to_string(data).unwrap_or_default()
}
