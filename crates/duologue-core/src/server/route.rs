//! Paths: which resource a request names, and what may be done with it (spec: HTTP binding).

use percent_encoding::percent_decode_str;

use crate::error::{ApiError, ErrorCode};
use crate::feature::Feature;
use crate::server::reply::Reply;

/// What a path names. Ids are percent-decoded but not yet checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Resource {
    Server,
    Apps,
    App(String),
    AdminUser(String),
    AdminPresence(String),
    AdminPolicy,
    AdminMessages,
    AdminNotifications,
    AdminConversations(String),
    AdminHistory { owner: String, peer: String },
    AdminClock,
    Sessions,
    CurrentSession,
    Events,
    Ack,
    Messages,
    Recents,
    Conversations,
    History(String),
    Profile,
    PublicProfile(String),
    Friends,
    Friend(String),
    Blocklist,
    Blocked(String),
    PushToken,
    Media,
    MediaItem(String),
}

/// The methods the protocol uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Put,
    Post,
    Delete,
}

impl Method {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "GET" => Some(Self::Get),
            "PUT" => Some(Self::Put),
            "POST" => Some(Self::Post),
            "DELETE" => Some(Self::Delete),
            _ => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// Finds the resource (ERR-005) and checks the method (ERR-006), before any token is looked at.
pub(super) fn route(method: &str, path: &str) -> Result<(Resource, Method), Reply> {
    let Some(resource) = Resource::parse(path) else {
        let message = "no such path; the specification's chapter on HTTP lists them all";
        return Err(Reply::error(&ApiError::new(ErrorCode::NotFound, message)));
    };
    let allowed = resource.methods();
    match Method::parse(method).filter(|method| allowed.contains(method)) {
        Some(method) => Ok((resource, method)),
        None => {
            let allow = allowed
                .iter()
                .map(|m| m.as_str())
                .collect::<Vec<_>>()
                .join(", ");
            let message = format!("this path takes {allow}");
            let error = ApiError::new(ErrorCode::MethodNotAllowed, message);
            Err(Reply::error(&error).with_header("allow", allow))
        }
    }
}

impl Feature {
    /// The feature that the endpoint at `path` belongs to; a query does not count.
    #[must_use]
    pub fn of_path(path: &str) -> Option<Self> {
        Resource::parse(path.split('?').next()?)?.feature()
    }
}

impl Resource {
    /// Splits at `/`, then decodes: what is escaped stays inside its segment (IDN-006).
    fn parse(path: &str) -> Option<Self> {
        let segments: Vec<String> = path
            .strip_prefix("/v1/")?
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        Some(match segments.as_slice() {
            ["server"] => Self::Server,
            ["apps"] => Self::Apps,
            ["apps", app] => Self::App((*app).into()),
            ["admin", "users", user] => Self::AdminUser((*user).into()),
            ["admin", "users", user, "presence"] => Self::AdminPresence((*user).into()),
            ["admin", "policy"] => Self::AdminPolicy,
            ["admin", "messages"] => Self::AdminMessages,
            ["admin", "notifications"] => Self::AdminNotifications,
            ["admin", "conversations", owner] => Self::AdminConversations((*owner).into()),
            ["admin", "conversations", owner, peer, "messages"] => Self::AdminHistory {
                owner: (*owner).into(),
                peer: (*peer).into(),
            },
            ["admin", "clock"] => Self::AdminClock,
            ["sessions"] => Self::Sessions,
            ["sessions", "current"] => Self::CurrentSession,
            ["events"] => Self::Events,
            ["events", "ack"] => Self::Ack,
            ["messages"] => Self::Messages,
            ["recents"] => Self::Recents,
            ["conversations"] => Self::Conversations,
            ["conversations", peer, "messages"] => Self::History((*peer).into()),
            ["profile"] => Self::Profile,
            ["users", user, "profile"] => Self::PublicProfile((*user).into()),
            ["friends"] => Self::Friends,
            ["friends", peer] => Self::Friend((*peer).into()),
            ["blocklist"] => Self::Blocklist,
            ["blocklist", peer] => Self::Blocked((*peer).into()),
            ["push-token"] => Self::PushToken,
            ["media"] => Self::Media,
            ["media", media] => Self::MediaItem((*media).into()),
            _ => return None,
        })
    }

    /// The optional feature it belongs to (ERR-010).
    pub(super) fn feature(&self) -> Option<Feature> {
        match self {
            Self::Apps | Self::App(_) => Some(Feature::Provisioning),
            Self::AdminClock => Some(Feature::ManualClock),
            Self::PushToken => Some(Feature::Push),
            Self::Media | Self::MediaItem(_) => Some(Feature::Media),
            Self::Server
            | Self::AdminUser(_)
            | Self::AdminPresence(_)
            | Self::AdminPolicy
            | Self::AdminMessages
            | Self::AdminNotifications
            | Self::AdminConversations(_)
            | Self::AdminHistory { .. }
            | Self::Sessions
            | Self::CurrentSession
            | Self::Events
            | Self::Ack
            | Self::Messages
            | Self::Recents
            | Self::Conversations
            | Self::History(_)
            | Self::Profile
            | Self::PublicProfile(_)
            | Self::Friends
            | Self::Friend(_)
            | Self::Blocklist
            | Self::Blocked(_) => None,
        }
    }

    fn methods(&self) -> &'static [Method] {
        use Method::{Delete, Get, Post, Put};
        match self {
            Self::AdminUser(_) => &[Get, Put, Delete],
            Self::AdminPolicy | Self::Profile => &[Get, Put],
            Self::Friend(_) | Self::Blocked(_) | Self::PushToken => &[Put, Delete],
            Self::App(_) | Self::CurrentSession => &[Delete],
            Self::Apps
            | Self::AdminMessages
            | Self::AdminNotifications
            | Self::AdminClock
            | Self::Sessions
            | Self::Ack
            | Self::Messages
            | Self::Media => &[Post],
            Self::Server
            | Self::AdminPresence(_)
            | Self::AdminConversations(_)
            | Self::AdminHistory { .. }
            | Self::Events
            | Self::Recents
            | Self::Conversations
            | Self::History(_)
            | Self::PublicProfile(_)
            | Self::Friends
            | Self::Blocklist
            | Self::MediaItem(_) => &[Get],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_paths_are_decoded_once() {
        let (resource, _) = route("GET", "/v1/users/a%2Fb/profile").unwrap();
        assert_eq!(resource, Resource::PublicProfile("a/b".into()));
    }

    #[test]
    fn unknown_paths_are_404_and_wrong_methods_405_with_allow() {
        assert_eq!(route("GET", "/v1/nothing").unwrap_err().status, 404);
        assert_eq!(route("GET", "/v2/server").unwrap_err().status, 404);
        let refused = route("PATCH", "/v1/profile").unwrap_err();
        assert_eq!((refused.status, &*refused.headers[0].1), (405, "GET, PUT"));
    }
}
