//! What a crash leaves, and what comes of it.

use chrono::Duration;
use serde_json::json;

use super::house::{House, USUAL};
use crate::auctions::house::ok;
use crate::engine::until;

#[actix_web::test]
async fn after_a_crash_the_answer_is_interrupted_at_once_and_can_be_continued() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let (chat, waiting) = (house.chat(&anna).await, house.chat(&anna).await);
    let run = house.asked(chat, &anna, "Tell me everything?").await;
    run.say("The first half, ");
    until("it is kept", async || {
        let view = house.view(chat, &anna).await;
        view["messages"][0]["answer"]["length"].as_u64().unwrap() >= 15
    })
    .await;
    let clock = house.clock.clone();
    let db = house.crash().await;
    drop(run);

    let house = House::over(db, USUAL, clock).await;
    let anna = house.sign_in(anna.id, &[]);
    let cut = house.answer(chat, &anna, 1, "interrupted").await;
    let kept = cut["text"].as_str().unwrap().to_owned();
    assert!("The first half, ".starts_with(&kept) && kept.len() >= 15);
    // Whoever had more of it is told how much was kept.
    let mut events = house.follow(&format!("/chats/{chat}/stream?after=99&message=1"), Some(&anna)).await;
    let mut text = String::new();
    assert_eq!(events.until("cut", &mut text).await["length"], json!(kept.chars().count()));
    assert_eq!(events.until("done", &mut text).await["stage"], "interrupted");
    assert_eq!(house.post(&format!("/chats/{chat}/messages/1/continue"), &anna, json!({})).await.0, 202);
    let rest = house.run().await;
    assert!(rest.task.rest && !rest.task.sources.is_empty(), "from the same sources");
    rest.say("the second half.");
    rest.finish();
    let whole = house.answer(chat, &anna, 1, "done").await;
    assert_eq!(whole["text"], format!("{kept}the second half."));
    // And a new question in another conversation is answered as before.
    house.asked(waiting, &anna, "Still there?").await.finish();
    house.answer(waiting, &anna, 1, "done").await;
    house.close().await;
}

#[actix_web::test]
async fn a_graceful_stop_keeps_every_word() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let chat = house.chat(&anna).await;
    let run = house.asked(chat, &anna, "Tell me everything?").await;
    run.say("All that was said.");
    let mut events = house.follow(&format!("/chats/{chat}/stream"), Some(&anna)).await;
    let mut text = String::new();
    events.read(&mut text, 17).await;
    drop(events);
    let clock = house.clock.clone();
    let chats = house.chats.clone();
    chats.close().await;
    assert!(run.is_dropped());
    let db = house.end().await;
    let house = House::over(db, USUAL, clock).await;
    let anna = house.sign_in(anna.id, &[]);
    assert_eq!(house.answer(chat, &anna, 1, "interrupted").await["text"], "All that was said.");
    house.close().await;
}

#[actix_web::test]
async fn a_run_that_falls_silent_for_ever_is_ended_by_the_deadline() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let chat = house.chat(&anna).await;
    // Somebody takes the answer and never speaks: a node that died.
    let id = madang::actors::chat::chat_id(chat).unwrap();
    house.chats.close().await;
    ok(house.ask(chat, &anna, "Anybody?").await);
    let begin = madang_domain::chat::Command::Begin { message: 1, run: uuid::Uuid::new_v4() };
    house.chats.ask(id, uuid::Uuid::new_v4(), madang_domain::entity::Actor::System, begin).await.unwrap();
    house.clock.advance(Duration::seconds(60).to_std().unwrap());
    house.answer(chat, &anna, 1, "interrupted").await;
    house.close().await;
}
