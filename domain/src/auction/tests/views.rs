//! Who sees what.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::house::*;
use crate::auction::{Auction, Command, Event};
use crate::entity::{Actor, Entity};

fn contested() -> House {
    let mut house = House::with_live(flat(10), Some(300));
    house.bid(1, 123_456).unwrap();
    house.bid(2, 98_765).unwrap();
    house
}

#[test]
fn before_it_is_created_there_is_nothing_to_see() {
    assert_eq!(Auction::vacant(id(1)).view(&crate::entity::Viewer::Public), Value::Null);
}

#[test]
fn the_public_sees_paddles_and_prices_but_no_persons_and_no_maxima() {
    let house = contested();
    let view = house.view_of(&Actor::System);
    assert_eq!((&view["state"], &view["leader"], &view["price"]), (&json!("live"), &json!(1), &json!(98_775)));
    assert_eq!((&view["bids"], &view["bidders"], &view["reserve"]), (&json!(2), &json!(2), &json!("met")));
    assert_eq!((&view["mine"], view.get("clerk"), view.get("reserve_amount")), (&Value::Null, None, None));
    let text = view.to_string();
    assert!(!text.contains("123456") && !text.contains("98765"), "{text}");
}

#[test]
fn every_field_of_the_view_has_its_promised_name() {
    let view = contested().view_of(&Actor::System);
    for name in [
        "id",
        "state",
        "artwork",
        "seller",
        "currency",
        "opening_bid",
        "price",
        "next_bid",
        "leader",
        "bids",
        "bidders",
        "reserve",
        "starts_at",
        "ends_at",
        "absolute_end_at",
        "paused_remaining_ms",
        "rules",
        "mine",
        "outcome",
    ] {
        assert!(view.get(name).is_some(), "{name}");
    }
}

#[test]
fn bidders_see_their_own_part() {
    let house = contested();
    let mine = json!({ "paddle": 1, "leading": true, "max": 123_456, "hold": 123_456 });
    assert_eq!(house.view_of(&bidder(1))["mine"], mine);
    let mine = json!({ "paddle": 2, "leading": false, "max": 98_765, "hold": 0 });
    assert_eq!(house.view_of(&bidder(2))["mine"], mine);
    assert_eq!(house.view_of(&bidder(3))["mine"], Value::Null);
    assert_eq!(house.view_of(&bidder(1)).get("clerk"), None);
}

#[test]
fn the_seller_sees_the_reserve_but_no_maximum() {
    let view = contested().view_of(&seller());
    assert_eq!((&view["reserve_amount"], view.get("clerk")), (&json!(300), None));
    assert!(!view.to_string().contains("123456"));
}

#[test]
fn the_clerk_sees_persons_and_maxima() {
    let clerk_part = contested().view_of(&clerk())["clerk"].clone();
    assert_eq!(clerk_part["leader"], json!(1));
    assert_eq!(clerk_part["leader_max"], json!(123_456));
    assert_eq!(clerk_part["bidders"][1], json!({ "paddle": 2, "user": 2, "max": 98_765 }));
}

#[test]
fn each_party_sees_its_side_of_the_invoice() {
    let fees = json!({ "premium": [{ "from": 0, "rate_bp": 1_000 }], "commission_bp": 500 });
    let mut house = House::with_live(flat_with(10, fees), None);
    house.bid(1, 1_000).unwrap();
    house.bid(2, 990).unwrap();
    house.pass(TimeDelta::hours(1));
    let invoice = |actor: &Actor| house.view_of(actor)["outcome"]["invoice"].clone();
    assert_eq!((&invoice(&bidder(1))["total"], invoice(&bidder(1)).get("commission")), (&json!(1_100), None));
    assert_eq!((&invoice(&seller())["proceeds"], invoice(&seller()).get("premium")), (&json!(950), None));
    assert_eq!((&invoice(&clerk())["total"], &invoice(&clerk())["proceeds"]), (&json!(1_100), &json!(950)));
    assert_eq!((invoice(&bidder(2)), invoice(&Actor::System)), (Value::Null, Value::Null));
    let outcome = house.view_of(&Actor::System)["outcome"].clone();
    assert_eq!((&outcome["result"], &outcome["hammer"], &outcome["leader"]), (&json!("settled"), &json!(1_000), &json!(1)));
}

#[test]
fn a_publication_tells_watchers_all_they_need_and_nothing_private() {
    let house = contested();
    let told = Auction::publication(house.last_event(), house.now).unwrap();
    let wanted = json!({
        "type": "bid_placed", "paddle": 2, "price": 98_775, "next_bid": 98_785, "leader": 1, "bids": 2, "bidders": 2,
        "reserve": "met", "ends_at": house.ends_at(), "extended": false, "at": house.now,
    });
    assert_eq!(told, wanted);
}

#[test]
fn the_stored_form_of_a_bid_does_not_change() {
    let house = contested();
    let stored = json!({ "bid_placed": {
        "bidder": 2, "paddle": 2, "max": 98_765, "leader": 1, "price": 98_775, "next_bid": 98_785, "bids": 2, "bidders": 2,
        "reserve": "met", "ends_at": "2026-03-01T06:00:00Z", "extended": false,
    }});
    assert_eq!(serde_json::to_value(house.last_event()).unwrap(), stored);
    assert_eq!(serde_json::from_value::<Event>(stored).unwrap(), *house.last_event());
    let command = serde_json::to_value(Command::PlaceBid { max: won(5), confirm: false }).unwrap();
    assert_eq!(command, json!({ "place_bid": { "max": { "amount": 5, "currency": "KRW" } } }));
}

#[test]
fn the_state_stays_small_however_often_the_same_people_bid() {
    let mut house = House::with_live(flat(1), None);
    for round in 0..2_000 {
        house.bid(1 + round % 8, 1_000 + round).unwrap();
    }
    assert!(serde_json::to_string(&house.auctions[&ONE]).unwrap().len() < 4_000);
    assert_eq!(house.listing(ONE).book.bids, 2_000);
}
