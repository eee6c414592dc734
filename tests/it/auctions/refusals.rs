//! Everything that can be wrong with a bid has its own code, over HTTP and over the live protocol.

use madang_domain::entity::Role;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::house::{House, Person, code, ok, won};

/// The code of a bid over HTTP and over the live protocol, which must agree.
async fn code_of(house: &House, auction: i64, who: &Person, max: &str) -> String {
    let body = format!(r#"{{"max":{max}}}"#);
    let path = format!("/auctions/{auction}/bids");
    let over_http = code(&house.send(Method::POST, &path, Some(who), Some(&body), None).await).to_owned();
    let data: Value = serde_json::from_str(&format!(r#"{{"auction":{auction},"max":{max}}}"#)).unwrap();
    let over_rpc = match house.call(Some(who), "auction.bid", data).await {
        Ok(refused) => refused["code"].as_str().unwrap().to_owned(),
        Err(error) => error.code.name().to_owned(),
    };
    assert_eq!(over_http, over_rpc, "{max}");
    over_http
}

fn krw(amount: &str) -> String {
    format!(r#"{{"amount":{amount},"currency":"KRW"}}"#)
}

#[actix_web::test]
async fn wrong_amounts_are_told_apart() {
    let house = House::open().await;
    let seller = house.person("seller", &[Role::Seller]).await;
    let anna = house.bidder("anna", 100_000).await;
    let auction = house.open_auction(&seller, json!({})).await;
    for (max, wanted) in [
        (krw("0"), "money.not_positive"),
        (krw("-20000"), "money.not_positive"),
        (krw("20000.5"), "money.fractional"),
        (krw("1e15"), "money.too_large"),
        (krw("9223372036854775807"), "money.too_large"),
        (krw("18446744073709551616"), "money.too_large"),
        (krw("\"NaN\""), "money.not_a_number"),
        (krw("\"20000\""), "money.not_a_number"),
        (krw("null"), "money.not_a_number"),
        (r#"{"amount":20000,"currency":"USD"}"#.to_owned(), "money.wrong_currency"),
        (r#"{"amount":20000,"currency":"won"}"#.to_owned(), "money.wrong_currency"),
        ("20000".to_owned(), "request.malformed"),
        (r#"{"amount":20000}"#.to_owned(), "request.malformed"),
        (r#"{"amount":20000,"currency":"KRW","cents":5}"#.to_owned(), "request.malformed"),
    ] {
        assert_eq!(code_of(&house, auction, &anna, &max).await, wanted, "{max}");
    }
    assert_eq!(house.wallet(&anna).await, (100_000, 0));
    assert_eq!(house.view(auction, None).await["bids"], 0);
    house.close().await;
}

#[actix_web::test]
async fn bodies_that_are_no_bids_are_malformed() {
    let house = House::open().await;
    let seller = house.person("seller", &[Role::Seller]).await;
    let anna = house.bidder("anna", 100_000).await;
    let auction = house.open_auction(&seller, json!({})).await;
    let path = format!("/auctions/{auction}/bids");
    let nan = format!(r#"{{"max":{}}}"#, krw("NaN"));
    for body in ["", "{", "[]", "null", nan.as_str(), r#"{"max":{"amount":20000,"currency":"KRW"},"bidder":1}"#] {
        let reply = house.send(Method::POST, &path, Some(&anna), Some(body), None).await;
        assert_eq!((code(&reply), reply.0), ("request.malformed", 400), "{body}");
    }
    let low = house.bid(auction, &anna, 9_999).await;
    assert_eq!(code(&low), "auction.bid_too_low");
    assert_eq!(low.1["detail"]["next_bid"], 10_000);
    assert!(low.1["detail"]["seq"].as_u64().is_some_and(|seq| seq > 0), "{low:?}");
    let data = json!({ "auction": auction, "max": won(9_999), "ref": "r" });
    let low = house.call(Some(&anna), "auction.bid", data).await.unwrap();
    assert_eq!((&low["result"], &low["detail"]["next_bid"], &low["ref"]), (&json!("refused"), &json!(10_000), &json!("r")));
    house.close().await;
}

#[actix_web::test]
async fn who_may_not_bid_is_told_why() {
    let house = House::open().await;
    let seller = house.person("seller", &[Role::Seller]).await;
    let (anna, poor) = (house.bidder("anna", 100_000).await, house.bidder("poor", 9_000).await);
    let auction = house.offer(&seller, json!({ "preset": "seed", "rules": { "open_for_s": 600 } })).await;
    let bid = krw("20000");
    assert_eq!(code_of(&house, auction, &anna, &bid).await, "auction.not_open");
    ok(house.run(auction, "open", &seller).await);
    assert_eq!(code_of(&house, auction, &seller, &bid).await, "auction.own");
    assert_eq!(code_of(&house, auction, &poor, &bid).await, "money.no_funds");
    assert_eq!(code_of(&house, 999_999, &anna, &bid).await, "auction.unknown");
    assert_eq!(code_of(&house, -1, &anna, &bid).await, "auction.unknown");
    let clerk = house.person("clerk", &[Role::Clerk]).await;
    assert_eq!(code_of(&house, auction, &clerk, &bid).await, "auction.clerk");
    // The opening bid is 10,000 and must be exceeded.
    let far = house.bid(auction, &anna, 1_000_101).await;
    assert_eq!((code(&far), &far.1["detail"]["limit"]), ("auction.confirm_needed", &json!(1_000_100)));
    assert_eq!(code_of(&house, auction, &anna, &krw("1000101")).await, "auction.confirm_needed");
    let meant = json!({ "max": won(1_000_101), "confirm": true });
    assert_eq!(code(&house.post(&format!("/auctions/{auction}/bids"), &anna, meant).await), "money.no_funds", "confirmed");
    ok(house.bid(auction, &anna, 20_000).await);
    assert_eq!(code_of(&house, auction, &anna, &krw("30000")).await, "auction.leader_may_not_rebid");
    let unsigned = house.send(Method::POST, &format!("/auctions/{auction}/bids"), None, Some("{}"), None).await;
    assert_eq!(code(&unsigned), "auth.required");
    let unsigned = house.call(None, "auction.bid", json!({ "auction": auction, "max": won(1) })).await;
    assert_eq!(unsigned.unwrap_err().code.name(), "auth.required");
    house.close().await;
}

#[actix_web::test]
async fn an_auction_that_is_paused_or_over_takes_no_bids() {
    let house = House::open().await;
    let clerk = house.person("clerk", &[Role::Clerk]).await;
    let anna = house.bidder("anna", 100_000).await;
    let auction = house.open_auction(&clerk, json!({ "preset": "ebay" })).await;
    ok(house.bid(auction, &anna, 20_000).await);
    assert_eq!(code_of(&house, auction, &anna, &krw("20000")).await, "auction.maximum_not_raised");
    ok(house.run(auction, "pause", &clerk).await);
    assert_eq!(code_of(&house, auction, &anna, &krw("30000")).await, "auction.paused");
    ok(house.run(auction, "resume", &clerk).await);
    ok(house.run(auction, "close", &clerk).await);
    assert_eq!(code_of(&house, auction, &anna, &krw("30000")).await, "auction.closed");
    assert_eq!(code(&house.run(auction, "open", &clerk).await), "auction.wrong_state");
    house.close().await;
}

#[actix_web::test]
async fn only_those_who_may_run_an_auction_do() {
    let house = House::open().await;
    let seller = house.person("seller", &[Role::Seller]).await;
    let other = house.person("other", &[Role::Seller]).await;
    let anna = house.bidder("anna", 100_000).await;
    let auction = house.offer(&seller, json!({})).await;
    for verb in ["open", "pause", "close", "cancel"] {
        assert_eq!(code(&house.run(auction, verb, &other).await), "auth.forbidden", "{verb}");
    }
    assert_eq!(code(&house.run(auction, "explode", &seller).await), "request.unknown_method");
    assert_eq!(code(&house.run(999_999, "open", &seller).await), "auction.unknown");
    ok(house.run(auction, "open", &seller).await);
    assert_eq!(code(&house.run(auction, "pause", &seller).await), "auth.forbidden", "only clerks stop the clock");
    let body = json!({ "artwork_id": 1, "opening_bid": 1_000 });
    assert_eq!(code(&house.post("/auctions", &anna, body).await), "auth.forbidden");
    assert_eq!(code(&house.post("/artworks", &anna, json!({ "title": "x", "artist": "y" })).await), "auth.forbidden");
    let unknown = house.call(Some(&anna), "auction.explode", json!({})).await.unwrap_err();
    assert_eq!(unknown.code.name(), "request.unknown_method");
    house.close().await;
}

#[actix_web::test]
async fn an_offer_that_makes_no_sense_is_refused() {
    let house = House::open().await;
    let seller = house.person("seller", &[Role::Seller]).await;
    let artwork = house.artwork(&seller, "씨름").await;
    let offer = async |changes: Value| {
        let mut body = json!({ "artwork_id": artwork, "opening_bid": 10_000 });
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        code(&house.post("/auctions", &seller, body).await).to_owned()
    };
    assert_eq!(offer(json!({ "opening_bid": 0 })).await, "money.not_positive");
    assert_eq!(offer(json!({ "opening_bid": 1.5 })).await, "money.fractional");
    assert_eq!(offer(json!({ "reserve": 5_000 })).await, "auction.invalid");
    assert_eq!(offer(json!({ "currency": "EUR" })).await, "money.wrong_currency");
    assert_eq!(offer(json!({ "preset": "dutch" })).await, "auction.invalid");
    assert_eq!(offer(json!({ "rules": { "premium": [{ "from": 5, "rate_bp": 1 }] } })).await, "auction.invalid");
    assert_eq!(offer(json!({ "ends_at": "2020-01-01T00:00:00Z" })).await, "auction.invalid");
    assert_eq!(offer(json!({ "starts_at": "2999-01-01T00:00:00Z" })).await, "auction.invalid");
    assert_eq!(offer(json!({ "starts_at": "soon" })).await, "request.malformed");
    assert_eq!(offer(json!({ "no_such_field": 1 })).await, "request.malformed");
    assert_eq!(offer(json!({ "artwork_id": 999_999 })).await, "request.not_found");
    assert_eq!(offer(json!({ "seller": 999_999 })).await, "auth.forbidden", "only a clerk offers for others");
    let key = Some(Uuid::new_v4());
    let body = json!({ "artwork_id": artwork, "opening_bid": 10_000, "command_id": Uuid::new_v4() }).to_string();
    assert_eq!(code(&house.send(Method::POST, "/auctions", Some(&seller), Some(&body), key).await), "request.malformed");
    house.close().await;
}
