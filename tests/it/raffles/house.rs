//! A house with raffles and an engine, and people with points who are signed in.

use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use madang::actors::follow::Changes;
use madang::actors::kernel::clock::{Clock, ManualClock, WallClock};
use madang::actors::kernel::{Engine, EngineSettings};
use madang::actors::publish::Publisher;
use madang::actors::raffle::Raffle;
use madang::actors::raffle::codes::Codes;
use madang::actors::raffle::follow;
use madang::http::api;
use madang::http::auth::{ACCESS_FOR, Revocations, Tokens};
use madang::http::raffles::{Raffles, RafflesParts};
use madang::http::wallet::Wallets;
use madang::storage::Db;
use madang_domain::entity::{AccountOwner, LedgerEntry, Role, Transfer};
use madang_domain::ids::{Kind, UserId};
use madang_domain::money::{Currency, Money};
use madang_domain::user::UserInbox;
use reqwest::Method;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::auctions::house::{Reply, ok};
use crate::world;

const SECRET: &[u8] = b"a secret for tests, of 32 bytes or more";

/// The house.
pub struct House {
    pub db: Db,
    pub engine: Engine,
    pub clock: ManualClock,
    base: String,
    client: reqwest::Client,
    tokens: Tokens,
    server: ServerHandle,
    stop: CancellationToken,
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: i64,
    roles: Vec<Role>,
}

impl House {
    pub async fn open() -> Self {
        Self::reopen(world::database().await, ManualClock::new(WallClock.now())).await
    }

    /// A house over what another one left.
    pub async fn reopen(db: Db, hand: ManualClock) -> Self {
        let changes = Arc::new(Changes::of(Kind::Raffle));
        let clock: Arc<dyn Clock> = Arc::new(hand.clone());
        let settings = EngineSettings {
            beat: Duration::from_millis(100),
            claim: Duration::from_millis(50),
            node: world::unique("node"),
            ..EngineSettings::default()
        };
        let engine = Engine::builder(db.pool().clone())
            .settings(settings)
            .clock(Arc::clone(&clock))
            .publisher(Arc::clone(&changes) as Arc<dyn Publisher>)
            .kind::<Raffle>()
            .kind::<UserInbox>()
            .start()
            .await
            .unwrap();
        let tokens = Tokens::new(SECRET, &[], ACCESS_FOR, Arc::new(Revocations::default()), Arc::clone(&clock)).unwrap();
        let codes = Arc::new(Codes::new(SECRET).unwrap());
        let follower = follow::follow(engine.clone(), Arc::clone(&codes), db.pool().clone(), changes);
        let stop = CancellationToken::new();
        tokio::spawn(follower.clone().run(stop.clone()));
        let raffles = Raffles::new(RafflesParts { engine: engine.clone(), db: db.pool().clone(), follower, codes, clock });
        let wallets = Wallets::new(Arc::clone(engine.funds()), &[Currency::KRW]);
        let (base, server) = listen(&tokens, &raffles, &wallets);
        // Refused where another test was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().timeout(world::PATIENCE).no_proxy().build().unwrap();
        Self { db, engine, clock: hand, base, client, tokens, server, stop }
    }

    /// Ends it; what is left can be [reopened](Self::reopen).
    pub async fn end(self) -> (Db, ManualClock) {
        self.server.stop(false).await;
        self.stop.cancel();
        self.engine.stop().await;
        (world::reconnect(self.db).await, self.clock)
    }

    pub async fn close(self) {
        let (db, _) = self.end().await;
        db.close().await;
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
        Person { id, roles }
    }

    /// A new person who has earned this many points.
    pub async fn sleeper(&self, name: &str, points: i64) -> Person {
        let person = self.person(name, &[]).await;
        self.grant(&person, points, Currency::POINTS).await;
        person
    }

    /// A new person with stamps for this many entries.
    pub async fn holder(&self, name: &str, entries: i64) -> Person {
        let person = self.person(name, &[]).await;
        self.grant(&person, entries * 8, Currency::STAMPS).await;
        person
    }

    async fn grant(&self, to: &Person, amount: i64, currency: Currency) {
        let leg = |account, amount| LedgerEntry { account, amount: Money::new(amount, currency) };
        let entries = vec![leg(AccountOwner::User(UserId::new(to.id)), amount), leg(AccountOwner::World, -amount)];
        let transfer = Transfer { key: format!("test/{}", Uuid::new_v4()), purpose: "test".to_owned(), entries };
        self.engine.funds().transfer(transfer).await.unwrap();
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        who: Option<&Person>,
        body: Option<Value>,
        key: Option<Uuid>,
    ) -> Reply {
        let mut request = self.client.request(method, format!("{}/api/v1{path}", self.base));
        if let Some(who) = who {
            // Made anew each time: the tests' hours would outlive it.
            request =
                request.bearer_auth(self.tokens.issue_access(UserId::new(who.id), &who.roles, Uuid::new_v4(), 1).unwrap());
        }
        if let Some(body) = body {
            request = request.json(&body);
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
        self.send(Method::POST, path, Some(who), Some(body), None).await
    }

    /// A raffle's body: closes in an hour, drawn a minute later.
    pub fn raffle_body(&self, prizes: usize) -> Value {
        let prizes: Vec<_> =
            (1..=prizes).map(|n| json!({ "title": format!("coffee {n}"), "code": format!("SECRET-CODE-{n}") })).collect();
        let closes_at = self.clock.now() + chrono::Duration::hours(1);
        json!({ "title": "아침 커피", "prizes": prizes, "closes_at": closes_at })
    }

    /// A new raffle's number.
    pub async fn raffle(&self, by: &Person, prizes: usize) -> i64 {
        ok(self.post("/raffles", by, self.raffle_body(prizes)).await)["id"].as_i64().unwrap()
    }

    pub async fn enter(&self, raffle: i64, who: &Person) -> Reply {
        self.post(&format!("/raffles/{raffle}/entries"), who, json!({})).await
    }

    pub async fn view(&self, raffle: i64, who: Option<&Person>) -> Value {
        ok(self.get(&format!("/raffles/{raffle}"), who).await)
    }

    /// Lets the dates of the raffles pass, one after the other, and waits for the draw.
    pub async fn draw(&self, raffle: i64) {
        self.clock.advance(Duration::from_secs(61 * 60));
        crate::engine::until("the list is frozen", async || self.view(raffle, None).await["state"] != "open").await;
        self.clock.advance(Duration::from_secs(2 * 60));
        crate::engine::until("it is drawn", async || self.view(raffle, None).await["state"] == "drawn").await;
    }

    /// Somebody's balance, or the house's.
    pub async fn balance(&self, owner: AccountOwner, currency: Currency) -> i64 {
        self.engine.funds().balance(owner, currency).await.unwrap()
    }

    pub async fn stamps(&self, of: &Person) -> i64 {
        self.balance(AccountOwner::User(UserId::new(of.id)), Currency::STAMPS).await
    }

    pub async fn is_sound(&self) -> bool {
        self.engine.funds().reconcile().await.unwrap().is_sound()
    }
}

fn listen(tokens: &Tokens, raffles: &Raffles, wallets: &Wallets) -> (String, ServerHandle) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (tokens, raffles) = (web::Data::new(tokens.clone()), web::Data::new(raffles.clone()));
    let wallets = web::Data::new(wallets.clone());
    let app =
        move || App::new().app_data(tokens.clone()).app_data(raffles.clone()).app_data(wallets.clone()).configure(api::routes);
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
