//! The end of bidding and the hammer.

use chrono::TimeDelta;

use crate::auction::event::{Award, Event, UnsoldReason};
use crate::auction::listing::{Listing, Stage};
use crate::auction::premium::Amounts;
use crate::auction::refusal::Refusal;
use crate::auction::rules::Settle;
use crate::entity::{Given, Role};
use crate::time::Timestamp;

impl Listing {
    /// Decides a clerk's end of bidding.
    pub(super) fn close(&self, given: &Given) -> Result<Vec<Event>, Refusal> {
        if !given.actor.has(Role::Clerk) {
            return Err(Refusal::NotAllowed("a clerk"));
        }
        match &self.stage {
            Stage::Live(_) | Stage::Paused(_) => Ok(self.end_bidding(given.now)),
            Stage::Closing { .. } => Ok(vec![self.hammer(given.now)]),
            Stage::Scheduled
            | Stage::Sold(_)
            | Stage::Unsold { .. }
            | Stage::Settled { .. }
            | Stage::Defaulted { .. }
            | Stage::Cancelled { .. } => Err(Refusal::WrongState { state: self.stage.name() }),
        }
    }

    /// Ends bidding; the hammer falls at once where no review is wanted.
    pub(super) fn end_bidding(&self, now: Timestamp) -> Vec<Event> {
        let review = TimeDelta::seconds(self.terms.rules.review_s.into());
        let hammer_at = now.checked_add_signed(review).unwrap_or(now);
        let mut events = vec![Event::Closing { hammer_at }];
        if review.is_zero() {
            events.push(self.hammer(now));
        }
        events
    }

    /// Lets the hammer fall: for the leader whose maximum reaches the reserve, else for nobody.
    pub(super) fn hammer(&self, now: Timestamp) -> Event {
        let Some((lead, buyer)) = self.book.lead.zip(self.book.leader()) else {
            return Event::Unsold { reason: UnsoldReason::NoBids };
        };
        if self.terms.reserve.is_some_and(|reserve| lead.max < reserve) {
            return Event::Unsold { reason: UnsoldReason::ReserveNotMet };
        }
        let rules = &self.terms.rules;
        let due_in = match rules.settle {
            Settle::AtClose => TimeDelta::zero(),
            Settle::ByInvoice { due_days } => TimeDelta::days(due_days.into()),
        };
        Event::Sold(Award {
            buyer,
            paddle: lead.paddle,
            amounts: Amounts::of(lead.price, rules),
            due_at: now.checked_add_signed(due_in).unwrap_or(now),
        })
    }
}
