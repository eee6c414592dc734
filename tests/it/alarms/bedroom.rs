//! A house with an engine, people who sleep, and tasks that a test hands out.

use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use madang::actors::alarm::AlarmClock;
use madang::actors::alarm::mission::Missions;
use madang::actors::kernel::clock::{Clock, ManualClock};
use madang::actors::kernel::{Engine, EngineSettings};
use madang::http::alarms::{Alarms, AlarmsParts};
use madang::http::api;
use madang::http::auth::{ACCESS_FOR, Revocations, Tokens};
use madang::storage::Db;
use madang_domain::entity::Role;
use madang_domain::ids::UserId;
use madang_domain::time::Timestamp;
use madang_domain::user::UserInbox;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::fake_tasks::FakeTasks;
use crate::world;

/// The house.
pub struct Bedroom {
    pub db: Db,
    pub engine: Engine,
    pub clock: ManualClock,
    pub tasks: Arc<FakeTasks>,
    base: String,
    client: reqwest::Client,
    tokens: Tokens,
    server: ServerHandle,
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Sleeper {
    pub id: i64,
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

/// Six in the morning in Seoul, a Monday.
pub fn six() -> Timestamp {
    "2026-11-22T21:00:00Z".parse().unwrap()
}

impl Bedroom {
    pub async fn open() -> Self {
        Self::open_on(world::database().await, ManualClock::new(six())).await
    }

    /// The same house again, after it was closed.
    pub async fn open_on(db: Db, clock: ManualClock) -> Self {
        let time: Arc<dyn Clock> = Arc::new(clock.clone());
        let settings = EngineSettings { claim: Duration::from_millis(50), ..EngineSettings::default() };
        let engine = Engine::builder(db.pool().clone())
            .settings(settings)
            .clock(Arc::clone(&time))
            .kind::<AlarmClock>()
            .kind::<UserInbox>()
            .start()
            .await
            .unwrap();
        let revocations = Arc::new(Revocations::default());
        let secret = b"a secret for tests, of 32 bytes or more";
        let tokens = Tokens::new(secret, &[], ACCESS_FOR, revocations, Arc::clone(&time)).unwrap();
        let tasks = Arc::new(FakeTasks::new(clock.clone()));
        let alarms = Alarms::new(AlarmsParts {
            missions: Missions::new(engine.clone(), tasks.clone()),
            db: db.pool().clone(),
            tokens: tokens.clone(),
            clock: time,
        });
        let (base, server) = listen(&tokens, &alarms, &db);
        // Refused where another test was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().timeout(world::PATIENCE).no_proxy().build().unwrap();
        Self { db, engine, clock, tasks, base, client, tokens, server }
    }

    /// Ends it. Whoever forgets leaves threads behind until the tests end.
    pub async fn close(self) {
        self.stop().await.0.close().await;
    }

    /// Ends it but for its database and its clock.
    pub async fn stop(self) -> (Db, ManualClock) {
        self.server.stop(false).await;
        self.engine.stop().await;
        (self.db, self.clock)
    }

    /// A new person.
    pub async fn sleeper(&self, name: &str) -> Sleeper {
        let id: i64 = sqlx::query_scalar(
            "insert into user_account (email, name, password_hash, created_at)
            values ($1 || '@example.com', $1, 'x', now()) returning id",
        )
        .bind(name)
        .fetch_one(self.db.pool())
        .await
        .unwrap();
        self.signed_in(id)
    }

    /// A person who is known already. Their access is good for as long as the clock stands near.
    pub fn signed_in(&self, id: i64) -> Sleeper {
        let token = self.tokens.issue_access(UserId::new(id), &[Role::User], Uuid::new_v4(), 1).unwrap();
        Sleeper { id, token }
    }

    pub async fn send(&self, method: Method, path: &str, who: &Sleeper, body: Option<Value>, key: Option<Uuid>) -> Reply {
        let mut request = self.client.request(method, format!("{}/api/v1{path}", self.base)).bearer_auth(&who.token);
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

    pub async fn get(&self, path: &str, who: &Sleeper) -> Reply {
        self.send(Method::GET, path, who, None, None).await
    }

    pub async fn post(&self, path: &str, who: &Sleeper, body: Value) -> Reply {
        self.send(Method::POST, path, who, Some(body), None).await
    }

    /// An alarm at seven, every day, with these settings besides; gives its number.
    pub async fn alarm(&self, who: &Sleeper, settings: Value) -> u64 {
        let mut body = json!({ "time": "07:00", "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] });
        body.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        ok(self.post("/alarms", who, body).await)["number"].as_u64().unwrap()
    }

    /// What the session is asked.
    pub async fn ask(&self, who: &Sleeper, verb: &str, body: Value) -> Reply {
        self.post(&format!("/alarms/session/{verb}"), who, body).await
    }

    pub async fn view(&self, who: &Sleeper) -> Value {
        ok(self.get("/alarms", who).await)
    }

    pub fn minutes(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(minutes * 60));
    }

    /// Lets so many minutes pass and waits until the session is at this stage.
    pub async fn until_stage(&self, who: &Sleeper, minutes: u64, stage: &str) -> Sleeper {
        self.minutes(minutes);
        let who = self.signed_in(who.id);
        self.until(stage, async || {
            let view = self.view(&who).await;
            view["session"]["stage"].as_str().unwrap_or("none") == stage
        })
        .await;
        who
    }

    /// The notices that a person got, oldest first, once there are so many.
    pub async fn notices(&self, who: &Sleeper, count: usize) -> Vec<Value> {
        let id = madang_domain::ids::EntityId::new(madang_domain::ids::Kind::User, who.id).unwrap();
        let viewer = madang_domain::entity::Viewer::User { id: UserId::new(who.id), roles: Vec::new() };
        let mut notices = Vec::new();
        self.until("notices", async || {
            let view = self.engine.view(id, viewer.clone()).await.unwrap().data;
            notices = view["notices"].as_array().cloned().unwrap_or_default();
            notices.len() >= count
        })
        .await;
        notices.reverse();
        notices
    }

    /// Looks again and again until something has happened.
    pub async fn until(&self, what: &str, mut happened: impl AsyncFnMut() -> bool) {
        let give_up_at = std::time::Instant::now() + crate::world::PATIENCE;
        while !happened().await {
            assert!(std::time::Instant::now() < give_up_at, "waited in vain for {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn listen(tokens: &Tokens, alarms: &Alarms, _db: &Db) -> (String, ServerHandle) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (tokens, alarms) = (web::Data::new(tokens.clone()), web::Data::new(alarms.clone()));
    let app = move || App::new().app_data(tokens.clone()).app_data(alarms.clone()).configure(api::routes);
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
