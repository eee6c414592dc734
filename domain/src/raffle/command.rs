//! What can be asked of a raffle.

use serde::{Deserialize, Serialize};

use crate::draw::Seed;
use crate::raffle::terms::{Prize, Terms};

/// A command to one raffle. Who commands is never part of it: the engine tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Opens a raffle. By an admin.
    Create(Box<Terms>),
    /// Adds prizes while entries are taken. By an admin.
    AddPrizes {
        /// Which; they come after those that are there.
        prizes: Vec<Prize>,
    },
    /// Takes part once more, for the price of an entry. By anybody but who created it.
    Enter {
        /// What the participant adds to the draw; without it the house adds something by chance.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nonce: Option<String>,
    },
    /// Calls it off while entries are taken: everybody gets their stamps back. By an admin.
    Cancel {
        /// Why: everybody can read it.
        reason: String,
    },
    /// Draws, with the seed revealed. By the system, once [`DrawDue`](crate::raffle::Event::DrawDue) asks for it.
    Draw {
        /// The seed that was committed to.
        seed: Seed,
    },
    /// Does what is due: freezes the list, asks for the draw, pays back. By the system, at
    /// [`wake_at`](crate::entity::Entity::wake_at). With nothing due it changes nothing.
    Wake,
}
