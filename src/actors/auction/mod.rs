//! The auction kind at work: its settings in the kernel, and the list's read rows that follow it.
//!
//! The rules are in `madang_domain::auction`; the kernel keeps each auction's actor. What is here is what only auctions
//! need: [`cards`] keeps one row per auction for lists, behind the hot path and never in it.

pub mod cards;

use madang_domain::ids::{EntityId, Kind};

pub use madang_domain::auction::Auction;

/// The auction of that number; `None` where no auction can have it.
#[must_use]
pub fn auction_id(number: i64) -> Option<EntityId> {
    EntityId::new(Kind::Auction, number)
}
