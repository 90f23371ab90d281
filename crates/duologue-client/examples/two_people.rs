//! Two people and a server: `two_people <endpoint URL> <operator token>`.

use std::error::Error;

use duologue_client::sdk::{Client, Event, Events, Settings};
use duologue_client::{Api, Endpoint, Http};
use duologue_core::client::{Account, Draft};
use duologue_core::content::Content;
use duologue_core::id::{DeviceId, PeerId, Platform, UserId};
use serde_json::json;

async fn login(api: &Api, admin: &str, name: &str) -> Result<(Client, Events), Box<dyn Error>> {
    let user = UserId::parse(name)?;
    let created = api.put_user(admin, &user, &json!({})).await?;
    let account = Account {
        user,
        credential: created.credential.ok_or("the user exists already")?,
        device: DeviceId::parse("laptop")?,
        platform: Platform::parse("linux")?,
    };
    Ok(Client::login(api.http().clone(), account, Settings::default()).await?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(operator)) = (arguments.next(), arguments.next()) else {
        return Err("usage: two_people <endpoint URL> <operator token>".into());
    };
    let api = Api::new(Http::new(Endpoint::parse(&url)?)?);
    let app = api.provision(&operator, &json!({})).await?;
    let (alice, _events) = login(&api, &app.admin_token, "alice").await?;
    let (bob, mut news) = login(&api, &app.admin_token, "bob").await?;

    let text = "Hello, Bob!".into();
    let hello = Draft::new(UserId::parse("bob")?, Content::Text { text });
    let sent = alice.send_message(hello).await?;
    println!("alice sent {}", sent.message_id);

    while let Some(event) = news.next().await {
        println!("bob: {event:?}");
        if matches!(event, Event::NewMessage(_)) {
            break;
        }
    }
    let conversation = bob.get_message(PeerId::parse("alice")?, 10, None).await?;
    println!("bob has {} message(s) from alice", conversation.len());
    bob.logout().await;
    alice.logout().await;
    api.delete_app(&operator, &app.app_id).await?;
    Ok(())
}
