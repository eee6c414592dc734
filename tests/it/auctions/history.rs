//! What was bid: masked for the public, whole for the bidder and for clerks.

use std::time::Duration;

use madang_domain::entity::Role;
use serde_json::{Value, json};

use super::house::{House, code, ok, won};

/// All items of a list, page by page of that size.
async fn all(house: &House, path: &str, who: Option<&super::house::Person>, size: u32) -> Vec<Value> {
    let mut items = Vec::new();
    let mut after = String::new();
    loop {
        let page = ok(house.get(&format!("{path}?limit={size}{after}"), who).await);
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { return items };
        after = format!("&after={next}");
    }
}

#[actix_web::test]
async fn every_attempt_is_told_to_whom_it_concerns() {
    let house = House::open().await;
    let clerk = house.person("clerk", &[Role::Clerk]).await;
    let (anna, ben) = (house.bidder("anna", 100_000).await, house.bidder("ben", 100_000).await);
    let auction = house.open_auction(&clerk, json!({ "preset": "ebay", "rules": { "steps": "won" } })).await;
    let later = || house.clock.advance(Duration::from_secs(1));
    ok(house.bid(auction, &anna, 20_000).await);
    later();
    assert_eq!(code(&house.bid(auction, &ben, 10_500).await), "auction.bid_too_low");
    later();
    ok(house.bid(auction, &ben, 15_000).await);
    later();
    ok(house.bid(auction, &anna, 40_000).await);
    assert_eq!(code(&house.bid(auction, &ben, 999_999).await), "money.no_funds");
    ok(house.run(auction, "pause", &clerk).await);
    assert_eq!(code(&house.bid(auction, &anna, 50_000).await), "auction.paused");

    let path = format!("/auctions/{auction}/bids");
    let public: Vec<Value> = all(&house, &path, None, 1).await;
    let told: Vec<_> = public.iter().map(|bid| (bid["paddle"].as_u64().unwrap(), bid["price"].as_i64().unwrap())).collect();
    assert_eq!(told, [(2, 16_000), (1, 10_000)], "the leader's private raise is nobody's business");
    let text = format!("{public:?}");
    assert!(!text.contains("max") && !text.contains("user") && !text.contains("refused"), "{text}");
    assert_eq!(all(&house, &path, Some(&ben), 50).await, public, "bidders see of others what everybody sees");

    for size in [1, 2, 50] {
        let attempts = all(&house, &path, Some(&clerk), size).await;
        let told: Vec<_> = attempts
            .iter()
            .map(|bid| {
                (bid["user"]["name"].as_str().unwrap(), bid["max"]["amount"].as_i64().unwrap(), bid["result"].as_str().unwrap())
            })
            .collect();
        let wanted = [
            ("anna", 50_000, "refused"),
            ("ben", 999_999, "refused"),
            ("anna", 40_000, "leading"),
            ("ben", 15_000, "outbid"),
            ("ben", 10_500, "refused"),
            ("anna", 20_000, "leading"),
        ];
        assert_eq!(told, wanted, "{size} a page");
    }

    for size in [1, 50] {
        let mine = all(&house, "/me/bids", Some(&ben), size).await;
        let told: Vec<_> = mine.iter().map(|bid| (&bid["max"], &bid["result"], &bid["code"])).collect();
        let (refused, null) = (json!("refused"), Value::Null);
        let wanted = [
            (&won(999_999), &refused, &json!("money.no_funds")),
            (&won(15_000), &json!("outbid"), &null),
            (&won(10_500), &refused, &json!("auction.bid_too_low")),
        ];
        assert_eq!(told, wanted, "{size} a page");
        assert!(mine.iter().all(|bid| bid["auction"] == json!(auction) && bid["title"] == "씨름"), "{mine:?}");
        assert!(mine[0]["message"].as_str().unwrap().contains("available"), "{mine:?}");
    }
    assert_eq!(code(&house.get("/me/bids", None).await), "auth.required");
    assert_eq!(code(&house.get("/auctions/999/bids", None).await), "auction.unknown");
    assert_eq!(code(&house.get("/me/bids?after=1.2", Some(&ben)).await), "request.malformed");
    house.close().await;
}
