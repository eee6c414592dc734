//! A server with accounts only, on a port of its own, with a clock that is moved by hand.

use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use madang::actors::funds::Funds;
use madang::actors::kernel::Engine;
use madang::actors::kernel::clock::{Clock, ManualClock, WallClock};
use madang::clients::mail::LocalOutbox;
use madang::http::accounts::{Accounts, AccountsParts, CookieSettings, PasswordCost, Passwords};
use madang::http::admin::Operations;
use madang::http::api;
use madang::http::auth::{ACCESS_FOR, Revocations, Tokens};
use madang::http::limits::{Allowances, Limits};
use madang::http::wallet::Wallets;
use madang::storage::Db;
use madang::storage::cache::{Cache, LocalCache, Rate};
use madang_domain::entity::Role;
use madang_domain::money::Currency;
use madang_domain::user::UserInbox;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::runtime::Handle;

pub const SECRET: &[u8] = b"a secret for tests, of 32 bytes or more";
pub const PASSWORD: &str = "correct horse";

/// So many sign-ins a minute are one address's allowance here, and so many requests one person's.
pub const SIGN_INS: u32 = 10;
pub const USER_REQUESTS: u32 = 100;

pub struct World {
    pub base: String,
    pub client: reqwest::Client,
    pub clock: ManualClock,
    pub tokens: Tokens,
    pub accounts: Accounts,
    pub revocations: Arc<Revocations>,
    pub cache: Arc<dyn Cache>,
    pub db: PgPool,
    pub house: Db,
    pub funds: Arc<Funds>,
    pub engine: Option<Engine>,
    server: Option<ServerHandle>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Reply {
    /// The body of a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.status.is_success(), "{self:?}");
        self.body
    }

    /// The code of a failure, whose shape is checked.
    #[track_caller]
    pub fn code(&self) -> String {
        assert!(!self.status.is_success(), "{self:?}");
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        assert_eq!(self.body["status"], self.status.as_u16(), "{self:?}");
        assert!(self.body["message"].as_str().is_some_and(|text| !text.is_empty()), "{self:?}");
        assert_eq!(self.body["request_id"], self.headers["x-request-id"].to_str().unwrap(), "{self:?}");
        self.body["code"].as_str().unwrap().to_owned()
    }

    /// The refresh cookie that was set.
    pub fn cookie(&self) -> String {
        self.headers["set-cookie"].to_str().unwrap().to_owned()
    }
}

/// A person with tokens.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: i64,
    pub access: String,
    pub refresh: String,
}

impl World {
    pub async fn start() -> Self {
        Self::build(false).await
    }

    /// With an engine behind, for what operators look at.
    pub async fn start_with_engine() -> Self {
        Self::build(true).await
    }

    async fn build(with_engine: bool) -> Self {
        let house = crate::world::database().await;
        let db = house.pool().clone();
        let clock = ManualClock::new(WallClock.now());
        let cache: Arc<dyn Cache> = Arc::new(LocalCache::default());
        let revocations = Arc::new(Revocations::default());
        let tokens = Self::tokens_with(SECRET, &clock, &revocations);
        let accounts = Self::accounts_with(&house, &tokens, &clock, &cache).await;
        let engine = match with_engine {
            true => Some(Engine::builder(db.clone()).kind::<UserInbox>().start().await.unwrap()),
            false => None,
        };
        let funds = engine.as_ref().map(|engine| Arc::clone(engine.funds()));
        let funds = funds.unwrap_or_else(|| Arc::new(Funds::new(db.clone(), Handle::current(), Arc::new(clock.clone()))));
        let mut world = Self {
            base: String::new(),
            client: client(),
            clock,
            tokens,
            accounts,
            revocations,
            cache,
            db,
            house,
            funds,
            engine,
            server: None,
        };
        world.listen();
        world
    }

    pub fn tokens_with(secret: &[u8], clock: &ManualClock, revocations: &Arc<Revocations>) -> Tokens {
        Tokens::new(secret, &[], ACCESS_FOR, Arc::clone(revocations), Arc::new(clock.clone())).unwrap()
    }

    pub async fn accounts_with(db: &Db, tokens: &Tokens, clock: &ManualClock, cache: &Arc<dyn Cache>) -> Accounts {
        let hand = clock.clone();
        let outbox = LocalOutbox::new(move || hand.now());
        Accounts::start(AccountsParts {
            db: db.clone(),
            tokens: tokens.clone(),
            passwords: Passwords::new(PasswordCost { memory_kib: 64, passes: 1, at_once: 2 }).unwrap(),
            mailer: Arc::new(outbox.clone()),
            outbox: Some(outbox),
            cache: Arc::clone(cache),
            cookie: CookieSettings::default(),
            refresh_for: madang_domain::accounts::refresh::LIFE,
            clock: Arc::new(clock.clone()),
        })
        .await
        .unwrap()
    }

    /// Ends the server.
    pub async fn end(self) {
        if let Some(server) = &self.server {
            server.stop(false).await;
        }
        if let Some(engine) = &self.engine {
            engine.stop().await;
        }
        self.db.close().await;
    }

    fn listen(&mut self) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        self.base = format!("http://{}", listener.local_addr().unwrap());
        let allowances = Allowances {
            requests_per_address: Rate::per_minute(60),
            requests_per_user: Rate::per_minute(USER_REQUESTS),
            sign_ins_per_address: Rate::per_minute(SIGN_INS),
        };
        let limits = Limits::new(Arc::new(LocalCache::default()), allowances, Arc::new(|_| false), true);
        let metrics = || "madang_up 1\n".to_owned();
        let operations = Operations::new(self.house.clone(), Arc::new(self.clock.clone()), metrics);
        let wallets = Wallets::new(Arc::clone(&self.funds), &[Currency::KRW, Currency::USD]);
        let (tokens, accounts, engine) = (self.tokens.clone(), self.accounts.clone(), self.engine.clone());
        let server = HttpServer::new(move || {
            let app = App::new()
                .app_data(web::Data::new(tokens.clone()))
                .app_data(web::Data::new(accounts.clone()))
                .app_data(web::Data::new(limits.clone()))
                .app_data(web::Data::new(operations.clone()))
                .app_data(web::Data::new(wallets.clone()));
            match &engine {
                Some(engine) => app.app_data(web::Data::new(engine.clone())),
                None => app,
            }
            .configure(api::routes)
        })
        .workers(1)
        .client_request_timeout(crate::world::PATIENCE)
        .listen(listener)
        .unwrap()
        .disable_signals()
        .run();
        self.server = Some(server.handle());
        actix_web::rt::spawn(server);
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}/api/v1{path}", self.base))
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        Reply { status, headers, body }
    }

    pub async fn ask(&self, method: Method, path: &str, access: Option<&str>, body: Option<Value>) -> Reply {
        let mut request = self.request(method, path);
        if let Some(access) = access {
            request = request.bearer_auth(access);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.send(request).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.ask(Method::POST, path, None, Some(body)).await
    }

    pub async fn get(&self, path: &str, access: &str) -> Reply {
        self.ask(Method::GET, path, Some(access), None).await
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// The newest mail to an address: subject and text.
    pub async fn newest_mail(&self, to: &str) -> (String, String) {
        let reply = self.ask(Method::GET, &format!("/dev/outbox?to={to}&limit=1"), None, None).await.ok();
        let mail = &reply["items"][0];
        (mail["subject"].as_str().unwrap().to_owned(), mail["text"].as_str().unwrap().to_owned())
    }

    /// Asks for a code and reads it from the mail.
    pub async fn code_for(&self, email: &str) -> String {
        self.post("/email-codes", json!({ "email": email, "locale": "en" })).await.ok();
        let (_, text) = self.newest_mail(email).await;
        text.split_once(": ").unwrap().1.chars().take(6).collect()
    }

    pub async fn sign_up(&self, email: &str) -> Person {
        let code = self.code_for(email).await;
        let body = json!({ "email": email, "code": code, "password": PASSWORD, "name": "Min", "locale": "en" });
        person(&self.post("/accounts", body).await.ok())
    }

    pub async fn sign_in(&self, email: &str, device: &str) -> Person {
        let body = json!({ "email": email, "password": PASSWORD, "device": device });
        person(&self.post("/sessions", body).await.ok())
    }

    pub async fn refresh(&self, token: &str) -> Reply {
        self.post("/sessions/refresh", json!({ "refresh_token": token })).await
    }

    pub async fn admin(&self, email: &str) -> Person {
        let made = self.accounts.create_with_roles(email, PASSWORD.to_owned(), "Admin", &[Role::Admin]).await.unwrap();
        assert!(made.is_some());
        self.sign_in(email, "desk").await
    }
}

pub fn person(tokens: &Value) -> Person {
    Person {
        id: tokens["user"]["id"].as_i64().unwrap(),
        access: tokens["access_token"].as_str().unwrap().to_owned(),
        refresh: tokens["refresh_token"].as_str().unwrap_or_default().to_owned(),
    }
}

pub fn client() -> reqwest::Client {
    // Refused where another test was first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().timeout(crate::world::PATIENCE).build().unwrap()
}
