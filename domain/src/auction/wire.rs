//! What the asker is answered and what watchers are told: from the events alone, so that both can be served again from
//! the journal.

use serde_json::{Value, json};

use crate::auction::event::Event;
use crate::time::Timestamp;

/// The answer to the command that made these events: the bid's decision, or the state that the auction is in now.
pub(super) fn answer(events: &[Event]) -> Value {
    let Some(last) = events.last() else { return Value::Null };
    match last {
        Event::BidPlaced(bid) => {
            let leading = bid.leader == bid.paddle;
            json!({
                "result": if leading { "leading" } else { "outbid" },
                "price": bid.price,
                "next_bid": bid.next_bid,
                "leading": leading,
                "my_max": bid.max,
                "paddle": bid.paddle,
                "ends_at": bid.ends_at,
                "bids": bid.bids,
            })
        }
        Event::MaximumRaised(raise) => json!({
            "result": "leading",
            "price": raise.price,
            "next_bid": raise.next_bid,
            "leading": true,
            "my_max": raise.max,
            "paddle": raise.paddle,
            "ends_at": raise.ends_at,
            "bids": raise.bids,
        }),
        Event::Created(_) | Event::Revised(_) => json!({ "state": "scheduled" }),
        Event::Opened(opened) => json!({ "state": "live", "next_bid": opened.next_bid, "ends_at": opened.ends_at }),
        Event::Paused { remaining_ms, .. } => json!({ "state": "paused", "remaining_ms": remaining_ms }),
        Event::Resumed { ends_at, .. } => json!({ "state": "live", "ends_at": ends_at }),
        Event::Retracted(undo) => json!({ "price": undo.price, "next_bid": undo.next_bid, "leader": undo.leader }),
        Event::OutbidTold { .. } => Value::Null,
        Event::Closing { .. } => json!({ "state": "closing" }),
        Event::Sold(award) => json!({ "state": "sold", "hammer": award.amounts.hammer, "leader": award.paddle }),
        Event::Unsold { reason } => json!({ "state": "unsold", "reason": reason }),
        Event::Settled { hammer } => json!({ "state": "settled", "hammer": hammer }),
        Event::Defaulted { hammer } => json!({ "state": "defaulted", "hammer": hammer }),
        Event::Cancelled { .. } => json!({ "state": "cancelled" }),
    }
}

/// What watchers are told of an event. Maxima, persons and the reserve's amount never leave the house.
pub(super) fn publication(event: &Event, at: Timestamp) -> Option<Value> {
    let told = match event {
        Event::Created(_) | Event::MaximumRaised(_) | Event::OutbidTold { .. } => return None,
        Event::Revised(_) => json!({ "type": "auction_changed" }),
        Event::Opened(opened) => json!({
            "type": "auction_opened",
            "price": null,
            "next_bid": opened.next_bid,
            "ends_at": opened.ends_at,
            "absolute_end_at": opened.absolute_end_at,
            "at": at,
        }),
        Event::BidPlaced(bid) => json!({
            "type": "bid_placed",
            "paddle": bid.paddle,
            "price": bid.price,
            "next_bid": bid.next_bid,
            "leader": bid.leader,
            "bids": bid.bids,
            "bidders": bid.bidders,
            "reserve": bid.reserve,
            "ends_at": bid.ends_at,
            "extended": bid.extended,
            "at": at,
        }),
        Event::Paused { remaining_ms, .. } => json!({ "type": "auction_paused", "remaining_ms": remaining_ms, "at": at }),
        Event::Resumed { ends_at, absolute_end_at } => {
            json!({ "type": "auction_resumed", "ends_at": ends_at, "absolute_end_at": absolute_end_at, "at": at })
        }
        Event::Retracted(undo) => json!({
            "type": "bids_retracted",
            "paddle": undo.paddle,
            "reason": undo.reason,
            "price": undo.price,
            "next_bid": undo.next_bid,
            "leader": undo.leader,
            "reserve": undo.reserve,
            "at": at,
        }),
        Event::Closing { hammer_at } => json!({ "type": "auction_closing", "hammer_at": hammer_at, "at": at }),
        Event::Sold(award) => {
            json!({ "type": "auction_sold", "hammer": award.amounts.hammer, "leader": award.paddle, "at": at })
        }
        Event::Unsold { reason } => json!({ "type": "auction_unsold", "reason": reason, "at": at }),
        Event::Settled { hammer } => json!({ "type": "auction_settled", "hammer": hammer, "at": at }),
        Event::Defaulted { hammer } => json!({ "type": "auction_defaulted", "hammer": hammer, "at": at }),
        Event::Cancelled { reason } => json!({ "type": "auction_cancelled", "reason": reason, "at": at }),
    };
    Some(told)
}
