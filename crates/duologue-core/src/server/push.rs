//! Offline push: which devices are told, and what (spec: push).

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::answer::PushRequest;
use crate::content::Content;
use crate::error::{ApiError, ErrorCode};
use crate::id::PushVendor;
use crate::json::Object;
use crate::server::app::{App, Context};
use crate::server::send::PushOptions;
use crate::server::stored::Stored;
use crate::server::{Effect, PushTarget, SessionId};

/// The vendors of a new app unless it names its own.
pub(super) const VENDORS: [&str; 6] = ["apns", "huawei", "xiaomi", "oppo", "vivo", "meizu"];

/// Longest vendor token, in bytes (PSH-003).
const TOKEN_BYTES_MAX: usize = 256;

/// Longest preview of a text, in Unicode scalar values.
const PREVIEW_CHARS: usize = 100;

/// What a session registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Registration {
    number: u64,
    vendor: PushVendor,
    token: String,
    enabled: bool,
}

impl App {
    /// `PUT /v1/push-token`: replaces the session's registration (PSH-004), and takes the vendor's
    /// token from every other session of the app (PSH-005). The app must declare the vendor
    /// (PSH-002).
    pub(super) fn register_push(
        &mut self,
        session: SessionId,
        body: &Map<String, Value>,
        cx: &mut Context<'_>,
    ) -> Result<(), ApiError> {
        let fields = Object::root(body);
        let vendor = fields.string("vendor")?;
        let token = fields.string("token")?;
        let enabled = fields.opt_bool("push")?.unwrap_or(true);
        let Some(vendor) = self
            .push_vendors
            .iter()
            .find(|known| known.as_str() == vendor)
        else {
            let known: Vec<_> = self.push_vendors.iter().map(PushVendor::as_str).collect();
            let message = format!("this app declares the vendors {}", known.join(", "));
            return Err(ApiError::at(
                ErrorCode::PushVendorUnknown,
                "vendor",
                message,
            ));
        };
        if token.is_empty() || token.len() > TOKEN_BYTES_MAX {
            let message = format!("a push token has 1 to {TOKEN_BYTES_MAX} bytes");
            return Err(ApiError::at(ErrorCode::PushTokenInvalid, "token", message));
        }
        let registration = Registration {
            number: cx.next_number(),
            vendor: vendor.clone(),
            token: token.into(),
            enabled,
        };
        self.unregister_push(session);
        let key = (registration.vendor.clone(), registration.token.clone());
        if let Some(other) = self.push_tokens.insert(key, session)
            && let Some(other) = self.sessions.get_mut(&other)
        {
            other.push = None;
        }
        if let Some(session) = self.sessions.get_mut(&session) {
            session.push = Some(registration);
        }
        Ok(())
    }

    /// Forgets what a session registered: no message accepted from now on is pushed there
    /// (PSH-006).
    pub(super) fn unregister_push(&mut self, session: SessionId) {
        let registered = self
            .sessions
            .get_mut(&session)
            .and_then(|session| session.push.take());
        if let Some(Registration { vendor, token, .. }) = registered {
            self.push_tokens.remove(&(vendor, token));
        }
    }

    /// Whether a registration still stands; what waits for one that has ended is dropped (PSH-006).
    pub(super) fn is_registered(&self, target: &PushTarget) -> bool {
        let session = self.sessions.get(&target.session);
        let current = session.and_then(|session| session.push.as_ref());
        current.is_some_and(|push| push.number == target.registration)
    }

    /// Pushes a stored message once to each of the recipient's sessions that is registered, not
    /// opted out and without an open stream, and to no other (PSH-007, PSH-008, PSH-011); to none
    /// if its sender says so (PSH-010).
    pub(super) fn push(&self, message: &Arc<Stored>, options: &PushOptions, cx: &mut Context<'_>) {
        let (Some(url), Some(preview)) = (&self.gateway_url, preview(&message.content)) else {
            return;
        };
        let Some(recipient) = self.user(&message.to).filter(|_| options.enabled) else {
            return;
        };
        let title = options.title.as_ref().or(message.sender.nickname.as_ref());
        let text = Text {
            title: title.cloned().unwrap_or_else(|| message.from.to_string()),
            body: options.body.clone().unwrap_or(preview),
            ext: options
                .ext
                .as_deref()
                .or_else(|| ext(&message.content))
                .map(str::to_owned),
            badge: recipient.mailbox.len(),
        };
        for id in recipient.sessions.values() {
            let Some(session) = self.sessions.get(id).filter(|s| s.stream.is_none()) else {
                continue;
            };
            let Some(push) = session.push.as_ref().filter(|push| push.enabled) else {
                continue;
            };
            let request = Box::new(PushRequest {
                vendor: push.vendor.clone(),
                token: push.token.clone(),
                device_id: session.device.clone(),
                to: message.to.clone(),
                message_id: message.message_id.clone(),
                title: text.title.clone(),
                body: text.body.clone(),
                ext: text.ext.clone(),
                badge: text.badge,
                vendor_payload: text.vendor_payload(&push.vendor),
            });
            let registration = push.number;
            let target = PushTarget {
                app: self.id.clone(),
                session: *id,
                registration,
            };
            cx.effects.push(Effect::Push {
                target,
                url: url.clone(),
                request,
            });
        }
    }
}

/// What a push shows (PSH-014).
struct Text {
    title: String,
    body: String,
    ext: Option<String>,
    /// Entries of the recipient's mailbox, this message included (PSH-015).
    badge: u64,
}

impl Text {
    /// The same in the vendor's own shape (PSH-016).
    fn vendor_payload(&self, vendor: &PushVendor) -> Map<String, Value> {
        let alert = json!({ "title": self.title, "body": self.body });
        let mut payload = Map::new();
        if vendor.as_str() == "apns" {
            payload.insert("aps".into(), json!({ "alert": alert, "badge": self.badge }));
        } else {
            payload.insert("notification".into(), alert);
        }
        if let Some(ext) = &self.ext {
            payload.insert("ext".into(), json!(ext));
        }
        payload
    }
}

/// The second line of a push (PSH-014); `None`: the content is never pushed, as a custom one
/// without a description (PSH-009) and a system one (SYS-012).
fn preview(content: &Content) -> Option<String> {
    Some(match content {
        Content::Text { text } => text.chars().take(PREVIEW_CHARS).collect(),
        Content::Face { .. } => "[face]".into(),
        Content::Location { title, .. } => format!("[location] {title}"),
        Content::Image { .. } => "[image]".into(),
        Content::Audio { .. } => "[audio]".into(),
        Content::File { name, .. } => format!("[file] {name}"),
        Content::Video { .. } => "[video]".into(),
        Content::Custom { description, .. } => description.clone()?,
        Content::System { .. } => return None,
    })
}

/// What a custom message passes through to a push.
fn ext(content: &Content) -> Option<&str> {
    if let Content::Custom { ext, .. } = content {
        ext.as_deref()
    } else {
        None
    }
}
