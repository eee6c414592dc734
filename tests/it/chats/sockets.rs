//! Two devices over sockets stay in step; nobody else gets in.

use futures_util::{SinkExt, StreamExt};
use madang_domain::entity::Role;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::house::{House, Person};
use crate::auctions::house::code;
use crate::world::PATIENCE;

/// A client that reads along as the page does: words in passing at once, kept words by their numbers.
struct Device {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next: u32,
    text: Vec<char>,
    offset: u64,
    epoch: String,
    stage: String,
    in_passing: usize,
    heard: Vec<Value>,
}

impl Device {
    async fn connect(house: &House, who: &Person) -> Self {
        let url = format!("{}/connection/websocket", house.base.replace("http://", "ws://"));
        let stream = connect_async(url).await.unwrap().0;
        let mut device = Self {
            stream,
            next: 0,
            text: Vec::new(),
            offset: 0,
            epoch: String::new(),
            stage: String::new(),
            in_passing: 0,
            heard: Vec::new(),
        };
        let reply = device.ask("connect", json!({ "token": who.token })).await;
        assert!(reply["connect"]["client"].is_string(), "{reply}");
        device
    }

    async fn line(&mut self) -> Value {
        loop {
            if !self.heard.is_empty() {
                return self.heard.remove(0);
            }
            match tokio::time::timeout(PATIENCE, self.stream.next()).await.unwrap().unwrap().unwrap() {
                Message::Text(text) => {
                    let lines = text.lines().filter(|line| *line != "{}").map(|line| serde_json::from_str(line).unwrap());
                    self.heard.extend(lines);
                }
                other => assert!(!other.is_close(), "{other:?}"),
            }
        }
    }

    async fn ask(&mut self, name: &str, body: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.stream.send(Message::text(json!({ "id": id, name: body }).to_string())).await.unwrap();
        loop {
            let line = self.line().await;
            if line["id"] == id {
                return line;
            }
            self.hear(&line);
        }
    }

    async fn subscribe(&mut self, chat: i64, recover: bool) -> Value {
        let (offset, epoch) = (self.offset, self.epoch.clone());
        let mut body = json!({ "channel": format!("chat:{chat}") });
        if recover {
            body = json!({ "channel": format!("chat:{chat}"), "recover": true, "offset": offset, "epoch": epoch });
        }
        let reply = self.ask("subscribe", body).await;
        let found = &reply["subscribe"];
        if found.is_object() {
            self.epoch = found["epoch"].as_str().unwrap().to_owned();
            if let Some(answer) = found["data"]["messages"].as_array().and_then(|messages| messages.last()) {
                self.text = answer["answer"]["text"].as_str().unwrap().chars().collect();
                self.stage = answer["answer"]["stage"].as_str().unwrap().to_owned();
            }
            self.offset = found["offset"].as_u64().unwrap_or(0);
            for publication in found["publications"].as_array().cloned().unwrap_or_default() {
                self.take(&publication);
            }
        }
        reply
    }

    fn hear(&mut self, line: &Value) {
        if line["push"]["pub"].is_object() {
            self.take(&line["push"]["pub"].clone());
        }
    }

    fn take(&mut self, publication: &Value) {
        let data = &publication["data"];
        if let Some(offset) = publication["offset"].as_u64() {
            assert_eq!(offset, self.offset + 1, "{publication}");
            self.offset = offset;
        } else {
            self.in_passing += 1;
            assert_eq!(data["type"], "tokens");
        }
        match data["type"].as_str().unwrap() {
            "tokens" | "written" => {
                let from = usize::try_from(data["from"].as_u64().unwrap()).unwrap();
                if from <= self.text.len() {
                    let known = self.text.len() - from;
                    self.text.extend(data["text"].as_str().unwrap().chars().skip(known));
                } else {
                    assert_eq!(data["type"], "tokens", "what is kept has no holes");
                }
            }
            "finished" => self.stage = data["stage"].as_str().unwrap().to_owned(),
            _ => {}
        }
    }

    async fn until_over(&mut self) {
        while self.stage != "done" {
            let line = self.line().await;
            self.hear(&line);
        }
    }

    fn text(&self) -> String {
        self.text.iter().collect()
    }
}

#[actix_web::test]
async fn two_devices_and_one_that_was_cut_have_the_same_words() {
    let house = House::open().await;
    let anna = house.person("anna", &[]).await;
    let chat = house.chat(&anna).await;
    let mut one = Device::connect(&house, &anna).await;
    let mut two = Device::connect(&house, &house.sign_in(anna.id, &[])).await;
    let mut cut = Device::connect(&house, &anna).await;
    for device in [&mut one, &mut two, &mut cut] {
        assert!(device.subscribe(chat, false).await["subscribe"].is_object());
    }
    let asked =
        one.ask("rpc", json!({ "method": "chat.ask", "data": { "chat": chat, "text": "어떻게 쉬나요?", "ref": "r" } })).await;
    assert_eq!((&asked["rpc"]["data"]["message"], &asked["rpc"]["data"]["ref"]), (&json!(1), &json!("r")));
    let run = house.run().await;
    let words: Vec<String> = (0..60).map(|n| format!("단어{n} 😀 ")).collect();
    for word in &words[..20] {
        run.say(word);
        tokio::task::yield_now().await;
    }
    while cut.text.len() < 10 {
        let line = cut.line().await;
        cut.hear(&line);
    }
    // The network is gone for a while; a fresh connection goes on where the kept words ended.
    let (offset, epoch) = (cut.offset, cut.epoch.clone());
    let kept: Vec<char> = Vec::new();
    drop(cut);
    for word in &words[20..] {
        run.say(word);
    }
    let mut back = Device::connect(&house, &anna).await;
    (back.offset, back.epoch, back.text) = (offset, epoch, kept);
    run.finish();
    one.until_over().await;
    two.until_over().await;
    let mut late = Device::connect(&house, &anna).await;
    late.subscribe(chat, false).await;
    late.until_over().await;
    // From the beginning by recovery alone: every word, once, in order.
    back.offset = 0;
    let reply = back.subscribe(chat, true).await;
    assert_eq!(reply["subscribe"]["recovered"], true, "{reply}");
    back.until_over().await;
    let whole = words.concat();
    for device in [&one, &two, &late, &back] {
        assert_eq!(device.text().trim_end(), whole.trim_end());
    }
    assert!(one.in_passing > 0 && back.in_passing == 0);
    let stopped = one.ask("rpc", json!({ "method": "chat.stop", "data": { "chat": chat } })).await;
    assert_eq!(stopped["rpc"]["data"]["stopped"], false);
    house.close().await;
}

#[actix_web::test]
async fn nobody_else_watches_neither_before_nor_after_the_owner_is_known() {
    let house = House::open().await;
    let (anna, ben) = (house.person("anna", &[]).await, house.person("ben", &[]).await);
    let admin = house.person("root", &[Role::Admin]).await;
    let chat = house.chat(&anna).await;
    let refused = |reply: &Value| (reply["error"]["code"].as_u64(), reply["subscribe"].is_null());
    for round in 0..2 {
        for other in [&ben, &admin] {
            let mut device = Device::connect(&house, other).await;
            assert_eq!(refused(&device.subscribe(chat, false).await), (Some(102), true), "{round}");
            assert_eq!(refused(&device.subscribe(chat, true).await), (Some(102), true), "{round}");
            let past = device.ask("history", json!({ "channel": format!("chat:{chat}"), "limit": 10 })).await;
            assert!(past["error"].is_object(), "{past}");
            let call = json!({ "method": "chat.ask", "data": { "chat": chat, "text": "Mine?" } });
            assert_eq!(device.ask("rpc", call).await["rpc"]["data"]["code"], "chat.unknown");
        }
        let mut own = Device::connect(&house, &anna).await;
        assert!(own.subscribe(chat, false).await["subscribe"].is_object());
    }
    let url = format!("{}/connection/uni_sse?channel=chat:{chat}", house.base);
    assert_eq!(house.client.get(url).send().await.unwrap().status().as_u16(), 401);
    assert_eq!(code(&house.get(&format!("/chats/{chat}"), &ben).await), "chat.unknown");
    house.close().await;
}
