//! A raffle from its creation to the prizes.

use std::time::Duration;

use futures_util::future::join_all;
use madang_domain::entity::{AccountOwner, Role};
use madang_domain::money::Currency;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::house::House;
use crate::auctions::house::{code, ok};
use crate::engine::until;

#[actix_web::test]
async fn a_raffle_is_entered_frozen_drawn_and_its_winner_alone_sees_the_code() {
    let house = House::open().await;
    let admin = house.person("admin", &[Role::Admin]).await;
    let people = [house.holder("anna", 2).await, house.holder("ben", 1).await, house.holder("cho", 1).await];
    let raffle = house.raffle(&admin, 1).await;
    for (who, entries) in people.iter().zip([2, 1, 1]) {
        for _ in 0..entries {
            ok(house.enter(raffle, who).await);
        }
    }
    let open = house.view(raffle, Some(&people[0])).await;
    assert_eq!((&open["entries"], &open["participants"], &open["odds"]), (&json!(4), &json!(3), &json!(0.25)));
    assert_eq!((&open["mine"]["tickets"], &open["state"]), (&json!([1, 2]), &json!("open")));
    let poor = house.enter(raffle, &people[1]).await;
    assert_eq!((poor.0, code(&poor), &poor.1["detail"]["needed"]), (402, "money.no_funds", &json!(8)));
    assert_eq!(house.balance(AccountOwner::House, Currency::STAMPS).await, 32);

    house.draw(raffle).await;
    let drawn = house.view(raffle, None).await;
    assert_eq!(drawn["winners"].as_array().unwrap().len(), 1);
    let mut seen = Vec::new();
    for who in &people {
        let view = house.view(raffle, Some(who)).await;
        if view["mine"]["won"] == json!([1]) {
            assert_eq!(view["mine"]["prizes"][0]["code"], "SECRET-CODE-1");
            seen.push(who.clone());
        } else {
            assert!(!view.to_string().contains("SECRET-CODE"));
        }
    }
    assert_eq!(seen.len(), 1);
    assert!(!house.view(raffle, Some(&admin)).await.to_string().contains("SECRET-CODE"), "nor does an admin");
    until("the winner is told", async || {
        let inbox = madang_domain::ids::EntityId::new(madang_domain::ids::Kind::User, seen[0].id).unwrap();
        let viewer = madang_domain::entity::Viewer::User { id: madang_domain::ids::UserId::new(seen[0].id), roles: Vec::new() };
        let view = house.engine.view(inbox, viewer).await.unwrap();
        view.data["notices"][0]["type"] == "raffle.won"
    })
    .await;
    let winners = ok(house.get(&format!("/raffles/{raffle}/winners"), Some(&admin)).await);
    assert_eq!(winners["items"][0]["user"], seen[0].id);
    assert!(winners["items"][0]["email"].as_str().unwrap().ends_with("@example.com"));
    assert_eq!(code(&house.get(&format!("/raffles/{raffle}/winners"), Some(&people[0])).await), "auth.forbidden");
    assert_eq!(code(&house.enter(raffle, &people[0]).await), "raffle.closed");
    until("the lists know", async || {
        let points = ok(house.get("/points", Some(&seen[0])).await);
        points["entries"][0]["state"] == "drawn" && points["entries"][0]["won"] == json!(["coffee 1"])
    })
    .await;
    let listed = ok(house.get("/raffles?state=drawn", None).await);
    assert_eq!((&listed["items"][0]["id"], &listed["items"][0]["entries"]), (&json!(raffle), &json!(4)));
    assert!(house.is_sound().await);
    house.close().await;
}

#[actix_web::test]
async fn codes_are_nowhere_in_clear() {
    let house = House::open().await;
    let admin = house.person("admin", &[Role::Admin]).await;
    let anna = house.holder("anna", 1).await;
    let raffle = house.raffle(&admin, 2).await;
    let more = json!({ "prizes": [{ "title": "tea", "code": "SECRET-CODE-9" }] });
    ok(house.post(&format!("/raffles/{raffle}/prizes"), &admin, more).await);
    ok(house.enter(raffle, &anna).await);
    house.draw(raffle).await;
    for (what, sql) in [
        ("journal", "select count(*) from journal where convert_from(body, 'UTF8') like '%SECRET-CODE%'"),
        ("snapshot", "select count(*) from snapshot where convert_from(body, 'UTF8') like '%SECRET-CODE%'"),
        ("outbox", "select count(*) from outbox where body::text like '%SECRET-CODE%'"),
        ("sealed", "select count(*) from raffle_code where position('SECRET-CODE'::bytea in sealed) > 0"),
    ] {
        let found: i64 = sqlx::query_scalar(sql).fetch_one(house.db.pool()).await.unwrap();
        assert_eq!(found, 0, "{what}");
    }
    let kept: i64 = sqlx::query_scalar("select count(*) from raffle_code").fetch_one(house.db.pool()).await.unwrap();
    assert_eq!(kept, 3);
    house.close().await;
}

#[actix_web::test]
async fn what_is_asked_again_is_done_once() {
    let house = House::open().await;
    let admin = house.person("admin", &[Role::Admin]).await;
    let anna = house.holder("anna", 5).await;
    let (create, enter) = (Uuid::new_v4(), Uuid::new_v4());
    let body = house.raffle_body(1);
    let made =
        join_all((0..4).map(|_| house.send(Method::POST, "/raffles", Some(&admin), Some(body.clone()), Some(create)))).await;
    let numbers: Vec<_> = made.into_iter().map(|reply| ok(reply)["id"].as_i64().unwrap()).collect();
    assert!(numbers.iter().all(|number| *number == numbers[0]), "{numbers:?}");
    let path = format!("/raffles/{}/entries", numbers[0]);
    let entries = join_all((0..6).map(|_| house.send(Method::POST, &path, Some(&anna), Some(json!({})), Some(enter)))).await;
    assert!(entries.into_iter().all(|reply| ok(reply)["entry"] == 1));
    assert_eq!((house.view(numbers[0], None).await["entries"].clone(), house.stamps(&anna).await), (json!(1), 32));
    let other = house.send(Method::POST, &path, Some(&anna), Some(json!({ "nonce": "other" })), Some(enter)).await;
    assert_eq!(code(&other), "request.id_reused");
    house.close().await;
}

#[actix_web::test]
async fn parallel_entries_never_cost_more_than_there_is() {
    let house = House::open().await;
    let admin = house.person("admin", &[Role::Admin]).await;
    let anna = house.holder("anna", 3).await;
    let raffles = [house.raffle(&admin, 1).await, house.raffle(&admin, 1).await];
    let replies = join_all((0..16).map(|n| house.enter(raffles[n % 2], &anna))).await;
    assert_eq!(replies.iter().filter(|reply| reply.0 == 201).count(), 3, "{replies:?}");
    assert!(replies.iter().filter(|reply| reply.0 != 201).all(|reply| code(reply) == "money.no_funds"));
    assert_eq!(house.stamps(&anna).await, 0);
    assert!(house.is_sound().await);
    house.close().await;
}

#[actix_web::test]
async fn a_raffle_that_is_called_off_gives_the_stamps_back() {
    let house = House::open().await;
    let admin = house.person("admin", &[Role::Admin]).await;
    let (anna, ben) = (house.holder("anna", 3).await, house.holder("ben", 1).await);
    let raffle = house.raffle(&admin, 1).await;
    for who in [&anna, &anna, &ben] {
        ok(house.enter(raffle, who).await);
    }
    let cancel = format!("/raffles/{raffle}/cancel");
    assert_eq!(code(&house.post(&cancel, &anna, json!({ "reason": "x" })).await), "auth.forbidden");
    assert_eq!(code(&house.post(&cancel, &admin, json!({ "reason": " " })).await), "raffle.invalid");
    ok(house.post(&cancel, &admin, json!({ "reason": "no coffee" })).await);
    until("everybody has their stamps", async || (house.stamps(&anna).await, house.stamps(&ben).await) == (24, 8)).await;
    assert_eq!(code(&house.post(&cancel, &admin, json!({ "reason": "again" })).await), "raffle.wrong_state");
    assert_eq!(house.balance(AccountOwner::House, Currency::STAMPS).await, 0);
    assert!(house.is_sound().await);
    house.close().await;
}

/// The house stops before each of its dates and comes back after them: one draw, one payment for each entry.
#[actix_web::test]
async fn restarts_in_the_middle_draw_once() {
    let house = House::open().await;
    let admin = house.person("admin", &[Role::Admin]).await;
    let raffle = house.raffle(&admin, 2).await;
    for name in ["anna", "ben", "cho"] {
        let who = house.holder(name, 1).await;
        ok(house.enter(raffle, &who).await);
    }
    let (db, clock) = house.end().await;
    clock.advance(Duration::from_secs(61 * 60));
    let house = House::reopen(db, clock).await;
    until("the list is frozen", async || house.view(raffle, None).await["state"] == "frozen").await;
    let hash = house.view(raffle, None).await["list_hash"].clone();
    let (db, clock) = house.end().await;
    clock.advance(Duration::from_secs(5 * 60));
    let house = House::reopen(db, clock).await;
    until("it is drawn", async || house.view(raffle, None).await["state"] == "drawn").await;
    let drawn = house.view(raffle, None).await;
    assert_eq!(drawn["list_hash"], hash);
    let (db, clock) = house.end().await;
    clock.advance(Duration::from_secs(86_400));
    let house = House::reopen(db, clock).await;
    assert_eq!(house.view(raffle, None).await["winners"], drawn["winners"]);
    let draws: i64 = sqlx::query_scalar("select count(*) from journal where convert_from(body, 'UTF8') like '%\"drawn\"%'")
        .fetch_one(house.db.pool())
        .await
        .unwrap();
    assert_eq!(draws, 1);
    assert_eq!(house.balance(AccountOwner::House, Currency::STAMPS).await, 24);
    assert!(house.is_sound().await);
    house.close().await;
}

#[actix_web::test]
async fn what_is_wrong_has_its_code() {
    let house = House::open().await;
    let admin = house.person("admin", &[Role::Admin]).await;
    let anna = house.holder("anna", 1).await;
    assert_eq!(code(&house.post("/raffles", &anna, house.raffle_body(1)).await), "auth.forbidden");
    let wrong = |field: &str, value: Value| {
        let mut body = house.raffle_body(1);
        body[field] = value;
        body
    };
    for (field, value, wanted) in [
        ("title", json!(""), "raffle.invalid"),
        ("title", json!("x".repeat(201)), "raffle.invalid"),
        ("prizes", json!([]), "raffle.invalid"),
        ("prizes", json!([{ "title": "a", "code": " " }]), "raffle.invalid"),
        ("prizes", json!([{ "title": "a", "code": "x" }, { "title": "b", "code": "x" }]), "raffle.invalid"),
        ("closes_at", json!("2020-01-01T00:00:00Z"), "raffle.invalid"),
        ("closes_at", json!("tomorrow"), "request.malformed"),
        ("draw_at", json!("2020-01-01T00:00:00Z"), "raffle.invalid"),
        ("entry_stamps", json!(0), "raffle.invalid"),
        ("entry_stamps", json!(-8), "raffle.invalid"),
        ("seed", json!("00"), "request.malformed"),
    ] {
        assert_eq!(code(&house.post("/raffles", &admin, wrong(field, value.clone())).await), wanted, "{field} {value}");
    }
    let raffle = house.raffle(&admin, 1).await;
    let path = format!("/raffles/{raffle}/entries");
    for nonce in ["", "two words", "가"] {
        assert_eq!(code(&house.post(&path, &anna, json!({ "nonce": nonce })).await), "raffle.invalid");
    }
    assert_eq!(code(&house.enter(raffle, &admin).await), "raffle.own");
    assert_eq!(code(&house.enter(raffle + 1, &anna).await), "raffle.unknown");
    assert_eq!(code(&house.get("/raffles/999", None).await), "raffle.unknown");
    assert_eq!(code(&house.get("/raffles/-1", None).await), "raffle.unknown");
    assert_eq!(code(&house.get(&format!("/raffles/{raffle}/proof"), None).await), "raffle.not_drawn");
    assert_eq!(code(&house.get("/raffles?state=lost", None).await), "request.malformed");
    assert_eq!(code(&house.send(Method::POST, &path, None, Some(json!({})), None).await), "auth.required");
    assert_eq!(house.stamps(&anna).await, 8, "nothing was paid");
    house.close().await;
}
