//! The runner's push gateway: one listener a run, one path a scenario.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::scenario::step::GatewayAnswer;

/// A hanging gateway lets go of a server that does not give up by itself.
const HANG: Duration = Duration::from_secs(60);

/// A running gateway. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Gateway {
    address: SocketAddr,
    host: String,
    shared: Arc<Shared>,
    /// Owns the listener's task.
    _server: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Shared {
    mailboxes: Mutex<BTreeMap<String, Mailbox>>,
    arrived: Notify,
}

/// The pushes of one scenario.
#[derive(Debug, Default)]
struct Mailbox {
    answer: GatewayAnswer,
    pushes: Vec<Value>,
    /// How many pushes of a (vendor, token) have been read.
    read: BTreeMap<(String, String), usize>,
}

impl Gateway {
    /// Listens where a server at `host` can reach it.
    pub(super) async fn start(server_host: &str) -> std::io::Result<Self> {
        let (bind, host) = reachable_from(server_host).await;
        let listener = TcpListener::bind((bind, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let app = Router::new()
            .route("/{scenario}", post(receive))
            .with_state(Arc::clone(&shared));
        let mut server = JoinSet::new();
        server.spawn(async move {
            // Serving ends with the task; there is nothing to report.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self {
            address,
            host,
            shared,
            _server: server,
        })
    }

    /// The URL for a scenario's app.
    pub(super) fn url(&self, scenario: &str) -> String {
        format!("http://{}:{}/{scenario}", self.host, self.address.port())
    }

    pub(super) fn set_answer(&self, scenario: &str, answer: GatewayAnswer) {
        self.shared
            .with(scenario, |mailbox| mailbox.answer = answer);
    }

    /// The next unread push to a token; `None` when none came before the deadline.
    pub(super) async fn next(
        &self,
        scenario: &str,
        vendor: &str,
        token: &str,
        deadline: Instant,
    ) -> Option<Value> {
        loop {
            let arrived = self.shared.arrived.notified();
            tokio::pin!(arrived);
            // Registered before looking, so that no arrival slips between look and wait.
            arrived.as_mut().enable();
            let next = self
                .shared
                .with(scenario, |mailbox| mailbox.take(vendor, token));
            if next.is_some() {
                return next;
            }
            timeout_at(deadline, arrived).await.ok()?;
        }
    }

    /// All pushes of a scenario so far.
    pub(super) fn all(&self, scenario: &str) -> Vec<Value> {
        self.shared.with(scenario, |mailbox| mailbox.pushes.clone())
    }
}

impl Shared {
    fn with<T>(&self, scenario: &str, work: impl FnOnce(&mut Mailbox) -> T) -> T {
        let mut mailboxes = self
            .mailboxes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        work(mailboxes.entry(scenario.to_owned()).or_default())
    }
}

impl Mailbox {
    fn take(&mut self, vendor: &str, token: &str) -> Option<Value> {
        let read = self
            .read
            .entry((vendor.to_owned(), token.to_owned()))
            .or_default();
        let next = self
            .pushes
            .iter()
            .filter(|push| push["vendor"] == vendor && push["token"] == token)
            .nth(*read)
            .cloned();
        *read += usize::from(next.is_some());
        next
    }
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    Path(scenario): Path<String>,
    body: Bytes,
) -> StatusCode {
    let push = serde_json::from_slice(&body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into_owned()));
    let answer = shared.with(&scenario, |mailbox| {
        mailbox.pushes.push(push);
        mailbox.answer
    });
    shared.arrived.notify_waiters();
    match answer {
        GatewayAnswer::Ok => StatusCode::OK,
        GatewayAnswer::Gone => StatusCode::GONE,
        GatewayAnswer::Error => StatusCode::INTERNAL_SERVER_ERROR,
        GatewayAnswer::Hang => {
            tokio::time::sleep(HANG).await;
            StatusCode::GATEWAY_TIMEOUT
        }
    }
}

/// Where to listen, and the host by which the server finds it: this machine for a server on it,
/// else the address this machine has in the server's direction.
async fn reachable_from(server_host: &str) -> (Ipv4Addr, String) {
    let here = (Ipv4Addr::LOCALHOST, Ipv4Addr::LOCALHOST.to_string());
    if ["127.0.0.1", "localhost", "::1"].contains(&server_host) {
        return here;
    }
    let Ok(socket) = tokio::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await else {
        return here;
    };
    // Connecting a datagram socket sends nothing; it only chooses the route.
    match socket
        .connect((server_host, 9))
        .await
        .and_then(|()| socket.local_addr())
    {
        Ok(address) => (Ipv4Addr::UNSPECIFIED, address.ip().to_string()),
        Err(_) => here,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pushes_are_read_in_order_token_by_token() {
        let mut mailbox = Mailbox::default();
        let push =
            |token: &str, body: &str| json!({ "vendor": "apns", "token": token, "body": body });
        mailbox.pushes = vec![push("a", "1"), push("b", "2"), push("a", "3")];
        let mut next = |token: &str| mailbox.take("apns", token).map(|push| push["body"].clone());
        assert_eq!(next("a"), Some(json!("1")));
        assert_eq!(next("a"), Some(json!("3")));
        assert_eq!(next("a"), None);
        assert_eq!(next("b"), Some(json!("2")));
    }

    #[tokio::test]
    async fn a_push_that_comes_while_waiting_is_found() {
        let gateway = Gateway::start("127.0.0.1").await.unwrap();
        let shared = Arc::clone(&gateway.shared);
        let late = async move {
            tokio::task::yield_now().await;
            let push = json!({ "vendor": "apns", "token": "a" });
            receive(
                State(shared),
                Path("s".into()),
                Bytes::from(push.to_string()),
            )
            .await
        };
        let deadline = Instant::now() + Duration::from_secs(5);
        let (found, status) = tokio::join!(gateway.next("s", "apns", "a", deadline), late);
        assert!(found.is_some());
        assert_eq!(status, StatusCode::OK);
    }
}
