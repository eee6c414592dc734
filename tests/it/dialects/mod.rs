//! Other dialects: what their clients send and read, by hand where it matters and by their official libraries, unmodified.

mod by_hand;
mod clients;
mod keys;

use std::sync::Arc;

use futures_util::StreamExt;
use madang_domain::code::Code;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::chats::house::{House, Person, Puppet};

/// What the author says to every question, in pieces.
const PIECES: [&str; 3] = ["Breathe slowly ", "through the nose [1].", " 천천히."];
/// All of it.
const TEXT: &str = "Breathe slowly through the nose [1]. 천천히.";

/// An author who answers every question the same, unless the question says otherwise.
fn answering(author: Arc<Puppet>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut waiting = Vec::new();
        loop {
            let Some(run) = author.next() else {
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
                continue;
            };
            if run.task.question.contains("fail") {
                run.fail(Code::ModelUnavailable);
            } else if run.task.question.contains("wait") {
                // A word is shown once it is known to be no amount of medicine: when the next one begins.
                run.say("Wait for ever and a day. ");
                waiting.push(run);
            } else {
                PIECES.iter().for_each(|piece| run.say(piece));
                run.finish();
            }
        }
    })
}

/// An API key of a person.
async fn key(house: &House, who: &Person) -> String {
    let (status, made) = house.post("/api-keys", who, json!({ "name": "test" })).await;
    assert_eq!(status, 201, "{made}");
    made["key"].as_str().unwrap().to_owned()
}

/// Asks in OpenAI's dialect.
async fn complete(house: &House, secret: &str, body: Value) -> reqwest::Response {
    let request = house.client.post(format!("{}/v1/chat/completions", house.base)).bearer_auth(secret);
    request.json(&body).send().await.unwrap()
}

fn asked(question: &str) -> Value {
    json!({ "model": "running-coach", "messages": [{ "role": "user", "content": question }] })
}

/// The data of a stream's events, to its end.
async fn events(response: reqwest::Response) -> Vec<String> {
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let parts: Vec<_> = response.bytes_stream().map(|part| part.unwrap().to_vec()).collect().await;
    let text = String::from_utf8(parts.concat()).unwrap();
    text.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).map(str::to_owned).collect()
}
