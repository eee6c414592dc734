//! Who may create, open, pause, cancel and undo, and when.

use chrono::TimeDelta;
use serde_json::json;

use super::house::*;
use crate::auction::{Command, Event, Refusal, Terms};
use crate::code::Code;
use crate::entity::{Actor, Entity, Reason, Role};
use crate::ids::UserId;

fn refused(house: &mut House, actor: &Actor, command: &Command) -> Code {
    house.order(ONE, actor, command).unwrap_err().code()
}

fn create(terms: Terms) -> Command {
    Command::Create(Box::new(terms))
}

fn retract(number: i64) -> Command {
    Command::Retract { bidder: user(number), reason: "typed a zero too many".to_owned() }
}

#[test]
fn only_the_seller_and_a_clerk_offer() {
    let good = terms(flat(10), 100, None);
    let mut house = House::new();
    assert_eq!(refused(&mut house, &bidder(1), &create(good.clone())), Code::Forbidden);
    let other = Actor::User { id: user(5), roles: vec![Role::Seller] };
    assert_eq!(refused(&mut house, &other, &create(good.clone())), Code::Forbidden, "not in another's name");
    let fallen = Actor::User { id: SELLER, roles: vec![Role::User] };
    assert_eq!(refused(&mut house, &fallen, &create(good.clone())), Code::Forbidden, "no seller any more");
    house.order(ONE, &clerk(), &create(good.clone())).unwrap();
    assert_eq!(refused(&mut house, &clerk(), &create(good)), Code::AuctionWrongState, "once only");
}

#[test]
fn senseless_terms_are_refused_with_a_sentence() {
    let good = terms(flat(10), 100, None);
    let before = |hours| Some(start() - TimeDelta::hours(hours));
    let mut nameless = good.clone();
    nameless.subject.title = "  ".to_owned();
    let mut rules = good.rules.clone();
    rules.commission_bp = 10_001;
    let wrong = [
        nameless,
        Terms { opening_bid: 0, ..good.clone() },
        Terms { opening_bid: -5, ..good.clone() },
        Terms { opening_bid: i64::MAX, ..good.clone() },
        Terms { reserve: Some(99), ..good.clone() },
        Terms { reserve: Some(i64::MAX), ..good.clone() },
        Terms { ends_at: before(1), ..good.clone() },
        Terms { ends_at: Some(start()), ..good.clone() },
        Terms { starts_at: good.ends_at, ..good.clone() },
        Terms { starts_at: Some(start() + TimeDelta::days(9_999)), ends_at: None, ..good.clone() },
        Terms { rules, ..good },
    ];
    for terms in wrong {
        let refusal = House::new().order(ONE, &seller(), &create(terms)).unwrap_err();
        assert_eq!(refusal.code(), Code::AuctionInvalid, "{refusal}");
        assert!(refusal.to_string().len() > "The auction's settings are not valid: .".len());
    }
}

#[test]
fn terms_can_be_revised_until_it_opens_and_are_frozen_then() {
    let mut house = House::new();
    house.create(ONE, terms(flat(10), 100, None));
    house.order(ONE, &seller(), &Command::Revise(Box::new(terms(flat(20), 200, None)))).unwrap();
    let other_seller = Terms { seller: user(3), ..terms(flat(20), 200, None) };
    assert_eq!(refused(&mut house, &clerk(), &Command::Revise(Box::new(other_seller))), Code::AuctionInvalid);
    house.order(ONE, &seller(), &Command::Open).unwrap();
    assert_eq!((house.bid(1, 500).unwrap()["price"].clone(), house.listing(ONE).next_bid()), (json!(200), 220));
    let late = Command::Revise(Box::new(terms(flat(10), 100, None)));
    assert_eq!(refused(&mut house, &clerk(), &late), Code::AuctionWrongState);
}

#[test]
fn it_opens_at_its_very_start() {
    let mut house = House::new();
    house.create(ONE, Terms { starts_at: Some(start() + TimeDelta::minutes(5)), ..terms(flat(10), 100, None) });
    house.pass(TimeDelta::minutes(5) - TimeDelta::microseconds(1));
    assert_eq!(house.stage(), "scheduled");
    house.pass(TimeDelta::microseconds(1));
    assert_eq!(house.stage(), "live");
    assert_eq!(refused(&mut house, &clerk(), &Command::Open), Code::AuctionWrongState);
}

#[test]
fn pausing_keeps_the_time_that_was_left() {
    let absolute = flat_with(10, json!({ "absolute_end_after_s": 600 }));
    let mut house = House::with_live(absolute, None);
    house.sleep(TimeDelta::minutes(20));
    house.order(ONE, &clerk(), &Command::Pause).unwrap();
    assert_eq!(house.view_of(&clerk())["paused_remaining_ms"], 40 * 60 * 1_000);
    house.pass(TimeDelta::days(1));
    assert_eq!(house.stage(), "paused", "no end while the clock is stopped");
    house.order(ONE, &clerk(), &Command::Resume).unwrap();
    let view = house.view_of(&clerk());
    assert_eq!(view["ends_at"], json!(house.now + TimeDelta::minutes(40)));
    assert_eq!(view["absolute_end_at"], json!(house.now + TimeDelta::minutes(50)));
    house.pass(TimeDelta::minutes(40));
    assert_eq!(house.stage(), "unsold");
}

#[test]
fn only_a_clerk_pauses_resumes_closes_and_undoes() {
    let mut house = House::with_live(flat(10), None);
    house.bid(1, 100).unwrap();
    for actor in [seller(), bidder(1), bidder(2)] {
        for command in [Command::Pause, Command::Close, retract(1)] {
            assert_eq!(refused(&mut house, &actor, &command), Code::Forbidden, "{command:?}");
        }
    }
    house.order(ONE, &clerk(), &Command::Pause).unwrap();
    assert_eq!(refused(&mut house, &seller(), &Command::Resume), Code::Forbidden);
    assert_eq!(refused(&mut house, &bidder(2), &Command::Open), Code::Forbidden);
    let admin = Actor::User { id: UserId::new(999), roles: vec![Role::Admin] };
    house.order(ONE, &admin, &Command::Resume).unwrap();
}

#[test]
fn only_the_house_wakes() {
    let mut house = House::with_live(flat(10), None);
    house.sleep(TimeDelta::hours(2));
    assert_eq!(refused(&mut house, &clerk(), &Command::Wake), Code::Forbidden);
}

#[test]
fn calling_it_off_gives_the_hold_back_and_needs_a_clerk_once_somebody_has_bid() {
    let mut house = House::with_live(flat(10), None);
    house.bid(1, 500).unwrap();
    let cancel = Command::Cancel { reason: "the frame is broken".to_owned() };
    assert_eq!(refused(&mut house, &seller(), &cancel), Code::Forbidden);
    house.order(ONE, &clerk(), &cancel).unwrap();
    assert_eq!((house.stage(), house.held(1)), ("cancelled", 0));
    assert_eq!(house.told(user(1)), ["auction.cancelled"]);
    assert_eq!(refused(&mut house, &clerk(), &cancel), Code::AuctionWrongState);
    house.pass(TimeDelta::hours(3));
    assert_eq!(house.stage(), "cancelled");
    let mut early = House::with_live(flat(10), None);
    early.order(ONE, &seller(), &Command::Cancel { reason: String::new() }).unwrap();
    assert_eq!(early.stage(), "cancelled");
}

#[test]
fn an_undo_reckons_the_price_again_from_the_bids_that_are_left() {
    let mut house = House::with_live(flat(10), None);
    house.bid(1, 1_000).unwrap();
    house.bid(2, 300).unwrap();
    house.bid(3, 900).unwrap();
    assert_eq!(house.price(), Some(910));
    house.order(ONE, &clerk(), &retract(3)).unwrap();
    assert_eq!((house.price(), house.leader(), house.held(1)), (Some(310), Some(1), 1_000));
    house.order(ONE, &clerk(), &retract(2)).unwrap();
    assert_eq!(house.price(), Some(100));
    assert_eq!(refused(&mut house, &clerk(), &retract(2)), Code::NotFound, "nothing left to take back");
    assert_eq!(house.told(user(3)), ["auction.retracted"]);
}

#[test]
fn after_an_undo_of_the_leader_bidding_goes_on_where_the_others_would_be() {
    let mut house = House::with_live(flat(10), None);
    house.bid(1, 300).unwrap();
    house.bid(2, 400).unwrap();
    house.bid(3, 90_000_000).unwrap();
    house.order(ONE, &clerk(), &retract(3)).unwrap();
    assert_eq!((house.leader(), house.price(), house.held(3)), (None, None, 0));
    assert_eq!(house.listing(ONE).next_bid(), 310, "min(400, 300 + 10): nobody's bid binds without a hold");
    assert_eq!(refused(&mut house, &clerk(), &retract(2)), Code::NotFound, "it is void already");
    house.bid(2, 400).unwrap();
    assert_eq!((house.leader(), house.price(), house.held(2)), (Some(2), Some(310), 400));
    house.bid(1, 350).unwrap();
    assert_eq!(house.price(), Some(360));
}

#[test]
fn an_undo_needs_a_reason_that_everybody_can_read() {
    let mut house = House::with_live(flat(10), None);
    house.bid(1, 400).unwrap();
    for reason in [" ".to_owned(), "x".repeat(501)] {
        let command = Command::Retract { bidder: user(1), reason };
        assert_eq!(house.order(ONE, &clerk(), &command), Err(Refusal::ReasonNeeded));
    }
    house.order(ONE, &clerk(), &retract(1)).unwrap();
    let told = crate::auction::Auction::publication(house.last_event(), house.now).unwrap();
    assert_eq!(told["reason"], "typed a zero too many");
    assert!(matches!(house.last_event(), Event::Retracted(_)));
}
