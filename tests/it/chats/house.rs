//! A house with conversations: engine, live protocol, HTTP, and an author on strings.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use actix_http::HttpService;
use actix_server::{Server, ServerHandle};
use actix_service::{fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::{App, web};
use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, StreamExt, unfold};
use madang::actors::auction::cards;
use madang::actors::broker::{Broker, BrokerSettings};
use madang::actors::chat::author::{Author, Seek, Task, Words};
use madang::actors::chat::prompts::Prompts;
use madang::actors::chat::quota::Quotas;
use madang::actors::chat::stage::Stage;
use madang::actors::chat::{Chats, ChatsParts, RunSettings};
use madang::actors::follow::Changes;
use madang::actors::kernel::clock::{Clock, ManualClock, WallClock};
use madang::actors::kernel::{Engine, EngineSettings};
use madang::actors::publish::{Publication, Publisher};
use madang::http::api;
use madang::http::api_keys::ApiKeys;
use madang::http::auctions::{Auctions, AuctionsParts};
use madang::http::auth::{ACCESS_FOR, Revocations, Tokens};
use madang::http::chats::{ChatArea, Links};
use madang::http::house::MadangHouse;
use madang::http::live::{Live, LiveSettings};
use madang::http::rpc::Rpc;
use madang::storage::Db;
use madang::storage::quotas::Most;
use madang_domain::chat::{Chat, Source};
use madang_domain::code::Code;
use madang_domain::entity::Role;
use madang_domain::ids::{Kind, UserId};
use madang_domain::money::Currency;
use parking_lot::Mutex;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::auctions::house::{Reply, ok};
use crate::engine::until;
use crate::world;

const SECRET: &[u8] = b"a secret for tests, of 32 bytes or more";

/// An author who says what the test says.
#[derive(Default)]
pub struct Puppet {
    runs: Mutex<VecDeque<Run>>,
}

/// One answer in the hands of the test.
pub struct Run {
    pub task: Task,
    say: UnboundedSender<Result<Words, Code>>,
}

impl Run {
    pub fn say(&self, text: &str) {
        let _gone = self.say.send(Ok(Words::Text(text.to_owned())));
    }

    pub fn finish(&self) {
        let _gone = self.say.send(Ok(Words::Over { reason: None, usage: None }));
    }

    pub fn fail(&self, code: Code) {
        let _gone = self.say.send(Err(code));
    }

    /// Whether nobody listens any more: the call upstream is over.
    pub fn is_dropped(&self) -> bool {
        self.say.is_closed()
    }
}

impl Puppet {
    /// The next answer that is asked for, if one is.
    pub fn next(&self) -> Option<Run> {
        self.runs.lock().pop_front()
    }
}

impl Author for Puppet {
    fn name(&self) -> String {
        "puppet".to_owned()
    }

    fn write(&self, task: Task) -> BoxStream<'static, Result<Words, Code>> {
        let (say, said): (_, UnboundedReceiver<_>) = unbounded_channel();
        self.runs.lock().push_back(Run { task, say });
        unfold(said, |mut said| async move { said.recv().await.map(|words| (words, said)) }).boxed()
    }
}

/// Finds the same two passages for everything.
struct Shelf;

impl Seek for Shelf {
    fn seek(&self, question: String, _: Vec<String>, _: Vec<String>) -> BoxFuture<'static, Result<Vec<Source>, Code>> {
        let source = |number: i64, text: &str| Source {
            chunk: number,
            article: number,
            version: 1,
            title: format!("Breathing {number}"),
            url: Some("https://example.org/breathing".to_owned()),
            source: "library".to_owned(),
            heading: String::new(),
            text: text.to_owned(),
        };
        let found = vec![source(1, "Breathe slowly through the nose."), source(2, "Warm up for ten minutes.")];
        Box::pin(std::future::ready(if question.contains("search fails") { Err(Code::Busy) } else { Ok(found) }))
    }
}

/// What the engine publishes goes to both.
struct Both(Arc<Broker>, Arc<Stage>);

impl Publisher for Both {
    fn publish(&self, channel: &str, epoch: &str, publications: &[Publication]) {
        self.0.publish(channel, epoch, publications);
        self.1.publish(channel, epoch, publications);
    }
}

/// How a house differs from the usual one.
#[derive(Clone, Copy)]
pub struct Ways {
    pub waiting: u32,
    pub unwatched: Option<Duration>,
    pub tokens: u32,
    pub most: Most,
}

pub const USUAL: Ways =
    Ways { waiting: 2, unwatched: None, tokens: 100, most: Most { messages: 1_000, running: 100, tokens: 1_000_000 } };

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: i64,
    pub token: String,
}

pub struct House {
    pub db: Db,
    pub engine: Engine,
    pub chats: Chats,
    pub author: Arc<Puppet>,
    pub clock: ManualClock,
    pub base: String,
    pub client: reqwest::Client,
    tokens: Tokens,
    live: Arc<Live>,
    server: ServerHandle,
    stop: CancellationToken,
}

impl House {
    pub async fn open() -> Self {
        Self::with(USUAL).await
    }

    pub async fn with(ways: Ways) -> Self {
        Self::over(world::database().await, ways, ManualClock::new(WallClock.now())).await
    }

    /// A house over a database that may have a past.
    pub async fn over(db: Db, ways: Ways, hand: ManualClock) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(hand.clone());
        let (broker, stage) = (Broker::new(BrokerSettings::default()), Arc::new(Stage::default()));
        let engine = Engine::builder(db.pool().clone())
            .settings(EngineSettings { claim: Duration::from_millis(50), ..EngineSettings::default() })
            .clock(Arc::clone(&clock))
            .publisher(Arc::new(Both(Arc::clone(&broker), Arc::clone(&stage))))
            .kind::<Chat>()
            .start()
            .await
            .unwrap();
        let revocations = Arc::new(Revocations::default());
        let tokens = Tokens::new(SECRET, &[], ACCESS_FOR, revocations, Arc::clone(&clock)).unwrap();
        let author = Arc::new(Puppet::default());
        let chats = Chats::new(ChatsParts {
            engine: engine.clone(),
            db: db.pool().clone(),
            broker: Arc::clone(&broker),
            clock: Arc::clone(&clock),
            author: Arc::clone(&author) as Arc<dyn Author>,
            seek: Arc::new(Shelf),
            quotas: Quotas::new(db.pool().clone(), Arc::clone(&clock), ways.most),
            prompts: Prompts::new(db.pool().clone(), Arc::clone(&clock), 30),
            stage,
            settings: RunSettings { waiting: ways.waiting, unwatched: ways.unwatched, at_once: 1_000, tokens: ways.tokens },
        });
        let auctions = Auctions::new(AuctionsParts {
            engine: engine.clone(),
            db: db.pool().clone(),
            cards: cards::follow(engine.clone(), db.pool().clone(), Arc::new(Changes::of(Kind::Auction))),
            clock: Arc::clone(&clock),
            currencies: vec![Currency::KRW],
            viewers: Arc::new(|_| 0),
        });
        let rpc = Rpc::new(auctions.clone(), clock, tokio::runtime::Handle::current()).with_chats(chats.clone());
        let house = MadangHouse::new(engine.clone(), auctions, tokens.clone(), rpc).with_chats(chats.clone());
        let live = Live::start(Arc::new(house), broker, LiveSettings { hubs: 1, ..LiveSettings::default() }).unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(chats.clone().run(stop.clone()));
        let area = ChatArea { chats: chats.clone(), links: Arc::new(Links::new(SECRET)) };
        let keys = ApiKeys::new(db.pool().clone(), Arc::new(hand.clone()));
        let (base, server) = listen(&tokens, area, keys, &live);
        // Refused where another test was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().timeout(world::PATIENCE).no_proxy().build().unwrap();
        Self { db, engine, chats, author, clock: hand, base, client, tokens, live, server, stop }
    }

    pub async fn close(self) {
        self.end().await.close().await;
    }

    /// Ends in good order; the database stays.
    pub async fn end(self) -> Db {
        self.server.stop(false).await;
        self.stop.cancel();
        self.live.stop();
        self.engine.stop().await;
        world::reconnect(self.db).await
    }

    /// Ends as a process that is killed: nobody writes anything any more.
    pub async fn crash(self) -> Db {
        self.live.stop();
        self.server.stop(false).await;
        self.engine.stop().await;
        world::reconnect(self.db).await
    }

    pub async fn person(&self, name: &str, roles: &[Role]) -> Person {
        let id: i64 = sqlx::query_scalar(
            "insert into user_account (email, name, password_hash, created_at)
            values ($1 || '@example.com', $1, 'x', now()) returning id",
        )
        .bind(name)
        .fetch_one(self.db.pool())
        .await
        .unwrap();
        self.sign_in(id, roles)
    }

    pub fn sign_in(&self, id: i64, roles: &[Role]) -> Person {
        let mut roles = roles.to_vec();
        roles.push(Role::User);
        Person { id, token: self.tokens.issue_access(UserId::new(id), &roles, Uuid::new_v4(), 1).unwrap() }
    }

    pub fn request(&self, method: Method, path: &str, who: Option<&Person>) -> RequestBuilder {
        let request = self.client.request(method, format!("{}/api/v1{path}", self.base));
        match who {
            Some(who) => request.bearer_auth(&who.token),
            None => request,
        }
    }

    pub async fn send(&self, method: Method, path: &str, who: Option<&Person>, body: Value) -> Reply {
        let request = self.request(method, path, who).header("accept", "application/json");
        let request = if body.is_null() { request } else { request.json(&body) };
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or(Value::Null))
    }

    pub async fn get(&self, path: &str, who: &Person) -> Reply {
        self.send(Method::GET, path, Some(who), Value::Null).await
    }

    pub async fn post(&self, path: &str, who: &Person, body: Value) -> Reply {
        self.send(Method::POST, path, Some(who), body).await
    }

    /// A new conversation's number.
    pub async fn chat(&self, who: &Person) -> i64 {
        ok(self.post("/chats", who, json!({})).await)["id"].as_i64().unwrap()
    }

    /// Asks without reading the answer.
    pub async fn ask(&self, chat: i64, who: &Person, text: &str) -> Reply {
        self.post(&format!("/chats/{chat}/messages"), who, json!({ "text": text })).await
    }

    /// Asks, and gives the author's side.
    pub async fn asked(&self, chat: i64, who: &Person, text: &str) -> Run {
        ok(self.ask(chat, who, text).await);
        self.run().await
    }

    /// The next answer that the author is asked for.
    pub async fn run(&self) -> Run {
        until("the author is asked", async || !self.author.runs.lock().is_empty()).await;
        self.author.runs.lock().pop_front().unwrap()
    }

    pub async fn view(&self, chat: i64, who: &Person) -> Value {
        ok(self.get(&format!("/chats/{chat}"), who).await)
    }

    /// Waits until an answer is in a stage, and gives it.
    pub async fn answer(&self, chat: i64, who: &Person, message: usize, stage: &str) -> Value {
        let mut seen = Value::Null;
        let end = std::time::Instant::now() + world::PATIENCE;
        while seen["stage"] != stage {
            assert!(std::time::Instant::now() < end, "waited in vain for {stage}: {seen}");
            tokio::time::sleep(Duration::from_millis(10)).await;
            seen = self.view(chat, who).await["messages"][message - 1]["answer"].clone();
        }
        seen
    }

    /// Follows an answer.
    pub async fn follow(&self, path: &str, who: Option<&Person>) -> Events {
        let response = self.request(Method::GET, path, who).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        Events::of(response)
    }
}

/// The events of a stream.
pub struct Events {
    response: Response,
    text: String,
    /// The id of the last event.
    pub last_id: String,
}

impl Events {
    pub fn of(response: Response) -> Self {
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-cache, no-transform");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Self { response, text: String::new(), last_id: String::new() }
    }

    /// The next event; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                let Some(data) = field("data:") else { continue };
                self.last_id = field("id:").unwrap().to_owned();
                return Some((field("event:").unwrap().to_owned(), serde_json::from_str(data).unwrap()));
            }
            self.text.push_str(std::str::from_utf8(&self.response.chunk().await.ok()??).unwrap());
        }
    }

    /// Reads until an event of that name, adding the text on the way.
    pub async fn until(&mut self, name: &str, text: &mut String) -> Value {
        loop {
            let (event, data) = self.next().await.unwrap_or_else(|| panic!("the stream ended before {name}"));
            if event == "delta" {
                let from = usize::try_from(data["from"].as_u64().unwrap()).unwrap();
                assert!(from >= text.chars().count() || text.is_empty(), "{text:?} and then {data}");
                text.push_str(data["text"].as_str().unwrap());
            }
            if event == name {
                return data;
            }
        }
    }

    /// Reads until so many characters were told.
    pub async fn read(&mut self, text: &mut String, chars: usize) {
        while text.chars().count() < chars {
            self.until("delta", text).await;
        }
    }
}

fn listen(tokens: &Tokens, area: ChatArea, keys: ApiKeys, live: &Arc<Live>) -> (String, ServerHandle) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (tokens, area, live) = (web::Data::new(tokens.clone()), web::Data::new(area), Arc::clone(live));
    let keys = web::Data::new(keys);
    let server = Server::build()
        .workers(1)
        .disable_signals()
        .listen("chats", listener, move || {
            let (upgrades, routes) = (Arc::clone(&live), Arc::clone(&live));
            let app = App::new()
                .app_data(tokens.clone())
                .app_data(area.clone())
                .app_data(keys.clone())
                .configure(move |config| routes.routes(config))
                .configure(api::routes);
            HttpService::build()
                .client_request_timeout(world::PATIENCE)
                .upgrade(fn_service(move |(request, framed)| Arc::clone(&upgrades).upgrade(request, framed)))
                .finish(map_config(app, |()| AppConfig::default()))
                .tcp()
        })
        .unwrap()
        .run();
    let handle = server.handle();
    tokio::spawn(server);
    (base, handle)
}
