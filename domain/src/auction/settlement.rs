//! Payment: the winner's hold becomes a transfer, exactly once; or the buyer defaults and the hold is given back.

use crate::auction::event::{Award, Event};
use crate::auction::listing::{Listing, Stage};
use crate::auction::refusal::Refusal;
use crate::auction::rules::Settle;
use crate::entity::{AccountOwner, Given, LedgerEntry, Role, Transfer};
use crate::ids::EntityId;
use crate::time::Timestamp;

impl Listing {
    /// Decides the payment of the invoice.
    pub(super) fn pay(&self, given: &Given) -> Result<Event, Refusal> {
        let Stage::Sold(award) = &self.stage else {
            return Err(Refusal::WrongState { state: self.stage.name() });
        };
        if given.actor.user() != Some(award.buyer) && !given.actor.has(Role::Clerk) {
            return Err(Refusal::NotAllowed("the winner or a clerk"));
        }
        Ok(Event::Settled { hammer: award.amounts.hammer })
    }

    /// What happens to a sold auction when its invoice is due.
    pub(super) fn due(&self, award: &Award) -> Event {
        let hammer = award.amounts.hammer;
        match self.terms.rules.settle {
            Settle::AtClose => Event::Settled { hammer },
            Settle::ByInvoice { .. } => Event::Defaulted { hammer },
        }
    }

    /// Takes the payment into the state.
    pub(super) fn apply_settled(&mut self, at: Timestamp) {
        if let Stage::Sold(award) = &self.stage {
            self.stage = Stage::Settled { award: *award, at };
        }
    }

    /// Takes the default into the state.
    pub(super) fn apply_defaulted(&mut self, at: Timestamp) {
        if let Stage::Sold(award) = &self.stage {
            self.stage = Stage::Defaulted { award: *award, at };
        }
    }

    /// The transfer that settles an award: the buyer pays the total; the seller, the house and the tax get their parts.
    #[must_use]
    pub fn settlement(&self, id: EntityId, award: &Award) -> Transfer {
        let amounts = award.amounts;
        let legs = [
            (AccountOwner::User(award.buyer), amounts.total.saturating_neg()),
            (AccountOwner::User(self.terms.seller), amounts.proceeds),
            (AccountOwner::House, amounts.premium.saturating_add(amounts.commission)),
            (AccountOwner::Tax, amounts.vat),
        ];
        let legs = legs.into_iter().filter(|(_, amount)| *amount != 0);
        Transfer {
            key: format!("{id}/settle"),
            purpose: "auction.settlement".to_owned(),
            entries: legs.map(|(account, amount)| LedgerEntry { account, amount: self.terms.money(amount) }).collect(),
        }
    }
}
