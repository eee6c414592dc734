//! The assembled server, from the sockets to the database: one bid through the house, signing out, stopping, coming back.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use madang::actors::kernel::clock::WallClock;
use madang::app::App;
use madang::config::Settings;
use madang::storage::Db;
use madang_domain::entity::Role;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::world;

/// A graceful stop takes less than ten seconds; on a machine that is busy with other tests, less than this.
const STOPPED_WITHIN: Duration = Duration::from_secs(30);

/// Who has an account everywhere.
const PEOPLE: [(&str, Role); 5] = [
    ("clerk@x.example", Role::Clerk),
    ("anna@x.example", Role::User),
    ("ben@x.example", Role::User),
    ("company@x.example", Role::Company),
    ("admin@x.example", Role::Admin),
];

/// A running server of the test.
pub struct Running {
    pub base: String,
    http: Client,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// A server on a database, under the name that its data directory keeps.
    async fn start(db: Db, data_dir: PathBuf) -> Self {
        Self::start_with(db, data_dir, |_| {}).await
    }

    /// The same, with some settings changed.
    pub async fn start_with(db: Db, data_dir: PathBuf, change: impl FnOnce(&mut Settings)) -> Self {
        // Another test may have chosen it before: the same one.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut settings = Settings::default();
        settings.database.data_dir = data_dir;
        settings.http.bind = "127.0.0.1:0".parse().unwrap();
        settings.http.client_request_timeout_s = world::PATIENCE.as_secs();
        change(&mut settings);
        let listener = TcpListener::bind(settings.http.bind).unwrap();
        let app = App::build(&settings, listener, Arc::new(WallClock), (db, None)).await.unwrap();
        for (email, role) in PEOPLE {
            app.accounts().create_with_roles(email, "a good password".to_owned(), "Somebody", &[role]).await.unwrap();
        }
        let base = format!("http://{}", app.address());
        let (stop, told) = oneshot::channel();
        let ended = tokio::spawn(app.run_until(async { drop(told.await) }));
        Self { base, http: Client::new(), stop, ended }
    }

    pub async fn ask(&self, method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> (u16, Value) {
        let mut request = self.http.request(method, format!("{}/api/v1{path}", self.base));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    pub async fn post(&self, path: &str, token: &str, body: Value) -> Value {
        let (status, answer) = self.ask(Method::POST, path, Some(token), Some(body)).await;
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }

    pub async fn sign_in(&self, email: &str) -> String {
        let body = json!({ "email": email, "password": "a good password" });
        let (status, answer) = self.ask(Method::POST, "/sessions", None, Some(body)).await;
        assert_eq!(status, 201, "{answer}");
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// Announces an upload, sends its bytes where it is told to, and confirms it; gives its number.
    pub async fn upload(&self, token: &str, campaign: i64, (name, media): (&str, &str), bytes: Vec<u8>) -> i64 {
        let body = json!({ "name": name, "type": media, "bytes": bytes.len() });
        let announced = self.post(&format!("/campaigns/{campaign}/uploads"), token, body).await;
        let put = &announced["put"];
        let mut request = self.http.put(format!("{}{}", self.base, put["url"].as_str().unwrap())).body(bytes);
        for (name, value) in put["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        assert_eq!(request.send().await.unwrap().status(), 201);
        let upload = announced["upload"]["id"].as_i64().unwrap();
        self.post(&format!("/campaigns/{campaign}/uploads/{upload}/complete"), token, json!({})).await;
        upload
    }

    pub async fn socket(&self, token: &str) -> Socket {
        self.connect(json!({ "token": token })).await
    }

    /// A socket of nobody.
    pub async fn socket_of_nobody(&self) -> Socket {
        self.connect(json!({})).await
    }

    async fn connect(&self, hello: Value) -> Socket {
        let url = format!("{}/connection/websocket", self.base.replace("http://", "ws://"));
        let mut socket = Socket { stream: connect_async(url).await.unwrap().0, next: 1, heard: Vec::new() };
        socket.ask("connect", hello).await;
        socket
    }

    /// An open auction by the clerk.
    pub async fn auction(&self, clerk: &str) -> i64 {
        let artwork = self.post("/artworks", clerk, json!({ "title": "Moon Jar", "artist": "Unknown" })).await;
        let offer = json!({ "artwork_id": artwork["id"], "currency": "KRW", "opening_bid": 10_000, "preset": "live" });
        let auction = self.post("/auctions", clerk, offer).await["id"].as_i64().unwrap();
        self.post(&format!("/auctions/{auction}/open"), clerk, json!({})).await;
        auction
    }

    pub async fn stop(self) -> Duration {
        let began = Instant::now();
        self.stop.send(()).unwrap();
        self.ended.await.unwrap().unwrap();
        began.elapsed()
    }
}

/// A socket that speaks the live protocol.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next: u32,
    heard: Vec<Value>,
}

impl Socket {
    /// The next thing that is no heartbeat; `Err` is the code with which the server closed.
    pub async fn hear(&mut self) -> Result<Value, u16> {
        loop {
            if !self.heard.is_empty() {
                return Ok(self.heard.remove(0));
            }
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    for line in text.lines().filter(|line| *line != "{}") {
                        self.heard.push(serde_json::from_str(line).unwrap());
                    }
                }
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return Err(1006),
            }
        }
    }

    /// Sends a command that must succeed, and gives the reply.
    pub async fn ask(&mut self, name: &str, body: Value) -> Value {
        let reply = self.try_ask(name, body).await;
        assert_eq!(reply["error"], Value::Null, "{reply}");
        reply[name].clone()
    }

    /// Sends a command and gives what is answered; pushes that come before it are kept.
    pub async fn try_ask(&mut self, name: &str, body: Value) -> Value {
        let id = self.next;
        self.next += 1;
        self.stream.send(Message::text(json!({ "id": id, name: body }).to_string())).await.unwrap();
        let mut before = Vec::new();
        loop {
            let heard = self.hear().await.unwrap();
            if heard["id"] == id {
                self.heard.splice(0..0, before);
                return heard;
            }
            before.push(heard);
        }
    }

    pub async fn rpc(&mut self, method: &str, data: Value) -> Value {
        self.ask("rpc", json!({ "method": method, "data": data })).await["data"].clone()
    }

    /// The next publication: its offset and what it says.
    pub async fn publication(&mut self) -> (u64, Value) {
        loop {
            let heard = self.hear().await.unwrap();
            if let Some(publication) = heard["push"].get("pub") {
                return (publication["offset"].as_u64().unwrap(), publication["data"].clone());
            }
        }
    }
}

fn bid(auction: i64, amount: i64) -> Value {
    json!({ "auction": auction, "max": { "amount": amount, "currency": "KRW" }, "command_id": uuid::Uuid::new_v4() })
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bid_goes_through_the_house() {
    let server = Running::start(world::database().await, world::fresh_dir("app")).await;
    let (clerk, anna) = (server.sign_in("clerk@x.example").await, server.sign_in("anna@x.example").await);
    let auction = server.auction(&clerk).await;
    server.post("/wallet/deposits", &anna, json!({ "amount": { "amount": 1_000_000, "currency": "KRW" } })).await;

    let mut watcher = server.socket(&clerk).await;
    let subscribed = watcher.ask("subscribe", json!({ "channel": format!("auction:{auction}") })).await;
    let from = subscribed["offset"].as_u64().unwrap();
    let mut bidder = server.socket(&anna).await;
    let answer = bidder.rpc("auction.bid", bid(auction, 50_000)).await;
    assert_eq!(answer["result"], "leading", "{answer}");
    let (offset, told) = watcher.publication().await;
    assert_eq!((offset, told["type"].as_str()), (from + 1, Some("bid_placed")), "{told}");
    assert_eq!(told.get("max"), None, "the maximum is private");

    let (_, wallet) = server.ask(Method::GET, "/wallet", Some(&anna), None).await;
    assert_eq!(wallet["holds"][0]["about"], format!("auction:{auction}"), "{wallet}");
    let took = server.stop().await;
    assert!(took < STOPPED_WITHIN, "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_cuts_the_open_sockets_of_that_session_only() {
    let server = Running::start(world::database().await, world::fresh_dir("app")).await;
    let (phone, desk) = (server.sign_in("anna@x.example").await, server.sign_in("anna@x.example").await);
    let (mut cut, mut kept) = (server.socket(&phone).await, server.socket(&desk).await);
    let (status, _) = server.ask(Method::DELETE, "/sessions/current", Some(&phone), None).await;
    assert_eq!(status, 204);
    let code = loop {
        if let Err(code) = cut.hear().await {
            break code;
        }
    };
    assert!((3500..4000).contains(&code), "a code that says: do not come back ({code})");
    let (status, problem) = server.ask(Method::GET, "/me", Some(&phone), None).await;
    assert_eq!((status, problem["code"].as_str()), (401, Some("auth.token_revoked")));
    assert_eq!(kept.rpc("time.sync", json!({ "t0": 1 })).await["t0"], 1, "the other device goes on");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_server_sends_its_watchers_away_and_goes_on_where_it_was() {
    let options = world::database_options().await;
    let db = async || Db::connect(options.clone(), &Settings::default().database).await.unwrap();
    let data_dir = world::fresh_dir("app");
    let server = Running::start(db().await, data_dir.clone()).await;
    let (clerk, anna) = (server.sign_in("clerk@x.example").await, server.sign_in("anna@x.example").await);
    let auction = server.auction(&clerk).await;
    server.post("/wallet/deposits", &anna, json!({ "amount": { "amount": 1_000_000, "currency": "KRW" } })).await;
    let channel = format!("auction:{auction}");
    let mut socket = server.socket(&anna).await;
    let seen = socket.ask("subscribe", json!({ "channel": channel })).await;
    let command = bid(auction, 50_000);
    let answer = socket.rpc("auction.bid", command.clone()).await;
    assert_eq!(answer["result"], "leading", "{answer}");

    let took = server.stop().await;
    assert!(took < STOPPED_WITHIN, "{took:?}");
    let code = loop {
        if let Err(code) = socket.hear().await {
            break code;
        }
    };
    assert!((3000..3500).contains(&code), "a code that says: come back ({code})");

    let next = Running::start(db().await, data_dir).await;
    let mut socket = next.socket(&anna).await;
    let from = json!({ "channel": channel, "recover": true, "epoch": seen["epoch"], "offset": seen["offset"] });
    let recovered = socket.ask("subscribe", from).await;
    assert_eq!(recovered["recovered"], true, "{recovered}");
    assert_eq!(recovered["publications"][0]["data"]["type"], "bid_placed", "{recovered}");
    let again = socket.rpc("auction.bid", command).await;
    assert_eq!((&again["result"], &again["seq"]), (&answer["result"], &answer["seq"]), "the same answer to the same id");
    assert_eq!(again["duplicate"], true);
    next.stop().await;
}
