//! `duologue serve` and a push gateway behind TLS.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use duologue_client::{Api, Endpoint, Http};
use duologue_core::id::{DeviceId, Platform, UserId};
use serde_json::{Value, json};

use crate::front::{Act, Front};

/// A gateway that is not called by then is not called.
const PATIENCE: Duration = Duration::from_secs(20);

/// Ends with the test.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        // It may be over already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// PSH-007
#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_the_system_trusts_is_pushed_to_over_tls() {
    let (called, calls) = channel();
    let gateway = tokio::task::spawn_blocking(move || {
        Front::tls(move |head| {
            called.send(head.to_owned()).unwrap();
            Act::Say("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".into())
        })
    });
    let gateway = gateway.await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (ca, token) = (folder.path().join("ca.pem"), folder.path().join("token"));
    fs::write(&ca, gateway.ca.as_ref().unwrap()).unwrap();
    fs::write(&token, "operator").unwrap();
    let mut server = Command::new(env!("CARGO_BIN_EXE_duologue"))
        .args(["serve", "--listen", "127.0.0.1:0", "--operator-token-file"])
        .arg(&token)
        .env("SSL_CERT_FILE", &ca)
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let output = server.stdout.take().unwrap();
    let _server = Serving(server);
    BufReader::new(output).read_line(&mut line).unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();

    let endpoint = Endpoint::parse(ready["listening"].as_str().unwrap()).unwrap();
    let api = Api::new(Http::new(endpoint).unwrap());
    let url = format!("{}/push", gateway.url);
    let wishes = json!({ "push": { "gateway_url": url, "vendors": ["apns"] } });
    let app = api.provision("operator", &wishes).await.unwrap();
    let login = async |name| {
        let user = UserId::parse(name).unwrap();
        let created = api.put_user(&app.admin_token, &user, &json!({})).await;
        let device = DeviceId::parse("phone").unwrap();
        let platform = Platform::parse("ios").unwrap();
        let credential = created.unwrap().credential.unwrap();
        let login = api.login(&credential, &user, &device, &platform).await;
        login.unwrap().session_token
    };
    let (alice, bob) = (login("alice").await, login("bob").await);
    let device = json!({ "vendor": "apns", "token": "device" });
    let registered = api.order("PUT", "/v1/push-token", Some(&bob), Some(&device));
    registered.await.unwrap();
    let message = json!({ "to": "bob", "content": { "type": "text", "text": "wake up" } });
    let sent = api.order("POST", "/v1/messages", Some(&alice), Some(&message));
    sent.await.unwrap();
    let head = calls.recv_timeout(PATIENCE).unwrap();
    assert!(head.starts_with("POST /push "), "{head}");
}
