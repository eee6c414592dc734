//! What others must do: hold and move money, tell people.

use serde_json::{Map, Value, json};

use crate::auction::event::{Award, BidPlaced, Event, UnsoldReason};
use crate::auction::listing::{Listing, Stage};
use crate::entity::{Effect, Notice};
use crate::ids::{EntityId, UserId};

/// At most so many losers are told, those who came closest: the rest see it on the page.
const MAX_LOSERS_TOLD: usize = 500;

impl Listing {
    /// The effects of one event, `self` being the state after it and what followed it.
    pub(super) fn effects_of(&self, id: EntityId, event: &Event) -> Vec<Effect> {
        match event {
            Event::BidPlaced(bid) => self.of_bid(id, bid),
            Event::MaximumRaised(raise) => self.user_of(raise.paddle).map(|user| self.hold_now(user)).into_iter().collect(),
            Event::Retracted(undo) => {
                let mut effects = vec![self.hold_now(undo.bidder)];
                effects.push(self.tell(id, undo.bidder, "auction.retracted", json!({ "reason": undo.reason }), true));
                effects
            }
            Event::OutbidTold { paddles, .. } => {
                let users = paddles.iter().filter_map(|paddle| self.user_of(*paddle));
                users.map(|user| self.tell_outbid(id, user)).collect()
            }
            Event::Sold(award) => self.of_sold(id, award),
            Event::Unsold { reason } => self.of_unsold(id, *reason),
            Event::Settled { .. } => self.of_payment(id),
            Event::Defaulted { .. } => self.of_default(id),
            Event::Cancelled { reason } => self.of_cancellation(id, reason),
            Event::Created(_)
            | Event::Revised(_)
            | Event::Opened(_)
            | Event::Paused { .. }
            | Event::Resumed { .. }
            | Event::Closing { .. } => Vec::new(),
        }
    }

    fn user_of(&self, paddle: u32) -> Option<UserId> {
        self.book.bidders.get(paddle).map(|bidder| bidder.user)
    }

    /// The hold of a person as it must be now. Releases come first in every list, so that money is never counted twice.
    fn hold_now(&self, user: UserId) -> Effect {
        Effect::Hold { user, amount: self.terms.money(self.hold_of(user)) }
    }

    fn tell(&self, id: EntityId, user: UserId, kind: &str, fields: Value, mail: bool) -> Effect {
        let mut all = Map::new();
        all.insert("auction".to_owned(), json!(id.number()));
        all.insert("title".to_owned(), json!(self.terms.subject.title));
        all.insert("artist".to_owned(), json!(self.terms.subject.artist));
        all.insert("currency".to_owned(), json!(self.terms.currency));
        if let Value::Object(fields) = fields {
            all.extend(fields);
        }
        let notice = Notice { kind: kind.to_owned(), about: id.to_string(), fields: Value::Object(all), mail, push: false };
        Effect::Notify { user, notice }
    }

    fn of_bid(&self, id: EntityId, bid: &BidPlaced) -> Vec<Effect> {
        let mut effects = Vec::new();
        let outbid = bid.outbid.and_then(|paddle| self.user_of(paddle));
        if let Some(user) = outbid {
            effects.push(self.hold_now(user));
        }
        if bid.leader == bid.paddle {
            effects.push(self.hold_now(bid.bidder));
        }
        if let Some(user) = outbid.filter(|_| bid.tell) {
            effects.push(self.tell_outbid(id, user));
        }
        effects
    }

    fn tell_outbid(&self, id: EntityId, user: UserId) -> Effect {
        let ends_at = if let Stage::Live(clock) = &self.stage { clock.ends_at } else { None };
        let fields = json!({ "price": self.book.price(), "next_bid": self.next_bid(), "ends_at": ends_at });
        self.tell(id, user, "auction.outbid", fields, true)
    }

    fn of_sold(&self, id: EntityId, award: &Award) -> Vec<Effect> {
        let amounts = award.amounts;
        let won = json!({
            "hammer": amounts.hammer, "premium": amounts.premium, "vat": amounts.vat, "total": amounts.total,
            "due_at": award.due_at,
        });
        let sold = json!({ "hammer": amounts.hammer, "commission": amounts.commission, "proceeds": amounts.proceeds });
        let mut effects = vec![
            self.hold_now(award.buyer),
            self.tell(id, award.buyer, "auction.won", won, true),
            self.tell(id, self.terms.seller, "auction.sold", sold, true),
        ];
        effects.extend(self.tell_losers(id, Some(award.paddle), amounts.hammer));
        effects
    }

    fn tell_losers(&self, id: EntityId, winner: Option<u32>, hammer: i64) -> Vec<Effect> {
        let losers = self.book.bidders.iter().filter(|(paddle, bidder)| Some(*paddle) != winner && bidder.max.is_some());
        let mut losers: Vec<_> = losers.map(|(_, bidder)| (bidder.max, bidder.user)).collect();
        losers.sort_unstable_by(|a, b| b.cmp(a));
        let nearest = losers.into_iter().take(MAX_LOSERS_TOLD);
        nearest.map(|(_, user)| self.tell(id, user, "auction.lost", json!({ "hammer": hammer }), false)).collect()
    }

    fn of_unsold(&self, id: EntityId, reason: UnsoldReason) -> Vec<Effect> {
        let mut effects: Vec<_> = self.book.leader().map(|user| self.hold_now(user)).into_iter().collect();
        effects.push(self.tell(id, self.terms.seller, "auction.unsold", json!({ "reason": reason }), true));
        if let Some(user) = self.book.leader() {
            effects.push(self.tell(id, user, "auction.not_sold_to_you", json!({ "reason": reason }), true));
        }
        effects
    }

    fn of_payment(&self, id: EntityId) -> Vec<Effect> {
        let Stage::Settled { award, .. } = &self.stage else { return Vec::new() };
        let proceeds = json!({ "hammer": award.amounts.hammer, "proceeds": award.amounts.proceeds });
        vec![
            self.hold_now(award.buyer),
            Effect::Transfer(self.settlement(id, award)),
            self.tell(id, self.terms.seller, "auction.paid_out", proceeds, false),
        ]
    }

    fn of_default(&self, id: EntityId) -> Vec<Effect> {
        let Stage::Defaulted { award, .. } = &self.stage else { return Vec::new() };
        let fields = json!({ "hammer": award.amounts.hammer, "total": award.amounts.total });
        vec![
            self.hold_now(award.buyer),
            self.tell(id, award.buyer, "auction.defaulted", fields.clone(), true),
            self.tell(id, self.terms.seller, "auction.defaulted", fields, true),
        ]
    }

    fn of_cancellation(&self, id: EntityId, reason: &str) -> Vec<Effect> {
        let fields = json!({ "reason": reason });
        let mut effects: Vec<_> = self.book.leader().map(|user| self.hold_now(user)).into_iter().collect();
        effects.push(self.tell(id, self.terms.seller, "auction.cancelled", fields.clone(), true));
        effects.extend(self.book.leader().map(|user| self.tell(id, user, "auction.cancelled", fields, true)));
        effects
    }
}
