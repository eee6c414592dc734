//! The link: who has it reads, until its owner takes it back.

use reqwest::Method;
use serde_json::{Value, json};

use super::house::House;
use crate::auctions::house::{code, ok};

#[actix_web::test]
async fn a_link_shows_the_conversation_live_until_it_is_taken_back() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let chat = house.chat(&anna).await;
    let run = house.asked(chat, &anna, "How do I breathe?").await;
    let path = format!("/chats/{chat}/link");
    let token = ok(house.post(&path, &anna, json!({})).await)["token"].as_str().unwrap().to_owned();
    assert_eq!(ok(house.post(&path, &anna, json!({})).await)["token"], json!(token), "the link that is there");
    assert_eq!(house.view(chat, &anna).await["link"], json!(token));
    let mut events = house.follow(&format!("/shared-chats/{token}/stream"), None).await;
    let mut text = String::new();
    run.say("Slowly, through the nose.");
    events.read(&mut text, 24).await;
    run.finish();
    events.until("done", &mut text).await;
    let seen = ok(house.send(Method::GET, &format!("/shared-chats/{token}"), None, Value::Null).await);
    assert_eq!(seen["messages"][0]["answer"]["text"], "Slowly, through the nose.");
    assert!(seen.get("link").is_none() && seen["messages"][0]["answer"].get("usage").is_none());
    let sources = house.send(Method::GET, &format!("/shared-chats/{token}/messages/1/sources"), None, Value::Null).await;
    assert_eq!(ok(sources)["items"][0]["title"], "Breathing 1");

    assert_eq!(house.send(Method::DELETE, &path, Some(&anna), Value::Null).await.0, 204);
    for path in [format!("/shared-chats/{token}"), format!("/shared-chats/{token}/stream"), "/shared-chats/x".to_owned()] {
        assert_eq!(code(&house.send(Method::GET, &path, None, Value::Null).await), "chat.link_invalid", "{path}");
    }
    let fresh = ok(house.post(&path, &anna, json!({})).await)["token"].clone();
    assert_ne!(fresh, json!(token), "an old link does not come back to life");
    house.close().await;
}
