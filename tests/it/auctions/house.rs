//! A house with artworks, auctions and an engine, and people who are signed in.

use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use madang::actors::auction::Auction;
use madang::actors::auction::cards;
use madang::actors::follow::Changes;
use madang::actors::kernel::clock::{Clock, ManualClock, WallClock};
use madang::actors::kernel::{Engine, EngineSettings};
use madang::actors::publish::Publisher;
use madang::http::api;
use madang::http::artworks::media_routes;
use madang::http::auctions::{Auctions, AuctionsParts};
use madang::http::auth::{ACCESS_FOR, Revocations, Tokens};
use madang::http::live::house::{Identity, RpcCall, RpcError};
use madang::http::rpc::Rpc;
use madang::storage::Db;
use madang_domain::entity::Role;
use madang_domain::ids::{Kind, UserId};
use madang_domain::money::{Currency, Money};
use reqwest::Method;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::world;

/// The house.
pub struct House {
    pub db: Db,
    pub engine: Engine,
    pub cards: cards::Cards,
    pub rpc: Rpc,
    pub clock: ManualClock,
    base: String,
    client: reqwest::Client,
    tokens: Tokens,
    server: ServerHandle,
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: i64,
    pub identity: Identity,
    token: String,
}

/// What came back: the status and the body.
pub type Reply = (u16, Value);

/// The code of a failure.
#[track_caller]
pub fn code(reply: &Reply) -> &str {
    assert!(reply.0 >= 400, "{reply:?}");
    reply.1["code"].as_str().unwrap()
}

/// The body of a success.
#[track_caller]
pub fn ok(reply: Reply) -> Value {
    assert!((200..300).contains(&reply.0), "{reply:?}");
    reply.1
}

pub fn won(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "KRW" })
}

impl House {
    pub async fn open() -> Self {
        let db = world::database().await;
        let changes = Arc::new(Changes::of(Kind::Auction));
        let hand = ManualClock::new(WallClock.now());
        let clock: Arc<dyn Clock> = Arc::new(hand.clone());
        let settings = EngineSettings { claim: Duration::from_millis(50), ..EngineSettings::default() };
        let engine = Engine::builder(db.pool().clone())
            .settings(settings)
            .clock(Arc::clone(&clock))
            .publisher(Arc::clone(&changes) as Arc<dyn Publisher>)
            .kind::<Auction>()
            .kind::<madang_domain::user::UserInbox>()
            .start()
            .await
            .unwrap();
        let revocations = Arc::new(Revocations::default());
        let tokens =
            Tokens::new(b"a secret for tests, of 32 bytes or more", &[], ACCESS_FOR, revocations, Arc::clone(&clock)).unwrap();
        let cards = cards::follow(engine.clone(), db.pool().clone(), changes);
        let auctions = Auctions::new(AuctionsParts {
            engine: engine.clone(),
            db: db.pool().clone(),
            cards: cards.clone(),
            clock: Arc::clone(&clock),
            currencies: vec![Currency::KRW, Currency::USD],
            viewers: Arc::new(|channel| if channel == "auction:1" { 3 } else { 0 }),
        });
        let rpc = Rpc::new(auctions.clone(), clock, tokio::runtime::Handle::current());
        let (base, server) = listen(&tokens, &auctions);
        // Refused where another test was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().timeout(world::PATIENCE).no_proxy().build();
        Self { db, engine, cards, rpc, clock: hand, base, client: client.unwrap(), tokens, server }
    }

    /// Ends it. Whoever forgets leaves threads behind until the tests end.
    pub async fn close(self) {
        self.server.stop(false).await;
        self.engine.stop().await;
        self.db.close().await;
    }

    /// A new person with these roles besides `user`.
    pub async fn person(&self, name: &str, roles: &[Role]) -> Person {
        let id: i64 = sqlx::query_scalar(
            "insert into user_account (email, name, password_hash, created_at)
            values ($1 || '@example.com', $1, 'x', now()) returning id",
        )
        .bind(name)
        .fetch_one(self.db.pool())
        .await
        .unwrap();
        let mut roles = roles.to_vec();
        roles.push(Role::User);
        let token = self.tokens.issue_access(UserId::new(id), &roles, Uuid::new_v4(), 1).unwrap();
        Person { id, identity: self.tokens.verify(&token).unwrap(), token }
    }

    /// A new bidder with won in their wallet.
    pub async fn bidder(&self, name: &str, funds: i64) -> Person {
        let person = self.person(name, &[]).await;
        let amount = Money::new(funds, Currency::KRW);
        self.engine.funds().deposit(UserId::new(person.id), amount, "start").await.unwrap();
        person
    }

    pub async fn send(&self, method: Method, path: &str, who: Option<&Person>, body: Option<&str>, key: Option<Uuid>) -> Reply {
        let mut request = self.client.request(method, format!("{}/api/v1{path}", self.base));
        if let Some(who) = who {
            request = request.bearer_auth(&who.token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() })
    }

    pub async fn get(&self, path: &str, who: Option<&Person>) -> Reply {
        self.send(Method::GET, path, who, None, None).await
    }

    pub async fn post(&self, path: &str, who: &Person, body: Value) -> Reply {
        self.send(Method::POST, path, Some(who), Some(&body.to_string()), None).await
    }

    /// A page outside the API: status, type and text.
    pub async fn page(&self, path: &str) -> (u16, String, String) {
        let response = self.client.get(format!("{}{path}", self.base)).send().await.unwrap();
        let kind = response.headers().get("content-type").map_or_else(String::new, |kind| kind.to_str().unwrap().to_owned());
        (response.status().as_u16(), kind, response.text().await.unwrap())
    }

    /// An rpc call and its reply.
    pub async fn call(&self, who: Option<&Person>, method: &str, data: Value) -> Result<Value, RpcError> {
        let (give, reply) = oneshot::channel();
        let data: Box<RawValue> = serde_json::value::to_raw_value(&data).unwrap();
        let who = who.map(|person| person.identity.clone());
        let call = RpcCall { who, method: method.to_owned(), data };
        self.rpc.call(call, Box::new(move |result| drop(give.send(result))));
        reply.await.unwrap().map(|data| serde_json::from_str(data.get()).unwrap())
    }

    /// A new artwork's number.
    pub async fn artwork(&self, by: &Person, title: &str) -> i64 {
        ok(self.post("/artworks", by, json!({ "title": title, "artist": "김홍도", "medium": "종이에 수묵" })).await)["id"]
            .as_i64()
            .unwrap()
    }

    /// A new auction's number: opens at 10,000 won, with these settings besides.
    pub async fn offer(&self, by: &Person, settings: Value) -> i64 {
        let artwork_id = self.artwork(by, "씨름").await;
        let mut body = json!({ "artwork_id": artwork_id, "opening_bid": 10_000 });
        body.as_object_mut().unwrap().extend(settings.as_object().cloned().unwrap_or_default());
        ok(self.post("/auctions", by, body).await)["id"].as_i64().unwrap()
    }

    /// The same, open.
    pub async fn open_auction(&self, by: &Person, settings: Value) -> i64 {
        let auction = self.offer(by, settings).await;
        ok(self.run(auction, "open", by).await);
        auction
    }

    pub async fn run(&self, auction: i64, verb: &str, by: &Person) -> Reply {
        self.send(Method::POST, &format!("/auctions/{auction}/{verb}"), Some(by), None, None).await
    }

    pub async fn bid(&self, auction: i64, by: &Person, max: i64) -> Reply {
        self.post(&format!("/auctions/{auction}/bids"), by, json!({ "max": won(max) })).await
    }

    pub async fn view(&self, auction: i64, who: Option<&Person>) -> Value {
        ok(self.get(&format!("/auctions/{auction}"), who).await)
    }

    /// Balance and held of a person's won.
    pub async fn wallet(&self, of: &Person) -> (i64, i64) {
        let accounts = self.engine.funds().accounts(UserId::new(of.id)).await.unwrap();
        accounts.first().map_or((0, 0), |account| (account.balance.amount, account.held.amount))
    }
}

fn listen(tokens: &Tokens, auctions: &Auctions) -> (String, ServerHandle) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (tokens, auctions) = (web::Data::new(tokens.clone()), web::Data::new(auctions.clone()));
    let app =
        move || App::new().app_data(tokens.clone()).app_data(auctions.clone()).configure(api::routes).configure(media_routes);
    let server = HttpServer::new(app)
        .workers(1)
        .client_request_timeout(world::PATIENCE)
        .listen(listener)
        .unwrap()
        .disable_signals()
        .run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    (base, handle)
}
