//! Devices and push: registered over HTTP, rung through stand-ins of the real services by the assembled server.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use madang::actors::kernel::clock::WallClock;
use madang::app::App;
use madang::config::Settings;
use madang::storage::Db;
use madang_domain::entity::Role;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use web_push_native::p256::SecretKey;
use web_push_native::p256::elliptic_curve::sec1::ToEncodedPoint;

use super::stand_in::{Sent, StandIn};
use crate::world;

/// A whole server, with people and push services.
struct Server {
    base: String,
    http: Client,
    fcm: StandIn,
    browsers: StandIn,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<std::io::Result<()>>,
}

/// A browser that subscribed.
struct Browser {
    secret: SecretKey,
    auth: [u8; 16],
    endpoint: String,
}

impl Browser {
    fn new(seed: u8, endpoint: String) -> Self {
        Self { secret: SecretKey::from_slice(&[seed; 32]).unwrap(), auth: [seed; 16], endpoint }
    }

    fn subscription(&self) -> Value {
        let point = self.secret.public_key().to_encoded_point(false);
        let keys = json!({ "p256dh": URL_SAFE_NO_PAD.encode(point.as_bytes()), "auth": URL_SAFE_NO_PAD.encode(self.auth) });
        json!({ "kind": "web_push", "endpoint": self.endpoint, "keys": keys })
    }

    fn read(&self, sent: &Sent) -> Value {
        let auth = self.auth.iter().copied().collect();
        serde_json::from_slice(&web_push_native::decrypt(sent.body.clone(), &self.secret, &auth).unwrap()).unwrap()
    }
}

/// A key that was made for these tests and opens nothing.
fn pem() -> String {
    let label = "PRIVATE KEY";
    format!("-----BEGIN {label}-----\n{}-----END {label}-----\n", include_str!("keys/throw-away-key.b64"))
}

fn service_account(dir: &Path, fcm: &StandIn) -> PathBuf {
    let account = json!({
        "type": "service_account",
        "project_id": "demo",
        "client_email": "bell@demo.iam.example.org",
        "private_key": pem(),
        "token_uri": format!("{}/token", fcm.origin),
    });
    let path = dir.join("account.json");
    std::fs::write(&path, account.to_string()).unwrap();
    path
}

impl Server {
    async fn start(db: Db) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let (fcm, browsers) = (StandIn::fcm(), StandIn::browsers());
        let mut settings = Settings::default();
        settings.database.data_dir = world::fresh_dir("push");
        settings.http.bind = "127.0.0.1:0".parse().unwrap();
        settings.push.fcm_credentials = service_account(&settings.database.data_dir, &fcm);
        settings.push.fcm_url.clone_from(&fcm.origin);
        settings.push.web_push_hosts = vec!["127.0.0.1".to_owned()];
        let listener = TcpListener::bind(settings.http.bind).unwrap();
        let app = App::build(&settings, listener, Arc::new(WallClock), (db, None)).await.unwrap();
        for email in ["anna@x.example", "ben@x.example"] {
            app.accounts().create_with_roles(email, "a good password".to_owned(), "Somebody", &[Role::User]).await.unwrap();
        }
        let base = format!("http://{}", app.address());
        let (stop, told) = oneshot::channel();
        let ended = tokio::spawn(app.run_until(async { drop(told.await) }));
        Self { base, http: Client::new(), fcm, browsers, stop, ended }
    }

    async fn ask(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self.http.request(method, format!("{}/api/v1{path}", self.base)).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
    }

    async fn sign_in(&self, name: &str) -> String {
        let body = json!({ "email": format!("{name}@x.example"), "password": "a good password" });
        let reply = self.http.post(format!("{}/api/v1/sessions", self.base)).json(&body).send().await.unwrap();
        reply.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned()
    }

    async fn register(&self, token: &str, device: Value) -> (u16, Value) {
        self.ask(Method::POST, "/devices", token, Some(device)).await
    }

    async fn kinds(&self, token: &str) -> Vec<String> {
        let devices = self.ask(Method::GET, "/devices", token, None).await.1;
        devices["items"].as_array().unwrap().iter().map(|device| device["kind"].as_str().unwrap().to_owned()).collect()
    }

    /// Rings an alarm of this title now.
    async fn ring(&self, token: &str, title: &str) {
        let (_, set) = self.ask(Method::POST, "/alarms", token, Some(json!({ "time": "07:00", "title": title }))).await;
        let tried = self.ask(Method::POST, &format!("/alarms/{}/try", set["number"]), token, None).await;
        assert_eq!(tried.0, 200, "{tried:?}");
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.ended.await.unwrap().unwrap();
        self.fcm.stop().await;
        self.browsers.stop().await;
    }
}

async fn until(what: &str, mut happened: impl AsyncFnMut() -> bool) {
    let give_up_at = Instant::now() + crate::world::PATIENCE;
    while !happened().await {
        assert!(Instant::now() < give_up_at, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn phone(name: &str) -> Value {
    json!({ "kind": "fcm", "token": format!("{name}:{}", "x".repeat(120)) })
}

/// The header `vapid t=..., k=...`, checked against the key that browsers are told.
fn check_vapid(header: &str, key: &str, origin: &str) {
    let (token, public) = header.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
    assert_eq!(public, key);
    let point = URL_SAFE_NO_PAD.decode(public).unwrap();
    let part = |range| URL_SAFE_NO_PAD.encode(&point[range]);
    let decoding = DecodingKey::from_ec_components(&part(1..33), &part(33..65)).unwrap();
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&[origin]);
    let claims = jsonwebtoken::decode::<Value>(token, &decoding, &validation).unwrap().claims;
    assert!(claims["sub"].as_str().unwrap().starts_with("mailto:"));
}

#[actix_web::test]
async fn a_ringing_alarm_reaches_every_device_and_those_that_are_gone_are_forgotten() {
    let server = Server::start(world::database().await).await;
    let anna = server.sign_in("anna").await;
    let browser = Browser::new(7, format!("{}/push/anna", server.browsers.origin));
    let gone = Browser::new(9, format!("{}/gone/anna", server.browsers.origin));
    for device in [phone("bedside"), phone("gone"), browser.subscription(), gone.subscription()] {
        assert_eq!(server.register(&anna, device).await.0, 201);
    }
    server.ring(&anna, "수영").await;
    until("the pushes", async || !server.browsers.sent("/push/anna").is_empty() && server.fcm.sent("messages:send").len() >= 2)
        .await;
    let sent = &server.browsers.sent("/push/anna")[0];
    let message = browser.read(sent);
    assert_eq!((&message["kind"], &message["href"]), (&json!("alarm.ringing"), &json!("/alarms/ring")));
    assert!(message["body"].as_str().unwrap().contains("수영"), "{message}");
    assert_eq!((sent.header("content-encoding"), sent.header("urgency"), sent.header("ttl")), ("aes128gcm", "high", "1200"));
    let (_, key) = server.ask(Method::GET, "/push/key", &anna, None).await;
    check_vapid(sent.header("authorization"), key["key"].as_str().unwrap(), &server.browsers.origin);
    let rung: Vec<Value> = server.fcm.sent("messages:send").iter().map(Sent::json).collect();
    let bedside = rung.iter().find(|body| body["message"]["token"].as_str().unwrap().starts_with("bedside")).unwrap();
    assert_eq!(bedside["message"]["android"]["priority"], "HIGH");
    assert_eq!(bedside["message"]["data"]["kind"], "alarm.ringing");
    until("the gone devices to be forgotten", async || server.kinds(&anna).await.len() == 2).await;
    assert_eq!(server.kinds(&anna).await, ["fcm", "web_push"]);
    server.stop().await;
}

#[actix_web::test]
async fn our_name_at_google_is_signed_and_asked_for_once() {
    let server = Server::start(world::database().await).await;
    let anna = server.sign_in("anna").await;
    for name in ["one", "two", "three"] {
        server.register(&anna, phone(name)).await;
    }
    server.ring(&anna, "").await;
    until("the pushes", async || server.fcm.sent("messages:send").len() >= 3).await;
    let asked = server.fcm.sent("/token");
    assert_eq!(asked.len(), 1, "one access token for all");
    let form = String::from_utf8(asked[0].body.clone()).unwrap();
    assert!(form.starts_with("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="));
    let assertion = form.rsplit_once("assertion=").unwrap().1;
    let public = DecodingKey::from_rsa_pem(include_bytes!("keys/throw-away-key.pub.pem")).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&[format!("{}/token", server.fcm.origin)]);
    let claims = jsonwebtoken::decode::<Value>(assertion, &public, &validation).unwrap().claims;
    assert_eq!(claims["scope"], "https://www.googleapis.com/auth/firebase.messaging");
    server.stop().await;
}

#[actix_web::test]
async fn a_device_changes_hands_and_has_a_limit() {
    let server = Server::start(world::database().await).await;
    let (anna, ben) = (server.sign_in("anna").await, server.sign_in("ben").await);
    let first = server.register(&anna, phone("shared")).await;
    let again = server.register(&anna, phone("shared")).await;
    assert_eq!((first.0, &first.1["id"]), (201, &again.1["id"]), "the same device again is the same one");
    server.register(&ben, phone("shared")).await;
    assert_eq!((server.kinds(&anna).await.len(), server.kinds(&ben).await.len()), (0, 1));
    server.ring(&anna, "").await;
    server.ring(&ben, "").await;
    until("the push", async || !server.fcm.sent("messages:send").is_empty()).await;
    assert_eq!(server.fcm.sent("messages:send").len(), 1, "only who has it now is rung on it");
    for number in 0..20 {
        assert_eq!(server.register(&anna, phone(&format!("phone{number}"))).await.0, 201);
    }
    let full = server.register(&anna, phone("phone20")).await;
    assert_eq!((full.0, full.1["code"].as_str()), (409, Some("alarm.too_many_devices")));
    assert_eq!(server.register(&anna, phone("phone3")).await.0, 201, "one that is known is no new one");
    let id = server.ask(Method::GET, "/devices", &anna, None).await.1["items"][0]["id"].clone();
    assert_eq!(server.ask(Method::DELETE, &format!("/devices/{id}"), &ben, None).await.0, 404);
    assert_eq!(server.ask(Method::DELETE, &format!("/devices/{id}"), &anna, None).await.0, 204);
    server.stop().await;
}

#[actix_web::test]
async fn what_is_no_device_is_refused() {
    let server = Server::start(world::database().await).await;
    let anna = server.sign_in("anna").await;
    let good = Browser::new(7, format!("{}/push/1", server.browsers.origin)).subscription();
    let with = |field: &str, value: Value| {
        let mut changed = good.clone();
        *changed.pointer_mut(field).unwrap() = value;
        changed
    };
    for wrong in [
        json!({ "kind": "fcm", "token": "short" }),
        json!({ "kind": "fcm", "token": "x".repeat(5000) }),
        with("/endpoint", json!("https://169.254.169.254/latest/meta-data")),
        with("/endpoint", json!("https://example.org/push")),
        with("/endpoint", json!("not a url")),
        with("/keys/p256dh", json!(URL_SAFE_NO_PAD.encode([4; 65]))),
        with("/keys/p256dh", json!("???")),
        with("/keys/auth", json!("AAAA")),
    ] {
        let reply = server.register(&anna, wrong.clone()).await;
        assert_eq!((reply.0, reply.1["code"].as_str()), (422, Some("alarm.device_invalid")), "{wrong}");
    }
    assert_eq!(server.register(&anna, json!({ "kind": "pager" })).await.0, 400);
    server.stop().await;
}
