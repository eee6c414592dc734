//! The end: hammer, settlement, default.

use chrono::TimeDelta;
use serde_json::json;

use super::house::*;
use crate::auction::event::UnsoldReason;
use crate::auction::{Command, Event, Refusal};
use crate::code::Code;
use crate::entity::{AccountOwner, Entity, Reason};

const FORTUNE: i64 = 1_000_000_000;

fn buyer(number: i64) -> AccountOwner {
    AccountOwner::User(user(number))
}

fn with_fees() -> crate::auction::Rules {
    flat_with(10, json!({ "premium": [{ "from": 0, "rate_bp": 1_500 }], "premium_vat_bp": 1_000, "commission_bp": 1_000 }))
}

#[test]
fn it_ends_at_its_very_moment_and_is_settled_from_the_hold() {
    let mut house = House::with_live(with_fees(), None);
    house.bid(1, 10_000).unwrap();
    house.bid(2, 4_990).unwrap();
    assert_eq!(house.held(1), 10_000 + 1_500 + 150, "maximum, premium, tax");
    house.pass(TimeDelta::hours(1));
    assert_eq!(house.stage(), "settled");
    assert_eq!(house.held(1), 0);
    assert_eq!(house.balance(buyer(1)), FORTUNE - 5_000 - 750 - 75);
    assert_eq!(house.balance(AccountOwner::User(SELLER)), 4_500, "the seller is credited: no money vanishes");
    assert_eq!(house.balance(AccountOwner::House), 750 + 500);
    assert_eq!(house.balance(AccountOwner::Tax), 75);
    assert_eq!(house.told(user(1)), ["auction.won"]);
    assert_eq!(house.told(user(2)), ["auction.lost"]);
    assert_eq!(house.told(SELLER), ["auction.sold", "auction.paid_out"]);
}

#[test]
fn the_surplus_of_the_hold_is_given_back_when_the_hammer_falls() {
    let mut house = House::with_live(flat_with(10, json!({ "settle": { "by_invoice": { "due_days": 7 } } })), None);
    house.bid(1, 10_000).unwrap();
    house.order(ONE, &clerk(), &Command::Close).unwrap();
    assert_eq!((house.stage(), house.held(1)), ("sold", 100));
}

#[test]
fn what_is_shown_is_the_end_that_was_not_the_one_that_was_planned() {
    let soft = json!({ "soft_close": { "mode": "reset", "window_s": 60, "extend_s": 60, "max_extensions": 9 } });
    let mut house = House::with_live(flat_with(10, soft), None);
    house.pass(TimeDelta::seconds(3_599));
    house.bid(1, 500).unwrap();
    house.pass(TimeDelta::seconds(1));
    assert_eq!(house.stage(), "live", "nothing happens at the planned end");
    house.pass(TimeDelta::days(1));
    assert_eq!(house.view_of(&bidder(2))["ends_at"], json!(start() + TimeDelta::seconds(3_659)));
}

#[test]
fn a_second_settlement_is_impossible() {
    let mut house = House::with_live(flat(10), None);
    house.bid(1, 500).unwrap();
    house.pass(TimeDelta::hours(2));
    let after = house.clone();
    let again = house.order(ONE, &clerk(), &Command::Pay);
    assert_eq!(again, Err(Refusal::WrongState { state: "settled" }));
    assert_eq!(house.order(ONE, &crate::entity::Actor::System, &Command::Wake), Ok(serde_json::Value::Null));
    assert_eq!(house.ledger, after.ledger);
    assert!(house.ledger.is_posted("auction:1/settle"));
}

#[test]
fn without_bids_it_is_unsold_and_the_seller_is_told() {
    let mut house = House::with_live(flat(10), None);
    house.pass(TimeDelta::hours(1));
    assert_eq!(house.last_event(), &Event::Unsold { reason: UnsoldReason::NoBids });
    assert_eq!(house.told(SELLER), ["auction.unsold"]);
}

#[test]
fn below_the_reserve_it_is_unsold_and_the_hold_is_given_back() {
    let mut house = House::with_live(flat(10), Some(2_000));
    house.bid(1, 1_999).unwrap();
    house.pass(TimeDelta::hours(1));
    assert_eq!(house.last_event(), &Event::Unsold { reason: UnsoldReason::ReserveNotMet });
    assert_eq!(house.held(1), 0);
}

#[test]
fn a_review_keeps_it_closing_until_the_hammer_falls() {
    let mut house = House::with_live(flat_with(10, json!({ "review_s": 60 })), None);
    house.bid(1, 500).unwrap();
    house.pass(TimeDelta::hours(1));
    assert_eq!((house.stage(), house.held(1)), ("closing", 500));
    assert_eq!(house.view_of(&bidder(1))["mine"]["hold"], 500);
    assert_eq!(house.bid(2, 900).unwrap_err().code(), Code::AuctionClosed);
    house.pass(TimeDelta::seconds(59));
    assert_eq!(house.stage(), "closing");
    house.pass(TimeDelta::seconds(1));
    assert_eq!(house.stage(), "settled");
}

#[test]
fn a_clerk_may_let_the_hammer_fall_before_the_review_is_over() {
    let mut house = House::with_live(flat_with(10, json!({ "review_s": 600 })), None);
    house.bid(1, 500).unwrap();
    house.order(ONE, &clerk(), &Command::Close).unwrap();
    assert_eq!(house.stage(), "closing");
    house.order(ONE, &clerk(), &Command::Close).unwrap();
    assert_eq!(house.stage(), "sold");
}

#[test]
fn an_invoice_is_paid_by_the_winner_from_the_hold() {
    let mut house = House::with_live(flat_with(10, json!({ "settle": { "by_invoice": { "due_days": 7 } } })), None);
    house.bid(1, 500).unwrap();
    house.pass(TimeDelta::hours(1) + TimeDelta::days(6));
    assert_eq!(house.stage(), "sold");
    assert_eq!(house.order(ONE, &bidder(2), &Command::Pay).unwrap_err().code(), Code::Forbidden);
    house.order(ONE, &bidder(1), &Command::Pay).unwrap();
    assert_eq!((house.stage(), house.held(1), house.balance(buyer(1))), ("settled", 0, FORTUNE - 100));
    house.pass(TimeDelta::days(9));
    assert_eq!(house.stage(), "settled");
}

#[test]
fn an_unpaid_invoice_defaults_and_the_hold_is_given_back() {
    let mut house = House::with_live(flat_with(10, json!({ "settle": { "by_invoice": { "due_days": 7 } } })), None);
    house.bid(1, 500).unwrap();
    house.pass(TimeDelta::hours(1) + TimeDelta::days(7));
    assert_eq!((house.stage(), house.held(1), house.balance(buyer(1))), ("defaulted", 0, FORTUNE));
    assert_eq!(house.told(user(1)), ["auction.won", "auction.defaulted"]);
    assert!(!house.ledger.is_posted("auction:1/settle"));
    assert_eq!(house.order(ONE, &bidder(1), &Command::Pay).unwrap_err().code(), Code::AuctionWrongState);
}

#[test]
fn after_a_night_without_a_server_everything_due_happens_in_turn() {
    let mut house = House::new();
    let mut terms = terms(flat(10), 100, None);
    terms.starts_at = Some(start() + TimeDelta::minutes(1));
    house.create(ONE, terms);
    house.sleep(TimeDelta::days(1));
    house.pass(TimeDelta::zero());
    assert_eq!(house.stage(), "unsold", "start and end were both slept through");
    assert_eq!(house.auctions[&ONE].wake_at(), None);
}

#[test]
fn one_that_nobody_opened_is_unsold_at_its_end() {
    let mut house = House::new();
    house.create(ONE, terms(flat(10), 100, None));
    house.pass(TimeDelta::hours(1));
    assert_eq!(house.stage(), "unsold");
}

#[test]
fn an_open_end_is_closed_by_the_clerk_and_an_opening_time_ends_by_itself() {
    let mut house = House::new();
    house.create(ONE, crate::auction::Terms { ends_at: None, ..terms(flat(10), 100, None) });
    house.create(2, crate::auction::Terms { ends_at: None, ..terms(flat_with(10, json!({ "open_for_s": 30 })), 100, None) });
    house.order(ONE, &seller(), &Command::Open).unwrap();
    house.order(2, &seller(), &Command::Open).unwrap();
    house.pass(TimeDelta::seconds(29));
    assert_eq!(house.listing(2).stage.name(), "live");
    house.pass(TimeDelta::seconds(1));
    assert_eq!(house.listing(2).stage.name(), "unsold");
    house.pass(TimeDelta::days(30));
    assert_eq!(house.stage(), "live");
    house.order(ONE, &clerk(), &Command::Close).unwrap();
    assert_eq!(house.stage(), "unsold");
}
