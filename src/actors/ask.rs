//! What comes back from asking an entity.

use madang_domain::code::Code;
use madang_domain::time::Timestamp;
use serde_json::Value;

/// The answer to a command: given only after its events are durable.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The decision's number in the entity's journal; for an answer without events, the last committed one.
    pub seq: u64,
    /// The channel's offset after it.
    pub offset: u64,
    /// When it was decided.
    pub at: Timestamp,
    /// What the rules answer.
    pub data: Value,
    /// Whether this id was answered before and this is the same answer again.
    pub duplicate: bool,
}

/// Why a command got no [`Answer`].
#[derive(Debug, Clone, PartialEq)]
pub enum Denied {
    /// The rules said no. Final for this id; true at the committed `seq`.
    Refused {
        /// The reason.
        code: Code,
        /// One sentence for the person.
        message: String,
        /// Facts that help to ask better: an object or null.
        detail: Value,
        /// The entity's sequence number at which this was true.
        seq: u64,
    },
    /// The engine could not: `busy`, `unknown_outcome`, `moved`, `quarantined`, `stopping`, `id_reused`, `not_found`,
    /// `internal`. Where [`crate::error::Surface::temporary`] says so, ask again with the same id.
    Failed(Code),
}

impl Denied {
    /// The code of either.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Refused { code, .. } | Self::Failed(code) => *code,
        }
    }
}
