//! The app that is there from the start, and the token that the configuration gives its administrator.

use duologue_core::answer::Implementation;
use duologue_core::feature::Feature;
use duologue_core::limits::Profile;
use duologue_core::server::{Request, Server, ServerConfig};
use duologue_core::time::Timestamp;

use crate::world::Counter;

/// HTT-007
#[test]
fn with_the_first_app_its_configured_token_goes() {
    let mut server = Server::new(ServerConfig {
        operator_token: Some("operator".into()),
        admin_token: Some("admin".into()),
        features: Feature::ALL.into(),
        profile: Profile::Default,
        implementation: Implementation {
            name: "test".into(),
            version: "0".into(),
        },
    });
    let mut status = |method, path, token| {
        let authorization = format!("Bearer {token}");
        let request = Request {
            method,
            path,
            query: "",
            authorization: Some(&authorization),
            last_event_id: None,
            content_length: None,
            body: &[],
        };
        let (reply, _) = server.handle(Timestamp(0), request, &mut Counter(0));
        reply.status
    };
    assert_eq!(status("GET", "/v1/admin/policy", "admin"), 200);
    assert_eq!(status("DELETE", "/v1/apps/main", "operator"), 204);
    for path in ["/v1/server", "/v1/admin/policy", "/v1/profile"] {
        assert_eq!(status("GET", path, "admin"), 401, "{path}");
    }
}
