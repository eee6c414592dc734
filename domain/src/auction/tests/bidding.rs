//! Bids: accepted, outbid, refused.

use chrono::TimeDelta;
use serde_json::json;

use super::house::*;
use crate::auction::event::ReserveState;
use crate::auction::{Auction, Command, Event, Preset, Refusal};
use crate::code::Code;
use crate::entity::{Actor, Entity, Reason, Role};
use crate::money::{AmountError, Currency, Money};

fn code(result: Result<serde_json::Value, Refusal>) -> Code {
    result.unwrap_err().code()
}

#[test]
fn the_first_bidder_leads_at_the_opening_bid() {
    let mut house = House::with_live(flat(10), None);
    let answer = house.bid(1, 500).unwrap();
    let ends_at = house.ends_at();
    let wanted = json!({
        "result": "leading", "price": 100, "next_bid": 110, "leading": true, "my_max": 500, "paddle": 1,
        "ends_at": ends_at, "bids": 1,
    });
    assert_eq!(answer, wanted);
}

#[test]
fn a_bid_below_the_leaders_maximum_is_outbid_at_once_and_lifts_the_price() {
    let mut house = House::with_live(flat(2), None);
    house.bid(1, 1_000).unwrap();
    let answer = house.bid(2, 500).unwrap();
    assert_eq!((&answer["result"], &answer["price"], &answer["leading"]), (&json!("outbid"), &json!(502), &json!(false)));
    assert_eq!((house.leader(), house.held(2)), (Some(1), 0), "who never led has nothing held");
    assert!(house.told(user(2)).is_empty(), "the answer says it: no notice on top");
}

#[test]
fn on_a_tie_the_earlier_bid_leads_at_its_whole_maximum() {
    let mut house = House::with_live(flat(10), None);
    house.bid(1, 300).unwrap();
    let answer = house.bid(2, 300).unwrap();
    assert_eq!((house.leader(), house.price(), &answer["result"]), (Some(1), Some(300), &json!("outbid")));
}

#[test]
fn a_winner_can_be_outbid_by_less_than_a_step() {
    let mut house = House::with_live(flat(10), None);
    house.bid(1, 305).unwrap();
    house.bid(2, 300).unwrap();
    assert_eq!(house.price(), Some(305), "between two steps");
    house.bid(3, 315).unwrap();
    assert_eq!((house.leader(), house.price()), (Some(3), Some(315)));
}

#[test]
fn a_bid_that_does_not_reach_the_next_amount_is_told_it() {
    let mut house = House::with_live(flat(10), None);
    let refusal = house.bid(1, 99).unwrap_err();
    assert_eq!(refusal.detail(), json!({ "next_bid": 100, "price": null }));
    house.bid(1, 100).unwrap();
    let refusal = house.bid(2, 109).unwrap_err();
    assert_eq!((refusal.code(), refusal.detail()), (Code::BidTooLow, json!({ "next_bid": 110, "price": 100 })));
    assert_eq!(refusal.to_string(), "The bid is below the next possible amount, 110 KRW.");
    house.bid(2, 110).unwrap();
}

#[test]
fn a_leader_who_raises_the_own_maximum_changes_nothing_visible() {
    let mut house = House::with_live(flat_with(10, json!({ "soft_close": null })), None);
    house.bid(1, 300).unwrap();
    house.bid(2, 300).unwrap();
    let answer = house.bid(1, 900).unwrap();
    assert_eq!((&answer["price"], &answer["bids"], &answer["my_max"]), (&json!(300), &json!(2), &json!(900)));
    assert_eq!((house.price(), house.held(1)), (Some(300), 900));
    assert_eq!(Auction::publication(house.last_event(), house.now), None, "watchers hear nothing");
    assert_eq!(code(house.bid(1, 900)), Code::MaximumNotRaised);
    assert_eq!(code(house.bid(1, 899)), Code::MaximumNotRaised);
}

#[test]
fn the_price_goes_to_the_reserve_as_soon_as_a_maximum_reaches_it() {
    let mut house = House::with_live(flat(50), Some(2_500));
    house.bid(1, 1_800).unwrap();
    assert_eq!((house.price(), house.listing(ONE).reserve_state()), (Some(1_800), ReserveState::NotMet));
    house.bid(2, 3_000).unwrap();
    assert_eq!((house.price(), house.listing(ONE).reserve_state()), (Some(2_500), ReserveState::Met));
}

#[test]
fn a_leader_below_the_reserve_who_raises_is_seen_because_the_price_follows() {
    let mut house = House::with_live(flat(50), Some(2_500));
    house.bid(1, 1_800).unwrap();
    house.bid(1, 2_000).unwrap();
    assert_eq!(house.price(), Some(2_000));
    house.bid(1, 4_000).unwrap();
    assert_eq!(house.price(), Some(2_500));
    house.bid(1, 5_000).unwrap();
    assert_eq!(house.price(), Some(2_500), "from here on it is private");
}

#[test]
fn in_plain_bidding_the_bid_is_the_price() {
    let mut house = House::with_live(flat_with(10, json!({ "bidding": "plain" })), None);
    house.bid(1, 500).unwrap();
    assert_eq!(house.price(), Some(500));
    assert_eq!(code(house.bid(2, 505)), Code::BidTooLow);
    assert_eq!(code(house.bid(1, 505)), Code::BidTooLow, "the leader may raise, but by a step");
    house.bid(1, 510).unwrap();
    assert_eq!((house.price(), house.held(1)), (Some(510), 510));
}

#[test]
fn a_strict_opening_must_be_exceeded() {
    let mut house = House::with_live(flat_with(10, json!({ "opening_strict": true })), None);
    assert_eq!(code(house.bid(1, 100)), Code::BidTooLow);
    house.bid(1, 101).unwrap();
}

#[test]
fn whatnot_steps_hold_in_an_auction() {
    let mut house = House::with_live(Preset::Whatnot.rules(Currency::KRW), None);
    house.bid(1, 3_000).unwrap();
    house.bid(2, 2_900).unwrap();
    assert_eq!(house.price(), Some(3_000));
    assert_eq!(house.listing(ONE).next_bid(), 3_200);
}

#[test]
fn sellers_cannot_bid_on_their_own() {
    let mut house = House::with_live(flat(10), None);
    assert_eq!(code(house.order(ONE, &seller(), &Command::PlaceBid { max: won(500), confirm: false })), Code::OwnAuction);
}

#[test]
fn only_a_person_can_bid() {
    let mut house = House::with_live(flat(10), None);
    assert_eq!(
        code(house.order(ONE, &Actor::System, &Command::PlaceBid { max: won(500), confirm: false })),
        Code::Unauthenticated
    );
}

#[test]
fn wrong_amounts_have_their_own_reasons() {
    let mut house = House::with_live(flat(10), None);
    let dollars = Command::PlaceBid { max: Money::new(500, Currency::USD), confirm: false };
    assert_eq!(code(house.order(ONE, &bidder(1), &dollars)), Code::WrongCurrency);
    assert_eq!(house.bid(1, 0), Err(Refusal::Amount(AmountError::NotPositive)));
    assert_eq!(house.bid(1, i64::MIN), Err(Refusal::Amount(AmountError::NotPositive)));
    assert_eq!(house.bid(1, i64::MAX), Err(Refusal::Amount(AmountError::TooLarge)));
}

#[test]
fn a_bid_is_refused_with_the_reason_of_the_state() {
    let mut house = House::new();
    assert_eq!(code(house.bid(1, 500)), Code::AuctionUnknown);
    house.create(ONE, terms(flat(10), 100, None));
    assert_eq!(code(house.bid(1, 500)), Code::AuctionNotOpen);
    house.order(ONE, &clerk(), &Command::Open).unwrap();
    house.order(ONE, &clerk(), &Command::Pause).unwrap();
    assert_eq!(code(house.bid(1, 500)), Code::AuctionPaused);
    house.order(ONE, &clerk(), &Command::Resume).unwrap();
    house.order(ONE, &clerk(), &Command::Close).unwrap();
    assert_eq!(code(house.bid(1, 500)), Code::AuctionClosed);
}

#[test]
fn a_bid_at_the_end_is_late_even_if_the_deadline_has_not_fired() {
    let mut house = House::with_live(flat(10), None);
    house.sleep(TimeDelta::hours(1) - TimeDelta::microseconds(1));
    house.bid(1, 500).unwrap();
    house.sleep(TimeDelta::microseconds(1));
    assert_eq!(house.stage(), "live", "nobody has closed it yet");
    assert_eq!(code(house.bid(2, 900)), Code::AuctionClosed);
}

#[test]
fn a_bid_at_the_start_is_in_time_even_if_the_deadline_has_not_fired() {
    let mut house = House::new();
    house.create(ONE, crate::auction::Terms { starts_at: Some(start() + TimeDelta::minutes(5)), ..terms(flat(10), 100, None) });
    house.sleep(TimeDelta::minutes(5) - TimeDelta::microseconds(1));
    assert_eq!(code(house.bid(1, 500)), Code::AuctionNotOpen);
    house.sleep(TimeDelta::microseconds(1));
    assert_eq!(house.bid(1, 500).unwrap()["result"], "leading");
    assert!(matches!(house.journal[&ONE].last().unwrap().events[..], [Event::Opened(_), Event::BidPlaced(_)]));
    house.pass(TimeDelta::zero());
    assert_eq!(house.stage(), "live", "the late deadline finds nothing to do");
}

#[test]
fn paddles_are_numbered_by_the_first_bid() {
    let mut house = House::with_live(flat(10), None);
    house.bid(7, 100).unwrap();
    house.bid(3, 200).unwrap();
    house.bid(7, 300).unwrap();
    assert_eq!(house.listing(ONE).book.bidders.paddle(user(7)), Some(1));
    assert_eq!(house.listing(ONE).book.bidders.paddle(user(3)), Some(2));
    assert_eq!(house.listing(ONE).book.bidders.count(), 2);
}

#[test]
fn who_is_outbid_is_told_but_not_more_often_than_every_30_seconds() {
    let mut house = House::with_live(flat(10), None);
    house.bid(1, 100).unwrap();
    house.bid(2, 200).unwrap();
    assert_eq!(house.told(user(1)), ["auction.outbid"]);
    assert!(house.told[0].1.mail);
    house.pass(TimeDelta::seconds(29));
    house.bid(1, 300).unwrap();
    house.bid(2, 400).unwrap();
    house.bid(1, 500).unwrap();
    house.bid(2, 600).unwrap();
    assert_eq!(house.told(user(1)).len(), 1, "29 s later: not again");
    house.pass(TimeDelta::seconds(1));
    assert_eq!(house.told(user(1)).len(), 2, "but once the 30 s have passed, so that nobody believes to lead who does not");
    assert_eq!(house.told.last().unwrap().1.fields["price"], 510);
    house.pass(TimeDelta::seconds(90));
    assert_eq!(house.told(user(1)).len(), 2);
}

#[test]
fn who_leads_again_is_not_told_late_of_having_been_outbid() {
    let mut house = House::with_live(flat(10), None);
    house.bid(1, 100).unwrap();
    house.bid(2, 200).unwrap();
    house.bid(1, 300).unwrap();
    house.bid(2, 400).unwrap();
    house.bid(1, 500).unwrap();
    house.pass(TimeDelta::seconds(60));
    assert_eq!(house.told(user(1)), ["auction.outbid"], "leads: the notice that was owed is dropped");
    assert_eq!(house.told(user(2)), ["auction.outbid", "auction.outbid"], "was outbid twice, told at once and after 30 s");
}

#[test]
fn a_late_bid_extends_once_and_a_refused_one_never() {
    let soft = json!({ "soft_close": { "mode": "reset", "window_s": 120, "extend_s": 120, "max_extensions": 50 } });
    let mut house = House::with_live(flat_with(10, soft), None);
    house.bid(1, 5_000).unwrap();
    let planned = house.ends_at().unwrap();
    house.sleep(TimeDelta::minutes(59));
    assert!(house.bid(2, 105).is_err(), "too low");
    assert_eq!(house.ends_at(), Some(planned), "anyone could stall an auction with bids that are too low");
    house.bid(1, 6_000).unwrap();
    assert_eq!(house.ends_at(), Some(planned), "a private raise does not extend");
    let answer = house.bid(2, 500).unwrap();
    assert_eq!(house.ends_at(), Some(house.now + TimeDelta::seconds(120)));
    assert_eq!(answer["ends_at"], json!(house.ends_at()), "the answer tells the effective end");
    let Event::BidPlaced(bid) = house.last_event() else { panic!("no bid") };
    assert!(bid.extended);
}

#[test]
fn extensions_are_counted_also_across_a_pause() {
    let soft = json!({ "soft_close": { "mode": "add", "window_s": 60, "extend_s": 60, "max_extensions": 2 } });
    let mut house = House::with_live(flat_with(10, soft), None);
    house.sleep(TimeDelta::seconds(3_599));
    let extended = |house: &mut House, number, max| house.bid(number, max).map(|_| house.last_event().clone());
    let moved = |event: Result<Event, Refusal>| matches!(event, Ok(Event::BidPlaced(bid)) if bid.extended);
    assert!(moved(extended(&mut house, 1, 100)));
    house.sleep(TimeDelta::seconds(60));
    house.order(ONE, &clerk(), &Command::Pause).unwrap();
    house.order(ONE, &clerk(), &Command::Resume).unwrap();
    assert!(moved(extended(&mut house, 2, 200)));
    house.sleep(TimeDelta::seconds(60));
    assert!(!moved(extended(&mut house, 1, 300)), "twice is all");
    assert_eq!(house.view_of(&clerk())["clerk"]["extensions"], 2);
}

#[test]
fn an_amount_far_above_is_taken_only_when_confirmed() {
    let mut house = House::with_live(flat_with(10, json!({ "confirm_times": 100 })), None);
    assert_eq!(house.bid(1, 10_000).unwrap()["result"], "leading", "a hundred times the opening bid of 100");
    let far = |max: i64, confirm: bool| Command::PlaceBid { max: won(max), confirm };
    let refused = house.order(ONE, &bidder(2), &far(1_000_000, false)).unwrap_err();
    assert_eq!(refused.code(), Code::ConfirmNeeded);
    assert_eq!(refused.detail(), json!({ "next_bid": 110, "limit": 11_000 }));
    assert_eq!(house.order(ONE, &bidder(2), &far(1_000_000, true)).unwrap()["result"], "leading");
    assert_eq!(house.price(), Some(10_010));
    // The leader's own raise can slip, too.
    assert_eq!(code(house.order(ONE, &bidder(2), &far(100_000_000, false))), Code::ConfirmNeeded);
    let mut free = House::with_live(flat_with(10, json!({ "confirm_times": null })), None);
    assert_eq!(free.bid(1, 900_000_000).unwrap()["result"], "leading");
}

#[test]
fn who_runs_auctions_bids_in_none() {
    let mut house = House::with_live(flat(10), None);
    let bid = Command::PlaceBid { max: won(500), confirm: false };
    assert_eq!(code(house.order(ONE, &clerk(), &bid)), Code::RunsAuctions);
    let admin = Actor::User { id: user(5), roles: vec![Role::User, Role::Admin] };
    assert_eq!(code(house.order(ONE, &admin, &bid)), Code::RunsAuctions);
    let other_seller = Actor::User { id: user(5), roles: vec![Role::User, Role::Seller] };
    assert_eq!(house.order(ONE, &other_seller, &bid).unwrap()["result"], "leading");
}
