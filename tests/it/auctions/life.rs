//! An auction from its offer to the money.

use std::time::Duration;

use madang_domain::entity::Role;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::house::{House, Person, code, ok, won};
use crate::engine::until;

#[actix_web::test]
async fn a_bid_holds_money_and_being_outbid_gives_it_back() {
    let house = House::open().await;
    let seller = house.person("seller", &[Role::Seller]).await;
    let (anna, ben) = (house.bidder("anna", 100_000).await, house.bidder("ben", 100_000).await);
    let auction = house.open_auction(&seller, json!({ "preset": "ebay", "rules": { "steps": "won" } })).await;

    let first = ok(house.bid(auction, &anna, 30_000).await);
    assert_eq!((&first["result"], &first["price"], &first["my_max"]), (&json!("leading"), &json!(10_000), &json!(30_000)));
    assert_eq!(house.wallet(&anna).await, (100_000, 30_000));

    let second = ok(house.bid(auction, &ben, 20_000).await);
    assert_eq!((&second["result"], &second["price"]), (&json!("outbid"), &json!(22_000)));
    assert_eq!(house.wallet(&ben).await, (100_000, 0), "whoever is outbid at once holds nothing");

    let third = ok(house.bid(auction, &ben, 50_000).await);
    assert_eq!((&third["result"], &third["price"]), (&json!("leading"), &json!(32_000)));
    assert_eq!((house.wallet(&anna).await.1, house.wallet(&ben).await.1), (0, 50_000));

    let view = house.view(auction, Some(&ben)).await;
    assert_eq!(view["mine"], json!({ "paddle": 2, "leading": true, "max": 50_000, "hold": 50_000 }));
    assert_eq!((&view["leader"], &view["bids"], &view["bidders"]), (&json!(2), &json!(3), &json!(2)));
    assert_eq!(house.view(auction, None).await["mine"], json!(null), "nobody else sees a maximum");
    house.close().await;
}

#[actix_web::test]
async fn the_hammer_moves_every_won_to_where_it_belongs() {
    let house = House::open().await;
    let clerk = house.person("clerk", &[Role::Clerk]).await;
    let seller = house.person("seller", &[Role::Seller]).await;
    let (anna, ben) = (house.bidder("anna", 1_000_000).await, house.bidder("ben", 1_000_000).await);
    let rules =
        json!({ "steps": "won", "premium": [{ "from": 0, "rate_bp": 1_500 }], "premium_vat_bp": 1_000, "commission_bp": 800 });
    let auction = house.open_auction(&seller, json!({ "preset": "ebay", "rules": rules })).await;
    ok(house.bid(auction, &anna, 100_000).await);
    ok(house.bid(auction, &ben, 200_000).await);
    // The hold covers premium (15 %) and its tax (10 %) at the maximum.
    assert_eq!(house.wallet(&ben).await, (1_000_000, 233_000));

    let closed = ok(house.run(auction, "close", &clerk).await);
    assert_eq!(closed["outcome"]["hammer"], 110_000);
    until("it is settled", async || house.view(auction, None).await["state"] == "settled").await;
    // 110,000 + 16,500 premium + 1,650 tax; the seller gets 110,000 less 8,800 commission.
    assert_eq!(house.wallet(&ben).await, (1_000_000 - 128_150, 0));
    assert_eq!(house.wallet(&anna).await, (1_000_000, 0));
    assert_eq!(house.wallet(&seller).await, (101_200, 0));
    let sums = house.engine.funds().reconcile().await.unwrap();
    assert!(sums.is_sound(), "{sums:?}");

    let path = format!("/auctions/{auction}/invoice");
    let buyers = ok(house.get(&path, Some(&ben)).await);
    assert_eq!((&buyers["premium"], &buyers["vat"], &buyers["total"]), (&json!(16_500), &json!(1_650), &json!(128_150)));
    assert!(buyers.get("proceeds").is_none() && buyers["paid_at"].is_string());
    let sellers = ok(house.get(&path, Some(&seller)).await);
    assert_eq!((&sellers["commission"], &sellers["proceeds"]), (&json!(8_800), &json!(101_200)));
    assert_eq!(ok(house.get(&path, Some(&clerk)).await)["total"], json!(128_150));
    assert_eq!(code(&house.get(&path, Some(&anna)).await), "auth.forbidden");
    assert_eq!(code(&house.get(&path, None).await), "auth.required");

    until("the winner is told", async || {
        let told = ok(house.get("/me/notices", Some(&ben)).await);
        told["items"].as_array().unwrap().iter().any(|notice| notice["type"] == "auction.won")
    })
    .await;
    let read = ok(house.post("/me/notices/read", &ben, json!({ "through": 1 })).await);
    assert_eq!(read, json!({ "read": 1 }));
    house.close().await;
}

#[actix_web::test]
async fn an_unsold_auction_keeps_no_other_from_being_settled() {
    let house = House::open().await;
    let clerk = house.person("clerk", &[Role::Clerk]).await;
    let anna = house.bidder("anna", 100_000).await;
    let mut auctions = Vec::new();
    for _ in 0..3 {
        auctions.push(house.open_auction(&clerk, json!({ "preset": "ebay", "rules": { "open_for_s": 60 } })).await);
    }
    let [nobody, wanted, reserved] = auctions[..] else { panic!() };
    ok(house.bid(wanted, &anna, 10_000).await);
    house.clock.advance(Duration::from_secs(61));
    until("all three have ended by themselves", async || {
        let mut over = 0;
        for auction in [nobody, wanted, reserved] {
            over += usize::from(house.view(auction, None).await["outcome"].is_object());
        }
        over == 3
    })
    .await;
    assert_eq!(house.view(nobody, None).await["outcome"]["reason"], "no_bids");
    assert_eq!(house.view(wanted, None).await["state"], "settled");
    assert_eq!(house.wallet(&anna).await, (90_000, 0));
    assert_eq!(code(&house.get(&format!("/auctions/{nobody}/invoice"), Some(&clerk)).await), "request.not_found");
    house.close().await;
}

#[actix_web::test]
async fn asking_again_with_the_same_id_changes_nothing() {
    let house = House::open().await;
    let clerk = house.person("clerk", &[Role::Clerk]).await;
    let anna = house.bidder("anna", 100_000).await;
    let artwork = house.artwork(&clerk, "씨름").await;

    let key = Uuid::new_v4();
    let offer = |opening: i64| json!({ "artwork_id": artwork, "opening_bid": opening, "preset": "seed" }).to_string();
    let create = async |body: &str| house.send(Method::POST, "/auctions", Some(&clerk), Some(body), Some(key)).await;
    let first = ok(create(&offer(10_000)).await);
    let again = ok(create(&offer(10_000)).await);
    assert_eq!((&first["id"], &first["starts_at"]), (&again["id"], &again["starts_at"]));
    assert_eq!(code(&create(&offer(20_000)).await), "request.id_reused");

    let auction = first["id"].as_i64().unwrap();
    ok(house.run(auction, "open", &clerk).await);
    let (path, key) = (format!("/auctions/{auction}/bids"), Uuid::new_v4());
    let bid = |max: i64| json!({ "max": won(max) }).to_string();
    let place = async |body: &str| house.send(Method::POST, &path, Some(&anna), Some(body), Some(key)).await;
    let first = ok(place(&bid(20_000)).await);
    let mut again = ok(place(&bid(20_000)).await);
    assert_eq!((&first["duplicate"], &again["duplicate"]), (&json!(false), &json!(true)));
    again["duplicate"] = json!(false);
    assert_eq!(first, again);
    assert_eq!(code(&place(&bid(30_000)).await), "request.id_reused");
    assert_eq!(house.view(auction, None).await["bids"], 1);

    // The live protocol and HTTP share their ids.
    let data = json!({ "auction": auction, "max": won(20_000), "command_id": key, "ref": "again" });
    let over_rpc = house.call(Some(&anna), "auction.bid", data).await.unwrap();
    assert_eq!((&over_rpc["duplicate"], &over_rpc["seq"], &over_rpc["ref"]), (&json!(true), &first["seq"], &json!("again")));
    house.close().await;
}

#[actix_web::test]
async fn a_clerk_runs_an_auction_over_the_live_protocol() {
    let house = House::open().await;
    let clerk = house.person("clerk", &[Role::Clerk]).await;
    let anna = house.bidder("anna", 100_000).await;
    let auction = house.offer(&clerk, json!({ "preset": "live", "rules": { "open_for_s": 600 } })).await;
    let run = async |verb: &str| {
        let data = json!({ "auction": auction, "command_id": Uuid::new_v4(), "reason": "test", "ref": verb });
        house.call(Some(&clerk), &format!("auction.{verb}"), data).await.unwrap()
    };
    assert_eq!(run("open").await["state"], "live");
    let paused = run("pause").await;
    assert_eq!((&paused["state"], &paused["ref"]), (&json!("paused"), &json!("pause")));
    assert!(paused["paused_remaining_ms"].as_i64().is_some_and(|left| (590_000..=600_000).contains(&left)), "{paused}");
    let bid = json!({ "auction": auction, "max": won(20_000) });
    let refused = house.call(Some(&anna), "auction.bid", bid.clone()).await.unwrap();
    assert_eq!((&refused["result"], &refused["code"]), (&json!("refused"), &json!("auction.paused")));
    assert_eq!(run("pause").await["code"], "auction.wrong_state", "what the rules refuse is data");
    assert_eq!(run("resume").await["state"], "live");
    assert_eq!(house.call(Some(&anna), "auction.bid", bid).await.unwrap()["result"], "leading");
    assert_eq!(run("cancel").await["outcome"]["reason"], "test");
    assert_eq!(house.wallet(&anna).await, (100_000, 0));

    let seen = house.call(None, "auction.view", json!({ "auction": auction })).await.unwrap();
    assert_eq!((&seen["state"], seen.get("clerk")), (&json!("cancelled"), None));
    house.close().await;
}

#[actix_web::test]
async fn the_wallet_and_the_clock_answer_over_the_live_protocol() {
    let house = House::open().await;
    let anna = house.bidder("anna", 100_000).await;
    let seller = house.person("seller", &[Role::Seller]).await;
    let auction = house.open_auction(&seller, json!({})).await;
    ok(house.bid(auction, &anna, 10_000).await);
    let id = Uuid::new_v4();
    for _ in 0..2 {
        let data = json!({ "amount": won(5_000), "command_id": id });
        let account = house.call(Some(&anna), "wallet.deposit", data).await.unwrap();
        assert_eq!(account, json!({ "currency": "KRW", "balance": 105_000, "held": 10_000, "available": 95_000 }));
    }
    let wallet = house.call(Some(&anna), "wallet.view", json!({})).await.unwrap();
    assert_eq!(wallet["holds"], json!([{ "about": format!("auction:{auction}"), "amount": won(10_000) }]));
    let euros = json!({ "amount": { "amount": 1, "currency": "EUR" } });
    assert_eq!(house.call(Some(&anna), "wallet.deposit", euros).await.unwrap_err().code.name(), "money.wrong_currency");

    let stamps = house.call(None, "time.sync", json!({ "t0": 12.5 })).await.unwrap();
    assert_eq!(stamps["t0"], 12.5);
    let (t1, t2) = (stamps["t1"].as_f64().unwrap(), stamps["t2"].as_f64().unwrap());
    assert!(t1 <= t2 && t1 > 1_700_000_000_000.0, "{stamps}");
    assert!(house.call(None, "time.now", json!({})).await.unwrap()["t"].as_str().unwrap().ends_with('Z'));
    house.close().await;
}

#[actix_web::test]
async fn an_offer_can_be_changed_until_it_opens() {
    let house = House::open().await;
    let seller = house.person("seller", &[Role::Seller]).await;
    let other = house.person("other", &[Role::Seller]).await;
    let auction = house.offer(&seller, json!({ "preset": "ebay", "reserve": 30_000 })).await;
    let artwork = house.view(auction, None).await["artwork"]["id"].clone();
    let path = format!("/auctions/{auction}");
    let key = Uuid::new_v4();
    let terms = |opening: i64| json!({ "artwork_id": artwork, "opening_bid": opening, "preset": "seed" }).to_string();
    let put =
        async |who: &Person, body: String, key: Uuid| house.send(Method::PUT, &path, Some(who), Some(&body), Some(key)).await;
    assert_eq!(code(&put(&other, terms(5_000), Uuid::new_v4()).await), "auth.forbidden");
    let changed = ok(put(&seller, terms(5_000), key).await);
    assert_eq!((&changed["opening_bid"], &changed["reserve_amount"]), (&json!(5_000), &json!(null)));
    assert_eq!((&changed["rules"]["bidding"], &changed["seller"]), (&json!("plain"), &json!(seller.id)));
    assert!(changed["starts_at"].is_string(), "the seed's own hours");
    let again = ok(put(&seller, terms(5_000), key).await);
    assert_eq!((&again["seq"], &again["starts_at"]), (&changed["seq"], &changed["starts_at"]), "asked again, changed once");
    assert_eq!(code(&put(&seller, terms(6_000), key).await), "request.id_reused");
    house.cards.write_noted().await;
    let listed = ok(house.get("/auctions?state=scheduled", None).await);
    assert_eq!(listed["items"][0]["price"], 5_000, "lists follow");
    assert_eq!(code(&put(&seller, terms(0), Uuid::new_v4()).await), "money.not_positive");
    ok(house.run(auction, "open", &seller).await);
    assert_eq!(code(&put(&seller, terms(7_000), Uuid::new_v4()).await), "auction.wrong_state");
    house.close().await;
}
