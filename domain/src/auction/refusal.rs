//! Why an auction says no.

use serde_json::{Value, json};

use crate::code::Code;
use crate::entity::Reason;
use crate::money::{AmountError, Currency, Money};
use crate::time::Timestamp;

/// Why a command to an auction was refused. The text is the sentence for the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Never created.
    #[error("There is no such auction.")]
    Unknown,
    /// Created already.
    #[error("This auction exists already.")]
    Exists,
    /// Terms that make no sense.
    #[error("The auction's settings are not valid: {0}.")]
    Invalid(String),
    /// Only a person can do this.
    #[error("Please sign in first.")]
    NotSignedIn,
    /// Not with this person's roles.
    #[error("Only {0} may do this.")]
    NotAllowed(&'static str),
    /// Sellers may not bid on their own.
    #[error("You cannot bid on your own auction.")]
    OwnAuction,
    /// Those who run auctions see every maximum.
    #[error("Who runs auctions sees every maximum, and may not bid.")]
    RunsAuctions,
    /// Far above what is needed, and not confirmed.
    #[error("This is far above the next possible amount, {next_bid}: please confirm it.")]
    ConfirmNeeded {
        /// The next possible amount.
        next_bid: Money,
        /// The highest amount that needs no confirmation.
        limit: i64,
    },
    /// Bidding has not begun.
    #[error("Bidding has not started yet.")]
    NotOpen {
        /// When it will.
        starts_at: Option<Timestamp>,
    },
    /// Bidding is over, also when the deadline has not fired yet.
    #[error("Bidding has ended.")]
    Closed,
    /// Bidding is paused.
    #[error("Bidding is paused.")]
    Paused,
    /// A bid in another currency.
    #[error("Bids in this auction are in {wanted}.")]
    WrongCurrency {
        /// The auction's currency.
        wanted: Currency,
    },
    /// Zero, negative or beyond what we count.
    #[error("{0}.")]
    Amount(AmountError),
    /// Below the next possible amount.
    #[error("The bid is below the next possible amount, {next_bid}.")]
    TooLow {
        /// The next possible amount.
        next_bid: Money,
        /// The price now.
        price: Option<i64>,
    },
    /// The leader may not bid again, by this auction's rules.
    #[error("You already lead, and in this auction the leader may not bid again.")]
    LeaderMayNotRebid {
        /// The next possible amount, for others.
        next_bid: i64,
        /// The price now.
        price: i64,
    },
    /// The leader may only raise the own maximum.
    #[error("You lead with a maximum of {max}: only a higher one changes it.")]
    MaximumNotRaised {
        /// The leader's own maximum.
        max: Money,
    },
    /// What the person could hold does not cover the bid.
    #[error("Your available balance does not cover this bid: {needed} is needed.")]
    NoFunds {
        /// What the bid needs in all.
        needed: Money,
        /// What the person could hold for it.
        available: i64,
    },
    /// Not in this state.
    #[error("This is not possible while the auction is {state}.")]
    WrongState {
        /// The state's name.
        state: &'static str,
    },
    /// Nobody of that id has a bid in the book.
    #[error("This person has no bid in this auction.")]
    NoSuchBidder,
    /// An undo needs a reason.
    #[error("Please give a reason of 1 to 500 characters.")]
    ReasonNeeded,
}

impl Reason for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::Unknown => Code::AuctionUnknown,
            Self::Exists | Self::WrongState { .. } => Code::AuctionWrongState,
            Self::Invalid(_) | Self::ReasonNeeded => Code::AuctionInvalid,
            Self::NotSignedIn => Code::Unauthenticated,
            Self::NotAllowed(_) => Code::Forbidden,
            Self::OwnAuction => Code::OwnAuction,
            Self::RunsAuctions => Code::RunsAuctions,
            Self::ConfirmNeeded { .. } => Code::ConfirmNeeded,
            Self::NotOpen { .. } => Code::AuctionNotOpen,
            Self::Closed => Code::AuctionClosed,
            Self::Paused => Code::AuctionPaused,
            Self::WrongCurrency { .. } => Code::WrongCurrency,
            Self::Amount(AmountError::NotANumber) => Code::AmountNotANumber,
            Self::Amount(AmountError::Fractional) => Code::AmountFractional,
            Self::Amount(AmountError::NotPositive) => Code::AmountNotPositive,
            Self::Amount(AmountError::TooLarge) => Code::AmountTooLarge,
            Self::TooLow { .. } => Code::BidTooLow,
            Self::LeaderMayNotRebid { .. } => Code::LeaderMayNotRebid,
            Self::MaximumNotRaised { .. } => Code::MaximumNotRaised,
            Self::NoFunds { .. } => Code::NoFunds,
            Self::NoSuchBidder => Code::NotFound,
        }
    }

    fn detail(&self) -> Value {
        match self {
            Self::TooLow { next_bid, price } => json!({ "next_bid": next_bid.amount, "price": price }),
            Self::ConfirmNeeded { next_bid, limit } => json!({ "next_bid": next_bid.amount, "limit": limit }),
            Self::LeaderMayNotRebid { next_bid, price } => json!({ "next_bid": next_bid, "price": price }),
            Self::MaximumNotRaised { max } => json!({ "my_max": max.amount }),
            Self::NoFunds { needed, available } => json!({ "needed": needed.amount, "available": available }),
            Self::WrongCurrency { wanted } => json!({ "currency": wanted }),
            Self::NotOpen { starts_at } => json!({ "starts_at": starts_at }),
            Self::WrongState { state } => json!({ "state": state }),
            Self::Unknown
            | Self::Exists
            | Self::Invalid(_)
            | Self::NotSignedIn
            | Self::NotAllowed(_)
            | Self::OwnAuction
            | Self::RunsAuctions
            | Self::Closed
            | Self::Paused
            | Self::Amount(_)
            | Self::NoSuchBidder
            | Self::ReasonNeeded => Value::Null,
        }
    }
}
