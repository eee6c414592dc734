//! A server with uploads and objects only, a folder of objects, and workers that are started and killed by hand.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use futures_util::future::BoxFuture;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use madang::actors::ask::Denied;
use madang::actors::jobs::intake::detect::Components;
use madang::actors::jobs::intake::{CampaignFacts, Campaigns, Intake, IntakeParts, folder};
use madang::actors::jobs::workers::{Work, Workers};
use madang::actors::kernel::clock::{Clock, ManualClock, WallClock};
use madang::clients::objects::{LocalStore, ObjectStore, Signer};
use madang::http::api;
use madang::http::auth::{ACCESS_FOR, Revocations, Tokens};
use madang::http::objects::Objects;
use madang::http::uploads::Uploads;
use madang::storage::jobs::Worker;
use madang_domain::campaign::event::UploadWent;
use madang_domain::campaign::{NewTask, TaskKind};
use madang_domain::code::Code;
use madang_domain::entity::Role;
use madang_domain::ids::{EntityId, UserId};
use parking_lot::Mutex;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::world;

pub const OWNER: i64 = 7;
/// A campaign of text in boxes, one of a choice, one that takes nothing more; all the owner's.
pub const OCR: i64 = 1;
pub const CHOICE: i64 = 2;
pub const CLOSED: i64 = 3;

/// The stand-in for campaigns. Adds a part once, as they do.
#[derive(Debug, Default)]
pub struct Remembered {
    /// By upload and part.
    pub parts: Mutex<BTreeMap<(i64, u32), Vec<NewTask>>>,
    /// How far uploads were, as it was told.
    pub told: Mutex<Vec<UploadWent>>,
    /// Orders that came, doubled ones included.
    pub orders: AtomicU32,
    /// So many orders more are answered "busy".
    pub busy: AtomicU32,
    /// So many orders more are carried out, but their answer is lost.
    pub lost: AtomicU32,
}

impl Remembered {
    pub fn tasks(&self) -> Vec<NewTask> {
        self.parts.lock().values().flatten().cloned().collect()
    }
}

impl Campaigns for Remembered {
    fn facts(&self, campaign: i64) -> BoxFuture<'_, Result<Option<CampaignFacts>, Denied>> {
        let kind = if campaign == CHOICE { TaskKind::Choice } else { TaskKind::Ocr };
        let choices = vec!["cat".to_owned(), "dog".to_owned()];
        let facts = CampaignFacts { owner: UserId::new(OWNER), open: campaign != CLOSED, kind, choices };
        Box::pin(async move { Ok((OCR..=CLOSED).contains(&campaign).then_some(facts)) })
    }

    fn add(&self, _campaign: EntityId, upload: i64, part: u32, tasks: Vec<NewTask>) -> BoxFuture<'_, Result<(), Denied>> {
        let less =
            |count: &AtomicU32| count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        self.orders.fetch_add(1, Ordering::SeqCst);
        let answer = if less(&self.busy) {
            Err(Denied::Failed(Code::Busy))
        } else {
            let known = self.parts.lock().insert((upload, part), tasks.clone());
            assert!(known.is_none_or(|known| known == tasks), "the same part is the same again");
            if less(&self.lost) { Err(Denied::Failed(Code::Unknown)) } else { Ok(()) }
        };
        Box::pin(async move { answer })
    }

    fn tell(&self, _campaign: EntityId, went: UploadWent) -> BoxFuture<'_, ()> {
        self.told.lock().push(went);
        Box::pin(async {})
    }
}

pub struct World {
    pub base: String,
    pub http: reqwest::Client,
    pub clock: ManualClock,
    pub tokens: Tokens,
    pub db: PgPool,
    pub store: Arc<dyn ObjectStore>,
    pub campaigns: Arc<Remembered>,
    pub signer: Signer,
    pub wake: Arc<Notify>,
    dir: PathBuf,
    server: ServerHandle,
}

/// Workers as a process has them.
pub struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    /// As `kill -9`: nothing is put down, the lease stays.
    pub async fn kill(self) {
        self.task.abort();
        drop(self.task.await);
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

impl World {
    pub async fn start() -> Self {
        let dir = world::fresh_dir("uploads");
        let signer = Signer::new(b"a secret for tests, of 32 bytes or more");
        let clock = ManualClock::new(WallClock.now());
        let local = LocalStore::open(&dir.join("objects"), signer.clone()).unwrap();
        let objects = Objects::here(local, Arc::new(clock.clone()));
        Self::with(dir, signer, clock, objects).await
    }

    pub async fn with(dir: PathBuf, signer: Signer, clock: ManualClock, objects: Objects) -> Self {
        let db = world::database().await.pool().clone();
        let secret = b"a secret for tests, of 32 bytes or more";
        let tokens = Tokens::new(secret, &[], ACCESS_FOR, Arc::new(Revocations::default()), Arc::new(clock.clone())).unwrap();
        let (campaigns, wake) = (Arc::new(Remembered::default()), Arc::new(Notify::new()));
        let uploads = Uploads {
            db: db.clone(),
            store: Arc::clone(objects.store()),
            campaigns: Arc::clone(&campaigns) as Arc<dyn Campaigns>,
            clock: Arc::new(clock.clone()),
            wake: Arc::clone(&wake),
            max_archive: 64 << 20,
            per_campaign: 3,
        };
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (store, known) = (Arc::clone(objects.store()), tokens.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::new(known.clone()))
                .app_data(web::Data::new(objects.clone()))
                .app_data(web::Data::new(uploads.clone()))
                .configure(api::routes)
        });
        let server =
            server.workers(1).client_request_timeout(world::PATIENCE).listen(listener).unwrap().disable_signals().run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        // Refused where another test was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http =
            reqwest::Client::builder().timeout(world::PATIENCE).redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { base, http, clock, tokens, db, store, campaigns, signer, wake, dir, server: handle }
    }

    pub fn token(&self, user: i64, role: Role) -> String {
        self.tokens.issue_access(UserId::new(user), &[Role::User, role], Uuid::new_v4(), 0).unwrap()
    }

    pub async fn ask(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self.http.request(method, format!("{}/api/v1{path}", self.base)).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    pub async fn announce(&self, campaign: i64, body: Value) -> (u16, Value) {
        let token = self.token(OWNER, Role::Company);
        self.ask(Method::POST, &format!("/campaigns/{campaign}/uploads"), &token, Some(body)).await
    }

    /// Makes the request that was given.
    pub async fn put(&self, put: &Value, bytes: Vec<u8>) -> reqwest::Response {
        let url = reqwest::Url::parse(&self.base).unwrap().join(put["url"].as_str().unwrap()).unwrap();
        let mut request = self.http.put(url).body(bytes);
        for (name, value) in put["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        request.send().await.unwrap()
    }

    /// Announces, sends and confirms; gives the upload's number.
    pub async fn upload(&self, campaign: i64, name: &str, media: &str, bytes: Vec<u8>) -> i64 {
        let body = json!({ "name": name, "type": media, "bytes": bytes.len() });
        let (status, announced) = self.announce(campaign, body).await;
        assert_eq!(status, 201, "{announced}");
        let sent = self.put(&announced["put"], bytes).await;
        assert_eq!(sent.status(), 201, "{}", sent.text().await.unwrap());
        let upload = announced["upload"]["id"].as_i64().unwrap();
        let (status, confirmed) = self.complete(campaign, upload).await;
        // A small one may be worked up before the answer is put together.
        assert_eq!(status, 202, "{confirmed}");
        assert!(["working", "done", "failed"].iter().any(|state| confirmed["state"] == *state), "{confirmed}");
        upload
    }

    pub async fn complete(&self, campaign: i64, upload: i64) -> (u16, Value) {
        let token = self.token(OWNER, Role::Company);
        self.ask(Method::POST, &format!("/campaigns/{campaign}/uploads/{upload}/complete"), &token, None).await
    }

    pub async fn look(&self, campaign: i64, upload: i64) -> Value {
        let token = self.token(OWNER, Role::Company);
        self.ask(Method::GET, &format!("/campaigns/{campaign}/uploads/{upload}"), &token, None).await.1
    }

    /// Name, whether it was taken, and codes with lines, of each faulty file.
    pub async fn faults(&self, campaign: i64, upload: i64) -> Value {
        let token = self.token(OWNER, Role::Company);
        self.ask(Method::GET, &format!("/campaigns/{campaign}/uploads/{upload}/faults"), &token, None).await.1
    }

    pub fn intake(&self) -> Intake {
        Intake::new(IntakeParts {
            db: self.db.clone(),
            store: Arc::clone(&self.store),
            signer: self.signer.clone(),
            campaigns: Arc::clone(&self.campaigns) as Arc<dyn Campaigns>,
            detector: Arc::new(Components),
            clock: Arc::new(self.clock.clone()),
            folder: folder(&self.dir).unwrap(),
            at_once: 2,
        })
    }

    /// Workers of a node.
    pub fn work(&self, node: &str) -> Running {
        self.work_on(node, Arc::new(self.intake()))
    }

    pub fn work_on(&self, node: &str, work: Arc<dyn Work>) -> Running {
        let worker = Worker { node: node.to_owned(), id: Uuid::new_v4() };
        let workers = Workers::new(self.db.clone(), worker, vec![work], Arc::clone(&self.wake), 1);
        let stop = CancellationToken::new();
        Running { stop: stop.clone(), task: tokio::spawn(workers.run(stop)) }
    }

    /// Looks again and again until an upload is over.
    pub async fn over(&self, campaign: i64, upload: i64) -> Value {
        let give_up_at = Instant::now() + Duration::from_secs(120);
        loop {
            let seen = self.look(campaign, upload).await;
            if seen["state"] != "working" {
                return seen;
            }
            assert!(Instant::now() < give_up_at, "still {seen}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn end(self) {
        self.server.stop(false).await;
        self.db.close().await;
    }
}

pub fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let image = RgbImage::from_fn(width, height, |x, y| Rgb([u8::try_from((x * 7 + y * 13) % 256).unwrap(), 90, 200]));
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::from(image).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
