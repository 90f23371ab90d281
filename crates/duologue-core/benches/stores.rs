//! What an operation costs when an app holds many messages: it should hardly grow from one line
//! to the next. `cargo bench --package duologue-core`

use divan::Bencher;
use duologue_core::answer::Implementation;
use duologue_core::feature::Feature;
use duologue_core::limits::Profile;
use duologue_core::server::{Body, IdSource, Request, Server, ServerConfig};
use duologue_core::time::Timestamp;
use serde_json::{Value, json};

const MESSAGES: [u64; 3] = [1_000, 100_000, 1_000_000];
const USERS: u64 = 100;
const NOW: Timestamp = Timestamp(1_700_000_000_000);

struct Counter(u128);

impl IdSource for Counter {
    fn next_id(&mut self) -> u128 {
        self.0 += 1;
        self.0
    }
}

struct Loaded {
    server: Server,
    ids: Counter,
    admin: String,
    /// The session of user `u0`.
    session: String,
}

impl Loaded {
    fn call(&mut self, token: &str, method: &str, path: &str, body: &Value) -> Value {
        let authorization = format!("Bearer {token}");
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = Request {
            method,
            path,
            query,
            authorization: Some(&authorization),
            last_event_id: None,
            content_length: None,
            body: &body,
        };
        let (reply, _) = self.server.handle(NOW, request, &mut self.ids);
        assert!(reply.status < 300, "{reply:?}");
        match reply.body {
            Body::Json(text) => serde_json::from_str(&text).unwrap_or_default(),
            Body::Empty | Body::Stream { .. } | Body::Upload(_) | Body::Download(_) => Value::Null,
        }
    }

    fn text(value: &Value, name: &str) -> String {
        value[name].as_str().unwrap_or_default().to_owned()
    }

    /// An app in which `messages` messages lie in the views of [`USERS`] users, without offline
    /// caps, half of them between `u0` and `u1`.
    fn new(messages: u64) -> Self {
        let implementation = Implementation {
            name: "bench".into(),
            version: "0".into(),
        };
        let operator_token = Some("operator".to_owned());
        let config = ServerConfig {
            operator_token,
            admin_token: None,
            features: Feature::ALL.into(),
            profile: Profile::Default,
            implementation,
        };
        let (server, ids) = (Server::new(config), Counter(0));
        let mut loaded = Self {
            server,
            ids,
            admin: String::new(),
            session: String::new(),
        };
        let limits = json!({ "offline_bytes_max": null, "offline_messages_max": null });
        let wishes = json!({ "clock": "manual", "limits": limits });
        let app = loaded.call("operator", "POST", "/v1/apps", &wishes);
        loaded.admin = Self::text(&app, "admin_token");
        let admin = loaded.admin.clone();
        for user in 0..USERS {
            let path = format!("/v1/admin/users/u{user}");
            let created = loaded.call(&admin, "PUT", &path, &json!({}));
            if user == 0 {
                let login = json!({ "user_id": "u0", "device_id": "d", "platform": "ios" });
                let credential = Self::text(&created, "credential");
                let login = loaded.call(&credential, "POST", "/v1/sessions", &login);
                loaded.session = Self::text(&login, "session_token");
            }
        }
        for number in 0..messages {
            let (from, to) = if number % 2 == 0 {
                (1, 0)
            } else {
                (number % USERS, number % 97)
            };
            loaded.send(from, to);
        }
        loaded
    }

    fn send(&mut self, from: u64, to: u64) {
        let content = json!({ "type": "text", "text": "how are you?" });
        let from = format!("u{from}");
        let body = json!({ "from": from, "to": format!("u{to}"), "content": content });
        let admin = self.admin.clone();
        self.call(&admin, "POST", "/v1/admin/messages", &body);
    }

    fn get(&mut self, path: &str) -> Value {
        let session = self.session.clone();
        self.call(&session, "GET", path, &Value::Null)
    }
}

fn main() {
    divan::main();
}

#[divan::bench(args = MESSAGES, sample_count = 20, sample_size = 50)]
fn send(bencher: Bencher<'_, '_>, messages: u64) {
    let mut loaded = Loaded::new(messages);
    bencher.bench_local(|| loaded.send(1, 0));
}

#[divan::bench(args = MESSAGES, sample_count = 20, sample_size = 20)]
fn history_page_in_the_middle(bencher: Bencher<'_, '_>, messages: u64) {
    let mut loaded = Loaded::new(messages);
    let path = format!(
        "/v1/conversations/u1/messages?after={}&limit=20",
        messages / 4
    );
    bencher.bench_local(|| loaded.get(&path));
}

#[divan::bench(args = MESSAGES, sample_count = 20, sample_size = 20)]
fn recents(bencher: Bencher<'_, '_>, messages: u64) {
    let mut loaded = Loaded::new(messages);
    bencher.bench_local(|| loaded.get("/v1/recents"));
}

/// The clock moves, and nothing is due: what is stored must not matter.
#[divan::bench(args = MESSAGES, sample_count = 20, sample_size = 50)]
fn advance_the_clock(bencher: Bencher<'_, '_>, messages: u64) {
    let mut loaded = Loaded::new(messages);
    let admin = loaded.admin.clone();
    let body = json!({ "advance_ms": 1 });
    bencher.bench_local(|| loaded.call(&admin, "POST", "/v1/admin/clock", &body));
}
