//! What is true of every house, whatever its people do: several auctions, bidders who share their money between them,
//! compared at every step with the slow reference. `PROPTEST_CASES` sets how many houses are tried.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::house::*;
use super::reference::{Reference, Says};
use crate::auction::event::BidPlaced;
use crate::auction::listing::Stage;
use crate::auction::premium::{Amounts, Band, cover};
use crate::auction::rules::{Bidding, Settle};
use crate::auction::soft_close::{SoftClose, SoftCloseMode};
use crate::auction::steps::{Step, Steps};
use crate::auction::{Auction, Command, Event, Refusal, Rules, Terms};
use crate::entity::{Actor, Entity, Viewer};
use crate::ids::UserId;
use crate::time::Timestamp;

const AUCTIONS: i64 = 3;
const BIDDERS: i64 = 4;

/// What somebody tries.
#[derive(Debug, Clone)]
enum Act {
    Bid { auction: i64, who: i64, over: i64 },
    Wild { auction: i64, who: i64, max: i64 },
    Pass { seconds: i64 },
    Sleep { seconds: i64 },
    Run { auction: i64, command: Command, by: Actor },
    Deposit { who: i64, amount: i64 },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let (auction, who) = (1..=AUCTIONS, 1..=BIDDERS);
    let bid = (auction.clone(), who.clone(), prop_oneof![-20i64..200, Just(0), -2i64..3, 0i64..20_000])
        .prop_map(|(auction, who, over)| Act::Bid { auction, who, over });
    let wild = (auction.clone(), who.clone(), any::<i64>()).prop_map(|(auction, who, max)| Act::Wild { auction, who, max });
    let pass = prop_oneof![0i64..30, 0i64..2_000].prop_map(|seconds| Act::Pass { seconds });
    let sleep = (0i64..2_000).prop_map(|seconds| Act::Sleep { seconds });
    let command = prop_oneof![
        3 => Just(Command::Open),
        2 => Just(Command::Pause),
        4 => Just(Command::Resume),
        1 => Just(Command::Close),
        2 => Just(Command::Pay),
        2 => Just(Command::Wake),
        1 => Just(Command::Cancel { reason: "enough".to_owned() }),
        4 => who.clone().prop_map(|who| Command::Retract { bidder: user(who), reason: "a slip".to_owned() }),
    ];
    let by = prop_oneof![4 => Just(clerk()), 1 => Just(seller()), 1 => Just(Actor::System), 1 => who.clone().prop_map(bidder)];
    let run = (auction, command, by).prop_map(|(auction, command, by)| Act::Run { auction, command, by });
    let deposit = (who, 1i64..30_000).prop_map(|(who, amount)| Act::Deposit { who, amount });
    let act = prop_oneof![16 => bid, 1 => wild, 2 => pass, 1 => sleep, 2 => run, 2 => deposit];
    prop::collection::vec(act, 1..60)
}

fn rules() -> impl Strategy<Value = Rules> {
    let steps = prop_oneof![
        Just(Steps::Ebay),
        Just(Steps::Whatnot),
        Just(Steps::Won),
        Just(Steps::None),
        (1i64..40, 1i64..90)
            .prop_map(|(low, high)| { Steps::Own(vec![Step { from: 0, step: low }, Step { from: 500, step: high }]) }),
    ];
    let mode = prop_oneof![Just(SoftCloseMode::Reset), Just(SoftCloseMode::Add)];
    let soft = (mode, 1u32..2_000, 1u32..900, 0u32..4);
    let soft =
        soft.prop_map(|(mode, window_s, extend_s, max_extensions)| SoftClose { mode, window_s, extend_s, max_extensions });
    let settle = prop_oneof![3 => Just(Settle::AtClose), 1 => (1u16..9).prop_map(|due_days| Settle::ByInvoice { due_days })];
    let bands = prop_oneof![
        Just(Vec::new()),
        (0u32..=10_000, 0u32..=10_000)
            .prop_map(|(low, high)| { vec![Band { from: 0, rate_bp: low }, Band { from: 700, rate_bp: high }] }),
    ];
    let flags = (prop::bool::weighted(0.7), prop::bool::weighted(0.8), any::<bool>());
    let times = (prop::option::of(soft), prop::option::of(0u32..900), prop_oneof![3 => Just(0u32), 1 => 1u32..300]);
    let money = (bands, 0u32..=2_000, 0u32..=10_000);
    (steps, flags, times, money, settle).prop_map(
        |(steps, (proxy, leader_may_rebid, opening_strict), (soft_close, absolute_end_after_s, review_s), money, settle)| {
            Rules {
                bidding: if proxy { Bidding::Proxy } else { Bidding::Plain },
                steps,
                leader_may_rebid,
                opening_strict,
                confirm_times: None,
                soft_close,
                absolute_end_after_s,
                open_for_s: None,
                review_s,
                premium: money.0,
                premium_vat_bp: money.1,
                commission_bp: money.2,
                settle,
            }
        },
    )
}

fn offers() -> impl Strategy<Value = Vec<Terms>> {
    let reserve = prop::option::weighted(0.4, 0i64..2_000);
    let starts = prop::option::of(0i64..1_000);
    let ends = prop::option::weighted(0.8, 1_001i64..5_000);
    let one = (rules(), 1i64..300, reserve, starts, ends).prop_map(|(rules, opening, over, starts, ends)| Terms {
        starts_at: starts.map(|s| start() + TimeDelta::seconds(s)),
        ends_at: ends.map(|s| start() + TimeDelta::seconds(s)),
        ..terms(rules, opening, over.map(|over| opening + over))
    });
    prop::collection::vec(one, usize::try_from(AUCTIONS).unwrap())
}

/// A house and the slow reference of each of its auctions.
struct Compared {
    house: House,
    slow: BTreeMap<i64, Reference>,
}

impl Compared {
    fn new(offers: Vec<Terms>) -> Self {
        let mut house = House::empty();
        let mut slow = BTreeMap::new();
        for (auction, terms) in (1..).zip(offers) {
            house.create(auction, terms);
            slow.insert(auction, Reference::default());
        }
        Self { house, slow }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Bid { auction, who, over } => {
                let max = self.house.listing(*auction).next_bid() + over;
                self.bid(*auction, *who, max);
            }
            Act::Wild { auction, who, max } => self.bid(*auction, *who, *max),
            Act::Pass { seconds } => {
                self.house.pass(TimeDelta::seconds(*seconds));
                let overdue = |auction: &Auction| auction.wake_at().is_some_and(|(at, _)| at <= self.house.now);
                assert!(!self.house.auctions.values().any(overdue), "nothing that is due is left undone");
            }
            Act::Sleep { seconds } => self.house.sleep(TimeDelta::seconds(*seconds)),
            Act::Run { auction, command, by } => self.run(*auction, command, by),
            Act::Deposit { who, amount } => self.house.deposit(*who, *amount),
        }
    }

    /// Gives a command; refused means unchanged.
    fn order(&mut self, auction: i64, by: &Actor, command: &Command) -> Result<serde_json::Value, Refusal> {
        let before = (self.house.auctions.clone(), self.house.ledger.clone(), self.house.told.len());
        let result = self.house.order(auction, by, command);
        if result.is_err() {
            let after = (self.house.auctions.clone(), self.house.ledger.clone(), self.house.told.len());
            assert_eq!(before, after, "refused means unchanged");
        }
        round_trip(command);
        result
    }

    fn run(&mut self, auction: i64, command: &Command, by: &Actor) {
        let result = self.order(auction, by, command);
        if let (Ok(_), Command::Retract { bidder, .. }) = (result, command) {
            let terms = self.house.listing(auction).terms.clone();
            self.slow.get_mut(&auction).unwrap().retract(&terms, *bidder);
        }
    }

    /// Whether bids are taken now, by the clock.
    fn takes_bids(&self, auction: i64) -> bool {
        let (listing, now) = (self.house.listing(auction), self.house.now);
        match &listing.stage {
            Stage::Live(clock) => clock.ends_at.is_none_or(|end| now < end),
            Stage::Scheduled => {
                let started = listing.terms.starts_at.is_some_and(|start| now >= start);
                started && listing.terms.ends_at.is_none_or(|end| now < end)
            }
            Stage::Paused(_)
            | Stage::Closing { .. }
            | Stage::Sold(_)
            | Stage::Unsold { .. }
            | Stage::Settled { .. }
            | Stage::Defaulted { .. }
            | Stage::Cancelled { .. } => false,
        }
    }

    /// A bid, decided by both; they must agree on everything.
    fn bid(&mut self, auction: i64, who: i64, max: i64) {
        let terms = self.house.listing(auction).terms.clone();
        let before = self.house.clone();
        let could = before.ledger.available(user(who), terms.currency).amount + self.house.listing(auction).hold_of(user(who));
        let in_range = (1..=crate::money::Money::MAX_AMOUNT).contains(&max);
        let possible = self.takes_bids(auction) && in_range && could >= cover(max.max(0), &terms.rules);
        let slow = self.slow.get_mut(&auction).unwrap();
        let says = if possible { slow.bid(&terms, user(who), max) } else { Says::Refused };
        let answer = self.order(auction, &bidder(who), &Command::PlaceBid { max: won(max), confirm: false });
        let wanted = match says {
            Says::Leading => Some("leading"),
            Says::Outbid => Some("outbid"),
            Says::Refused => None,
        };
        assert_eq!(answer.as_ref().ok().and_then(|answer| answer["result"].as_str()), wanted, "{answer:?}");
        if let Ok(answer) = answer {
            let listing = self.house.listing(auction);
            assert_eq!(answer["price"].as_i64(), listing.book.price());
            assert_eq!(answer["next_bid"].as_i64(), Some(listing.next_bid()));
            assert!(listing.book.price() >= before.listing(auction).book.price(), "the price never falls");
        }
    }

    /// What must be true at every instant.
    fn check(&self) {
        let mut expected: BTreeMap<(UserId, i64), i64> = BTreeMap::new();
        for (auction, slow) in &self.slow {
            let listing = self.house.listing(*auction);
            let leader = slow.leader();
            assert_eq!(listing.book.leader(), leader.map(|(user, _)| user));
            assert_eq!(listing.book.price(), slow.price());
            assert_eq!(listing.next_bid(), slow.next_bid(&listing.terms));
            let open = matches!(listing.stage, Stage::Live(_) | Stage::Paused(_) | Stage::Closing { .. });
            if let (true, Some((user, max))) = (open, leader) {
                expected.insert((user, *auction), cover(max, &listing.terms.rules));
            }
            if let Stage::Sold(award) = &listing.stage {
                expected.insert((award.buyer, *auction), award.amounts.total);
            }
            round_trip(&self.house.auctions[auction]);
        }
        let held = self.house.ledger.holds().map(|(user, by, amount)| ((user, by.number()), amount.amount));
        assert_eq!(held.collect::<BTreeMap<_, _>>(), expected, "the holds are the leaders' covers and nothing else");
        self.house.ledger.check().unwrap();
    }

    /// Lets everything come to its end and checks the whole story.
    fn finish(mut self) {
        for auction in 1..=AUCTIONS {
            let _ = self.house.order(auction, &clerk(), &Command::Resume);
            let _ = self.house.order(auction, &clerk(), &Command::Close);
        }
        self.house.pass(TimeDelta::days(400));
        self.check();
        for auction in 1..=AUCTIONS {
            check_story(&self.house, auction);
        }
        assert_eq!(self.house.ledger.holds().count(), self.still_open(), "nothing is held for what has ended");
    }

    fn still_open(&self) -> usize {
        let listings = (1..=AUCTIONS).map(|auction| self.house.listing(auction));
        listings.filter(|listing| !listing.stage.is_final() && listing.book.lead.is_some()).count()
    }
}

/// The journal tells the same state again, settles at most once, and moves the end only forwards and for a reason.
fn check_story(house: &House, auction: i64) {
    let mut again = Auction::vacant(id(auction));
    let (mut sold, mut settled) = (0, 0);
    let mut end: Option<Timestamp> = None;
    let mut seen: Option<(u32, i64)> = None;
    for decision in &house.journal[&auction] {
        for event in &decision.events {
            again.apply(event, decision.at);
            round_trip(event);
            let _ = Auction::publication(event, decision.at);
            match event {
                Event::BidPlaced(bid) => {
                    check_end(bid, seen, end, decision.at);
                    (seen, end) = (Some((bid.leader, bid.price)), bid.ends_at);
                }
                Event::MaximumRaised(raise) => assert_eq!(raise.ends_at, end, "a private raise does not extend"),
                Event::Opened(opened) => end = opened.ends_at,
                Event::Resumed { ends_at, .. } => end = *ends_at,
                Event::Retracted(undo) => seen = undo.leader.zip(undo.price),
                Event::Sold(award) => {
                    sold += 1;
                    assert_eq!(Some((award.paddle, award.amounts.hammer)), seen, "who led wins, at the price that was seen");
                }
                Event::Settled { .. } => settled += 1,
                Event::Created(_)
                | Event::Revised(_)
                | Event::Paused { .. }
                | Event::OutbidTold { .. }
                | Event::Closing { .. }
                | Event::Unsold { .. }
                | Event::Defaulted { .. }
                | Event::Cancelled { .. } => {}
            }
        }
    }
    assert_eq!(again, house.auctions[&auction], "replay equals state");
    assert!(sold <= 1 && settled <= sold, "one winner, one settlement");
    assert_eq!(house.ledger.is_posted(&format!("auction:{auction}/settle")), settled == 1);
    for viewer in [Viewer::Public, Viewer::User { id: user(1), roles: vec![crate::entity::Role::Clerk] }] {
        assert!(house.auctions[&auction].view(&viewer).is_object());
    }
}

fn check_end(bid: &BidPlaced, seen: Option<(u32, i64)>, end: Option<Timestamp>, at: Timestamp) {
    assert_ne!(seen, Some((bid.leader, bid.price)), "a visible bid changes the price or the leader");
    assert!(bid.ends_at >= end, "the end never moves back");
    assert_eq!(bid.extended, bid.ends_at != end);
    assert!(bid.ends_at.is_none_or(|end| at < end), "no bid at or after the end");
}

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
}

proptest! {
    #[test]
    fn whatever_people_do_the_house_keeps_its_promises((offers, acts) in (offers(), acts())) {
        let mut compared = Compared::new(offers);
        for act in &acts {
            compared.act(act);
            compared.check();
        }
        compared.finish();
    }

    #[test]
    fn what_is_held_covers_what_any_lower_hammer_price_costs(rules in rules(), max in 1..=1_000_000i64, lower in 0..=1_000_000i64) {
        let amounts = Amounts::of(max.min(lower), &rules);
        prop_assert!(amounts.total <= cover(max, &rules));
        prop_assert_eq!(amounts.total, amounts.proceeds + amounts.commission + amounts.premium + amounts.vat);
        prop_assert!(amounts.proceeds >= 0);
    }

    #[test]
    fn random_rules_make_sense_and_survive_their_stored_form(rules in rules()) {
        prop_assert_eq!(rules.check(), Ok(()));
        round_trip(&rules);
    }
}
