//! Resuming at any position, stopping from anywhere.

use std::time::{Duration, Instant};

use madang_domain::ids::{EntityId, Kind};
use reqwest::Method;
use serde_json::{Value, json};

use super::house::{House, USUAL, Ways};
use crate::auctions::house::{code, ok};
use crate::engine::until;

const TEXT: &str = "숨은 😀 천천히, 코로 쉬세요 [1]. Warm up for ten minutes [2]. 끝.";

fn after(at: usize) -> String {
    TEXT.chars().skip(at).collect()
}

#[actix_web::test]
async fn a_resume_at_every_position_repeats_and_skips_nothing() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let chat = house.chat(&anna).await;
    let run = house.asked(chat, &anna, "어떻게 쉬나요?").await;
    let words: Vec<String> = TEXT.split_inclusive(' ').map(str::to_owned).collect();
    let (first, second) = words.split_at(words.len() / 2);
    let path = format!("/chats/{chat}/stream");
    let whole = TEXT.chars().count();
    // Half of them come before it is said, and hear it being said.
    let mut early = Vec::new();
    for at in 0..=first.concat().chars().count() {
        early.push((at, house.follow(&format!("{path}?after={at}&message=1"), Some(&anna)).await));
        if let Some(word) = first.get(at) {
            run.say(word);
        }
    }
    for word in first.iter().skip(early.len()).chain(second) {
        run.say(word);
    }
    for (at, events) in &mut early {
        // Where less was said than the client claims to have, it is told how much there is.
        let mut text = String::new();
        let cut = loop {
            let (name, data) = events.next().await.unwrap();
            match name.as_str() {
                "cut" => break Some(usize::try_from(data["length"].as_u64().unwrap()).unwrap()),
                "delta" => {
                    text.push_str(data["text"].as_str().unwrap());
                    break None;
                }
                _ => {}
            }
        };
        let from = cut.unwrap_or(*at);
        let wanted = whole - from;
        // The last signs of a text may be held until it is clear what they are.
        events.read(&mut text, wanted.saturating_sub(8)).await;
        assert!(after(from).starts_with(&text), "{from}: {text:?}");
    }
    run.finish();
    house.answer(chat, &anna, 1, "done").await;
    for at in 0..=whole {
        let request = house.request(Method::GET, &path, Some(&anna)).header("last-event-id", format!("1:{at}"));
        let mut events = super::house::Events::of(request.send().await.unwrap());
        let mut text = String::new();
        events.until("done", &mut text).await;
        assert_eq!(text, after(at), "{at}");
    }
    let mut beyond = house.follow(&format!("{path}?after={}", whole + 9), Some(&anna)).await;
    assert_eq!(beyond.until("cut", &mut String::new()).await["length"], json!(whole));
    let wrong = house.request(Method::GET, &path, Some(&anna)).header("last-event-id", "x").send().await.unwrap();
    assert_eq!(wrong.status().as_u16(), 409);
    house.close().await;
}

#[actix_web::test]
async fn a_stop_from_another_device_ends_the_work_upstream_and_keeps_the_text() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let phone = house.sign_in(anna.id, &[]);
    let chat = house.chat(&anna).await;
    let run = house.asked(chat, &anna, "Tell me everything?").await;
    run.say("Once upon a time, ");
    let mut events = house.follow(&format!("/chats/{chat}/stream"), Some(&anna)).await;
    let mut text = String::new();
    events.read(&mut text, 17).await;
    let began = Instant::now();
    assert_eq!(ok(house.post(&format!("/chats/{chat}/stop"), &phone, json!({})).await)["stopped"], true);
    until("nobody listens upstream", async || run.is_dropped()).await;
    let took = began.elapsed();
    let done = events.until("done", &mut text).await;
    assert_eq!((&done["stage"], text.trim_end()), (&json!("stopped"), "Once upon a time,"));
    assert_eq!(ok(house.post(&format!("/chats/{chat}/stop"), &anna, json!({})).await)["stopped"], false, "once is enough");
    eprintln!("the work upstream ended {took:?} after the stop was sent");

    // What was stopped can be continued, exactly there.
    assert_eq!(house.post(&format!("/chats/{chat}/messages/1/continue"), &anna, json!({})).await.0, 202);
    let rest = house.run().await;
    assert!(rest.task.rest && rest.task.history.last().unwrap().text.starts_with("Once upon"), "{:?}", rest.task);
    rest.say("there was a runner.");
    rest.finish();
    let answer = house.answer(chat, &anna, 1, "done").await;
    assert_eq!(answer["text"], "Once upon a time, there was a runner.");
    house.close().await;
}

#[actix_web::test]
async fn a_reader_who_sleeps_holds_nobody_up_and_gets_all_of_it_later() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let chat = house.chat(&anna).await;
    let run = house.asked(chat, &anna, "Tell me everything?").await;
    let path = format!("/chats/{chat}/stream");
    let mut asleep = house.follow(&path, Some(&anna)).await;
    let mut awake = house.follow(&path, Some(&anna)).await;
    let words: Vec<String> = (0..500).map(|number| format!("Word number {number} of the answer. ")).collect();
    let whole = words.concat().trim_end().to_owned();
    for word in &words {
        run.say(word);
    }
    run.finish();
    let (mut heard, mut slept) = (String::new(), String::new());
    assert_eq!(awake.until("done", &mut heard).await["stage"], "done");
    assert_eq!(house.answer(chat, &anna, 1, "done").await["text"].as_str().unwrap().trim_end(), whole);
    asleep.until("done", &mut slept).await;
    assert_eq!((heard.trim_end(), slept.trim_end()), (whole.as_str(), whole.as_str()));
    house.close().await;
}

#[actix_web::test]
async fn an_answer_that_nobody_watches_stops_where_the_setting_says_so() {
    let house = House::with(Ways { unwatched: Some(Duration::from_millis(1)), ..USUAL }).await;
    let anna = house.person("anna", &[]).await;
    let chat = house.chat(&anna).await;
    let watched = house.asked(chat, &anna, "Is anybody there?").await;
    watched.say("Yes. ");
    let alone = house.answer(chat, &anna, 1, "stopped").await;
    assert_eq!((&alone["reason"], alone["text"].as_str().unwrap().trim_end()), (&json!("unwatched"), "Yes."));
    assert!(watched.is_dropped());
    house.close().await;
}

#[actix_web::test]
async fn deletion_during_a_stream_leaves_nothing_and_ends_everything() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let chat = house.chat(&anna).await;
    let run = house.asked(chat, &anna, "A secret?").await;
    // The last words of a text may be held until it is clear what they are.
    run.say("The secret is that there is none, so do not look for it. ");
    let mut events = house.follow(&format!("/chats/{chat}/stream"), Some(&anna)).await;
    let mut text = String::new();
    events.read(&mut text, 13).await;
    let path = format!("/chats/{chat}");
    assert_eq!(house.send(Method::DELETE, &path, Some(&anna), Value::Null).await.0, 204);
    assert_eq!(events.until("error", &mut text).await["code"], "chat.unknown");
    until("nobody listens upstream", async || run.is_dropped()).await;
    assert_eq!(code(&house.get(&path, &anna).await), "chat.unknown");
    assert!(ok(house.get("/chats?q=secret", &anna).await)["items"].as_array().unwrap().is_empty());
    until("what was reserved is settled", async || ok(house.get("/chats/quota", &anna).await)["at_once"]["used"] == 0).await;
    let kept: i64 = sqlx::query_scalar("select count(*) from chat_text where chat = $1")
        .bind(chat)
        .fetch_one(house.db.pool())
        .await
        .unwrap();
    assert_eq!(kept, 0);
    let id = EntityId::new(Kind::Chat, chat).unwrap();
    assert_eq!(house.engine.inspect(id).await.unwrap().summary, "deleted");
    house.close().await;
}
