//! One's own money over HTTP.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::accounts::world::{Person, Reply, World};

async fn exchange(world: &World, who: &Person, what: &str, key: Uuid, amount: Value) -> Reply {
    let request = world.request(Method::POST, &format!("/wallet/{what}")).bearer_auth(&who.access);
    let body = json!({ "amount": { "amount": amount, "currency": "KRW" } });
    world.send(request.header("idempotency-key", key.to_string()).json(&body)).await
}

#[actix_web::test]
async fn money_comes_from_the_mock_bank_and_goes_back() {
    let world = World::start().await;
    let me = world.sign_up("a@example.org").await;
    assert_eq!(world.get("/wallet", &me.access).await.ok(), json!({ "accounts": [], "holds": [] }));
    let paid = exchange(&world, &me, "deposits", Uuid::new_v4(), json!(1_000_000)).await;
    assert_eq!(paid.status, 201);
    assert_eq!(paid.ok(), json!({ "currency": "KRW", "balance": 1_000_000, "held": 0, "available": 1_000_000 }));
    let taken = exchange(&world, &me, "withdrawals", Uuid::new_v4(), json!(400_000)).await.ok();
    assert_eq!(taken["balance"], 600_000);
    let refused = exchange(&world, &me, "withdrawals", Uuid::new_v4(), json!(600_001)).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (402, "money.no_funds"));
    let entries = world.get("/wallet/entries", &me.access).await.ok();
    let listed: Vec<_> = entries["items"].as_array().unwrap().iter().map(|e| (&e["purpose"], &e["amount"]["amount"])).collect();
    assert_eq!(listed, [(&json!("wallet.withdrawal"), &json!(-400_000)), (&json!("wallet.deposit"), &json!(1_000_000))]);
    assert!(world.funds.reconcile().await.unwrap().is_sound());
    world.end().await;
}

#[actix_web::test]
async fn a_movement_is_made_once_for_each_key_however_often_it_is_asked_for() {
    let world = World::start().await;
    let me = world.sign_up("a@example.org").await;
    let other = world.sign_up("b@example.org").await;
    let key = Uuid::new_v4();
    let again = (0..8).map(|_| exchange(&world, &me, "deposits", key, json!(5_000)));
    for reply in futures_util::future::join_all(again).await {
        assert_eq!(reply.ok()["balance"], 5_000);
    }
    assert_eq!(exchange(&world, &me, "deposits", key, json!(5_001)).await.code(), "request.id_reused");
    assert_eq!(exchange(&world, &me, "withdrawals", key, json!(5_000)).await.code(), "request.id_reused");
    // Somebody else's key is another key.
    assert_eq!(exchange(&world, &other, "deposits", key, json!(7)).await.ok()["balance"], 7);
    assert_eq!(world.get("/wallet", &me.access).await.ok()["accounts"][0]["balance"], 5_000);
    world.end().await;
}

#[actix_web::test]
async fn parallel_withdrawals_never_overdraw() {
    let world = World::start().await;
    let me = world.sign_up("a@example.org").await;
    exchange(&world, &me, "deposits", Uuid::new_v4(), json!(1_000)).await.ok();
    let all = (0..12).map(|_| exchange(&world, &me, "withdrawals", Uuid::new_v4(), json!(300)));
    let replies = futures_util::future::join_all(all).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 3);
    assert!(replies.iter().filter(|reply| reply.status != 201).all(|reply| reply.code() == "money.no_funds"));
    assert_eq!(world.get("/wallet", &me.access).await.ok()["accounts"][0]["available"], 100);
    world.end().await;
}

#[actix_web::test]
async fn each_wrong_amount_has_its_code_and_moves_nothing() {
    let world = World::start().await;
    let me = world.sign_up("a@example.org").await;
    let send = |body: String| {
        let request = world.request(Method::POST, "/wallet/deposits").bearer_auth(&me.access);
        world.send(request.header("content-type", "application/json").body(body))
    };
    for (amount, code) in [
        ("0", "money.not_positive"),
        ("-5", "money.not_positive"),
        ("-1e400", "money.not_positive"),
        ("12.5", "money.fractional"),
        ("1000000000000001", "money.too_large"),
        ("9223372036854775808", "money.too_large"),
        ("1e40", "money.too_large"),
        ("1e400", "money.too_large"),
        ("\"NaN\"", "money.not_a_number"),
        ("\"100\"", "money.not_a_number"),
        ("null", "money.not_a_number"),
        ("[1]", "money.not_a_number"),
        ("NaN", "request.malformed"),
        ("Infinity", "request.malformed"),
        ("0x10", "request.malformed"),
        ("", "request.malformed"),
    ] {
        let reply = send(format!(r#"{{"amount":{{"amount":{amount},"currency":"KRW"}}}}"#)).await;
        assert_eq!(reply.code(), code, "{amount}");
    }
    for (currency, code) in
        [("\"EUR\"", "money.wrong_currency"), ("\"won\"", "money.wrong_currency"), ("1", "request.malformed")]
    {
        let reply = send(format!(r#"{{"amount":{{"amount":1,"currency":{currency}}}}}"#)).await;
        assert_eq!(reply.code(), code, "{currency}");
    }
    assert_eq!(world.get("/wallet", &me.access).await.ok()["accounts"], json!([]));
    world.end().await;
}

#[actix_web::test]
async fn whose_money_it_is_comes_from_the_token() {
    let world = World::start().await;
    let me = world.sign_up("a@example.org").await;
    let other = world.sign_up("b@example.org").await;
    let amount = json!({ "amount": 500, "currency": "KRW" });
    let body = json!({ "amount": amount, "user": other.id, "user_id": other.id });
    let refused = world.ask(Method::POST, "/wallet/deposits", Some(&me.access), Some(body)).await;
    assert_eq!(refused.code(), "request.malformed", "there is no such field");
    let body = json!({ "amount": amount });
    assert_eq!(world.ask(Method::POST, "/wallet/deposits", None, Some(body.clone())).await.code(), "auth.required");
    world.ask(Method::POST, "/wallet/deposits", Some(&me.access), Some(body)).await.ok();
    assert_eq!(world.get("/wallet", &other.access).await.ok()["accounts"], json!([]));
    world.end().await;
}

#[actix_web::test]
async fn a_key_that_is_none_is_refused() {
    let world = World::start().await;
    let me = world.sign_up("a@example.org").await;
    let request = world.request(Method::POST, "/wallet/deposits").bearer_auth(&me.access);
    let body = json!({ "amount": { "amount": 1, "currency": "KRW" } });
    let reply = world.send(request.header("idempotency-key", "again").json(&body)).await;
    assert_eq!(reply.code(), "request.malformed");
    world.end().await;
}

#[actix_web::test]
async fn entries_are_read_page_by_page() {
    let world = World::start().await;
    let me = world.sign_up("a@example.org").await;
    for amount in 1..=5 {
        exchange(&world, &me, "deposits", Uuid::new_v4(), json!(amount)).await.ok();
    }
    let mut read = Vec::new();
    let mut path = "/wallet/entries?limit=2".to_owned();
    loop {
        let page = world.get(&path, &me.access).await.ok();
        read.extend(page["items"].as_array().unwrap().iter().map(|entry| entry["amount"]["amount"].as_i64().unwrap()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/wallet/entries?limit=2&after={next}");
    }
    assert_eq!(read, [5, 4, 3, 2, 1]);
    assert_eq!(world.get("/wallet/entries?after=x", &me.access).await.code(), "request.malformed");
    world.end().await;
}
