//! What becomes of people's words: erased with their conversation, kept for others only where their person agreed.

use std::time::Duration;

use madang::cli::verify::audit;
use madang::storage::Db;
use madang_domain::entity::Role;
use madang_domain::ids::{EntityId, Kind};
use reqwest::Method;
use serde_json::{Value, json};

use super::house::{House, Person, USUAL};
use crate::auctions::house::{code, ok};
use crate::engine::until;

/// In how many rows of the journal, of snapshots and of lists these words stand.
async fn mentions(db: &Db, words: &str) -> i64 {
    sqlx::query_scalar(
        "select (select count(*) from journal where position($1 in convert_from(body, 'UTF8')) > 0)
            + (select count(*) from snapshot where position($1 in convert_from(body, 'UTF8')) > 0)
            + (select count(*) from chat_text where position($1 in words) > 0)
            + (select count(*) from chat_card where position($1 in title) > 0)
            + (select count(*) from prompt_log where position($1 in question || answer) > 0)",
    )
    .bind(words)
    .fetch_one(db.pool())
    .await
    .unwrap()
}

async fn talked(house: &House, who: &Person, question: &str, answer: &str) -> i64 {
    let chat = house.chat(who).await;
    let run = house.asked(chat, who, question).await;
    run.say(answer);
    run.finish();
    house.answer(chat, who, 1, "done").await;
    chat
}

#[actix_web::test]
async fn nobody_can_read_a_deleted_conversation_and_the_journal_stays_sound() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    ok(house.send(Method::PUT, "/chats/consent", Some(&anna), json!({ "prompts": true })).await);
    let other = talked(&house, &anna, "An elderberry?", "A gooseberry.").await;
    let chat = talked(&house, &anna, "A huckleberry?", "A boysenberry.").await;
    until("it is in the lists", async || mentions(&house.db, "huckleberry").await >= 4).await;
    assert!(mentions(&house.db, "boysenberry").await > 0);
    let gone = house.send(Method::DELETE, &format!("/chats/{chat}"), Some(&anna), Value::Null).await;
    assert_eq!(gone.0, 204);
    for words in ["huckleberry", "boysenberry"] {
        until("the words are gone", async || mentions(&house.db, words).await == 0).await;
    }
    assert!(mentions(&house.db, "elderberry").await > 0, "what was not deleted stays");
    let audited = audit(house.db.pool()).await.unwrap();
    assert_eq!(audited.broken, Vec::<String>::new());

    // It comes to life again as what it is: deleted.
    let clock = house.clock.clone();
    let db = house.end().await;
    let house = House::over(db, USUAL, clock).await;
    let anna = house.sign_in(anna.id, &[]);
    assert_eq!(code(&house.get(&format!("/chats/{chat}"), &anna).await), "chat.unknown");
    let id = EntityId::new(Kind::Chat, chat).unwrap();
    assert_eq!(house.engine.inspect(id).await.unwrap().summary, "deleted");
    assert_eq!(house.view(other, &anna).await["messages"][0]["answer"]["text"], "A gooseberry.");
    house.close().await;
}

#[actix_web::test]
async fn nothing_else_of_the_journal_can_be_changed() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let chat = talked(&house, &anna, "A huckleberry?", "A boysenberry.").await;
    let entity = EntityId::new(Kind::Chat, chat).unwrap().packed();
    for change in [
        "update journal set body = '[\"unshared\"]'::bytea where entity = $1",
        "update journal set body = '[]'::bytea, at = now() where entity = $1",
        "update journal set chain = body_hash where entity = $1",
        "delete from journal where entity = $1",
        "update journal set body = '[]'::bytea where entity = $1 and seq = (select max(seq) from journal where entity = $1)",
    ] {
        let refused = sqlx::query(change).bind(entity).execute(house.db.pool()).await.unwrap_err();
        let constraint = refused.as_database_error().and_then(|error| error.constraint().map(str::to_owned));
        assert_eq!(constraint.as_deref(), Some("journal_append_only"), "{change}");
    }
    // Whoever erases the past of a conversation that goes on is found out.
    let erase = "update journal set body = '[]'::bytea where entity = $1 and seq = 2";
    sqlx::query(erase).bind(entity).execute(house.db.pool()).await.unwrap();
    let audited = audit(house.db.pool()).await.unwrap();
    assert!(audited.broken.iter().any(|broken| broken.contains("seq 2")), "{audited:?}");
    house.close().await;
}

#[actix_web::test]
async fn questions_are_kept_masked_and_only_of_those_who_agreed() {
    let house = House::open().await;
    let (anna, ben) = (house.person("anna", &[]).await, house.person("ben", &[]).await);
    let admin = house.person("root", &[Role::Admin]).await;
    let consent = ok(house.get("/chats/consent", &anna).await);
    assert_eq!(consent, json!({ "prompts": false, "since": null, "kept": 0, "days": 30 }), "nobody agrees by silence");
    talked(&house, &anna, "Before I agreed, a quince?", "A medlar.").await;
    house.clock.advance(Duration::from_secs(1));
    assert_eq!(ok(house.send(Method::PUT, "/chats/consent", Some(&anna), json!({ "prompts": true })).await)["prompts"], true);
    talked(&house, &ben, "I never agreed, a quince?", "A medlar.").await;
    let question = "Call me at 010-1234-5678 or anna@mail.example, a quince?";
    let chat = talked(&house, &anna, question, "Write to anna@mail.example.").await;
    let kept = async || ok(house.get("/prompts", &admin).await)["items"].as_array().unwrap().clone();
    until("it is kept", async || kept().await.len() == 1).await;
    let prompt = kept().await.remove(0);
    assert_eq!(prompt["question"], "Call me at [phone] or [e-mail], a quince?");
    assert_eq!(prompt["answer"], "Write to [e-mail].");
    assert_eq!(
        (&prompt["assistant"], &prompt["model"], &prompt["stage"]),
        (&json!("running-coach"), &json!("puppet"), &json!("done"))
    );
    assert!(prompt.get("user").is_none() && prompt.get("chat").is_none(), "it does not say whose it is");
    assert_eq!(ok(house.get("/chats/consent", &anna).await)["kept"], 1);
    for who in [&anna, &ben] {
        assert_eq!(code(&house.get("/prompts", who).await), "auth.forbidden");
    }
    // It goes with its conversation ...
    assert_eq!(house.send(Method::DELETE, &format!("/chats/{chat}"), Some(&anna), Value::Null).await.0, 204);
    until("it is gone", async || kept().await.is_empty()).await;
    // ... by an admin's hand ...
    talked(&house, &anna, "A second quince?", "A medlar.").await;
    until("it is kept", async || kept().await.len() == 1).await;
    let path = format!("/prompts/{}", kept().await[0]["id"]);
    assert_eq!(house.send(Method::DELETE, &path, Some(&anna), Value::Null).await.0, 403);
    assert_eq!(house.send(Method::DELETE, &path, Some(&admin), Value::Null).await.0, 204);
    assert_eq!(code(&house.send(Method::DELETE, &path, Some(&admin), Value::Null).await), "request.not_found");
    // ... and with the consent.
    talked(&house, &anna, "A third quince?", "A medlar.").await;
    until("it is kept", async || kept().await.len() == 1).await;
    let off = ok(house.send(Method::PUT, "/chats/consent", Some(&anna), json!({ "prompts": false })).await);
    assert_eq!((&off["prompts"], &off["kept"]), (&json!(false), &json!(0)));
    assert!(kept().await.is_empty());
    house.close().await;
}

#[actix_web::test]
async fn what_is_kept_has_its_time() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    ok(house.send(Method::PUT, "/chats/consent", Some(&anna), json!({ "prompts": true })).await);
    talked(&house, &anna, "A quince?", "A medlar.").await;
    let kept =
        async |db: &Db| -> i64 { sqlx::query_scalar("select count(*) from prompt_log").fetch_one(db.pool()).await.unwrap() };
    until("it is kept", async || kept(&house.db).await == 1).await;
    let clock = house.clock.clone();
    clock.advance(Duration::from_secs(31 * 86_400));
    let house = House::over(house.end().await, USUAL, clock).await;
    until("it has had its time", async || kept(&house.db).await == 0).await;
    house.close().await;
}
