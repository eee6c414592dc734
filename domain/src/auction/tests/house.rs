//! A house to test in: several auctions, one ledger, a clock that is advanced by hand, and people with verbs.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::auction::listing::{Listing, Stage};
use crate::auction::{Auction, Command, Event, Preset, Refusal, Rules, Subject, Terms};
use crate::entity::{AccountOwner, Actor, Effect, Entity, Given, LedgerEntry, Notice, Role, Transfer, Viewer};
use crate::ids::{ArtworkId, EntityId, Kind, UserId};
use crate::ledger::Ledger;
use crate::money::{Currency, Money};
use crate::time::Timestamp;

/// Who sells everything.
pub const SELLER: UserId = UserId::new(900);
/// Who runs everything.
pub const CLERK: UserId = UserId::new(901);
/// The auction that most tests are about.
pub const ONE: i64 = 1;

/// One committed decision.
#[derive(Debug, Clone)]
pub struct Decision {
    pub at: Timestamp,
    pub events: Vec<Event>,
}

/// The house.
#[derive(Debug, Clone)]
pub struct House {
    pub now: Timestamp,
    pub ledger: Ledger,
    pub auctions: BTreeMap<i64, Auction>,
    pub journal: BTreeMap<i64, Vec<Decision>>,
    pub told: Vec<(UserId, Notice)>,
}

pub fn start() -> Timestamp {
    "2026-03-01T05:00:00Z".parse().unwrap()
}

pub fn user(number: i64) -> UserId {
    UserId::new(number)
}

pub fn won(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

pub fn seller() -> Actor {
    Actor::User { id: SELLER, roles: vec![Role::User, Role::Seller] }
}

pub fn clerk() -> Actor {
    Actor::User { id: CLERK, roles: vec![Role::User, Role::Clerk] }
}

pub fn bidder(number: i64) -> Actor {
    Actor::User { id: user(number), roles: vec![Role::User] }
}

pub fn id(auction: i64) -> EntityId {
    EntityId::new(Kind::Auction, auction).unwrap()
}

/// Terms that open at once and last an hour.
pub fn terms(rules: Rules, opening_bid: i64, reserve: Option<i64>) -> Terms {
    Terms {
        seller: SELLER,
        subject: Subject {
            id: ArtworkId::new(7),
            title: "Mountain in Rain".to_owned(),
            artist: "Park".to_owned(),
            medium: Some("ink on paper".to_owned()),
            size: None,
            year: Some("1972".to_owned()),
            image_urls: vec!["/images/7.jpg".to_owned()],
        },
        currency: Currency::KRW,
        opening_bid,
        reserve,
        rules,
        starts_at: None,
        ends_at: Some(start() + TimeDelta::hours(1)),
    }
}

impl House {
    /// A house without auctions and money.
    pub fn empty() -> Self {
        Self { now: start(), ledger: Ledger::default(), auctions: BTreeMap::new(), journal: BTreeMap::new(), told: Vec::new() }
    }

    /// A house in which bidders 1 to 9 have a fortune.
    pub fn new() -> Self {
        let mut house = Self::empty();
        for number in 1..=9 {
            house.deposit(number, 1_000_000_000);
        }
        house
    }

    /// A house with one live auction: proxy bidding by steps of 10 from 100, unless the preset says otherwise.
    pub fn with_live(rules: Rules, reserve: Option<i64>) -> Self {
        let mut house = Self::new();
        house.create(ONE, terms(rules, 100, reserve));
        house.order(ONE, &clerk(), &Command::Open).unwrap();
        house
    }

    pub fn create(&mut self, auction: i64, terms: Terms) {
        self.order(auction, &seller(), &Command::Create(Box::new(terms))).unwrap();
    }

    pub fn deposit(&mut self, number: i64, amount: i64) {
        let entries = [(AccountOwner::World, -amount), (AccountOwner::User(user(number)), amount)];
        let entries = entries.map(|(account, amount)| LedgerEntry { account, amount: won(amount) }).to_vec();
        let key = format!("deposit/{}/{}", number, self.ledger.balance(AccountOwner::World, Currency::KRW));
        self.ledger.post(&Transfer { key, purpose: "deposit".to_owned(), entries }).unwrap();
    }

    /// Gives a command as the engine does: decide, apply, take the effects, check.
    pub fn order(&mut self, auction: i64, actor: &Actor, command: &Command) -> Result<Value, Refusal> {
        let now = self.now;
        let entity = self.auctions.entry(auction).or_insert_with(|| Auction::vacant(id(auction)));
        let available = entity.funds(command).zip(actor.user()).map(|(unit, user)| self.ledger.available(user, unit));
        let events = entity.decide(command, &Given { now, actor: actor.clone(), available, random: 0 })?;
        for event in &events {
            entity.apply(event, now);
        }
        let effects = entity.effects(&events);
        entity.check().unwrap_or_else(|broken| panic!("{broken} after {events:?}"));
        self.ledger.take(id(auction), &effects).unwrap_or_else(|error| panic!("{error} taking {effects:?}"));
        self.ledger.check().unwrap();
        self.told.extend(effects.into_iter().filter_map(|effect| match effect {
            Effect::Notify { user, notice } => Some((user, notice)),
            Effect::Hold { .. } | Effect::Transfer(_) => None,
        }));
        let answer = Auction::answer(&events);
        if !events.is_empty() {
            self.journal.entry(auction).or_default().push(Decision { at: now, events });
        }
        Ok(answer)
    }

    pub fn bid(&mut self, number: i64, max: i64) -> Result<Value, Refusal> {
        self.order(ONE, &bidder(number), &Command::PlaceBid { max: won(max), confirm: false })
    }

    /// Lets time pass, handling each deadline at its very moment.
    pub fn pass(&mut self, time: TimeDelta) {
        let until = self.now + time;
        for _ in 0..10_000 {
            let due = self.auctions.iter().filter_map(|(n, auction)| auction.wake_at().map(|(at, command)| (at, *n, command)));
            let Some((at, auction, command)) = due.min_by_key(|(at, n, _)| (*at, *n)).filter(|(at, ..)| *at <= until) else {
                self.now = until;
                return;
            };
            self.now = self.now.max(at);
            self.order(auction, &Actor::System, &command).unwrap();
        }
        panic!("a deadline that never goes away");
    }

    /// Lets time pass while no deadline is handled, as when the server is down.
    pub fn sleep(&mut self, time: TimeDelta) {
        self.now += time;
    }

    pub fn listing(&self, auction: i64) -> &Listing {
        self.auctions[&auction].listing().unwrap()
    }

    pub fn stage(&self) -> &'static str {
        self.listing(ONE).stage.name()
    }

    pub fn price(&self) -> Option<i64> {
        self.listing(ONE).book.price()
    }

    pub fn leader(&self) -> Option<i64> {
        self.listing(ONE).book.leader().map(UserId::get)
    }

    pub fn ends_at(&self) -> Option<Timestamp> {
        match &self.listing(ONE).stage {
            Stage::Live(clock) => clock.ends_at,
            Stage::Scheduled
            | Stage::Paused(_)
            | Stage::Closing { .. }
            | Stage::Sold(_)
            | Stage::Unsold { .. }
            | Stage::Settled { .. }
            | Stage::Defaulted { .. }
            | Stage::Cancelled { .. } => panic!("no end while {}", self.stage()),
        }
    }

    pub fn held(&self, number: i64) -> i64 {
        self.ledger.held(user(number), Currency::KRW)
    }

    pub fn balance(&self, owner: AccountOwner) -> i64 {
        self.ledger.balance(owner, Currency::KRW)
    }

    /// What somebody was told, by the notices' names.
    pub fn told(&self, who: UserId) -> Vec<&str> {
        self.told.iter().filter(|(user, _)| *user == who).map(|(_, notice)| notice.kind.as_str()).collect()
    }

    pub fn last_event(&self) -> &Event {
        self.journal[&ONE].last().unwrap().events.last().unwrap()
    }

    pub fn view(&self, viewer: &Viewer) -> Value {
        self.auctions[&ONE].view(viewer)
    }

    pub fn view_of(&self, actor: &Actor) -> Value {
        match actor {
            Actor::User { id, roles } => self.view(&Viewer::User { id: *id, roles: roles.clone() }),
            Actor::System => self.view(&Viewer::Public),
        }
    }
}

/// Proxy bidding by flat steps, nothing else.
pub fn flat(step: i64) -> Rules {
    let overrides = json!({ "steps": { "own": [{ "from": 0, "step": step }] }, "soft_close": null, "confirm_times": null });
    Preset::Timed.rules_with(Currency::KRW, &overrides).unwrap()
}

/// The same with some rules replaced.
pub fn flat_with(step: i64, overrides: Value) -> Rules {
    let mut all = json!({ "steps": { "own": [{ "from": 0, "step": step }] }, "soft_close": null, "confirm_times": null });
    all.as_object_mut().unwrap().extend(overrides.as_object().unwrap().clone());
    Preset::Timed.rules_with(Currency::KRW, &all).unwrap()
}
