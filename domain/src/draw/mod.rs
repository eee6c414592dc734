//! The one draw: raffles now, lotteries for places later. Nobody, the house included, can steer or repeat it.
//!
//! 1. When a draw opens, [`Announced`] is published: what it is for, and the SHA-256 of a seed that only the house knows.
//! 2. Each ticket may carry a nonce of its holder. When nobody can come in any more, the list is frozen and its hash is
//!    published ([`FrozenList::hash`]). From then on seed, list and rule are fixed, and nobody who knows only what is
//!    published knows what follows from them.
//! 3. The seed is revealed and the winners follow ([`FrozenList::draw`]). [`Proof`] has it all; [`verify`] repeats it.
//!
//! Whoever can make the seed knows it before the draw. Against them helps a [`Beacon`]: a round of public randomness that is
//! named in step 1 and does not exist before the list is frozen.
//!
//! # Exactly
//!
//! The list's text is these lines, each ended by a line feed; `-` stands where there is no beacon or no nonce; the tickets
//! are in the order of their numbers:
//!
//! ```text
//! madang draw 1
//! name raffle:5
//! commitment <SHA-256 of the seed's 32 bytes, hex>
//! prizes 2
//! one per holder yes
//! beacon drand-quicknet 1234
//! tickets 3
//! <number> <holder> <weight> <nonce>
//! ```
//!
//! ```text
//! list hash = hex(SHA-256(text))
//! key       = SHA-256("madang draw key 1\n" list hash "\n" hex(seed) "\n" beacon's value in hex, or "-" "\n")
//! score     = HMAC-SHA-256(key, the ticket's number in decimal)
//! u         = (the score's first 8 bytes as a big-endian number + 1) / 2^64
//! cost      = -log2(u) / weight
//! ```
//!
//! The lowest cost has the first prize, and so on; of equal costs the higher score is first (as a big-endian number), then
//! the lower ticket number. Where nobody may win twice, further tickets of a winner are passed over. This is sampling
//! without replacement with probabilities by weight (Efraimidis and Spirakis, 2006: `u^(1/w)` in falling order, which is
//! `-ln(u)/w` in rising order; the base of the logarithm does not change an order). With all weights 1 it is the order of
//! the scores, the highest first. The logarithm is a whole number of 2^-48, rounded down, digit by digit (`rank`): the
//! same on every machine and in every language. No number is taken modulo anything, so there is no bias to reject.

mod digest;
mod list;
mod proof;
mod rank;

#[cfg(test)]
mod tests;

pub use self::digest::{Digest, NotHex, Seed};
pub use self::list::{Announced, Beacon, FrozenList, MAX_NONCE, MAX_TICKETS, Rule, Ticket, is_nonce};
pub use self::proof::{Proof, VERSION, verify};
pub use self::rank::Winner;

/// Why a list cannot be frozen or drawn, or a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// A name that could be read in two ways.
    #[error("the name of the draw or of its beacon is not plain")]
    Name,
    /// More than [`MAX_TICKETS`].
    #[error("there are more than 100,000 tickets")]
    TooMany,
    /// Two tickets of one number.
    #[error("ticket {0} is there twice")]
    Doubled(u32),
    /// A ticket without weight, or with a nonce that is none.
    #[error("ticket {0} has no weight or a nonce that is none")]
    Ticket(u32),
    /// Another seed than the one that was committed to.
    #[error("the seed is not the one that was committed to")]
    Seed,
    /// An announced beacon without a value, or the other way round.
    #[error("the beacon's value is missing, or was not announced")]
    Beacon,
    /// A proof of a form that we do not know.
    #[error("the proof has version {0}, which this program does not know")]
    Version(u16),
    /// The tickets are not by number.
    #[error("the tickets are not in the order of their numbers")]
    Order,
    /// The list is not the one whose hash was published.
    #[error("the list is not the one whose hash was published")]
    List,
    /// Drawn before the list was frozen.
    #[error("it was drawn before the list was frozen")]
    Times,
    /// The winners are not those that follow.
    #[error("the winners are not those that follow from the list and the seed")]
    Winners,
}
