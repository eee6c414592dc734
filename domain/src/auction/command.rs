//! What can be asked of an auction.

use serde::{Deserialize, Serialize};

use crate::auction::terms::Terms;
use crate::ids::UserId;
use crate::money::Money;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// A command to one auction. Who commands is never part of it: the engine tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Offers an artwork. By the seller named in the terms, or by a clerk for them.
    Create(Box<Terms>),
    /// Replaces the terms, as long as it has not opened. By its seller or a clerk.
    Revise(Box<Terms>),
    /// Opens it now. By its seller or a clerk.
    Open,
    /// Bids: a private maximum, or the price itself where bidding is plain. By anybody but its seller and those who run
    /// auctions.
    PlaceBid {
        /// The most the bidder will pay as hammer price.
        max: Money,
        /// Whether the bidder was asked once more about an amount far above what is needed.
        #[serde(default, skip_serializing_if = "is_false")]
        confirm: bool,
    },
    /// Stops the clock. By a clerk.
    Pause,
    /// Lets the clock go on with the time that was left. By a clerk.
    Resume,
    /// Takes back all bids of one bidder while bidding goes on. By a clerk, with a reason.
    Retract {
        /// Whose bids.
        bidder: UserId,
        /// Why: everybody can read it.
        reason: String,
    },
    /// Ends bidding now. By a clerk.
    Close,
    /// Calls it off. By a clerk; by its seller as long as nobody has bid.
    Cancel {
        /// Why: everybody can read it.
        #[serde(default)]
        reason: String,
    },
    /// Pays the invoice from the hold. By the winner or a clerk.
    Pay,
    /// Does what is due: opens, tells the outbid, ends, lets the hammer fall, settles, defaults. By the system, at
    /// [`wake_at`](crate::entity::Entity::wake_at). With nothing due it changes nothing.
    Wake,
}
