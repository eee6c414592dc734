//! The clerk's undo: all bids of one bidder are taken back, and the price is reckoned again from the bids that are left,
//! never patched.

use crate::auction::event::{Event, Retracted};
use crate::auction::listing::{Listing, Stage};
use crate::auction::refusal::Refusal;
use crate::auction::rules::Bidding;
use crate::entity::{Given, Role};
use crate::ids::UserId;

impl Listing {
    /// Decides the undo of one bidder's bids. When they led, nobody leads after it: the others' holds were given back when
    /// they were outbid, so their bids do not bind them; bidding goes on at the price that the bids left would give.
    pub(super) fn retract(&self, bidder: UserId, reason: &str, given: &Given) -> Result<Event, Refusal> {
        if !given.actor.has(Role::Clerk) {
            return Err(Refusal::NotAllowed("a clerk"));
        }
        if reason.trim().is_empty() || reason.chars().count() > super::MAX_REASON {
            return Err(Refusal::ReasonNeeded);
        }
        match &self.stage {
            Stage::Live(_) | Stage::Paused(_) | Stage::Closing { .. } => {}
            Stage::Scheduled
            | Stage::Sold(_)
            | Stage::Unsold { .. }
            | Stage::Settled { .. }
            | Stage::Defaulted { .. }
            | Stage::Cancelled { .. } => return Err(Refusal::WrongState { state: self.stage.name() }),
        }
        let paddle = self.book.bidders.paddle(bidder).ok_or(Refusal::NoSuchBidder)?;
        if self.book.bidders.get(paddle).is_none_or(|entry| entry.max.is_none()) {
            return Err(Refusal::NoSuchBidder);
        }
        Ok(Event::Retracted(self.without(bidder, paddle, reason)))
    }

    fn without(&self, bidder: UserId, paddle: u32, reason: &str) -> Retracted {
        let (best, second) = self.book.best_two_without(paddle);
        let plain = self.terms.rules.bidding == Bidding::Plain;
        let reckoned = best.map(|best| if plain { best } else { self.price_between(best, second) });
        let reason = reason.to_owned();
        match self.book.lead.filter(|lead| lead.paddle != paddle) {
            Some(lead) => {
                // Never above the price that stands: a private raise after a tie must stay private.
                let price = reckoned.map_or(lead.price, |price| price.min(lead.price));
                Retracted {
                    bidder,
                    paddle,
                    reason,
                    price: Some(price),
                    next_bid: self.terms.rules.steps.next(price),
                    leader: Some(lead.paddle),
                    reserve: self.reserve_at(Some(lead.max)),
                }
            }
            None => Retracted {
                bidder,
                paddle,
                reason,
                price: None,
                next_bid: reckoned.unwrap_or_else(|| self.terms.first_bid()),
                leader: None,
                reserve: self.reserve_at(None),
            },
        }
    }

    /// Takes an undo into the state.
    pub(super) fn apply_retracted(&mut self, undo: &Retracted) {
        self.book.void(undo.paddle);
        match (undo.leader, undo.price, &mut self.book.lead) {
            (Some(_), Some(price), Some(lead)) => lead.price = price,
            _ => {
                self.book.void_all();
                self.book.resume_at = Some(undo.next_bid);
            }
        }
    }
}
