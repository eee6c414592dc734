//! What has happened to an auction. Stored for ever: fields are only ever added, with a default.

use serde::{Deserialize, Serialize};

use crate::auction::premium::Amounts;
use crate::auction::terms::Terms;
use crate::ids::UserId;
use crate::time::Timestamp;

/// An event of one auction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// An artwork was offered.
    Created(Box<Terms>),
    /// The terms were replaced.
    Revised(Box<Terms>),
    /// Bidding began.
    Opened(Opened),
    /// A bid that watchers can see: it changed the price or the leader.
    BidPlaced(BidPlaced),
    /// The leader raised the own maximum and nothing visible changed.
    MaximumRaised(MaximumRaised),
    /// The clock was stopped.
    Paused {
        /// What was left until the end.
        remaining_ms: Option<i64>,
        /// What was left until the absolute end.
        absolute_remaining_ms: Option<i64>,
    },
    /// The clock goes on.
    Resumed {
        /// The new end.
        ends_at: Option<Timestamp>,
        /// The new absolute end.
        absolute_end_at: Option<Timestamp>,
    },
    /// A clerk took back all bids of one bidder.
    Retracted(Retracted),
    /// People who were outbid, and told so a moment before, were told again: they still do not lead.
    OutbidTold {
        /// Who, by number.
        paddles: Vec<u32>,
        /// All that were owed a notice up to this moment are done with.
        through: Timestamp,
    },
    /// Bidding ended.
    Closing {
        /// When the hammer falls.
        hammer_at: Timestamp,
    },
    /// The hammer fell for a buyer.
    Sold(Award),
    /// The hammer fell for nobody.
    Unsold {
        /// Why.
        reason: UnsoldReason,
    },
    /// The buyer paid and the seller was credited.
    Settled {
        /// The price the hammer had fallen at.
        hammer: i64,
    },
    /// The buyer did not pay in time.
    Defaulted {
        /// The price the hammer had fallen at.
        hammer: i64,
    },
    /// It was called off.
    Cancelled {
        /// Why.
        reason: String,
    },
}

/// Bidding began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The least amount the first bid must name.
    pub next_bid: i64,
    /// The planned end.
    pub ends_at: Option<Timestamp>,
    /// Late bids do not move the end beyond this.
    pub absolute_end_at: Option<Timestamp>,
}

/// A visible bid, with all that the answer and the watchers are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BidPlaced {
    /// Who bid.
    pub bidder: UserId,
    /// The bidder's number in this auction.
    pub paddle: u32,
    /// The bidder's maximum: private.
    pub max: i64,
    /// Who leads now, by number.
    pub leader: u32,
    /// The price now.
    pub price: i64,
    /// The least amount that the next bid must name.
    pub next_bid: i64,
    /// How many visible bids there are.
    pub bids: u64,
    /// How many have bid.
    pub bidders: u32,
    /// Where the price stands to the reserve.
    pub reserve: ReserveState,
    /// The end now.
    pub ends_at: Option<Timestamp>,
    /// Whether this bid moved the end.
    pub extended: bool,
    /// Who lost the lead by it, by number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbid: Option<u32>,
    /// Whether they are told now; if not, they were told a moment ago and are told later, unless they lead again then.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tell: bool,
}

/// The leader's private raise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaximumRaised {
    /// The leader's number.
    pub paddle: u32,
    /// The new maximum: private.
    pub max: i64,
    /// The price, as before.
    pub price: i64,
    /// The least amount that the next bid must name, as before.
    pub next_bid: i64,
    /// How many visible bids there are, as before.
    pub bids: u64,
    /// The end, as before.
    pub ends_at: Option<Timestamp>,
}

/// Bids were taken back and the price was reckoned again from the bids that are left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retracted {
    /// Whose bids.
    pub bidder: UserId,
    /// The bidder's number.
    pub paddle: u32,
    /// Why.
    pub reason: String,
    /// The price now; `None`: nobody leads.
    pub price: Option<i64>,
    /// The least amount that the next bid must name.
    pub next_bid: i64,
    /// Who leads now, by number.
    pub leader: Option<u32>,
    /// Where the price stands to the reserve.
    pub reserve: ReserveState,
}

/// Where the price stands to the hidden reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReserveState {
    /// There is no reserve.
    None,
    /// Reached.
    Met,
    /// Not reached.
    NotMet,
}

/// Why nobody bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnsoldReason {
    /// No bid stands.
    NoBids,
    /// The best maximum is below the reserve.
    ReserveNotMet,
}

/// Who bought, and what it costs and brings: the invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Award {
    /// The buyer.
    pub buyer: UserId,
    /// The buyer's number.
    pub paddle: u32,
    /// All amounts.
    #[serde(flatten)]
    pub amounts: Amounts,
    /// When the invoice is due.
    pub due_at: Timestamp,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}
