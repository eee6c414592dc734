//! Every failure has the one shape, the framework's own too.

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::world::World;

#[actix_web::test]
async fn bodies_that_cannot_be_read_are_told_apart() {
    let world = World::start().await;
    let send = |body: Vec<u8>, media: &'static str| {
        world.send(world.request(Method::POST, "/sessions").header("content-type", media).body(body))
    };
    for (body, media, status, code) in [
        (b"{\"email\":".to_vec(), "application/json", 400, "request.malformed"),
        (b"{\"email\": NaN}".to_vec(), "application/json", 400, "request.malformed"),
        (b"{\"email\": \"\xff\xfe\"}".to_vec(), "application/json", 400, "request.malformed"),
        (b"[]".to_vec(), "application/json", 400, "request.malformed"),
        (b"{}".to_vec(), "application/json", 400, "request.malformed"),
        (b"{\"email\":1,\"password\":2}".to_vec(), "application/json", 400, "request.malformed"),
        (b"a=b".to_vec(), "application/x-www-form-urlencoded", 415, "request.malformed"),
        (vec![b' '; 70_000], "application/json", 413, "request.too_large"),
        ([vec![b'['; 30_000], vec![b']'; 30_000]].concat(), "application/json", 400, "request.malformed"),
    ] {
        let reply = send(body, media).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (status, code), "{reply:?}");
    }
    world.end().await;
}

#[actix_web::test]
async fn the_frameworks_refusals_have_the_same_shape() {
    let world = World::start().await;
    let missing = world.ask(Method::GET, "/nowhere", None, None).await;
    assert_eq!((missing.status.as_u16(), missing.code().as_str()), (404, "request.unknown_method"));
    let method = world.ask(Method::PUT, "/sessions", None, Some(json!({}))).await;
    assert_eq!((method.status.as_u16(), method.code().as_str()), (405, "request.unknown_method"));
    let path = world.ask(Method::GET, "/users/%ff%fe/roles", None, None).await;
    assert!(path.status.is_client_error());
    path.code();
    world.end().await;
}

#[actix_web::test]
async fn a_short_plain_request_id_is_kept_and_any_other_replaced() {
    let world = World::start().await;
    for (id, kept) in [("trace-17_a", true), ("with space", false), (&"x".repeat(65), false), ("<script>", false)] {
        let reply = world.send(world.request(Method::GET, "/me").header("x-request-id", id)).await;
        assert_eq!(reply.code(), "auth.required");
        assert_eq!(reply.headers["x-request-id"] == id, kept, "{id}");
    }
    world.end().await;
}

#[actix_web::test]
async fn a_fault_inside_tells_nothing_of_the_inside() {
    let world = World::start().await;
    let me = world.sign_up("a@example.org").await;
    sqlx::query("alter table user_account rename to elsewhere").execute(&world.db).await.unwrap();
    let reply = world.get("/me", &me.access).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (500, "engine.internal"));
    assert!(!reply.body.to_string().contains("user_account"), "{reply:?}");
    world.end().await;
}

#[actix_web::test]
async fn broken_http_does_no_harm() {
    let world = World::start().await;
    let address = world.base.trim_start_matches("http://").to_owned();
    for bytes in [&b"\xff\xfe\x00\r\n\r\n"[..], b"GET /api/v1/\xff HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"] {
        let mut socket = tokio::net::TcpStream::connect(&address).await.unwrap();
        socket.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 4"), "{:?}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(world.ask(Method::GET, "/me", None, None).await.code(), "auth.required");
    world.end().await;
}
