//! Why a raffle says no.

use serde_json::{Value, json};

use crate::code::Code;
use crate::entity::Reason;

/// Why a command to a raffle was refused. The text is the sentence for the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Never created.
    #[error("There is no such raffle.")]
    Unknown,
    /// Created already.
    #[error("This raffle exists already.")]
    Exists,
    /// Terms that make no sense.
    #[error("The raffle's settings are not valid: {0}.")]
    Invalid(String),
    /// Only a person can do this.
    #[error("Please sign in first.")]
    NotSignedIn,
    /// Not with this person's roles.
    #[error("Only {0} may do this.")]
    NotAllowed(&'static str),
    /// Who opens a raffle does not take part.
    #[error("You opened this raffle, so you cannot enter it.")]
    Own,
    /// Entries are over, also when the deadline has not fired yet.
    #[error("Entries are closed.")]
    Closed,
    /// A nonce that is none.
    #[error("The nonce must have 1 to 64 letters, digits, hyphens or underscores.")]
    Nonce,
    /// As many entries as fit.
    #[error("This raffle is full.")]
    Full,
    /// As many entries as one person may have.
    #[error("You have as many entries as one person may have, {most}.")]
    LimitReached {
        /// How many that are.
        most: u32,
    },
    /// Not enough stamps.
    #[error("An entry costs {needed} stamps, and you have {available}.")]
    NoFunds {
        /// What an entry costs.
        needed: i64,
        /// What the person has.
        available: i64,
    },
    /// Not in this state.
    #[error("This is not possible while the raffle is {state}.")]
    WrongState {
        /// The state's name.
        state: &'static str,
    },
    /// Another seed than the one that was committed to.
    #[error("The seed is not the one that was committed to.")]
    WrongSeed,
    /// Calling off needs a reason.
    #[error("Please give a reason of 1 to 500 characters.")]
    ReasonNeeded,
}

impl Reason for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::Unknown => Code::RaffleUnknown,
            Self::Exists | Self::WrongState { .. } => Code::RaffleWrongState,
            Self::Invalid(_) | Self::Nonce | Self::ReasonNeeded | Self::WrongSeed => Code::RaffleInvalid,
            Self::NotSignedIn => Code::Unauthenticated,
            Self::NotAllowed(_) => Code::Forbidden,
            Self::Own => Code::RaffleOwn,
            Self::Closed => Code::RaffleClosed,
            Self::Full => Code::RaffleFull,
            Self::LimitReached { .. } => Code::RaffleLimitReached,
            Self::NoFunds { .. } => Code::NoFunds,
        }
    }

    fn detail(&self) -> Value {
        match self {
            Self::LimitReached { most } => json!({ "most": most }),
            Self::NoFunds { needed, available } => json!({ "needed": needed, "available": available, "currency": "STM" }),
            Self::WrongState { state } => json!({ "state": state }),
            Self::Unknown
            | Self::Exists
            | Self::Invalid(_)
            | Self::NotSignedIn
            | Self::NotAllowed(_)
            | Self::Own
            | Self::Closed
            | Self::Nonce
            | Self::Full
            | Self::WrongSeed
            | Self::ReasonNeeded => Value::Null,
        }
    }
}
