//! An office with an engine, companies that bring tasks, and people who label.

use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use madang::actors::alarm::AlarmClock;
use madang::actors::alarm::mission::Missions;
use madang::actors::campaign::pool::Pool;
use madang::actors::campaign::{Campaign, campaign_id};
use madang::actors::follow::Changes;
use madang::actors::kernel::clock::{Clock, ManualClock, WallClock};
use madang::actors::kernel::{Engine, EngineSettings};
use madang::actors::publish::Publisher;
use madang::http::alarms::{Alarms, AlarmsParts};
use madang::http::api;
use madang::http::auth::{ACCESS_FOR, Revocations, Tokens};
use madang::http::campaigns::Campaigns;
use madang::storage::Db;
use madang_domain::campaign::{Command, NewTask, Region};
use madang_domain::entity::{Actor, Order, Role};
use madang_domain::ids::{Kind, UserId};
use madang_domain::money::Currency;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world;

/// The office.
pub struct Office {
    pub db: Db,
    pub engine: Engine,
    pub pool: Pool,
    pub clock: ManualClock,
    pub company: Person,
    pub admin: Person,
    base: String,
    client: reqwest::Client,
    tokens: Tokens,
    server: ServerHandle,
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Person {
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

/// A box on a page, with a known answer where one is given.
pub fn task(number: u32, gold: Option<&str>) -> NewTask {
    let top = number * 20;
    NewTask {
        image: "page-1.jpg".to_owned(),
        width: 1_000,
        height: 20_000,
        region: Some(Region { left: 10, top, right: 200, bottom: top + 18 }),
        gold: gold.map(str::to_owned),
        machine: None,
    }
}

async fn engine_of(db: &Db, clock: &ManualClock) -> (Engine, Pool) {
    let changes = Arc::new(Changes::of(Kind::Campaign));
    let settings = EngineSettings { claim: Duration::from_millis(50), ..EngineSettings::default() };
    let engine = Engine::builder(db.pool().clone())
        .settings(settings)
        .clock(Arc::new(clock.clone()) as Arc<dyn Clock>)
        .publisher(Arc::clone(&changes) as Arc<dyn Publisher>)
        .kind::<AlarmClock>()
        .kind::<Campaign>()
        .kind::<madang_domain::user::UserInbox>()
        .start()
        .await
        .unwrap();
    let pool = Pool::new(engine.clone(), db.pool().clone(), changes);
    pool.learn_owners().await.unwrap();
    (engine, pool)
}

/// Alarms whose missions are tasks of the office's campaigns.
fn alarms_of(engine: &Engine, pool: &Pool, db: &Db, tokens: &Tokens, clock: &ManualClock) -> Alarms {
    Alarms::new(AlarmsParts {
        missions: Missions::new(engine.clone(), Arc::new(pool.clone())),
        db: db.pool().clone(),
        tokens: tokens.clone(),
        clock: Arc::new(clock.clone()),
    })
}

fn listen(tokens: &Tokens, campaigns: &Campaigns, alarms: &Alarms) -> (String, ServerHandle) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (tokens, campaigns) = (web::Data::new(tokens.clone()), web::Data::new(campaigns.clone()));
    let alarms = web::Data::new(alarms.clone());
    let app = move || {
        let app = App::new().app_data(tokens.clone()).app_data(campaigns.clone()).app_data(alarms.clone());
        app.configure(api::routes)
    };
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

impl Office {
    pub async fn open() -> Self {
        let db = world::database().await;
        let clock = ManualClock::new(WallClock.now());
        let (engine, pool) = engine_of(&db, &clock).await;
        let revocations = Arc::new(Revocations::default());
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let tokens = Tokens::new(b"a secret for tests, of 32 bytes or more", &[], ACCESS_FOR, revocations, shared).unwrap();
        let campaigns = Campaigns::new(engine.clone(), db.pool().clone(), pool.clone());
        let alarms = alarms_of(&engine, &pool, &db, &tokens, &clock);
        let (base, server) = listen(&tokens, &campaigns, &alarms);
        // Refused where another test was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().timeout(world::PATIENCE).no_proxy().build().unwrap();
        let nobody = Person { id: 0, token: String::new() };
        let mut office = Self { db, engine, pool, clock, company: nobody.clone(), admin: nobody, base, client, tokens, server };
        office.company = office.person("company", &[Role::Company]).await;
        office.admin = office.person("admin", &[Role::Admin]).await;
        office
    }

    /// Ends it. Whoever forgets leaves threads behind until the tests end.
    pub async fn close(self) {
        self.server.stop(false).await;
        self.engine.stop().await;
        self.db.close().await;
    }

    /// The same office after its program was stopped and started again.
    pub async fn restart(mut self) -> Self {
        self.server.stop(false).await;
        self.engine.stop().await;
        (self.engine, self.pool) = engine_of(&self.db, &self.clock).await;
        let campaigns = Campaigns::new(self.engine.clone(), self.db.pool().clone(), self.pool.clone());
        let alarms = alarms_of(&self.engine, &self.pool, &self.db, &self.tokens, &self.clock);
        (self.base, self.server) = listen(&self.tokens, &campaigns, &alarms);
        self
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
        Person { id, token }
    }

    pub async fn people(&self, count: usize) -> Vec<Person> {
        let mut people = Vec::new();
        for number in 0..count {
            people.push(self.person(&format!("sleeper{number}"), &[]).await);
        }
        people
    }

    pub async fn fetch(&self, path: &str, who: &Person) -> (u16, String, String) {
        let request = self.client.get(format!("{}/api/v1{path}", self.base)).bearer_auth(&who.token);
        let response = request.send().await.unwrap();
        let kind = response.headers().get("content-type").map_or_else(String::new, |kind| kind.to_str().unwrap().to_owned());
        (response.status().as_u16(), kind, response.text().await.unwrap())
    }

    pub async fn get(&self, path: &str, who: &Person) -> Reply {
        let (status, _, text) = self.fetch(path, who).await;
        (status, serde_json::from_str(&text).unwrap())
    }

    pub async fn post(&self, path: &str, who: &Person, body: Value) -> Reply {
        self.post_as(path, who, body, Uuid::new_v4()).await
    }

    pub async fn post_as(&self, path: &str, who: &Person, body: Value, id: Uuid) -> Reply {
        let request = self.client.request(Method::POST, format!("{}/api/v1{path}", self.base)).bearer_auth(&who.token);
        let request = request.header("idempotency-key", id.to_string()).json(&body);
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap())
    }

    /// Adds tasks as the intake of uploads does.
    pub async fn add(&self, campaign: i64, part: u32, tasks: Vec<NewTask>) -> Value {
        let to = campaign_id(campaign).unwrap();
        let command = Command::AddTasks { upload: 1, part, tasks };
        let order = Order { to, id: Uuid::new_v4(), actor: Actor::System, command };
        self.engine.ask::<Campaign>(order).await.unwrap().data
    }

    /// A campaign that was asked for with these rules besides.
    pub async fn request(&self, rules: Value) -> i64 {
        let mut all = json!({ "gold_bp": 0, "min_answer_ms": 0 });
        all.as_object_mut().unwrap().extend(rules.as_object().cloned().unwrap_or_default());
        let body = json!({ "name": "Receipts", "description": "of a shop", "rules": all });
        ok(self.post("/campaigns", &self.company, body).await)["id"].as_i64().unwrap()
    }

    /// A running campaign of so many tasks.
    pub async fn running(&self, tasks: u32, rules: Value) -> i64 {
        let campaign = self.request(rules).await;
        self.add(campaign, 1, (0..tasks).map(|number| task(number, None)).collect()).await;
        ok(self.post(&format!("/campaigns/{campaign}/approve"), &self.admin, json!({})).await);
        campaign
    }

    pub async fn view(&self, campaign: i64) -> Value {
        ok(self.get(&format!("/campaigns/{campaign}"), &self.company).await)
    }

    /// The next task of a person; null when there is none.
    pub async fn next(&self, who: &Person) -> Value {
        ok(self.post("/labels/next", who, json!({})).await)["task"].clone()
    }

    pub async fn answer(&self, who: &Person, task: &Value, answer: &str) -> Reply {
        self.post("/labels/answer", who, held(task, json!({ "answer": answer }))).await
    }

    /// What a person has of points, and what is pending.
    pub async fn points(&self, of: &Person) -> (i64, i64) {
        let accounts = self.engine.funds().accounts(UserId::new(of.id)).await.unwrap();
        let own = accounts.iter().find(|account| account.balance.currency == Currency::POINTS);
        let pending: Option<i64> =
            sqlx::query_scalar("select balance from account where owner_kind = 'pending' and owner = $1 and currency = 'PTS'")
                .bind(of.id)
                .fetch_optional(self.db.pool())
                .await
                .unwrap();
        (own.map_or(0, |account| account.balance.amount), pending.unwrap_or(0))
    }

    /// Every campaign built again from its journal, and the books.
    pub async fn audit(&self) {
        let audit = madang::cli::verify::audit(self.db.pool()).await.unwrap();
        assert!(audit.broken.is_empty(), "{:?}", audit.broken);
    }
}

/// The body of a command about a task.
pub fn held(task: &Value, more: Value) -> Value {
    let mut body = json!({ "campaign": task["campaign"], "lease": task["lease"], "fence": task["fence"] });
    body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    body
}
