//! Who has bid, and who leads: only what the next decision and a recomputation need, not every bid ever made.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::UserId;
use crate::time::Timestamp;

/// One who has bid. Their number, the paddle, is their place in the list, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bidder {
    /// Who.
    pub user: UserId,
    /// Their highest maximum; `None` after it was taken back.
    pub max: Option<i64>,
    /// When they were last told that they were outbid.
    pub told_at: Option<Timestamp>,
}

/// All who have bid, in the order of their first bids. Stored as the bare list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bidders {
    list: Vec<Bidder>,
    paddles: BTreeMap<UserId, u32>,
}

/// Who leads and at what price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    /// The leader's number.
    pub paddle: u32,
    /// The leader's maximum.
    pub max: i64,
    /// The visible price.
    pub price: i64,
}

/// The book of one auction.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Book {
    /// All who have bid.
    pub bidders: Bidders,
    /// Who leads; `None` before the first bid, and after the leader's bids were taken back.
    pub lead: Option<Lead>,
    /// Set once a leader's bids were taken back: where bidding went on, instead of the opening bid.
    pub resume_at: Option<i64>,
    /// How many visible bids there were.
    pub bids: u64,
    /// How many bids were accepted, private raises included.
    pub accepted: u64,
    /// Who is owed a notice of having been outbid, by number, with the moment from which they may be told.
    #[serde(default)]
    pub owed: BTreeSet<(Timestamp, u32)>,
}

impl Bidders {
    /// How many.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.list.len()).unwrap_or(u32::MAX)
    }

    /// All, in paddle order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Bidder)> {
        (1..).zip(&self.list)
    }

    /// A person's paddle.
    #[must_use]
    pub fn paddle(&self, user: UserId) -> Option<u32> {
        self.paddles.get(&user).copied()
    }

    /// Who holds a paddle.
    #[must_use]
    pub fn get(&self, paddle: u32) -> Option<&Bidder> {
        self.list.get(place(paddle)?)
    }

    /// Who holds a paddle, to change.
    pub(super) fn get_mut(&mut self, paddle: u32) -> Option<&mut Bidder> {
        self.list.get_mut(place(paddle)?)
    }

    /// The person's entry, made if this is their first bid.
    pub(super) fn enter(&mut self, user: UserId) -> Option<&mut Bidder> {
        let next = self.count().saturating_add(1);
        let paddle = *self.paddles.entry(user).or_insert(next);
        if paddle == next {
            self.list.push(Bidder { user, max: None, told_at: None });
        }
        self.get_mut(paddle)
    }
}

fn place(paddle: u32) -> Option<usize> {
    usize::try_from(paddle.checked_sub(1)?).ok()
}

impl Serialize for Bidders {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Bidders {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = Vec::<Bidder>::deserialize(deserializer)?;
        let paddles = (1..).zip(&list).map(|(paddle, bidder)| (bidder.user, paddle)).collect();
        Ok(Self { list, paddles })
    }
}

impl Book {
    /// Who leads, as a person.
    #[must_use]
    pub fn leader(&self) -> Option<UserId> {
        self.bidders.get(self.lead?.paddle).map(|bidder| bidder.user)
    }

    /// The visible price.
    #[must_use]
    pub fn price(&self) -> Option<i64> {
        self.lead.map(|lead| lead.price)
    }

    /// The two best maxima that stand when one bidder's is left out.
    #[must_use]
    pub fn best_two_without(&self, paddle: u32) -> (Option<i64>, Option<i64>) {
        let others = self.bidders.iter().filter(|(number, _)| *number != paddle).filter_map(|(_, bidder)| bidder.max);
        others.fold(
            (None, None),
            |(best, second), max| {
                if Some(max) > best { (Some(max), best) } else { (best, second.max(Some(max))) }
            },
        )
    }

    /// Puts an accepted maximum into the book.
    pub(super) fn enter(&mut self, user: UserId, max: i64) {
        if let Some(bidder) = self.bidders.enter(user) {
            bidder.max = Some(max);
        }
        self.accepted = self.accepted.saturating_add(1);
    }

    /// Moves lead and price after a visible bid was entered.
    pub(super) fn lead_on(&mut self, bid_by: u32, max: i64, leader: u32, price: i64) {
        let max = if leader == bid_by { max } else { self.lead.map_or(max, |lead| lead.max) };
        self.lead = Some(Lead { paddle: leader, max, price });
    }

    /// Takes back one bidder's maximum. Their paddle stays theirs.
    pub(super) fn void(&mut self, paddle: u32) {
        if let Some(bidder) = self.bidders.get_mut(paddle) {
            bidder.max = None;
        }
    }

    /// Takes back every maximum, and the lead.
    pub(super) fn void_all(&mut self) {
        for bidder in &mut self.bidders.list {
            bidder.max = None;
        }
        self.lead = None;
    }
}
