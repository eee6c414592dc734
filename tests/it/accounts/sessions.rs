//! Sessions: sign in, refresh, sign out.

use std::sync::Arc;

use madang::http::auth::Cut;
use parking_lot::Mutex;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::world::{PASSWORD, World, person};

#[actix_web::test]
async fn a_wrong_password_and_an_unknown_address_look_the_same() {
    let world = World::start().await;
    world.sign_up("a@example.org").await;
    for (email, password) in [("a@example.org", "wrong horse"), ("b@example.org", PASSWORD), ("nonsense", PASSWORD)] {
        let reply = world.post("/sessions", json!({ "email": email, "password": password })).await;
        assert_eq!((reply.status, reply.code().as_str()), (StatusCode::UNAUTHORIZED, "auth.bad_credentials"));
        assert_eq!(reply.body.get("detail"), None);
    }
    world.end().await;
}

#[actix_web::test]
async fn refreshing_rotates_and_the_old_token_still_gives_its_successor_for_30_seconds() {
    let world = World::start().await;
    let first = world.sign_up("a@example.org").await;
    let second = person(&world.refresh(&first.refresh).await.ok());
    assert_ne!(second.refresh, first.refresh);
    world.advance(29);
    let again = person(&world.refresh(&first.refresh).await.ok());
    assert_eq!(again.refresh, second.refresh, "the very same successor");
    let third = person(&world.refresh(&second.refresh).await.ok());
    assert_ne!(third.refresh, second.refresh);
    world.end().await;
}

#[actix_web::test]
async fn a_used_token_after_the_grace_time_signs_the_device_out_and_its_owner_is_told() {
    let world = World::start().await;
    let first = world.sign_up("a@example.org").await;
    let other = world.sign_in("a@example.org", "phone").await;
    let second = person(&world.refresh(&first.refresh).await.ok());
    world.advance(30);
    let stolen = world.refresh(&first.refresh).await;
    assert_eq!((stolen.status, stolen.code().as_str()), (StatusCode::UNAUTHORIZED, "auth.refresh_reused"));
    // The whole family is gone, at once; other devices stay.
    assert_eq!(world.get("/me", &second.access).await.code(), "auth.token_revoked");
    assert_eq!(world.refresh(&second.refresh).await.code(), "auth.token_revoked");
    assert_eq!(world.refresh(&first.refresh).await.code(), "auth.token_revoked");
    world.get("/me", &other.access).await.ok();
    assert!(world.newest_mail("a@example.org").await.1.contains("used in two places"));
    world.end().await;
}

#[actix_web::test]
async fn a_token_two_generations_old_is_reuse_even_within_the_grace_time() {
    let world = World::start().await;
    let first = world.sign_up("a@example.org").await;
    let second = person(&world.refresh(&first.refresh).await.ok());
    world.refresh(&second.refresh).await.ok();
    assert_eq!(world.refresh(&first.refresh).await.code(), "auth.refresh_reused");
    world.end().await;
}

#[actix_web::test]
async fn parallel_refreshes_of_one_token_get_one_successor_and_nobody_is_signed_out() {
    let world = World::start().await;
    let mut now = world.sign_up("a@example.org").await;
    for _ in 0..5 {
        let replies = futures_util::future::join_all((0..8).map(|_| world.refresh(&now.refresh))).await;
        let people: Vec<_> = replies.into_iter().map(|reply| person(&reply.ok())).collect();
        assert!(people.iter().all(|person| person.refresh == people[0].refresh));
        for person in &people {
            world.get("/me", &person.access).await.ok();
        }
        now = people[0].clone();
        world.advance(600);
    }
    world.end().await;
}

#[actix_web::test]
async fn a_refresh_token_ends_14_days_after_its_making() {
    let world = World::start().await;
    let first = world.sign_up("a@example.org").await;
    world.advance(13 * 86_400);
    let second = person(&world.refresh(&first.refresh).await.ok());
    world.advance(14 * 86_400);
    assert_eq!(world.refresh(&second.refresh).await.code(), "auth.token_expired");
    world.end().await;
}

#[actix_web::test]
async fn forged_refresh_tokens_are_invalid_and_sign_nobody_out() {
    let world = World::start().await;
    let me = world.sign_up("a@example.org").await;
    let (session, rest) = me.refresh.split_once('.').unwrap();
    let seal = rest.split_once('.').unwrap().1;
    let zeros = "0".repeat(64);
    let other = uuid::Uuid::new_v4().simple().to_string();
    for forged in [
        String::new(),
        "x".to_owned(),
        format!("{session}.1.{zeros}"),
        format!("{session}.2.{seal}"),
        format!("{session}.0.{seal}"),
        format!("{session}.-1.{seal}"),
        format!("{session}.99999999999999999999.{seal}"),
        format!("{other}.1.{seal}"),
        format!("{session}.1.{}", "é".repeat(32)),
        format!("{}.extra", me.refresh),
    ] {
        assert_eq!(world.refresh(&forged).await.code(), "auth.token_invalid", "{forged}");
    }
    world.refresh(&me.refresh).await.ok();
    world.end().await;
}

#[actix_web::test]
async fn signing_out_works_with_the_next_request_and_tells_the_sockets() {
    let world = World::start().await;
    let cuts = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&cuts);
    world.revocations.on_cut(Box::new(move |session, cut| told.lock().push((session, cut))));
    let me = world.sign_up("a@example.org").await;
    let phone = world.sign_in("a@example.org", "phone").await;
    let session = world.tokens.verify(&me.access).unwrap().session;
    let done = world.ask(Method::DELETE, "/sessions/current", Some(&me.access), None).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT);
    assert_eq!(*cuts.lock(), [(session, Cut::Revoked)]);
    assert_eq!(world.get("/me", &me.access).await.code(), "auth.token_revoked");
    assert_eq!(world.refresh(&me.refresh).await.code(), "auth.token_revoked");
    world.get("/me", &phone.access).await.ok();
    world.end().await;
}

#[actix_web::test]
async fn all_devices_or_another_one_can_be_signed_out() {
    let world = World::start().await;
    let desk = world.sign_up("a@example.org").await;
    let phone = world.sign_in("a@example.org", "phone").await;
    let pad = world.sign_in("a@example.org", "pad").await;
    let listed = world.get("/sessions", &desk.access).await.ok();
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    assert_eq!(items.iter().filter(|item| item["current"] == true).count(), 1);
    let phone_session = items.iter().find(|item| item["device"] == "phone").unwrap()["id"].as_str().unwrap();
    let stranger = world.sign_up("b@example.org").await;
    let path = format!("/sessions/{phone_session}");
    let theirs = world.ask(Method::DELETE, &path, Some(&stranger.access), None).await;
    assert_eq!(theirs.code(), "request.not_found", "not one's own");
    world.get("/me", &phone.access).await.ok();
    world.ask(Method::DELETE, &path, Some(&desk.access), None).await.ok();
    assert_eq!(world.get("/me", &phone.access).await.code(), "auth.token_revoked");
    world.ask(Method::DELETE, "/sessions", Some(&desk.access), None).await.ok();
    for gone in [&desk, &pad] {
        assert_eq!(world.get("/me", &gone.access).await.code(), "auth.token_revoked");
        assert_eq!(world.refresh(&gone.refresh).await.code(), "auth.token_revoked");
    }
    world.get("/me", &stranger.access).await.ok();
    world.end().await;
}

#[actix_web::test]
async fn a_restart_does_not_revive_signed_out_access_tokens() {
    let world = World::start().await;
    let me = world.sign_up("a@example.org").await;
    world.ask(Method::DELETE, "/sessions/current", Some(&me.access), None).await.ok();
    let fresh = Arc::default();
    let tokens = World::tokens_with(super::world::SECRET, &world.clock, &fresh);
    assert!(tokens.verify(&me.access).is_ok(), "nothing is known yet");
    World::accounts_with(&world.house, &tokens, &world.clock, &world.cache).await;
    assert_eq!(tokens.verify(&me.access), Err(madang_domain::code::Code::TokenRevoked));
    world.end().await;
}

#[actix_web::test]
async fn a_browser_keeps_the_refresh_token_where_scripts_and_other_sites_cannot_use_it() {
    let world = World::start().await;
    world.sign_up("a@example.org").await;
    let body = json!({ "email": "a@example.org", "password": PASSWORD, "cookie": true });
    let signed_in = world.post("/sessions", body).await;
    assert_eq!(signed_in.body.get("refresh_token"), None);
    let cookie = signed_in.cookie();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/api/v1/sessions", "Max-Age=1209600"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let pair = cookie.split(';').next().unwrap();
    let refresh = |origin: Option<&'static str>| {
        let request = world.request(Method::POST, "/sessions/refresh").header("cookie", pair);
        match origin {
            Some(origin) => request.header("origin", origin),
            None => request,
        }
    };
    assert_eq!(world.send(refresh(None)).await.code(), "auth.forbidden");
    assert_eq!(world.send(refresh(Some("https://evil.example"))).await.code(), "auth.forbidden");
    assert_eq!(world.send(refresh(Some("null"))).await.code(), "auth.forbidden");
    let ours = world.send(refresh(None).header("origin", &world.base)).await;
    assert!(ours.cookie().starts_with("madang_refresh="));
    assert_eq!(ours.ok().get("refresh_token"), None);
    let fetched = world.send(refresh(None).header("sec-fetch-site", "same-origin")).await;
    fetched.ok();
    // Signing out needs no fresh access token, and takes the cookie away.
    let out = world.request(Method::DELETE, "/sessions/current").header("cookie", pair).header("origin", &world.base);
    let out = world.send(out).await;
    assert!(out.cookie().contains("Max-Age=0"), "{out:?}");
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert_eq!(world.send(refresh(None).header("origin", &world.base)).await.code(), "auth.token_revoked");
    world.end().await;
}

#[actix_web::test]
async fn no_refresh_token_is_no_sign_in() {
    let world = World::start().await;
    assert_eq!(world.ask(Method::POST, "/sessions/refresh", None, None).await.code(), "auth.required");
    assert_eq!(world.ask(Method::DELETE, "/sessions/current", None, None).await.code(), "auth.required");
    world.end().await;
}

#[actix_web::test]
async fn guessing_passwords_gets_slower_and_slower_also_in_parallel() {
    let world = World::start().await;
    world.sign_up("a@example.org").await;
    let guess = |password: &'static str| world.post("/sessions", json!({ "email": "a@example.org", "password": password }));
    let replies = futures_util::future::join_all((0..12).map(|_| guess("wrong horse"))).await;
    let wrong = replies.iter().filter(|reply| reply.code() == "auth.bad_credentials").count();
    let told_to_wait = replies.iter().filter(|reply| reply.code() == "request.rate_limited").count();
    assert_eq!((wrong, told_to_wait), (6, 6));
    // The right password waits too, then ends the waiting.
    let waiting = guess(PASSWORD).await;
    assert_eq!((waiting.status, waiting.headers["retry-after"].to_str().unwrap()), (StatusCode::TOO_MANY_REQUESTS, "1"));
    world.advance(1);
    guess(PASSWORD).await.ok();
    for _ in 0..6 {
        assert_eq!(guess("wrong horse").await.code(), "auth.bad_credentials");
    }
    world.end().await;
}

#[actix_web::test]
async fn another_node_hears_who_was_signed_out() {
    let world = World::start().await;
    let (fresh, alone) = (Arc::default(), Arc::default());
    let node = World::tokens_with(super::world::SECRET, &world.clock, &fresh);
    World::accounts_with(&world.house, &node, &world.clock, &world.cache).await;
    let deaf = World::tokens_with(super::world::SECRET, &world.clock, &alone);
    let nowhere: Arc<dyn madang::storage::cache::Cache> = Arc::new(madang::storage::cache::LocalCache::default());
    let unlinked = World::accounts_with(&world.house, &deaf, &world.clock, &nowhere).await;
    let me = world.sign_up("a@example.org").await;
    assert!(node.verify(&me.access).is_ok());
    world.ask(Method::DELETE, "/sessions/current", Some(&me.access), None).await.ok();
    assert_eq!(node.verify(&me.access), Err(madang_domain::code::Code::TokenRevoked));
    // A message that was lost is caught up with from the database.
    assert!(deaf.verify(&me.access).is_ok());
    unlinked.catch_up().await.unwrap();
    assert_eq!(deaf.verify(&me.access), Err(madang_domain::code::Code::TokenRevoked));
    world.end().await;
}
