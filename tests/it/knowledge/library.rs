//! A house with articles only, and admins who are signed in.

use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use madang::actors::jobs::workers::{Work, Workers};
use madang::actors::kernel::clock::{Clock, WallClock};
use madang::actors::knowledge::intake::import::Importer;
use madang::actors::knowledge::{Filter, Knowledge, Passage};
use madang::clients::embeddings::{Embedder, Lexical};
use madang::http::api;
use madang::http::auth::{ACCESS_FOR, Revocations, Tokens};
use madang::http::knowledge::Library;
use madang::storage::Db;
use madang::storage::jobs::Worker;
use madang_domain::entity::Role;
use madang_domain::ids::UserId;
use madang_domain::knowledge::article::{Article, Draft, Origin, Section};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::auctions::house::{Reply, ok};
use crate::world;

const SECRET: &[u8] = b"a secret for tests, of 32 bytes or more";
/// The largest file that is taken here.
pub const MOST_BYTES: u64 = 200_000;

/// The house.
pub struct House {
    pub db: Db,
    pub knowledge: Knowledge,
    pub wake: Arc<Notify>,
    base: String,
    client: reqwest::Client,
    tokens: Tokens,
    server: ServerHandle,
    stop: CancellationToken,
}

impl House {
    /// With the built-in vectors, following by itself.
    pub async fn open() -> Self {
        Self::over(world::database().await, Arc::new(Lexical)).await
    }

    /// Over a database, with somebody's vectors.
    pub async fn over(db: Db, embedder: Arc<dyn Embedder>) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(WallClock);
        let knowledge = Knowledge::new(db.pool().clone(), Arc::clone(&clock), embedder).unwrap();
        let (wake, stop) = (Arc::new(Notify::new()), CancellationToken::new());
        tokio::spawn(knowledge.clone().follow(stop.clone()));
        tokio::spawn(knowledge.clone().embed(stop.clone()));
        let tokens = Tokens::new(SECRET, &[], ACCESS_FOR, Arc::new(Revocations::default()), clock).unwrap();
        let library = Library {
            knowledge: knowledge.clone(),
            wake: Arc::clone(&wake),
            max_import: MOST_BYTES,
            arriving: Arc::new(Semaphore::new(2)),
        };
        let (base, server) = listen(&tokens, library);
        // Refused where another test was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().timeout(world::PATIENCE).no_proxy().build().unwrap();
        Self { db, knowledge, wake, base, client, tokens, server, stop }
    }

    pub async fn close(self) {
        self.server.stop(false).await;
        self.stop.cancel();
        self.db.close().await;
    }

    /// Workers that do imports until the token is cancelled.
    pub fn work(&self) -> CancellationToken {
        let stop = CancellationToken::new();
        let worker = Worker { node: world::unique("node"), id: Uuid::new_v4() };
        let works: Vec<Arc<dyn Work>> = vec![Arc::new(Importer::new(self.knowledge.clone()))];
        let workers = Workers::new(self.db.pool().clone(), worker, works, Arc::clone(&self.wake), 1);
        tokio::spawn(workers.run(stop.clone()));
        stop
    }

    pub fn token(&self, role: Role) -> String {
        self.tokens.issue_access(UserId::new(7), &[role], Uuid::new_v4(), 1).unwrap()
    }

    pub async fn send(&self, method: Method, path: &str, role: Option<Role>, body: Option<Value>) -> Reply {
        let mut request = self.client.request(method, format!("{}/api/v1{path}", self.base));
        if let Some(role) = role {
            request = request.bearer_auth(self.token(role));
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    pub async fn admin(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        self.send(method, path, Some(Role::Admin), body).await
    }

    /// Sends a file.
    pub async fn import(&self, query: &str, bytes: &[u8], key: Uuid) -> Reply {
        let request = self.client.post(format!("{}/api/v1/knowledge/imports?{query}", self.base));
        let request = request.bearer_auth(self.token(Role::Admin)).header("idempotency-key", key.to_string());
        answer(request.body(bytes.to_vec())).await
    }

    /// Looks at an import until it is over.
    pub async fn over_with(&self, import: i64) -> Value {
        let look = async || ok(self.admin(Method::GET, &format!("/knowledge/imports/{import}"), None).await);
        crate::engine::until("the import is over", async || look().await["state"] != "working").await;
        look().await
    }

    /// Keeps an article and gives its number.
    pub async fn write(&self, title: &str, text: &str) -> i64 {
        let body = json!({ "title": title, "sections": [{ "text": text }] });
        let kept = ok(self.admin(Method::POST, "/knowledge/articles", Some(body)).await);
        kept["id"].as_i64().unwrap()
    }

    /// What is found, once everything that is committed can be.
    pub async fn find(&self, question: &str, filter: &Filter, limit: usize) -> Vec<Passage> {
        self.knowledge.catch_up().await.unwrap();
        self.knowledge.search(question, filter, limit).await.unwrap()
    }

    /// The titles of what is found.
    pub async fn titles(&self, question: &str) -> Vec<String> {
        self.find(question, &Filter::default(), 8).await.into_iter().map(|passage| passage.title).collect()
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Reply {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() })
}

/// An article for [`Knowledge::keep`].
pub fn article(source: &str, name: &str, tags: &[&str], title: &str, sections: &[(&str, &str)]) -> (Origin, Article) {
    let section = |(heading, text): &(&str, &str)| Section { heading: (*heading).to_owned(), text: (*text).to_owned() };
    let draft = Draft {
        title: title.to_owned(),
        url: None,
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        sections: sections.iter().map(section).collect(),
    };
    (Origin::parse(source, name).unwrap(), Article::parse(&draft).unwrap())
}

fn listen(tokens: &Tokens, library: Library) -> (String, ServerHandle) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (tokens, library) = (web::Data::new(tokens.clone()), web::Data::new(library));
    let app = move || App::new().app_data(tokens.clone()).app_data(library.clone()).configure(api::routes);
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
