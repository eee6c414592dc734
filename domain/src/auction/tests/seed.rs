//! The house that Madang grew from: its rules as a preset, and its failures as tests.

use chrono::TimeDelta;

use super::house::*;
use crate::auction::daily::{next_settlement, next_start};
use crate::auction::{Command, Preset, Terms};
use crate::code::Code;
use crate::entity::{AccountOwner, Actor, Reason};
use crate::money::Currency;

fn seed_terms() -> Terms {
    let starts_at = next_start(start());
    let ends_at = starts_at.and_then(next_settlement);
    Terms { starts_at, ends_at, ..terms(Preset::Seed.rules(Currency::KRW), 1_000, None) }
}

fn live() -> House {
    let mut house = House::new();
    house.create(ONE, seed_terms());
    house.pass(TimeDelta::zero());
    house
}

fn poor(number: i64, balance: i64) -> (House, Actor) {
    let mut house = live();
    house.create(2, seed_terms());
    house.pass(TimeDelta::zero());
    house.deposit(number, balance);
    (house, bidder(number))
}

fn place(max: i64) -> Command {
    Command::PlaceBid { max: won(max), confirm: true }
}

#[test]
fn it_starts_at_14_and_settles_at_midnight_in_seoul() {
    let mut house = House::new();
    house.now = "2026-03-01T03:00:00Z".parse().unwrap();
    let starts_at = next_start(house.now);
    house.create(ONE, Terms { starts_at, ends_at: starts_at.and_then(next_settlement), ..seed_terms() });
    house.pass(TimeDelta::hours(2) - TimeDelta::seconds(1));
    assert_eq!(house.stage(), "scheduled");
    house.pass(TimeDelta::seconds(1));
    assert_eq!(house.stage(), "live");
    house.bid(1, 5_000).unwrap();
    house.pass(TimeDelta::hours(10) - TimeDelta::seconds(1));
    assert_eq!(house.stage(), "live");
    house.pass(TimeDelta::seconds(1));
    assert_eq!(house.stage(), "settled");
}

#[test]
fn a_bid_must_be_strictly_higher_than_the_start_and_then_than_the_price() {
    let mut house = live();
    assert_eq!(house.bid(1, 1_000).unwrap_err().code(), Code::BidTooLow);
    house.bid(1, 1_001).unwrap();
    assert_eq!(house.bid(2, 1_001).unwrap_err().code(), Code::BidTooLow, "identical bids are not both taken");
    house.bid(2, 1_002).unwrap();
    assert_eq!((house.leader(), house.price()), (Some(2), Some(1_002)));
}

#[test]
fn the_leader_may_not_bid_again() {
    let mut house = live();
    house.bid(1, 2_000).unwrap();
    assert_eq!(house.bid(1, 9_000).unwrap_err().code(), Code::LeaderMayNotRebid);
    house.bid(2, 3_000).unwrap();
    house.bid(1, 9_000).unwrap();
}

#[test]
fn bug_1_an_auction_without_bids_does_not_keep_the_others_from_their_winners() {
    let mut house = live();
    for auction in 2..=4 {
        house.create(auction, seed_terms());
    }
    house.pass(TimeDelta::zero());
    house.order(3, &bidder(1), &place(7_000)).unwrap();
    house.order(4, &bidder(2), &place(8_000)).unwrap();
    house.pass(TimeDelta::hours(10));
    let stages: Vec<_> = (1..=4).map(|auction| house.listing(auction).stage.name()).collect();
    assert_eq!(stages, ["unsold", "unsold", "settled", "settled"]);
    assert_eq!((house.told(user(1)), house.told(user(2))), (vec!["auction.won"], vec!["auction.won"]));
}

#[test]
fn bug_2_two_auctions_cannot_be_bid_on_with_the_same_money() {
    let (mut house, poor) = poor(77, 10_000);
    house.order(ONE, &poor, &place(6_000)).unwrap();
    let refusal = house.order(2, &poor, &place(6_000)).unwrap_err();
    assert_eq!(refusal.code(), Code::NoFunds);
    assert_eq!(refusal.detail(), serde_json::json!({ "needed": 6_000, "available": 4_000 }));
    house.order(2, &poor, &place(4_000)).unwrap();
}

#[test]
fn bug_3_the_price_does_not_move_without_a_hold() {
    let (mut house, poor) = poor(77, 1_500);
    let before = house.clone();
    assert_eq!(house.order(ONE, &poor, &place(1_501)).unwrap_err().code(), Code::NoFunds);
    assert_eq!((house.auctions, house.ledger), (before.auctions, before.ledger));
}

#[test]
fn a_bidders_own_hold_counts_when_the_bid_is_raised() {
    let mut house = House::with_live(flat(10), None);
    house.deposit(77, 1_000);
    house.bid(77, 1_000).unwrap();
    assert_eq!(house.bid(77, 1_001).unwrap_err().detail(), serde_json::json!({ "needed": 1_001, "available": 1_000 }));
    house.deposit(77, 1);
    house.bid(77, 1_001).unwrap();
    assert_eq!(house.held(77), 1_001);
}

#[test]
fn who_could_not_pay_cannot_drive_the_price_up_either() {
    let mut house = House::with_live(flat(10), None);
    house.bid(1, 900_000).unwrap();
    house.deposit(77, 1_000);
    assert_eq!(house.bid(77, 1_001).unwrap_err().code(), Code::NoFunds);
    assert_eq!(house.price(), Some(100));
}

#[test]
fn bug_5_a_bid_that_was_queued_before_the_end_does_not_win_after_it() {
    let mut house = live();
    house.bid(1, 2_000).unwrap();
    house.sleep(TimeDelta::hours(10));
    assert_eq!(house.bid(2, 3_000).unwrap_err().code(), Code::AuctionClosed);
    house.pass(TimeDelta::zero());
    assert_eq!((house.bid(2, 4_000).unwrap_err().code(), house.leader()), (Code::AuctionClosed, Some(1)));
}

#[test]
fn bug_7_an_artwork_without_pictures_loses_no_bids() {
    let mut house = House::new();
    let mut terms = seed_terms();
    terms.subject.image_urls.clear();
    house.create(ONE, terms);
    house.pass(TimeDelta::zero());
    house.bid(1, 2_000).unwrap();
    assert_eq!(house.price(), Some(2_000));
}

#[test]
fn bug_9_who_is_outbid_gets_the_hold_back_in_the_same_decision_and_is_told() {
    let mut house = live();
    house.bid(1, 2_000).unwrap();
    assert_eq!(house.held(1), 2_000);
    house.bid(2, 3_000).unwrap();
    assert_eq!((house.held(1), house.held(2), house.told(user(1))), (0, 3_000, vec!["auction.outbid"]));
}

#[test]
fn bug_10_no_money_vanishes_and_nobody_is_charged_twice() {
    let mut house = live();
    house.bid(1, 2_000).unwrap();
    house.pass(TimeDelta::hours(10));
    let settled = house.ledger.clone();
    assert_eq!(settled.balance(AccountOwner::User(SELLER), Currency::KRW), 2_000);
    for _ in 0..3 {
        house.order(ONE, &Actor::System, &Command::Wake).unwrap();
    }
    assert_eq!(house.ledger, settled);
}
