//! Points and stamps over HTTP.

use futures_util::future::join_all;
use madang_domain::entity::AccountOwner;
use madang_domain::ids::UserId;
use madang_domain::money::Currency;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::auctions::house::{code, ok};
use crate::raffles::house::{House, Person};

async fn buy(house: &House, who: &Person, count: Value, key: Uuid) -> (u16, Value) {
    house.send(Method::POST, "/stamps", Some(who), Some(json!({ "count": count })), Some(key)).await
}

#[actix_web::test]
async fn a_stamp_is_fifteen_points_and_both_move_together() {
    let house = House::open().await;
    let anna = house.sleeper("anna", 100).await;
    let bought = ok(buy(&house, &anna, json!(6), Uuid::new_v4()).await);
    assert_eq!(bought, json!({ "points": 10, "pending": 0, "stamps": 6 }));
    let refused = buy(&house, &anna, json!(1), Uuid::new_v4()).await;
    assert_eq!((refused.0, code(&refused)), (402, "money.no_funds"));
    let points = ok(house.get("/points", Some(&anna)).await);
    assert_eq!((&points["points"], &points["stamps"], &points["stamp_points"]), (&json!(10), &json!(6), &json!(15)));
    assert_eq!((&points["entries"], &points["entry_stamps"]), (&json!([]), &json!(8)));
    assert!(house.is_sound().await);
    house.close().await;
}

#[actix_web::test]
async fn a_purchase_is_made_once_for_each_key() {
    let house = House::open().await;
    let (anna, ben) = (house.sleeper("anna", 150).await, house.sleeper("ben", 150).await);
    let key = Uuid::new_v4();
    for reply in join_all((0..8).map(|_| buy(&house, &anna, json!(2), key))).await {
        assert_eq!(ok(reply)["stamps"], 2);
    }
    assert_eq!(code(&buy(&house, &anna, json!(3), key).await), "request.id_reused");
    assert_eq!(ok(buy(&house, &ben, json!(1), key).await)["stamps"], 1, "somebody else's key is another");
    house.close().await;
}

#[actix_web::test]
async fn parallel_purchases_never_go_below_zero() {
    let house = House::open().await;
    let anna = house.sleeper("anna", 100).await;
    let replies = join_all((0..20).map(|_| buy(&house, &anna, json!(1), Uuid::new_v4()))).await;
    assert_eq!(replies.iter().filter(|reply| reply.0 == 201).count(), 6, "{replies:?}");
    assert!(replies.iter().filter(|reply| reply.0 != 201).all(|reply| code(reply) == "money.no_funds"));
    let owner = AccountOwner::User(UserId::new(anna.id));
    assert_eq!((house.balance(owner, Currency::POINTS).await, house.stamps(&anna).await), (10, 6));
    assert!(house.is_sound().await);
    house.close().await;
}

#[actix_web::test]
async fn counts_that_are_none_and_people_who_are_not_signed_in_are_refused() {
    let house = House::open().await;
    let anna = house.sleeper("anna", 100).await;
    for count in [json!(0), json!(-1), json!(1.5), json!("2"), json!(1_001), json!(1e40), Value::Null] {
        assert_eq!(code(&buy(&house, &anna, count.clone(), Uuid::new_v4()).await), "points.count_invalid", "{count}");
    }
    assert_eq!(code(&house.post("/stamps", &anna, json!({})).await), "request.malformed");
    assert_eq!(code(&house.send(Method::POST, "/stamps", None, Some(json!({ "count": 1 })), None).await), "auth.required");
    assert_eq!(code(&house.get("/points", None).await), "auth.required");
    house.close().await;
}

/// Points and stamps are no money: they come from answers and go into raffles, and nowhere else.
#[actix_web::test]
async fn points_and_stamps_are_neither_paid_in_nor_out() {
    let house = House::open().await;
    let anna = house.sleeper("anna", 100).await;
    for what in ["deposits", "withdrawals"] {
        for currency in ["PTS", "STM"] {
            let body = json!({ "amount": { "amount": 10, "currency": currency } });
            assert_eq!(code(&house.post(&format!("/wallet/{what}"), &anna, body).await), "money.wrong_currency");
        }
    }
    // Not even by a caller inside the server.
    let points = madang_domain::money::Money::new(5, Currency::POINTS);
    let denied = house.engine.funds().deposit(UserId::new(anna.id), points, "x").await;
    assert_eq!(denied.map(|_| ()), Err(madang_domain::code::Code::WrongCurrency));
    house.close().await;
}
