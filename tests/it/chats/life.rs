//! From the question to the kept answer.

use madang_domain::code::Code;
use madang_domain::entity::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::house::{Events, House, USUAL, Ways};
use crate::auctions::house::{code, ok};
use crate::engine::until;

#[actix_web::test]
async fn a_question_is_answered_word_by_word_with_its_sources_and_kept() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let chat = house.chat(&anna).await;
    let request = house.request(Method::POST, &format!("/chats/{chat}/messages"), Some(&anna));
    let response = request.json(&json!({ "text": "How do I breathe?" })).send().await.unwrap();
    assert_eq!(response.headers()["x-ratelimit-remaining-requests"], "999");
    let mut events = Events::of(response);
    let (name, asked) = events.next().await.unwrap();
    assert_eq!((name.as_str(), &asked["message"], &asked["chat"]), ("asked", &json!(1), &json!(chat)));
    let run = house.run().await;
    assert_eq!((run.task.question.as_str(), run.task.assistant.name.as_str()), ("How do I breathe?", "running-coach"));
    let mut text = String::new();
    let sources = events.until("sources", &mut text).await;
    assert_eq!(sources["sources"][1]["text"], "Warm up for ten minutes.");
    run.say("Breathe slowly through ");
    // The last words may be held until it is clear what they are.
    events.read(&mut text, 7).await;
    run.say("the nose [1].");
    run.finish();
    let done = events.until("done", &mut text).await;
    assert_eq!(text, "Breathe slowly through the nose [1].");
    assert_eq!((&done["stage"], &done["model"], &done["length"]), (&json!("done"), &json!("puppet"), &json!(36)));
    assert_eq!(events.last_id, "1:36:over");
    assert!(events.next().await.is_none());

    let view = house.view(chat, &anna).await;
    assert_eq!((&view["title"], &view["count"], &view["current"]), (&json!("How do I breathe?"), &json!(1), &Value::Null));
    let answer = &view["messages"][0]["answer"];
    assert_eq!((&answer["text"], &answer["marks"][0]["badge"]), (&json!(text), &json!("grounded")));
    let sources = ok(house.get(&format!("/chats/{chat}/messages/1/sources"), &anna).await);
    assert_eq!(sources["items"][0]["text"], "Breathe slowly through the nose.");
    until("the list has it", async || {
        let list = ok(house.get("/chats?q=THE%20NOSE", &anna).await);
        list["items"][0]["state"] == "done" && list["items"][0]["id"] == chat
    })
    .await;
    assert!(ok(house.get("/chats?q=elephants", &anna).await)["items"].as_array().unwrap().is_empty());
    let rating = json!({ "verdict": "up", "comment": "thanks" });
    ok(house.send(Method::PUT, &format!("/chats/{chat}/messages/1/rating"), Some(&anna), rating).await);
    let renamed = house.send(Method::PATCH, &format!("/chats/{chat}"), Some(&anna), json!({ "title": "Air" })).await;
    assert_eq!(
        (&ok(renamed)["title"], &house.view(chat, &anna).await["messages"][0]["answer"]["rating"]["verdict"]),
        (&json!("Air"), &json!("up"))
    );
    house.close().await;
}

#[actix_web::test]
async fn the_next_question_knows_what_was_said() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let chat = house.chat(&anna).await;
    let first = house.asked(chat, &anna, "How do I breathe?").await;
    first.say("Slowly.");
    first.finish();
    house.answer(chat, &anna, 1, "done").await;
    let second = house.asked(chat, &anna, "And uphill?").await;
    let said: Vec<_> = second.task.history.iter().map(|turn| turn.text.as_str()).collect();
    assert_eq!(said, ["How do I breathe?", "Slowly."]);
    second.fail(Code::ModelUnavailable);
    let failed = house.answer(chat, &anna, 2, "failed").await;
    assert_eq!(failed["reason"], "model.unavailable");
    // What failed can be tried again.
    let path = format!("/chats/{chat}/messages/2/continue");
    assert_eq!(house.post(&path, &anna, json!({})).await.0, 202);
    let third = house.run().await;
    third.say("Slower.");
    third.finish();
    assert_eq!(house.answer(chat, &anna, 2, "done").await["text"], "Slower.");
    assert_eq!(code(&house.post(&path, &anna, json!({})).await), "chat.not_continuable");
    house.close().await;
}

#[actix_web::test]
async fn a_second_question_waits_or_is_refused_by_setting() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let chat = house.chat(&anna).await;
    let first = house.asked(chat, &anna, "One?").await;
    assert_eq!(ok(house.ask(chat, &anna, "Two?").await)["ahead"], 1);
    assert_eq!(ok(house.ask(chat, &anna, "Three?").await)["ahead"], 2);
    assert_eq!(code(&house.ask(chat, &anna, "Four?").await), "chat.busy");
    first.finish();
    for question in ["Two?", "Three?"] {
        let run = house.run().await;
        assert_eq!(run.task.question, question);
        run.say(question);
        run.finish();
    }
    assert_eq!(house.answer(chat, &anna, 3, "done").await["text"], "Three?");
    house.close().await;

    let strict = House::with(Ways { waiting: 0, ..USUAL }).await;
    let anna = strict.person("anna", &[]).await;
    let chat = strict.chat(&anna).await;
    let _first = strict.asked(chat, &anna, "One?").await;
    assert_eq!(code(&strict.ask(chat, &anna, "Two?").await), "chat.busy");
    strict.close().await;
}

#[actix_web::test]
async fn a_conversation_is_its_owners_alone() {
    let house = House::open().await;
    let (anna, ben) = (house.person("anna", &[]).await, house.person("ben", &[]).await);
    let admin = house.person("root", &[Role::Admin]).await;
    let chat = house.chat(&anna).await;
    let run = house.asked(chat, &anna, "A secret?").await;
    run.say("A secret.");
    for other in [&ben, &admin] {
        for path in ["", "/messages", "/messages/1/sources", "/stream"] {
            assert_eq!(code(&house.get(&format!("/chats/{chat}{path}"), other).await), "chat.unknown", "{path}");
        }
        assert_eq!(code(&house.ask(chat, other, "Mine?").await), "chat.unknown");
        assert_eq!(code(&house.post(&format!("/chats/{chat}/stop"), other, json!({})).await), "chat.unknown");
        let deleted = house.send(Method::DELETE, &format!("/chats/{chat}"), Some(other), Value::Null).await;
        assert_eq!(code(&deleted), "chat.unknown");
        assert!(ok(house.get("/chats?q=secret", other).await)["items"].as_array().unwrap().is_empty());
    }
    let nobody = house.send(Method::GET, &format!("/chats/{chat}"), None, Value::Null).await;
    assert_eq!(code(&nobody), "auth.required");
    run.finish();
    house.close().await;
}

#[actix_web::test]
async fn words_that_mean_danger_are_answered_before_any_model() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let chat = house.chat(&anna).await;
    ok(house.ask(chat, &anna, "숨을 못 쉬겠어요. search fails").await);
    let answer = house.answer(chat, &anna, 1, "failed").await;
    assert_eq!(answer["reason"], "engine.busy", "nobody is told that there were no passages: {answer}");
    assert!(answer["text"].as_str().unwrap().contains("119"), "{answer}");
    house.close().await;
}

#[actix_web::test]
async fn bad_input_is_named_and_costs_nothing() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let chat = house.chat(&anna).await;
    assert_eq!(house.ask(chat, &anna, &"x".repeat(1 << 20)).await.0, 413);
    for text in ["", " ", "a\u{0}b", "\u{1b}[2J", &"가".repeat(4_001)] {
        assert_eq!(code(&house.ask(chat, &anna, text).await), "chat.invalid", "{text:.20?}");
    }
    assert_eq!(code(&house.post(&format!("/chats/{chat}/messages"), &anna, json!({ "txt": "?" })).await), "request.malformed");
    assert_eq!(code(&house.post("/chats", &anna, json!({ "assistant": "nobody" })).await), "chat.assistant_unknown");
    assert_eq!(code(&house.get("/chats/999999999999999", &anna).await), "chat.unknown");
    assert_eq!(code(&house.get("/chats?after=x", &anna).await), "request.malformed");
    assert_eq!(code(&house.get(&format!("/chats/{chat}/stream?message=7"), &anna).await), "chat.no_message");
    assert_eq!(house.get(&format!("/chats/{chat}/stream"), &anna).await.0, 204, "nothing was asked yet");
    assert_eq!(ok(house.get("/chats/quota", &anna).await)["messages"]["used"], 0);
    house.close().await;
}

#[actix_web::test]
async fn the_same_question_id_is_one_question() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let chat = house.chat(&anna).await;
    let id = uuid::Uuid::new_v4();
    let body = json!({ "text": "Once?", "command_id": id });
    let path = format!("/chats/{chat}/messages");
    for _ in 0..3 {
        assert_eq!(ok(house.post(&path, &anna, body.clone()).await)["message"], 1);
    }
    house.run().await.finish();
    house.answer(chat, &anna, 1, "done").await;
    assert_eq!(ok(house.post(&path, &anna, body).await)["message"], 1);
    until("what was reserved twice is given back", async || {
        let quota = ok(house.get("/chats/quota", &anna).await);
        quota["messages"]["used"] == 1 && quota["at_once"]["used"] == 0 && quota["tokens"]["reserved"] == 0
    })
    .await;
    let other = json!({ "text": "Another?", "command_id": id });
    assert_eq!(code(&house.post(&path, &anna, other).await), "request.id_reused");
    house.close().await;
}

#[actix_web::test]
async fn admins_write_assistants_and_people_read_them() {
    let house = House::open().await;
    let (anna, admin) = (house.person("anna", &[]).await, house.person("root", &[Role::Admin]).await);
    let names = |list: &Value| -> Vec<String> {
        list["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    let list = ok(house.send(Method::GET, "/assistants", None, Value::Null).await);
    assert_eq!(names(&list), ["asthma-guide", "auction-help", "running-coach"]);
    assert!(list["items"][0]["instructions"].is_null(), "how it is told to be is not everybody's");
    let body = json!({ "title_ko": "수영", "title_en": "Swimming", "instructions": "You swim.", "temperature": 0.5, "tags": ["water"] });
    assert_eq!(code(&house.send(Method::PUT, "/assistants/swim", Some(&anna), body.clone()).await), "auth.forbidden");
    ok(house.send(Method::PUT, "/assistants/swim", Some(&admin), body.clone()).await);
    let mut hot = body.clone();
    hot["temperature"] = json!(2.5);
    for (name, body) in [("Swim", body.clone()), ("new", body), ("swim", hot)] {
        let refused = house.send(Method::PUT, &format!("/assistants/{name}"), Some(&admin), body).await;
        assert_eq!(code(&refused), "chat.assistant_invalid");
    }
    let chat = ok(house.post("/chats", &anna, json!({ "assistant": "swim" })).await)["id"].as_i64().unwrap();
    assert_eq!(house.asked(chat, &anna, "How?").await.task.assistant.instructions, "You swim.");
    ok(house.send(Method::DELETE, "/assistants/swim", Some(&admin), Value::Null).await);
    assert_eq!(
        code(&house.send(Method::DELETE, "/assistants/swim", Some(&admin), Value::Null).await),
        "chat.assistant_unknown"
    );
    house.close().await;
}
