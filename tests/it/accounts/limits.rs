//! Too many requests, and what operators see.

use madang_domain::entity::{Actor, Notice, Order};
use madang_domain::ids::{EntityId, Kind};
use madang_domain::user::UserInbox;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::world::{SIGN_INS, USER_REQUESTS, World};

#[actix_web::test]
async fn too_many_sign_ins_of_one_address_are_told_to_wait() {
    let world = World::start().await;
    let attempt = |address: &'static str| {
        let request = world.request(Method::POST, "/sessions").header("x-forwarded-for", address);
        world.send(request.json(&json!({ "email": "nobody@example.org", "password": "" })))
    };
    let mut codes = Vec::new();
    // The allowance refills while we ask, so a slow machine gets a few more in; the account's own waiting begins before.
    let refused = loop {
        let reply = attempt("192.0.2.1").await;
        if reply.code() == "request.rate_limited" && !reply.body["message"].as_str().unwrap().contains("failed sign-ins") {
            break reply;
        }
        codes.push(reply.status);
        assert!(codes.len() < 1000, "never refused");
    };
    assert!(codes.len() >= SIGN_INS as usize && codes.contains(&StatusCode::UNAUTHORIZED), "{codes:?}");
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!((1..=6).contains(&refused.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap()));
    // Another address has its own allowance, though the account's own waiting goes on.
    assert!(attempt("192.0.2.2").await.body["message"].as_str().unwrap().contains("failed sign-ins"));
    // What is no guessing has another allowance.
    let time = world.send(world.request(Method::GET, "/time").header("x-forwarded-for", "192.0.2.1")).await;
    assert!(time.status.is_success());
    world.end().await;
}

#[actix_web::test]
async fn one_person_has_one_allowance_from_any_address() {
    let world = World::start().await;
    let me = world.sign_up("a@example.org").await;
    let mut refused = None;
    for n in 0..10 * USER_REQUESTS {
        let request = world.request(Method::GET, "/me").bearer_auth(&me.access);
        let reply = world.send(request.header("x-forwarded-for", format!("192.0.2.{}", n % 250))).await;
        if !reply.status.is_success() {
            refused = Some((n, reply.code()));
            break;
        }
    }
    // The allowance refills while we ask, so a slow machine gets a few more in.
    let (admitted, code) = refused.unwrap();
    assert!(admitted >= USER_REQUESTS && code == "request.rate_limited", "{admitted} {code}");
    world.end().await;
}

#[actix_web::test]
async fn probes_and_the_clock_answer() {
    let world = World::start().await;
    let probe = async |path: &str| {
        let response = world.client.get(format!("{}{path}", world.base)).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert_eq!(probe("/health").await.0, 200);
    assert_eq!(probe("/ready").await.0, 200);
    assert_eq!(probe("/metrics").await.1, "madang_up 1\n");
    let time = world.ask(Method::GET, "/time", None, None).await.ok();
    let now = madang::actors::kernel::clock::Clock::now(&world.clock);
    assert_eq!(time["t"].as_str().unwrap().parse::<madang_domain::time::Timestamp>().unwrap(), now);
    world.house.close().await;
    assert_eq!(probe("/ready").await.0, 503);
    assert_eq!(probe("/health").await.0, 200, "alive, only not ready");
    world.end().await;
}

#[actix_web::test]
async fn only_an_admin_looks_inside() {
    let world = World::start_with_engine().await;
    let admin = world.admin("root@example.org").await;
    let me = world.sign_up("a@example.org").await;
    let engine = world.engine.as_ref().unwrap();
    let inbox = EntityId::new(Kind::User, me.id).unwrap();
    let told = Notice { kind: "test".to_owned(), about: "auction:1".to_owned(), fields: json!({}), mail: false, push: false };
    let tell = madang_domain::user::Command::Tell { notice: told };
    let order = Order { to: inbox, id: uuid::Uuid::new_v4(), actor: Actor::System, command: tell };
    engine.ask::<UserInbox>(order).await.unwrap();
    for path in [format!("/entities/{inbox}"), format!("/entities/{inbox}/journal"), "/ledger/check".to_owned()] {
        assert_eq!(world.get(&path, &me.access).await.code(), "auth.forbidden", "{path}");
        assert_eq!(world.ask(Method::GET, &path, None, None).await.code(), "auth.required", "{path}");
    }
    let inside = world.get(&format!("/entities/{inbox}"), &admin.access).await.ok();
    assert_eq!((inside["entity"].as_str(), inside["committed"].as_i64()), (Some(inbox.to_string().as_str()), Some(1)));
    let journal = world.get(&format!("/entities/{inbox}/journal?limit=1"), &admin.access).await.ok();
    assert_eq!(journal["items"][0]["seq"], 1);
    assert_eq!(journal["items"][0]["events"].as_array().unwrap().len(), 1);
    assert!(journal["next"].is_null());
    for wrong in ["lot:1", "auction:-1", "auction:x"] {
        assert_eq!(world.get(&format!("/entities/{wrong}"), &admin.access).await.code(), "request.not_found", "{wrong}");
    }
    assert_eq!(world.get("/ledger/check", &admin.access).await.ok()["sound"], true);
    world.end().await;
}
