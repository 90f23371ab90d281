//! The client library against the reference server, over loopback HTTP.

use std::time::Duration;

use duologue_client::sdk::{Client, Event, Events, Settings};
use duologue_client::{Api, Endpoint, Http};
use duologue_core::answer::ProvisionedApp;
use duologue_core::client::{
    Account, ChatContent, ChatMessage, Draft, LoginError, ReadError, SendError,
};
use duologue_core::content::Content;
use duologue_core::id::{DeviceId, PeerId, Platform, UserId};
use duologue_server::{Handle, ServerOptions, start};
use serde_json::json;
use tokio::time::timeout;

struct World {
    server: Handle,
    api: Api,
    app: ProvisionedApp,
}

impl World {
    async fn new() -> Self {
        let server = start(ServerOptions::new("operator")).await.unwrap();
        let api = Api::new(Http::new(Endpoint::parse(&server.url()).unwrap()).unwrap());
        let wishes = json!({ "limits": { "offline_messages_max": 2 } });
        let app = api.provision("operator", &wishes).await.unwrap();
        Self { server, api, app }
    }

    async fn account(&self, name: &str) -> Account {
        let user = UserId::parse(name).unwrap();
        let admin = &self.app.admin_token;
        let created = self.api.put_user(admin, &user, &json!({})).await.unwrap();
        Account {
            user,
            credential: created.credential.unwrap(),
            device: DeviceId::parse("laptop").unwrap(),
            platform: Platform::parse("linux").unwrap(),
        }
    }

    async fn login(&self, account: &Account) -> (Client, Events) {
        let http = self.api.http().clone();
        let login = Client::login(http, account.clone(), Settings::default());
        login.await.unwrap()
    }
}

async fn send(from: &Client, to: &str, text: &str) -> ChatMessage {
    let content = Content::Text { text: text.into() };
    let draft = Draft::new(UserId::parse(to).unwrap(), content);
    from.send_message(draft).await.unwrap()
}

async fn read(client: &Client, peer: &str, count: u64) -> Result<Vec<String>, ReadError> {
    let peer = PeerId::parse(peer).unwrap();
    let messages = client.get_message(peer, count, None).await?;
    Ok(messages.iter().map(text).collect())
}

fn text(message: &ChatMessage) -> String {
    match &message.content {
        ChatContent::Known(Content::Text { text }) => text.clone(),
        ChatContent::Known(_) | ChatContent::Unknown(_) => panic!("{message:?}"),
    }
}

/// What the next callback says.
async fn next(events: &mut Events) -> String {
    let event = timeout(Duration::from_secs(10), events.next()).await;
    match event
        .expect("an event comes in time")
        .expect("the client runs")
    {
        Event::NewMessage(message) => text(&message),
        Event::Refresh => "(refresh)".into(),
        Event::Kicked { reason } => format!("(kicked: {reason})"),
    }
}

/// CLI-001, CLI-002, CLI-004, CLI-005, CLI-014, CLI-015
#[tokio::test]
async fn the_six_steps_work_over_http() {
    let world = World::new().await;
    let (account_a, account_b) = (world.account("alice").await, world.account("bob").await);
    let carol = world.account("carol").await.user;
    let (alice, mut news_a) = world.login(&account_a).await;
    assert_eq!(next(&mut news_a).await, "(refresh)");
    // 1: Alice sends while Bob is away; Bob's phone writes to Carol.
    for number in 1..=5 {
        send(&alice, "bob", &format!("a{number}")).await;
    }
    let phone = Account {
        device: DeviceId::parse("phone").unwrap(),
        ..account_b.clone()
    };
    let (phone, events) = world.login(&phone).await;
    send(&phone, carol.as_str(), "from my phone").await;
    phone.logout().await;
    drop(events);
    // 2 to 5: login, mailbox, what else the recent contacts show, one refresh.
    let (bob, mut news_b) = world.login(&account_b).await;
    for expected in ["a4", "a5", "from my phone", "(refresh)"] {
        assert_eq!(next(&mut news_b).await, expected);
    }
    // 6: the newest are local, the rest is fetched.
    assert_eq!(read(&bob, "alice", 2).await.unwrap(), ["a4", "a5"]);
    let all = ["a1", "a2", "a3", "a4", "a5"];
    assert_eq!(read(&bob, "alice", 9).await.unwrap(), all);
    // Live, both ways.
    send(&bob, "alice", "b1").await;
    assert_eq!(next(&mut news_a).await, "b1");
    send(&alice, "bob", "a6").await;
    assert_eq!(next(&mut news_b).await, "a6");
    // What is local needs no server.
    world.server.stop().await;
    let expected = ["a1", "a2", "a3", "a4", "a5", "b1", "a6"];
    assert_eq!(read(&bob, "alice", 9).await.unwrap(), expected);
}

/// CLI-003, CLI-005, CLI-006
#[tokio::test]
async fn what_was_handed_over_is_acknowledged_and_never_comes_again() {
    let world = World::new().await;
    let (account_a, account_b) = (world.account("alice").await, world.account("bob").await);
    let (alice, _events) = world.login(&account_a).await;
    send(&alice, "bob", "one").await;
    let (bob, mut news) = world.login(&account_b).await;
    assert_eq!(next(&mut news).await, "one");
    // Bob's application dies while it works on the first message, and again after it.
    let restart = async |bob: Client| {
        let store = bob.store().await;
        drop(bob);
        let http = world.api.http().clone();
        let settings = Settings {
            store,
            ..Settings::default()
        };
        let login = Client::login(http, account_b.clone(), settings);
        login.await.unwrap()
    };
    let (bob, mut news) = restart(bob).await;
    assert_eq!(next(&mut news).await, "one", "it was not taken");
    assert_eq!(next(&mut news).await, "(refresh)");
    let (bob, mut news) = restart(bob).await;
    assert_eq!(next(&mut news).await, "(refresh)", "the store knows it");
    bob.logout().await;
    assert!(news.next().await.is_none());
    world.server.stop().await;
}

/// CLI-010
#[tokio::test]
async fn a_kicked_client_stays_out_and_a_refused_login_says_why() {
    let world = World::new().await;
    let account = world.account("alice").await;
    let (first, mut news) = world.login(&account).await;
    assert_eq!(next(&mut news).await, "(refresh)");
    let (second, mut second_news) = world.login(&account).await;
    assert_eq!(next(&mut news).await, "(kicked: replaced)");
    let draft = Draft::new(account.user.clone(), Content::Text { text: "x".into() });
    let refused = first.send_message(draft).await;
    assert_eq!(refused, Err(SendError::NoSession));
    assert_eq!(next(&mut second_news).await, "(refresh)");
    second.logout().await;
    let wrong = Account {
        credential: "wrong".into(),
        ..account
    };
    let login = Client::login(world.api.http().clone(), wrong, Settings::default()).await;
    let Err(LoginError::Refused(refusal)) = login else {
        panic!("logged in with a wrong credential")
    };
    assert_eq!(refusal.status, 401);
    world.server.stop().await;
}
