//! The list of auctions: its order, its search, and that it follows the truth.

use std::time::Duration;

use madang::storage::auctions::{find_cards, list_behind, put_cards};
use madang_domain::entity::Role;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::house::{House, code, ok};
use crate::engine::until;

fn ids(page: &Value) -> Vec<i64> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect()
}

#[actix_web::test]
async fn auctions_are_listed_by_phase_and_in_the_order_asked_for() {
    let house = House::open().await;
    let seller = house.person("seller", &[Role::Seller]).await;
    let timed = |seconds: u32, opening: i64| json!({ "opening_bid": opening, "rules": { "open_for_s": seconds } });
    let a = house.open_auction(&seller, timed(300, 30_000)).await;
    let b = house.open_auction(&seller, timed(100, 20_000)).await;
    let c = house.open_auction(&seller, timed(200, 10_000)).await;
    let d = house.offer(&seller, json!({})).await;
    house.cards.write_noted().await;
    let list = async |query: &str| ids(&ok(house.get(&format!("/auctions?{query}"), None).await));
    assert_eq!(list("state=live&sort=ending").await, [b, c, a]);
    assert_eq!(list("state=live&sort=newest").await, [c, b, a]);
    assert_eq!(list("state=live&sort=price").await, [c, b, a]);
    assert_eq!(list("state=scheduled").await, [d]);
    assert_eq!(list("state=ended").await, [0; 0]);
    assert_eq!(list("sort=newest").await, [d, c, b, a]);
    assert_eq!(list("search=씨름").await.len(), 4);
    assert_eq!(list("search=름&medium=수묵&state=live").await, [b, c, a]);
    assert_eq!(list("medium=oil").await, [0; 0]);
    for sort in ["ending", "newest", "price"] {
        let whole = list(&format!("sort={sort}")).await;
        let mut paged = Vec::new();
        let mut path = format!("/auctions?sort={sort}&limit=1");
        while paged.len() < 10 {
            let page = ok(house.get(&path, None).await);
            paged.extend(ids(&page));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/auctions?sort={sort}&limit=1&after={next}");
        }
        assert_eq!(paged, whole, "{sort}");
    }
    assert_eq!(code(&house.get("/auctions?state=sleeping", None).await), "request.malformed");
    assert_eq!(code(&house.get("/auctions?sort=beauty", None).await), "request.malformed");
    assert_eq!(code(&house.get("/auctions?after=x", None).await), "request.malformed");
    house.close().await;
}

#[actix_web::test]
async fn a_view_tells_where_it_stands_and_who_watches() {
    let house = House::open().await;
    let seller = house.person("seller", &[Role::Seller]).await;
    let auction = house.open_auction(&seller, json!({ "reserve": 50_000 })).await;
    let view = house.view(auction, None).await;
    assert_eq!((auction, &view["viewers"]), (1, &json!(3)));
    assert_eq!((&view["seq"], &view["offset"], &view["reserve"]), (&json!(2), &json!(1), &json!("not_met")));
    assert_eq!(view["artwork"]["image"], view["artwork"]["placeholder"]);
    assert!(!view.to_string().contains("50000"), "the reserve is secret: {view}");
    assert_eq!(house.view(auction, Some(&seller)).await["reserve_amount"], 50_000);
    assert_eq!(code(&house.get("/auctions/999", None).await), "auction.unknown");
    house.close().await;
}

#[actix_web::test]
async fn rows_follow_what_happens_and_make_good_what_a_crash_left() {
    let house = House::open().await;
    let clerk = house.person("clerk", &[Role::Clerk]).await;
    let anna = house.bidder("anna", 1_000_000).await;
    let auction = house.open_auction(&clerk, json!({ "preset": "ebay", "rules": { "steps": "none" } })).await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(house.cards.clone().run(stop.clone()));
    ok(house.bid(auction, &anna, 20_000).await);
    let row = async || find_cards(house.db.pool(), &[auction]).await.unwrap().pop();
    until("the row tells of the bid", async || row().await.is_some_and(|card| card.bids == 1)).await;
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(60), running).await.unwrap().unwrap();

    // An older state that comes late changes nothing.
    let newest = row().await.unwrap();
    let mut stale = newest.clone();
    (stale.seq, stale.price) = (1, 1);
    put_cards(house.db.pool(), &[stale]).await.unwrap();
    assert_eq!(row().await, Some(newest.clone()));

    // A row that was lost, and one that fell behind, come back at the next start.
    let other = house.offer(&clerk, json!({})).await;
    sqlx::query("delete from auction_card where id = $1").bind(other).execute(house.db.pool()).await.unwrap();
    sqlx::query("update auction_card set seq = 1, price = 1").execute(house.db.pool()).await.unwrap();
    assert_eq!(list_behind(house.db.pool()).await.unwrap(), [auction, other]);
    let stop = CancellationToken::new();
    let running = tokio::spawn(house.cards.clone().run(stop.clone()));
    until("nothing is behind", async || list_behind(house.db.pool()).await.unwrap().is_empty()).await;
    assert_eq!(row().await, Some(newest));
    stop.cancel();
    running.await.unwrap();
    house.close().await;
}
