//! What one person may use holds exactly, however many ask at once.

use futures_util::future::join_all;
use madang::storage::quotas::Most;
use serde_json::{Value, json};

use super::house::{House, USUAL, Ways};
use crate::auctions::house::{code, ok};
use crate::engine::until;

async fn quota(house: &House, who: &super::house::Person) -> Value {
    ok(house.get("/chats/quota", who).await)
}

#[actix_web::test]
async fn twenty_who_ask_at_once_get_exactly_what_is_left() {
    let most = Most { messages: 1_000, running: 3, tokens: 1_000_000 };
    let house = House::with(Ways { most, ..USUAL }).await;
    let (anna, ben) = (house.person("anna", &[]).await, house.person("ben", &[]).await);
    let chats = join_all((0..20).map(|_| house.chat(&anna))).await;
    let replies = join_all(chats.iter().map(|chat| house.ask(*chat, &anna, "Now?"))).await;
    let taken = replies.iter().filter(|reply| reply.0 == 202).count();
    assert_eq!(taken, 3);
    for refused in replies.iter().filter(|reply| reply.0 != 202) {
        assert_eq!((refused.0, code(refused)), (429, "chat.too_many_at_once"));
    }
    let other = house.chat(&ben).await;
    assert_eq!(house.ask(other, &ben, "And I?").await.0, 202, "one's quota is nobody else's");
    for _ in 0..4 {
        house.run().await.finish();
    }
    until("all are settled", async || quota(&house, &anna).await["at_once"]["used"] == 0).await;
    assert_eq!(quota(&house, &anna).await["messages"]["used"], 3, "what was refused does not count");
    assert_eq!(house.ask(chats[0], &anna, "Again?").await.0, 202);
    house.close().await;
}

#[actix_web::test]
async fn tokens_are_reserved_before_and_counted_after() {
    let most = Most { messages: 1_000, running: 100, tokens: 250 };
    let house = House::with(Ways { most, tokens: 100, ..USUAL }).await;
    let anna = house.person("anna", &[]).await;
    let chats = join_all((0..5).map(|_| house.chat(&anna))).await;
    let replies = join_all(chats.iter().map(|chat| house.ask(*chat, &anna, "Now?"))).await;
    assert_eq!(replies.iter().filter(|reply| reply.0 == 202).count(), 2, "two of a hundred fit into 250");
    let refused = replies.iter().find(|reply| reply.0 != 202).unwrap();
    assert_eq!((refused.0, code(refused), &refused.1["detail"]["tokens_limit"]), (429, "chat.tokens_spent", &json!(250)));
    assert_eq!(quota(&house, &anna).await["tokens"]["reserved"], 200);
    for _ in 0..2 {
        let run = house.run().await;
        run.say("Yes.");
        run.finish();
    }
    until("what it did cost is counted instead", async || {
        let tokens = quota(&house, &anna).await["tokens"].clone();
        tokens["reserved"] == 0 && tokens["used"].as_i64().unwrap() > 0 && tokens["used"].as_i64().unwrap() < 100
    })
    .await;
    house.close().await;
}

#[actix_web::test]
async fn a_spent_day_ends_at_midnight_in_korea() {
    let most = Most { messages: 1, running: 10, tokens: 1_000_000 };
    let house = House::with(Ways { most, ..USUAL }).await;
    let anna = house.person("anna", &[]).await;
    let chat = house.chat(&anna).await;
    house.asked(chat, &anna, "One?").await.finish();
    house.answer(chat, &anna, 1, "done").await;
    until("it is settled", async || quota(&house, &anna).await["tokens"]["reserved"] == 0).await;
    let spent = quota(&house, &anna).await["tokens"]["used"].as_i64().unwrap();
    let path = format!("/chats/{chat}/messages");
    let request = house.request(reqwest::Method::POST, &path, Some(&anna)).json(&json!({ "text": "Two?" }));
    let refused = request.send().await.unwrap();
    assert_eq!(refused.status().as_u16(), 429);
    let header = |name: &str| refused.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(
        (header("x-ratelimit-limit-requests"), header("x-ratelimit-remaining-requests")),
        ("1".to_owned(), "0".to_owned())
    );
    assert_eq!(header("x-ratelimit-reset-tokens"), format!("{}s", header("retry-after")));
    assert_eq!(header("x-ratelimit-remaining-tokens").parse::<i64>().unwrap(), 1_000_000 - spent);
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=86_400).contains(&wait));
    assert_eq!(refused.json::<Value>().await.unwrap()["code"], "chat.messages_spent");
    house.clock.advance(std::time::Duration::from_secs(wait + 1));
    let anna = house.sign_in(anna.id, &[]);
    assert_eq!(house.ask(chat, &anna, "Two?").await.0, 202);
    house.close().await;
}
