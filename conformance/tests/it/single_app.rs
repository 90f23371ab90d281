//! A program with a single app, started by --exec with the admin token that was made up for it.

use std::fs;

use duologue_client::{Api, Endpoint, Http};
use serde_json::json;

use crate::proxy::{Rule, asks, proxy};
use crate::{code, duologue, one_scenario, text};

const SEND: &str = r#"{ "send": { "as": "alice", "to": "bob",
    "content": { "type": "text", "text": "hi" }, "expect": { "ok": { "seq": 1 } } } }"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_provisioning_takes_the_admin_token_it_was_started_with() {
    let options = duologue_server::ServerOptions::new("operator");
    let server = duologue_server::start(options).await.unwrap();
    let api = Api::new(Http::new(Endpoint::parse(&server.url()).unwrap()).unwrap());
    let app = api.provision("operator", &json!({})).await.unwrap();

    // The program hands its token on by a file; the proxy is the server with that token.
    let folder = tempfile::tempdir().unwrap();
    let handed = folder.path().join("handed");
    let file = handed.clone();
    let url = proxy(server.address(), move |head| {
        if asks(head, "POST /v1/apps") {
            return Rule::Answer(501, r#"{"code":"unsupported","message":"one app"}"#);
        }
        let token = fs::read_to_string(&file).unwrap();
        let ours = format!("Bearer {}", token.trim());
        let rewrite = asks(head, "GET /v1/server").then_some(("\"provisioning\",", ""));
        Rule::Forward(
            head.contains(&ours).then(|| app.admin_token.clone()),
            rewrite,
        )
    });
    let file = handed.display();
    let command = format!(
        r#"cat "$DUOLOGUE_ADMIN_TOKEN_FILE" > {file}; echo "$DUOLOGUE_ADMIN_TOKEN" | cmp - {file} || exit 1
           echo '{{"listening": "{url}"}}'; exec sleep 600"#
    );
    let fixtures = one_scenario(SEND);
    let dir = fixtures.path().to_str().unwrap();
    let output = duologue(&["run", "--fixtures", dir, "--exec", &command]);
    assert_eq!(code(&output), 0, "{}", text(&output));
    assert!(
        text(&output).contains("pass: 1 passed"),
        "{}",
        text(&output)
    );
    let output = duologue(&["doctor", "--exec", &command]);
    assert_eq!(code(&output), 0, "{}", text(&output));
    let words = "ok    provisioning  not declared, and refused as unsupported";
    assert!(text(&output).contains(words), "{}", text(&output));
    let token = fs::read_to_string(&handed).unwrap();
    assert!(!text(&output).contains(token.trim()));
}
