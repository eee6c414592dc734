//! Why a conversation says no.

use serde_json::{Value, json};

use crate::code::Code;
use crate::entity::Reason;

/// Why a command to a conversation was refused. The text is the sentence for the person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Never opened, deleted, or not the asker's: one cannot be told from the other.
    #[error("There is no such conversation.")]
    Unknown,
    /// Opened already.
    #[error("This conversation exists already.")]
    Exists,
    /// Only a person can do this.
    #[error("Please sign in first.")]
    NotSignedIn,
    /// A text that cannot be taken.
    #[error("This cannot be taken: {0}.")]
    Invalid(&'static str),
    /// No message of that number.
    #[error("There is no such message.")]
    NoMessage,
    /// An answer is being written, and no more questions may wait.
    #[error("Please wait until the answer is finished.")]
    Busy {
        /// How many questions wait or are being answered.
        open: u32,
    },
    /// As long as a conversation may get.
    #[error("This conversation is as long as it can get: please begin a new one.")]
    Full,
    /// The answer cannot be continued.
    #[error("This answer cannot be continued.")]
    NotContinuable,
    /// The answer is not this run's.
    #[error("The answer is not this run's any more.")]
    Lost,
    /// The piece does not begin where the text ends.
    #[error("The piece does not follow the text, which has {length} characters.")]
    Gap {
        /// Where the text ends.
        length: u32,
    },
}

impl Reason for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::Unknown => Code::ChatUnknown,
            Self::Exists => Code::Conflict,
            Self::NotSignedIn => Code::Unauthenticated,
            Self::Invalid(_) => Code::ChatInvalid,
            Self::NoMessage => Code::ChatNoMessage,
            Self::Busy { .. } => Code::ChatBusy,
            Self::Full => Code::ChatFull,
            Self::NotContinuable => Code::ChatNotContinuable,
            Self::Lost | Self::Gap { .. } => Code::ChatRunLost,
        }
    }

    fn detail(&self) -> Value {
        match self {
            Self::Busy { open } => json!({ "open": open }),
            Self::Gap { length } => json!({ "length": length }),
            Self::Unknown
            | Self::Exists
            | Self::NotSignedIn
            | Self::Invalid(_)
            | Self::NoMessage
            | Self::Full
            | Self::NotContinuable
            | Self::Lost => Value::Null,
        }
    }
}
