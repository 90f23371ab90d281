//! Every endpoint: its method and path, what it takes and what it answers.

/// An endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// The HTTP method.
    pub method: &'static str,
    /// The path; `{name}` stands for one segment.
    pub path: &'static str,
    /// The statuses of success.
    pub statuses: &'static [u16],
    /// The schema of the request's body; none: it has none, or one that is not JSON.
    pub request: Option<&'static str>,
    /// The schema of the body of a success; none: it has none, or one that is not JSON.
    pub answer: Option<&'static str>,
}

const fn op(
    method: &'static str,
    path: &'static str,
    statuses: &'static [u16],
    request: Option<&'static str>,
    answer: Option<&'static str>,
) -> Operation {
    Operation {
        method,
        path,
        statuses,
        request,
        answer,
    }
}

/// All endpoints. Two of them answer with one of two bodies: an admin's send and notification answer
/// `Message` to one target and `BatchResults` to several ([`answer_schema`] names the first).
pub const OPERATIONS: &[Operation] = &[
    op("GET", "/v1/server", &[200], None, Some("ServerInfo")),
    op(
        "POST",
        "/v1/apps",
        &[201],
        Some("CreateApp"),
        Some("ProvisionedApp"),
    ),
    op("DELETE", "/v1/apps/{app}", &[204], None, None),
    op(
        "PUT",
        "/v1/admin/users/{user}",
        &[200, 201],
        Some("PutUser"),
        Some("AdminUser"),
    ),
    op(
        "GET",
        "/v1/admin/users/{user}",
        &[200],
        None,
        Some("AdminUser"),
    ),
    op("DELETE", "/v1/admin/users/{user}", &[204], None, None),
    op(
        "GET",
        "/v1/admin/users/{user}/presence",
        &[200],
        None,
        Some("Presence"),
    ),
    op("GET", "/v1/admin/policy", &[200], None, Some("Policy")),
    op(
        "PUT",
        "/v1/admin/policy",
        &[200],
        Some("PutPolicy"),
        Some("Policy"),
    ),
    op(
        "POST",
        "/v1/admin/messages",
        &[200],
        Some("AdminSend"),
        Some("Message"),
    ),
    op(
        "POST",
        "/v1/admin/notifications",
        &[200],
        Some("Notification"),
        Some("Message"),
    ),
    op(
        "GET",
        "/v1/admin/conversations/{owner}",
        &[200],
        None,
        Some("Conversations"),
    ),
    op(
        "GET",
        "/v1/admin/conversations/{owner}/{peer}/messages",
        &[200],
        None,
        Some("Download"),
    ),
    op(
        "POST",
        "/v1/admin/clock",
        &[200],
        Some("AdvanceClock"),
        Some("Clock"),
    ),
    op(
        "POST",
        "/v1/sessions",
        &[201],
        Some("LoginRequest"),
        Some("Login"),
    ),
    op("DELETE", "/v1/sessions/current", &[204], None, None),
    op("GET", "/v1/events", &[200], None, None),
    op("POST", "/v1/events/ack", &[204], Some("Ack"), None),
    op(
        "POST",
        "/v1/messages",
        &[200],
        Some("SendMessage"),
        Some("Message"),
    ),
    op("GET", "/v1/recents", &[200], None, Some("Recents")),
    op(
        "GET",
        "/v1/conversations",
        &[200],
        None,
        Some("Conversations"),
    ),
    op(
        "GET",
        "/v1/conversations/{peer}/messages",
        &[200],
        None,
        Some("History"),
    ),
    op("GET", "/v1/profile", &[200], None, Some("OwnProfile")),
    op(
        "PUT",
        "/v1/profile",
        &[200],
        Some("PutProfile"),
        Some("OwnProfile"),
    ),
    op(
        "GET",
        "/v1/users/{user}/profile",
        &[200],
        None,
        Some("PublicProfile"),
    ),
    op("GET", "/v1/friends", &[200], None, Some("Friends")),
    op("PUT", "/v1/friends/{peer}", &[204], None, None),
    op("DELETE", "/v1/friends/{peer}", &[204], None, None),
    op("GET", "/v1/blocklist", &[200], None, Some("Blocklist")),
    op("PUT", "/v1/blocklist/{peer}", &[204], None, None),
    op("DELETE", "/v1/blocklist/{peer}", &[204], None, None),
    op("PUT", "/v1/push-token", &[204], Some("PutPushToken"), None),
    op("DELETE", "/v1/push-token", &[204], None, None),
    op("POST", "/v1/media", &[201], None, Some("Uploaded")),
    op("GET", "/v1/media/{media}", &[200, 206], None, None),
];

/// The endpoint of a request; `path` without its query.
#[must_use]
pub fn operation(method: &str, path: &str) -> Option<&'static Operation> {
    OPERATIONS
        .iter()
        .find(|candidate| candidate.method == method && fits(candidate.path, path))
}

/// The name of the schema of an answer's body: `Error` from 400 on, else the endpoint's own.
#[must_use]
pub fn answer_schema(method: &str, path: &str, status: u16) -> Option<&'static str> {
    if status >= 400 {
        return Some("Error");
    }
    operation(method, path)
        .filter(|found| found.statuses.contains(&status))?
        .answer
}

/// The name of the schema of an event's data; `None` for an event this version does not know.
#[must_use]
pub fn event_schema(event: &str) -> Option<&'static str> {
    match event {
        "message" => Some("MessageEvent"),
        "recents" => Some("Recents"),
        "sync_done" => Some("SyncDone"),
        "kicked" => Some("Kicked"),
        _ => None,
    }
}

fn fits(pattern: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    pattern.split('/').all(|wanted| {
        segments
            .next()
            .is_some_and(|found| wanted == found || (wanted.starts_with('{') && !found.is_empty()))
    }) && segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema_for;

    #[test]
    fn paths_find_their_endpoint() {
        let answer = |method, path, status| answer_schema(method, path, status);
        assert_eq!(
            answer("GET", "/v1/conversations/bob/messages", 200),
            Some("History")
        );
        assert_eq!(
            answer("GET", "/v1/conversations", 200),
            Some("Conversations")
        );
        assert_eq!(answer("GET", "/v1/conversations//messages", 200), None);
        assert_eq!(answer("GET", "/v1/nowhere", 404), Some("Error"));
        assert_eq!(answer("PUT", "/v1/friends/bob", 204), None);
    }

    #[test]
    fn every_name_in_the_table_is_a_wire_type() {
        for operation in OPERATIONS {
            for name in [operation.request, operation.answer].into_iter().flatten() {
                assert!(schema_for(name).is_some(), "{name}");
            }
        }
    }
}
