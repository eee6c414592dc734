//! An answer's stream as an `EventSource` reads it: it comes back by itself with the id of the last event that it got.

use reqwest::{Method, Response};
use serde_json::json;

use super::house::{Events, House, Person};

/// Comes back as an `EventSource` does.
async fn back(house: &House, path: &str, who: Option<&Person>, last_id: &str) -> Response {
    house.request(Method::GET, path, who).header("last-event-id", last_id).send().await.unwrap()
}

#[actix_web::test]
async fn an_event_source_reads_an_answer_once_over_any_number_of_cuts_and_then_rests() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let chat = house.chat(&anna).await;
    let link = house.post(&format!("/chats/{chat}/link"), &anna, json!({})).await.1["token"].as_str().unwrap().to_owned();
    let run = house.asked(chat, &anna, "How do I breathe?").await;
    for (path, who) in [(format!("/chats/{chat}/stream"), Some(&anna)), (format!("/shared-chats/{link}/stream"), None)] {
        run.say("Breathe slowly and deeply. ");
        let mut events = house.follow(&path, who).await;
        let mut text = String::new();
        events.read(&mut text, 7).await;
        // Cut in the middle, twice.
        for words in ["Through the nose. ", "Now and then. "] {
            run.say(words);
            let last_id = events.last_id.clone();
            drop(events);
            events = Events::of(back(&house, &path, who, &last_id).await);
            let more = text.chars().count() + 5;
            events.read(&mut text, more).await;
        }
        drop(events);
    }
    run.finish();
    let whole = house.answer(chat, &anna, 1, "done").await["text"].as_str().unwrap().to_owned();
    for (path, who) in [(format!("/chats/{chat}/stream"), Some(&anna)), (format!("/shared-chats/{link}/stream"), None)] {
        let mut events = Events::of(back(&house, &path, who, "1:9").await);
        let mut text = String::new();
        events.until("done", &mut text).await;
        assert_eq!(text, whole.chars().skip(9).collect::<String>());
        let last_id = events.last_id.clone();
        assert!(events.next().await.is_none());
        // The line has ended, so it comes back; and is told to stay away.
        assert_eq!(back(&house, &path, who, &last_id).await.status().as_u16(), 204);
        // Who has not heard of the end is told of it.
        let told = format!("1:{}", whole.chars().count());
        Events::of(back(&house, &path, who, &told).await).until("done", &mut String::new()).await;
    }
    house.close().await;
}

#[actix_web::test]
async fn the_end_of_an_answer_that_is_written_on_is_no_end() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let chat = house.chat(&anna).await;
    let run = house.asked(chat, &anna, "How do I breathe?").await;
    run.say("Breathe slowly. ");
    run.fail(madang_domain::code::Code::ModelUnavailable);
    house.answer(chat, &anna, 1, "failed").await;
    let path = format!("/chats/{chat}/stream");
    let mut events = house.follow(&path, Some(&anna)).await;
    let mut text = String::new();
    events.until("done", &mut text).await;
    let last_id = events.last_id;
    assert_eq!(back(&house, &path, Some(&anna), &last_id).await.status().as_u16(), 204);
    assert_eq!(house.post(&format!("/chats/{chat}/messages/1/continue"), &anna, json!({})).await.0, 202);
    let rest = house.run().await;
    let mut events = Events::of(back(&house, &path, Some(&anna), &last_id).await);
    rest.say("And deeply.");
    rest.finish();
    events.until("done", &mut text).await;
    assert_eq!(text, house.answer(chat, &anna, 1, "done").await["text"].as_str().unwrap());
    house.close().await;
}

#[actix_web::test]
async fn who_asks_again_with_the_same_id_goes_on_where_they_were() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let chat = house.chat(&anna).await;
    let (path, id) = (format!("/chats/{chat}/messages"), uuid::Uuid::new_v4());
    let ask = async |last_id: Option<&str>| {
        let request = house.request(Method::POST, &path, Some(&anna)).header("idempotency-key", id.to_string());
        let request = match last_id {
            Some(last_id) => request.header("last-event-id", last_id),
            None => request,
        };
        Events::of(request.json(&json!({ "text": "How do I breathe?" })).send().await.unwrap())
    };
    let mut events = ask(None).await;
    let run = house.run().await;
    run.say("Breathe slowly and deeply. ");
    let mut text = String::new();
    events.read(&mut text, 7).await;
    let last_id = events.last_id.clone();
    drop(events);
    let mut events = ask(Some(&last_id)).await;
    run.say("Through the nose.");
    run.finish();
    events.until("done", &mut text).await;
    assert_eq!(text, "Breathe slowly and deeply. Through the nose.");
    assert_eq!(house.view(chat, &anna).await["count"], 1, "it is one question");
    house.close().await;
}
