//! What each viewer may see: everybody the masked room, bidders their own part, the seller the reserve and the proceeds,
//! the clerk all of it.

use serde_json::{Map, Value, json};

use crate::auction::event::Award;
use crate::auction::listing::{Listing, Stage};
use crate::entity::{Role, Viewer};
use crate::ids::{EntityId, UserId};

/// So many bidders are listed for the clerk, those with the highest maxima.
const MAX_BIDDERS_LISTED: usize = 100;

impl Listing {
    /// The view for one viewer.
    pub(super) fn view(&self, id: EntityId, viewer: &Viewer) -> Value {
        let mut view = self.public_view(id);
        let Viewer::User { id: user, roles } = viewer else { return Value::Object(view) };
        let clerk = roles.contains(&Role::Clerk) || roles.contains(&Role::Admin);
        view.insert("mine".to_owned(), self.mine(*user));
        if *user == self.terms.seller || clerk {
            view.insert("reserve_amount".to_owned(), json!(self.terms.reserve));
        }
        if clerk {
            view.insert("clerk".to_owned(), self.clerk_part());
        }
        if let Some(Value::Object(outcome)) = view.get_mut("outcome")
            && let Some(invoice) = self.award().and_then(|award| self.invoice(award, *user, clerk))
        {
            outcome.insert("invoice".to_owned(), invoice);
        }
        Value::Object(view)
    }

    fn public_view(&self, id: EntityId) -> Map<String, Value> {
        let terms = &self.terms;
        let (ends_at, absolute_end_at, remaining_ms) = match &self.stage {
            Stage::Live(clock) => (clock.ends_at, clock.absolute_end_at, None),
            Stage::Paused(stopped) => (None, None, stopped.remaining_ms),
            Stage::Scheduled => (terms.ends_at, None, None),
            Stage::Closing { .. }
            | Stage::Sold(_)
            | Stage::Unsold { .. }
            | Stage::Settled { .. }
            | Stage::Defaulted { .. }
            | Stage::Cancelled { .. } => (self.ended_at, None, None),
        };
        let view = json!({
            "id": id.number(),
            "state": self.stage.name(),
            "artwork": terms.subject,
            "seller": terms.seller,
            "currency": terms.currency,
            "opening_bid": terms.opening_bid,
            "price": self.book.price(),
            "next_bid": self.next_bid(),
            "leader": self.book.lead.map(|lead| lead.paddle),
            "bids": self.book.bids,
            "bidders": self.book.bidders.count(),
            "reserve": self.reserve_state(),
            "starts_at": terms.starts_at,
            "ends_at": ends_at,
            "absolute_end_at": absolute_end_at,
            "paused_remaining_ms": remaining_ms,
            "rules": terms.rules,
            "mine": null,
            "outcome": self.outcome_view(),
        });
        match view {
            Value::Object(view) => view,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
        }
    }

    fn award(&self) -> Option<&Award> {
        match &self.stage {
            Stage::Sold(award) | Stage::Settled { award, .. } | Stage::Defaulted { award, .. } => Some(award),
            Stage::Scheduled
            | Stage::Live(_)
            | Stage::Paused(_)
            | Stage::Closing { .. }
            | Stage::Unsold { .. }
            | Stage::Cancelled { .. } => None,
        }
    }

    fn outcome_view(&self) -> Value {
        let sold = |award: &Award, at: Option<crate::time::Timestamp>| json!({ "result": self.stage.name(), "hammer": award.amounts.hammer, "leader": award.paddle, "at": at });
        match &self.stage {
            Stage::Scheduled | Stage::Live(_) | Stage::Paused(_) | Stage::Closing { .. } => Value::Null,
            Stage::Sold(award) => sold(award, None),
            Stage::Settled { award, at } | Stage::Defaulted { award, at } => sold(award, Some(*at)),
            Stage::Unsold { reason, at } => json!({ "result": "unsold", "reason": reason, "at": at }),
            Stage::Cancelled { reason, at } => json!({ "result": "cancelled", "reason": reason, "at": at }),
        }
    }

    /// Each party's side of the invoice.
    fn invoice(&self, award: &Award, viewer: UserId, clerk: bool) -> Option<Value> {
        let amounts = award.amounts;
        let (buyer, seller) = (clerk || viewer == award.buyer, clerk || viewer == self.terms.seller);
        if !buyer && !seller {
            return None;
        }
        let mut invoice = Map::new();
        let mut put = |name: &str, value: Value| invoice.insert(name.to_owned(), value);
        put("currency", json!(self.terms.currency));
        put("hammer", json!(amounts.hammer));
        put("due_at", json!(award.due_at));
        let paid_at = if let Stage::Settled { at, .. } = &self.stage { Some(*at) } else { None };
        put("paid_at", json!(paid_at));
        if buyer {
            put("buyer", json!(award.buyer));
            put("premium", json!(amounts.premium));
            put("vat", json!(amounts.vat));
            put("total", json!(amounts.total));
        }
        if seller {
            put("seller", json!(self.terms.seller));
            put("commission", json!(amounts.commission));
            put("proceeds", json!(amounts.proceeds));
        }
        Some(Value::Object(invoice))
    }

    fn mine(&self, user: UserId) -> Value {
        let Some(paddle) = self.book.bidders.paddle(user) else { return Value::Null };
        let max = self.book.bidders.get(paddle).and_then(|bidder| bidder.max);
        let leading = self.book.lead.is_some_and(|lead| lead.paddle == paddle);
        json!({ "paddle": paddle, "leading": leading, "max": max, "hold": self.hold_of(user) })
    }

    fn clerk_part(&self) -> Value {
        let mut bidders: Vec<_> = self.book.bidders.iter().collect();
        bidders.sort_by_key(|(_, bidder)| std::cmp::Reverse(bidder.max));
        let listed = bidders.into_iter().take(MAX_BIDDERS_LISTED);
        let bidders: Vec<_> =
            listed.map(|(paddle, bidder)| json!({ "paddle": paddle, "user": bidder.user, "max": bidder.max })).collect();
        let extensions = match &self.stage {
            Stage::Live(clock) => Some(clock.extensions),
            Stage::Paused(stopped) => Some(stopped.extensions),
            Stage::Scheduled
            | Stage::Closing { .. }
            | Stage::Sold(_)
            | Stage::Unsold { .. }
            | Stage::Settled { .. }
            | Stage::Defaulted { .. }
            | Stage::Cancelled { .. } => None,
        };
        json!({
            "reserve": self.terms.reserve,
            "leader": self.book.leader(),
            "leader_max": self.book.lead.map(|lead| lead.max),
            "accepted": self.book.accepted,
            "extensions": extensions,
            "bidders": bidders,
        })
    }
}
