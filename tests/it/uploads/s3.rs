//! A store that speaks S3, played by a stand-in that checks every signature by itself, as the service's own description
//! of Signature Version 4 says, and keeps the objects in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use image::ImageFormat;
use madang::actors::kernel::clock::{Clock, ManualClock, WallClock};
use madang::clients::objects::{Key, MediaType, ObjectStore, S3Settings, S3Store, Signer, StoreError};
use madang::http::objects::Objects;
use parking_lot::Mutex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::world::{OCR, World, picture, zipped};
use crate::engine::until;
use crate::world;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const REGION: &str = "eu-test-1";

#[derive(Default)]
struct Kept {
    objects: BTreeMap<String, Bytes>,
    /// Requests whose signature was wrong.
    forged: usize,
}

type Shelf = Arc<Mutex<Kept>>;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The signature that the request should carry, and the one that it does.
fn signatures(request: &HttpRequest) -> Option<(String, String)> {
    let mut pairs: Vec<(&str, &str)> = request.query_string().split('&').filter_map(|pair| pair.split_once('=')).collect();
    pairs.sort_unstable();
    let of = |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let date = of("X-Amz-Date")?;
    let signed = of("X-Amz-SignedHeaders")?.replace("%3B", ";");
    let query: Vec<_> =
        pairs.iter().filter(|(name, _)| *name != "X-Amz-Signature").map(|(name, value)| format!("{name}={value}")).collect();
    let headers: Option<String> = signed
        .split(';')
        .map(|name| Some(format!("{name}:{}\n", request.headers().get(name)?.to_str().ok()?.trim())))
        .collect();
    let canonical =
        format!("{}\n{}\n{}\n{}\n{signed}\nUNSIGNED-PAYLOAD", request.method(), request.path(), query.join("&"), headers?);
    let day = &date[..8];
    let scope = format!("{day}/{REGION}/s3/aws4_request");
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical.as_bytes())));
    let key =
        [day, REGION, "s3", "aws4_request"].iter().fold(format!("AWS4{SECRET}").into_bytes(), |key, part| hmac(&key, part));
    Some((hex(&hmac(&key, &text)), of("X-Amz-Signature")?))
}

async fn serve(request: HttpRequest, shelf: web::Data<Shelf>, body: Bytes) -> HttpResponse {
    let mut shelf = shelf.lock();
    if signatures(&request).is_none_or(|(right, given)| right != given) {
        shelf.forged += 1;
        return HttpResponse::Forbidden().finish();
    }
    let key = request.path().trim_start_matches("/bucket/").to_owned();
    let found = shelf.objects.get(&key).cloned();
    match (request.method().as_str(), found) {
        ("PUT", _) => {
            shelf.objects.insert(key, body);
            HttpResponse::Ok().finish()
        }
        ("DELETE", _) => {
            shelf.objects.remove(&key);
            HttpResponse::NoContent().finish()
        }
        (_, None) => HttpResponse::NotFound().finish(),
        (_, Some(body)) => HttpResponse::Ok().content_type("application/octet-stream").body(body),
    }
}

fn stand_in() -> (String, Shelf, ServerHandle) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let shelf = Shelf::default();
    let kept = Arc::clone(&shelf);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::PayloadConfig::new(64 << 20))
            .app_data(web::Data::new(Arc::clone(&kept)))
            .default_service(web::to(serve))
    });
    let server = server.workers(1).client_request_timeout(world::PATIENCE).listen(listener).unwrap().disable_signals().run();
    let handle = server.handle();
    actix_web::rt::spawn(server);
    (endpoint, shelf, handle)
}

fn store(endpoint: &str, secret: &str, clock: &ManualClock) -> S3Store {
    let settings = S3Settings {
        endpoint: endpoint.to_owned(),
        region: REGION.to_owned(),
        bucket: "bucket".to_owned(),
        access_key: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        secret_key: secret.to_owned(),
        path_style: true,
    };
    let clock = clock.clone();
    S3Store::new(&settings, move || clock.now()).unwrap()
}

#[actix_web::test]
async fn objects_are_put_found_fetched_and_removed() {
    let (endpoint, shelf, server) = stand_in();
    let clock = ManualClock::new(WallClock.now());
    let (store, key) = (store(&endpoint, SECRET, &clock), Key::image([3; 20]));
    let file = world::fresh_dir("s3").join("copy");
    assert_eq!(store.size(&key).await.unwrap(), None);
    assert!(matches!(store.fetch(&key, &file, 9).await, Err(StoreError::Missing)));
    store.put(&key, Bytes::from_static(b"picture")).await.unwrap();
    assert_eq!(store.size(&key).await.unwrap(), Some(7));
    assert_eq!(store.fetch(&key, &file, 7).await.unwrap(), 7);
    assert_eq!(std::fs::read(&file).unwrap(), b"picture");
    assert!(matches!(store.fetch(&key, &file, 6).await, Err(StoreError::TooLarge { limit: 6 })));
    store.remove(&key).await.unwrap();
    store.remove(&key).await.unwrap();
    assert_eq!(shelf.lock().forged, 0);
    let stranger = self::store(&endpoint, "another secret", &clock);
    assert!(matches!(stranger.put(&key, Bytes::from_static(b"x")).await, Err(StoreError::Failed(_))));
    assert_eq!(shelf.lock().forged, 1);
    server.stop(false).await;
}

#[actix_web::test]
async fn clients_send_to_the_store_and_images_are_led_to() {
    let (endpoint, shelf, server) = stand_in();
    let clock = ManualClock::new(WallClock.now());
    let store = Arc::new(store(&endpoint, SECRET, &clock));
    let objects = Objects::elsewhere(store, Arc::new(clock.clone()));
    let world = World::with(world::fresh_dir("uploads"), Signer::new(b"a secret"), clock, objects).await;
    let workers = world.work("a");
    let image = picture(100, 80, ImageFormat::Jpeg);
    let bytes = zipped(&[("a.jpg", &image), ("a.csv", b"left,top,right,bottom\n1,1,50,20\n")]);
    let body = json!({ "name": "a.zip", "type": "application/zip", "bytes": bytes.len() });
    let (_, announced) = world.announce(OCR, body).await;
    // Another size or type is another signature.
    let larger = [bytes.as_slice(), b"x"].concat();
    assert_eq!(world.put(&announced["put"], larger).await.status(), 403);
    let mut other: Value = announced["put"].clone();
    other["headers"]["Content-Type"] = json!("text/html");
    assert_eq!(world.put(&other, bytes.clone()).await.status(), 403);
    assert_eq!(world.put(&announced["put"], bytes).await.status(), 200);
    let upload = announced["upload"]["id"].as_i64().unwrap();
    assert_eq!(world.complete(OCR, upload).await.0, 202);
    assert_eq!(world.over(OCR, upload).await["state"], "done");
    let key = world.campaigns.tasks()[0].image.clone();
    // Removed when all is done, a moment after that is told.
    until("what was sent to be gone", async || shelf.lock().objects.keys().cloned().collect::<Vec<_>>() == [key.clone()]).await;
    let led = world.http.get(format!("{}/objects/{key}", world.base)).send().await.unwrap();
    assert_eq!(led.status(), 302);
    let image = world.http.get(led.headers()["location"].to_str().unwrap()).send().await.unwrap();
    assert_eq!(image.status(), 200);
    assert!(image::load_from_memory(&image.bytes().await.unwrap()).is_ok());
    let upload = Key::upload([1; 20], MediaType::Zip);
    let refused = world.http.get(format!("{}/objects/{upload}", world.base)).send().await.unwrap();
    assert_eq!(refused.status(), 403);
    workers.stop().await;
    world.end().await;
    server.stop(false).await;
}
