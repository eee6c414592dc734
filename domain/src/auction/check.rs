//! What must always be true of an auction.

use crate::auction::listing::{Listing, Stage};
use crate::auction::rules::Bidding;

fn ensure(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

impl Listing {
    /// Checks the invariants.
    pub(super) fn check(&self) -> Result<(), String> {
        self.terms.rules.check()?;
        self.check_lead()?;
        self.check_bidders()?;
        self.check_stage()
    }

    fn check_lead(&self) -> Result<(), String> {
        let Some(lead) = self.book.lead else { return Ok(()) };
        let entry = self.book.bidders.get(lead.paddle).ok_or("the leader has no entry")?;
        ensure(entry.max == Some(lead.max), "the leader's maximum is not the one in the book")?;
        ensure(entry.user != self.terms.seller, "the seller leads")?;
        ensure(lead.price <= lead.max, "the price is above the leader's maximum")?;
        ensure(lead.price >= self.terms.opening_bid, "the price is below the opening bid")?;
        let plain = self.terms.rules.bidding == Bidding::Plain;
        ensure(!plain || lead.price == lead.max, "a plain price is not the leader's bid")?;
        let reached = self.terms.reserve.filter(|&reserve| lead.max >= reserve);
        ensure(reached.is_none_or(|reserve| lead.price >= reserve), "the price is below a reserve that is met")
    }

    fn check_bidders(&self) -> Result<(), String> {
        let bidders = &self.book.bidders;
        for (paddle, bidder) in bidders.iter() {
            ensure(bidders.paddle(bidder.user) == Some(paddle), "a paddle is lost or doubled")?;
            let above = self.book.lead.is_none_or(|lead| bidder.max.is_none_or(|max| max <= lead.max));
            ensure(above, "somebody's maximum is above the leader's")?;
        }
        ensure(self.book.bids <= self.book.accepted, "more bids are visible than were accepted")
    }

    fn check_stage(&self) -> Result<(), String> {
        let ended = !matches!(self.stage, Stage::Scheduled | Stage::Live(_) | Stage::Paused(_));
        ensure(self.ended_at.is_some() == ended, "the end of bidding is known too early or not at all")?;
        match &self.stage {
            Stage::Scheduled => ensure(self.book.accepted == 0, "bids before the opening"),
            Stage::Live(clock) => {
                let bounded = clock.absolute_end_at.is_none_or(|last| clock.ends_at.is_some_and(|end| end <= last));
                ensure(bounded, "the end is after the absolute end")
            }
            Stage::Sold(award) | Stage::Settled { award, .. } | Stage::Defaulted { award, .. } => {
                let lead = self.book.lead.ok_or("sold without a leader")?;
                ensure(
                    award.paddle == lead.paddle && award.amounts.hammer == lead.price,
                    "sold to another or at another price",
                )?;
                ensure(self.book.leader() == Some(award.buyer), "the buyer does not hold the winning paddle")
            }
            Stage::Unsold { .. } | Stage::Paused(_) | Stage::Closing { .. } | Stage::Cancelled { .. } => Ok(()),
        }
    }
}
