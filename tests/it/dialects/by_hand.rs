//! OpenAI's dialect and the AI SDK's, as bytes.

use std::sync::Arc;

use madang_domain::code::Code;
use serde_json::{Value, json};

use super::{TEXT, answering, asked, complete, events, key};
use crate::chats::house::{House, USUAL, Ways};
use crate::engine::until;

#[actix_web::test]
async fn a_stream_has_the_form_that_clients_expect_and_what_it_cost_is_settled() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let author = answering(Arc::clone(&house.author));
    let mut body = asked("How do I breathe?");
    body["stream"] = json!(true);
    body["stream_options"] = json!({ "include_usage": true });
    let response = complete(&house, &anna.token, body).await;
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    assert_eq!(response.headers()["x-ratelimit-remaining-requests"], "999");
    let mut data = events(response).await;
    assert_eq!(data.pop().unwrap(), "[DONE]");
    let chunks: Vec<Value> = data.iter().map(|data| serde_json::from_str(data).unwrap()).collect();
    assert!(chunks.iter().all(|chunk| chunk["object"] == "chat.completion.chunk" && chunk["id"] == chunks[0]["id"]));
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    let text: String = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(text, TEXT);
    let [.., end, usage] = &chunks[..] else { panic!("{chunks:?}") };
    assert_eq!(end["choices"][0]["finish_reason"], "stop");
    assert_eq!(end["madang"]["claims"][0]["badge"], "grounded");
    assert_eq!(usage["choices"], json!([]));
    let spent = usage["usage"]["total_tokens"].as_i64().unwrap();
    until("what it cost is settled", async || {
        let (_, quota) = house.get("/chats/quota", &anna).await;
        quota["tokens"] == json!({ "used": spent, "reserved": 0, "limit": 1_000_000 }) && quota["at_once"]["used"] == 0
    })
    .await;
    author.abort();
    house.close().await;
}

#[actix_web::test]
async fn who_leaves_ends_the_work_and_pays_for_what_was_said() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let mut body = asked("Tell me everything?");
    body["stream"] = json!(true);
    let mut response = complete(&house, &anna.token, body).await;
    let run = house.run().await;
    run.say("Once upon a time ");
    while !String::from_utf8_lossy(&response.chunk().await.unwrap().unwrap()).contains("Once") {}
    drop(response);
    until("the author is let go", async || {
        run.say("and on ");
        run.is_dropped()
    })
    .await;
    until("it is settled", async || {
        let (_, quota) = house.get("/chats/quota", &anna).await;
        quota["at_once"]["used"] == 0 && quota["tokens"]["reserved"] == 0 && quota["tokens"]["used"].as_i64().unwrap() > 0
    })
    .await;
    house.close().await;
}

#[actix_web::test]
async fn refusals_are_told_as_openai_tells_them() {
    let most = madang::storage::quotas::Most { messages: 1, ..USUAL.most };
    let house = House::with(Ways { most, ..USUAL }).await;
    let anna = house.person("anna", &[]).await;
    let author = answering(Arc::clone(&house.author));
    let error = async |body: Value, secret: &str| {
        let response = complete(&house, secret, body).await;
        let status = response.status().as_u16();
        assert!(response.headers().contains_key("x-request-id"));
        (status, response.json::<Value>().await.unwrap()["error"].clone())
    };
    let mut unknown = asked("Hi?");
    unknown["model"] = json!("gpt-x");
    let (status, told) = error(unknown, &anna.token).await;
    assert_eq!((status, &told["code"], &told["param"]), (404, &json!("model_not_found"), &json!("model")));
    assert_eq!(error(asked("Hi?"), "nonsense").await.1["code"], "invalid_api_key");
    assert_eq!(error(json!({ "model": "running-coach" }), &anna.token).await.0, 400);
    assert_eq!(error(json!({ "model": "running-coach", "messages": [] }), &anna.token).await.1["param"], "messages");
    let (status, told) = error(asked("Please fail?"), &anna.token).await;
    assert_eq!((status, &told["type"], &told["code"]), (503, &json!("server_error"), &json!(Code::ModelUnavailable.name())));
    let (status, told) = error(asked("Once more?"), &anna.token).await;
    assert_eq!((status, &told["code"]), (429, &json!("insufficient_quota")));
    let nothing = house.client.get(format!("{}/v1/embeddings", house.base)).send().await.unwrap();
    assert_eq!(nothing.status(), 404);
    assert!(nothing.json::<Value>().await.unwrap()["error"]["message"].is_string());
    author.abort();
    house.close().await;
}

#[actix_web::test]
async fn danger_is_answered_before_anything_else_in_every_dialect() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let author = answering(Arc::clone(&house.author));
    let response = complete(&house, &anna.token, asked("I can't breathe. Please fail?")).await;
    assert_eq!(response.status(), 503, "a whole answer that failed is a failure");
    let mut body = asked("I can't breathe. Please fail?");
    body["stream"] = json!(true);
    let data = events(complete(&house, &anna.token, body).await).await;
    let warning: Value = serde_json::from_str(&data[1]).unwrap();
    assert!(warning["choices"][0]["delta"]["content"].as_str().unwrap().contains("119"), "{data:?}");
    assert!(data.iter().any(|data| data.contains("model.unavailable")));
    author.abort();
    house.close().await;
}

#[actix_web::test]
async fn the_same_message_of_the_ai_sdk_is_asked_once() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let author = answering(Arc::clone(&house.author));
    let secret = key(&house, &anna).await;
    let parts = json!([{ "type": "text", "text": "How do I breathe?" }]);
    let body = json!({ "id": "c1", "trigger": "submit-message", "messages": [{ "id": "m1", "role": "user", "parts": parts }] });
    for _ in 0..2 {
        let request = house.client.post(format!("{}/api/ai/chat", house.base)).bearer_auth(&secret).json(&body);
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["x-vercel-ai-ui-message-stream"], "v1");
        let data = events(response).await;
        assert_eq!(data.last().unwrap(), "[DONE]");
        let text: String = data
            .iter()
            .filter_map(|data| serde_json::from_str::<Value>(data).ok()?["delta"].as_str().map(str::to_owned))
            .collect();
        assert_eq!(text, TEXT);
    }
    let (_, quota) = house.get("/chats/quota", &anna).await;
    assert_eq!(quota["messages"]["used"], 1);
    author.abort();
    house.close().await;
}

#[actix_web::test]
async fn what_is_too_long_or_no_text_is_refused_in_openais_shape_and_costs_nothing() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let mut roles = asked("Hi?");
    roles["messages"][0]["role"] = json!("root");
    let bodies: [Vec<u8>; 5] = [
        asked(&"x".repeat(1 << 20)).to_string().into_bytes(),
        asked(&"x".repeat(3 << 20)).to_string().into_bytes(),
        b"{\"model\":\"running-coach\",\"messages\":[{\"role\":\"user\",\"content\":\"\xff\xfe\"}]}".to_vec(),
        roles.to_string().into_bytes(),
        b"{".repeat(10_000),
    ];
    for body in bodies {
        let request = house.client.post(format!("{}/v1/chat/completions", house.base)).bearer_auth(&anna.token);
        let response = request.header("content-type", "application/json").body(body.clone()).send().await.unwrap();
        let (status, told) = (response.status().as_u16(), response.json::<Value>().await.unwrap());
        assert!(matches!(status, 400 | 413), "{:.40}: {status}", String::from_utf8_lossy(&body));
        assert!(told["error"]["message"].is_string() && told["error"]["type"] == "invalid_request_error", "{told}");
    }
    assert!(house.author.next().is_none(), "nobody was asked");
    let (_, quota) = house.get("/chats/quota", &anna).await;
    assert_eq!(quota["messages"]["used"], 0);
    house.close().await;
}
