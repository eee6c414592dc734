//! An auction that exists: its terms, its book and the state it is in.

use serde::{Deserialize, Serialize};

use crate::auction::book::Book;
use crate::auction::event::{Award, UnsoldReason};
use crate::auction::soft_close::Clock;
use crate::auction::terms::Terms;
use crate::time::Timestamp;

/// The states of an auction, each carrying only what it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Offered, not open yet.
    Scheduled,
    /// Taking bids.
    Live(Clock),
    /// The clock is stopped.
    Paused(Stopped),
    /// Bidding is over; the hammer falls soon.
    Closing {
        /// When.
        hammer_at: Timestamp,
    },
    /// Sold, not paid yet.
    Sold(Award),
    /// Nobody bought.
    Unsold {
        /// Why.
        reason: UnsoldReason,
        /// When the hammer fell.
        at: Timestamp,
    },
    /// Sold and paid.
    Settled {
        /// Who bought and for what.
        award: Award,
        /// When it was paid.
        at: Timestamp,
    },
    /// Sold and not paid in time.
    Defaulted {
        /// Who should have paid and what.
        award: Award,
        /// When it was given up.
        at: Timestamp,
    },
    /// Called off.
    Cancelled {
        /// Why.
        reason: String,
        /// When.
        at: Timestamp,
    },
}

/// A stopped clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// What is left until the end; `None`: there is no planned end.
    pub remaining_ms: Option<i64>,
    /// What is left until the absolute end.
    pub absolute_remaining_ms: Option<i64>,
    /// How many times the end has moved.
    pub extensions: u32,
}

impl Stage {
    /// The state's name on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Live(_) => "live",
            Self::Paused(_) => "paused",
            Self::Closing { .. } => "closing",
            Self::Sold(_) => "sold",
            Self::Unsold { .. } => "unsold",
            Self::Settled { .. } => "settled",
            Self::Defaulted { .. } => "defaulted",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    /// Whether nothing more can happen.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Unsold { .. } | Self::Settled { .. } | Self::Defaulted { .. } | Self::Cancelled { .. })
    }
}

/// An auction that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// What is offered and how.
    pub terms: Terms,
    /// Who has bid.
    pub book: Book,
    /// The state it is in.
    pub stage: Stage,
    /// When bidding ended, which late bids may have moved from the planned end; `None` until then.
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
}
