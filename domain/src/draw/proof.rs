//! The proof of a draw: everything that is needed to repeat it, in one file.

use serde::{Deserialize, Serialize};

use crate::draw::Flaw;
use crate::draw::digest::{Digest, Seed};
use crate::draw::list::{Announced, FrozenList, Ticket};
use crate::draw::rank::Winner;
use crate::time::Timestamp;

/// The version that is written.
pub const VERSION: u16 = 1;

/// What is told after a draw, so that anybody can repeat it. Older versions are readable for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The version of this form.
    pub version: u16,
    /// What was announced when the draw opened.
    pub announced: Announced,
    /// The hash that was published when the list was frozen.
    pub list_hash: Digest,
    /// When that was.
    pub frozen_at: Timestamp,
    /// The seed, revealed by the draw.
    pub seed: Seed,
    /// The value of the announced beacon's round, in lower-case hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beacon_value: Option<String>,
    /// When it was drawn.
    pub drawn_at: Timestamp,
    /// The frozen list, by ticket number.
    pub tickets: Vec<Ticket>,
    /// Who has which prize.
    pub winners: Vec<Winner>,
}

/// Repeats a draw from its proof: the commitment is the seed's, the hash is the list's, the list was frozen before it was
/// drawn, and the winners are those that follow. Times are the house's word; compare the hash with the one that you saw
/// when the list was frozen.
///
/// # Errors
/// The first thing that does not hold.
pub fn verify(proof: &Proof) -> Result<(), Flaw> {
    if proof.version != VERSION {
        return Err(Flaw::Version(proof.version));
    }
    let list = FrozenList::freeze(proof.announced.clone(), proof.tickets.clone())?;
    if list.tickets() != proof.tickets {
        return Err(Flaw::Order);
    }
    if list.hash() != proof.list_hash {
        return Err(Flaw::List);
    }
    if proof.drawn_at < proof.frozen_at {
        return Err(Flaw::Times);
    }
    if list.draw(&proof.seed, proof.beacon_value.as_deref())? != proof.winners {
        return Err(Flaw::Winners);
    }
    Ok(())
}
