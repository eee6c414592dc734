//! What has happened to a raffle. Stored for ever: fields are only ever added, with a default.

use serde::{Deserialize, Serialize};

use crate::draw::{Digest, Seed};
use crate::ids::UserId;
use crate::raffle::terms::{Created, Prize};

/// An event of one raffle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// It opened.
    Created(Box<Created>),
    /// There is more to win.
    PrizesAdded {
        /// What.
        added: Vec<Prize>,
        /// How many prizes there are now.
        prizes: u32,
        /// How many entries there are.
        entries: u32,
    },
    /// Somebody entered.
    Entered(Entered),
    /// Nobody can enter any more.
    Frozen {
        /// The hash of the list.
        list_hash: Digest,
        /// How many entries are on it.
        entries: u32,
    },
    /// The date of the draw has come: the house must reveal the seed.
    DrawDue,
    /// It was drawn.
    Drawn {
        /// What decided it, revealed.
        seed: Seed,
        /// Who has what, by prize.
        winners: Vec<Win>,
    },
    /// It was called off.
    Cancelled {
        /// Why.
        reason: String,
    },
    /// Some participants have their stamps back.
    Refunded {
        /// The first of them, by number.
        from: u32,
        /// The last of them.
        through: u32,
    },
}

/// An entry, with all that the answer and the watchers are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    /// The entry's number: 1, 2, 3 ... It is the number of its ticket.
    pub entry: u32,
    /// Who.
    pub user: UserId,
    /// The person's number in this raffle: 1, 2, 3 ...
    pub participant: u32,
    /// What was added to the draw.
    pub nonce: String,
    /// How many entries this person has now.
    pub mine: u32,
    /// How many take part now.
    pub participants: u32,
    /// How many prizes there are.
    pub prizes: u32,
}

/// A prize and who won it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Win {
    /// Which prize: 1, 2, 3 ...
    pub prize: u32,
    /// By which ticket.
    pub ticket: u32,
    /// The winner's number in this raffle.
    pub participant: u32,
    /// The winner.
    pub user: UserId,
}
