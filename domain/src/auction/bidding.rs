//! Bids: which are accepted, and what they change. No state is copied: a decision costs a look-up of the bidder.

use crate::auction::event::{BidPlaced, Event, MaximumRaised, ReserveState};
use crate::auction::listing::{Listing, Stage};
use crate::auction::premium::cover;
use crate::auction::proxy::{Contest, price};
use crate::auction::refusal::Refusal;
use crate::auction::rules::Bidding;
use crate::auction::soft_close::Clock;
use crate::entity::{Given, Role};
use crate::ids::UserId;
use crate::money::{AmountError, Money};
use crate::time::Timestamp;

/// What a bid would make of lead and price.
struct Outcome {
    leader: u32,
    price: i64,
    best: i64,
}

impl Listing {
    /// The least amount that the next bid of somebody who does not lead must name.
    #[must_use]
    pub fn next_bid(&self) -> i64 {
        match self.book.lead {
            Some(lead) => self.terms.rules.steps.next(lead.price),
            None => self.book.resume_at.unwrap_or_else(|| self.terms.first_bid()),
        }
    }

    /// Where the price stands to the reserve.
    #[must_use]
    pub fn reserve_state(&self) -> ReserveState {
        self.reserve_at(self.book.lead.map(|lead| lead.max))
    }

    /// Where a best maximum stands to the reserve.
    pub(super) fn reserve_at(&self, best: Option<i64>) -> ReserveState {
        match self.terms.reserve {
            None => ReserveState::None,
            Some(reserve) if best.is_some_and(|best| best >= reserve) => ReserveState::Met,
            Some(_) => ReserveState::NotMet,
        }
    }

    /// What is held of a person's money for this auction.
    #[must_use]
    pub fn hold_of(&self, user: UserId) -> i64 {
        match &self.stage {
            Stage::Sold(award) if award.buyer == user => award.amounts.total,
            Stage::Live(_) | Stage::Paused(_) | Stage::Closing { .. } if self.book.leader() == Some(user) => {
                self.book.lead.map_or(0, |lead| cover(lead.max, &self.terms.rules))
            }
            Stage::Scheduled
            | Stage::Live(_)
            | Stage::Paused(_)
            | Stage::Closing { .. }
            | Stage::Sold(_)
            | Stage::Unsold { .. }
            | Stage::Settled { .. }
            | Stage::Defaulted { .. }
            | Stage::Cancelled { .. } => 0,
        }
    }

    /// Decides a bid.
    pub(super) fn place_bid(&self, max: Money, confirm: bool, given: &Given) -> Result<Event, Refusal> {
        let bidder = given.actor.user().ok_or(Refusal::NotSignedIn)?;
        self.check_amount(max)?;
        if bidder == self.terms.seller {
            return Err(Refusal::OwnAuction);
        }
        // Who runs auctions sees every maximum and the reserve.
        if given.actor.has(Role::Clerk) {
            return Err(Refusal::RunsAuctions);
        }
        let clock = self.bidding_clock(given.now)?;
        let leads = self.book.lead.filter(|lead| self.book.bidders.paddle(bidder) == Some(lead.paddle));
        match leads {
            Some(lead) => self.check_own_raise(max.amount, lead.max, lead.price)?,
            None => self.check_reaches_next(max.amount)?,
        }
        if !confirm {
            self.check_not_far_above(max.amount)?;
        }
        self.check_funds(bidder, max.amount, given)?;
        Ok(self.accepted(bidder, max.amount, leads.is_some(), clock, given.now))
    }

    fn check_amount(&self, max: Money) -> Result<(), Refusal> {
        if max.currency != self.terms.currency {
            return Err(Refusal::WrongCurrency { wanted: self.terms.currency });
        }
        match max.amount {
            ..=0 => Err(Refusal::Amount(AmountError::NotPositive)),
            1..=Money::MAX_AMOUNT => Ok(()),
            _ => Err(Refusal::Amount(AmountError::TooLarge)),
        }
    }

    /// The clock, if bids are taken at this moment: the clock decides, not whether a deadline has fired.
    fn bidding_clock(&self, now: Timestamp) -> Result<Clock, Refusal> {
        match &self.stage {
            Stage::Live(clock) if clock.is_over(now) => Err(Refusal::Closed),
            Stage::Live(clock) => Ok(*clock),
            Stage::Paused(_) => Err(Refusal::Paused),
            Stage::Scheduled if self.terms.ends_at.is_some_and(|end| now >= end) => Err(Refusal::Closed),
            Stage::Scheduled => Err(Refusal::NotOpen { starts_at: self.terms.starts_at }),
            Stage::Closing { .. }
            | Stage::Sold(_)
            | Stage::Unsold { .. }
            | Stage::Settled { .. }
            | Stage::Defaulted { .. }
            | Stage::Cancelled { .. } => Err(Refusal::Closed),
        }
    }

    fn check_own_raise(&self, max: i64, own: i64, price: i64) -> Result<(), Refusal> {
        let rules = &self.terms.rules;
        if !rules.leader_may_rebid {
            return Err(Refusal::LeaderMayNotRebid { next_bid: self.next_bid(), price });
        }
        match rules.bidding {
            Bidding::Proxy if max <= own => Err(Refusal::MaximumNotRaised { max: self.terms.money(own) }),
            Bidding::Proxy => Ok(()),
            Bidding::Plain => self.check_reaches_next(max),
        }
    }

    fn check_reaches_next(&self, max: i64) -> Result<(), Refusal> {
        let next_bid = self.next_bid();
        if max < next_bid {
            return Err(Refusal::TooLow { next_bid: self.terms.money(next_bid), price: self.book.price() });
        }
        Ok(())
    }

    /// A zero too many is more often a slip of the finger than a wish.
    fn check_not_far_above(&self, max: i64) -> Result<(), Refusal> {
        let Some(times) = self.terms.rules.confirm_times else { return Ok(()) };
        let next_bid = self.next_bid();
        let limit = next_bid.saturating_mul(times.into());
        if max > limit {
            return Err(Refusal::ConfirmNeeded { next_bid: self.terms.money(next_bid), limit });
        }
        Ok(())
    }

    fn check_funds(&self, bidder: UserId, max: i64, given: &Given) -> Result<(), Refusal> {
        let needed = self.terms.money(cover(max, &self.terms.rules));
        let free = given.available.filter(|available| available.currency == needed.currency).map_or(0, |money| money.amount);
        let available = free.saturating_add(self.hold_of(bidder));
        if available < needed.amount {
            return Err(Refusal::NoFunds { needed, available });
        }
        Ok(())
    }

    fn accepted(&self, bidder: UserId, max: i64, leads: bool, clock: Clock, now: Timestamp) -> Event {
        let known = self.book.bidders.paddle(bidder);
        let paddle = known.unwrap_or_else(|| self.book.bidders.count().saturating_add(1));
        let outcome = self.outcome(paddle, max, leads);
        let rules = &self.terms.rules;
        if leads && self.book.price() == Some(outcome.price) {
            return Event::MaximumRaised(MaximumRaised {
                paddle,
                max,
                price: outcome.price,
                next_bid: self.next_bid(),
                bids: self.book.bids,
                ends_at: clock.ends_at,
            });
        }
        let outbid = self.book.lead.map(|lead| lead.paddle).filter(|&before| before != outcome.leader);
        let extended = clock.extended(rules.soft_close.as_ref(), now);
        Event::BidPlaced(BidPlaced {
            bidder,
            paddle,
            max,
            leader: outcome.leader,
            price: outcome.price,
            next_bid: rules.steps.next(outcome.price),
            bids: self.book.bids.saturating_add(1),
            bidders: self.book.bidders.count().max(paddle),
            reserve: self.reserve_at(Some(outcome.best)),
            ends_at: extended.or(clock.ends_at),
            extended: extended.is_some(),
            outbid,
            tell: outbid.is_some_and(|paddle| self.may_tell(paddle, now)),
        })
    }

    /// Lead and price after an acceptable bid.
    fn outcome(&self, paddle: u32, max: i64, leads: bool) -> Outcome {
        if self.terms.rules.bidding == Bidding::Plain {
            return Outcome { leader: paddle, price: max, best: max };
        }
        match self.book.lead {
            None => Outcome { leader: paddle, price: self.price_between(max, None), best: max },
            // A raise of the own maximum shows only where the reserve was not met: there, the whole maximum is the price,
            // so that the others, a step behind, cannot lift it beyond the reserve.
            Some(lead) if leads => {
                let unmet = self.terms.reserve.is_some_and(|reserve| lead.max < reserve);
                let price = if unmet { self.price_between(max, None).max(lead.price) } else { lead.price };
                Outcome { leader: paddle, price, best: max }
            }
            Some(lead) if max > lead.max => {
                Outcome { leader: paddle, price: self.price_between(max, Some(lead.max)), best: max }
            }
            Some(lead) => Outcome { leader: lead.paddle, price: self.price_between(lead.max, Some(max)), best: lead.max },
        }
    }

    /// The price between two maxima in this auction.
    pub(super) fn price_between(&self, best: i64, second: Option<i64>) -> i64 {
        let start = self.book.resume_at.unwrap_or(self.terms.opening_bid);
        price(&Contest { start, reserve: self.terms.reserve, best, second }, &self.terms.rules.steps)
    }

    /// Takes a visible bid into the state.
    pub(super) fn apply_bid(&mut self, bid: &BidPlaced, at: Timestamp) {
        self.book.enter(bid.bidder, bid.max);
        self.book.lead_on(bid.paddle, bid.max, bid.leader, bid.price);
        self.book.bids = bid.bids;
        if let Some(paddle) = bid.outbid {
            self.apply_outbid(paddle, bid.tell, at);
        }
        if let (Stage::Live(clock), true) = (&mut self.stage, bid.extended) {
            clock.ends_at = bid.ends_at;
            clock.extensions = clock.extensions.saturating_add(1);
        }
    }

    /// Takes a private raise into the state.
    pub(super) fn apply_raise(&mut self, raise: &MaximumRaised) {
        if let Some(user) = self.book.bidders.get(raise.paddle).map(|bidder| bidder.user) {
            self.book.enter(user, raise.max);
        }
        if let Some(lead) = &mut self.book.lead {
            lead.max = raise.max;
        }
    }
}
