//! With a stand-in for an embeddings server that speaks OpenAI's protocol.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use madang::actors::knowledge::Filter;
use madang::clients::embeddings::{EmbedError, Embedder, Remote, RemoteSettings};
use reqwest::Method;
use serde_json::{Value, json};

use super::library::House;
use crate::alarms::stand_in::{Sent, StandIn};
use crate::auctions::house::ok;
use crate::world;

/// Meaning in three dimensions: illness, sleep, money.
fn meaning(text: &str) -> [f32; 3] {
    let text = text.to_lowercase();
    let any = |words: &[&str]| if words.iter().any(|word| text.contains(word)) { 1.0 } else { 0.05 };
    [any(&["asthma", "wheez", "breath"]), any(&["sleep", "slumber", "night"]), any(&["money", "bid"])]
}

fn vectors(sent: &Sent) -> (u16, Value) {
    let texts = sent.json()["input"].as_array().unwrap().clone();
    let data: Vec<_> = (0..)
        .zip(&texts)
        .map(|(index, text): (usize, &Value)| json!({ "index": index, "embedding": meaning(text.as_str().unwrap()) }))
        .collect();
    // In no order: the index counts.
    (200, json!({ "object": "list", "data": data.into_iter().rev().collect::<Vec<_>>(), "model": "m" }))
}

fn remote(origin: &str, model: &str) -> Arc<dyn Embedder> {
    let settings = RemoteSettings {
        url: format!("{origin}/v1"),
        model: model.to_owned(),
        key: "sk-test".to_owned(),
        timeout: world::PATIENCE,
    };
    Arc::new(Remote::new(settings).unwrap())
}

#[actix_web::test]
async fn texts_are_embedded_once_and_found_by_meaning() {
    let texts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&texts);
    let server = StandIn::start(move |sent| {
        if sent.path != "/v1/embeddings" || sent.header("authorization") != "Bearer sk-test" {
            return (401, json!({ "error": { "message": "no such key" } }));
        }
        let batch = sent.json()["input"].as_array().unwrap().len();
        assert!(batch <= 64, "{batch}");
        // Questions are of one text and have no title before them.
        if sent.json()["input"][0].as_str().unwrap().contains('\n') {
            counted.fetch_add(batch, Ordering::Relaxed);
        }
        vectors(sent)
    });
    let house = House::over(world::database().await, remote(&server.origin, "meanings")).await;
    let id = house.write("Asthma", "It makes people wheeze.").await;
    house.write("Sleep", "Eight hours a night.").await;
    crate::engine::until("both have vectors", async || house.knowledge.state().vectors == 2).await;
    let found = house.find("slumber", &Filter::default(), 2).await;
    assert_eq!((found[0].title.as_str(), found[0].scores.keyword_rank, found[0].scores.vector_rank), ("Sleep", None, Some(1)));
    assert_eq!(texts.load(Ordering::Relaxed), 2);

    // One section is added: only it is embedded, and a copy of a text is not.
    let body = json!({ "title": "Asthma", "sections": [{ "text": "It makes people wheeze." }, { "heading": "More", "text": "Breathing." }] });
    ok(house.admin(Method::PUT, &format!("/knowledge/articles/{id}"), Some(body)).await);
    house.write("Sleep", "Eight hours a night.").await;
    crate::engine::until("the new ones have vectors", async || house.knowledge.state().vectors == 4).await;
    assert_eq!(texts.load(Ordering::Relaxed), 3);

    // A second node reads vectors instead of asking again.
    let other = House::over(house.db.clone(), remote(&server.origin, "meanings")).await;
    crate::engine::until("it has the vectors", async || other.knowledge.state().vectors == 4).await;
    assert_eq!(texts.load(Ordering::Relaxed), 3);
    house.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn without_the_server_words_are_searched_and_vectors_come_later() {
    let down = Arc::new(AtomicBool::new(true));
    let is_down = Arc::clone(&down);
    let server =
        StandIn::start(
            move |sent| {
                if is_down.load(Ordering::Relaxed) { (503, json!({ "error": "overloaded" })) } else { vectors(sent) }
            },
        );
    let house = House::over(world::database().await, remote(&server.origin, "m")).await;
    house.write("Sleep", "Eight hours a night.").await;
    let found = house.find("night", &Filter::default(), 2).await;
    assert_eq!((found[0].title.as_str(), found[0].scores.vector_rank), ("Sleep", None));
    assert!(house.knowledge.embed_missing().await.is_err());
    down.store(false, Ordering::Relaxed);
    crate::engine::until("what was missing is filled in", async || {
        house.knowledge.embed_missing().await.unwrap();
        house.knowledge.state().vectors == 1
    })
    .await;
    assert_eq!(house.titles("slumber").await, ["Sleep"]);
    house.close().await;
    server.stop().await;
}

#[actix_web::test]
async fn a_server_that_answers_nonsense_is_not_believed() {
    for (status, body, kind) in [
        (200, json!({ "data": [] }), "nonsense"),
        (200, json!({ "data": [{ "index": 0, "embedding": [] }] }), "nonsense"),
        (200, json!({ "data": [{ "index": 9, "embedding": [1.0] }] }), "nonsense"),
        (200, json!({ "error": { "message": "in a good answer" } }), "nonsense"),
        (200, json!("hello"), "nonsense"),
        (401, json!({ "error": { "message": "wrong key" } }), "refused"),
        (404, json!({ "error": { "message": "no such model" } }), "refused"),
        (429, json!({}), "away"),
        (500, json!({}), "away"),
    ] {
        let server = StandIn::start(move |_| (status, body.clone()));
        let error = remote(&server.origin, "m").embed(vec!["text".to_owned()]).await.unwrap_err();
        let found = match error {
            EmbedError::Away(_) => "away",
            EmbedError::Refused(_) => "refused",
            EmbedError::Nonsense(_) => "nonsense",
        };
        assert_eq!(found, kind, "{error}");
        assert!(!error.to_string().contains("sk-test"), "the key is never told");
        server.stop().await;
    }
    let settings = RemoteSettings {
        url: "http://127.0.0.1:9".to_owned(),
        model: "m".to_owned(),
        key: String::new(),
        timeout: Duration::from_secs(5),
    };
    let error = Remote::new(settings).unwrap().embed(vec!["text".to_owned()]).await.unwrap_err();
    assert!(matches!(error, EmbedError::Away(_)), "{error}");
}
